"""The spec of a ceiling, and the key of all that decides its value."""

import dataclasses

import pytest

from rfmae.errors import RecipeError, RfmaeError, UnitError
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory.ceiling_spec import CeilingSpec


def spec_of(names="BPSK QPSK", **changes):
    rows = tuple(map(find_modulation, names.split()))
    return CeilingSpec(rows, **{"snr_db": (0.0, 5.0), **changes})


def test_the_key_is_the_same_whatever_the_grid():
    assert spec_of().key == spec_of(snr_db=(-3.0,)).key


def test_the_name_says_what_is_seen_and_of_images_whether_the_snr_is_known():
    assert spec_of().name == "sequence"
    assert spec_of(snr="unknown").name == "sequence, SNR unknown"
    assert spec_of(planes=("symbols",)).name == "symbols, SNR known"
    assert spec_of(planes=("symbols",), snr="unknown").name == "symbols, SNR unknown"


def test_the_key_knows_of_the_grid_where_the_snr_is_unknown():
    assert spec_of(snr="unknown").key != spec_of(snr="unknown", snr_db=(-3.0,)).key


CHANGES = [
    {"names": "BPSK 8PSK"},
    {"snr_reference": "sample"},
    {"symbols_per_example": 64},
    {"samples_per_symbol": 4},
    {"pulse": Pulse(rolloff=0.5)},
    {"phase": "known"},
    {"snr": "unknown"},
    {"amplitude": "unknown"},
    {"planes": ("symbols",)},
    {"planes": ("symbols",), "units": "absolute"},
    {"planes": ("symbols",), "snr": "unknown"},
]


def test_whatever_decides_the_answer_changes_the_key():
    keys = {spec_of(**change).key for change in CHANGES}
    assert len({spec_of().key, *keys}) == 1 + len(CHANGES)


def test_a_setting_of_a_modulation_changes_the_key():
    plain = spec_of("BPSK GMSK")
    rows = (plain.modulations[0], plain.modulations[1].with_settings({"bt": 0.25}))
    assert dataclasses.replace(plain, modulations=rows).key != plain.key


def test_frames_seed_and_grid_change_the_fingerprint():
    prints = {
        spec_of().fingerprint(400, 0),
        spec_of().fingerprint(200, 0),
        spec_of().fingerprint(400, 1),
        spec_of(snr_db=(0.0,)).fingerprint(400, 0),
    }
    assert len(prints) == 4


def test_planes_are_named_once_and_in_one_order():
    spec = spec_of(planes=("trajectory", "symbols", "symbols"))
    assert spec.kind == "symbols, trajectory"
    assert spec.key == spec_of(planes=("symbols", "trajectory")).key
    assert spec_of().kind == "sequence"


@pytest.mark.parametrize(
    ("reference", "expected_db"), [("symbol", 0), ("sample", 9.03), ("bit", 3.01)]
)
def test_an_snr_becomes_the_energy_of_a_symbol(reference, expected_db):
    # eight samples or two bits a symbol
    spec = spec_of("QPSK DQPSK", snr_reference=reference)
    assert spec.es_n0(0.0) == pytest.approx(10 ** (expected_db / 10), rel=1e-3)


def test_one_noise_is_requested_of_all_classes():
    with pytest.raises(UnitError, match=r"one noise power for all classes.*'bit'.*'symbol'"):
        spec_of(snr_reference="bit")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"names": "BPSK"}, "at least two classes, got BPSK"),
        ({"names": "BPSK BPSK"}, "each class once"),
        ({"symbols_per_example": 0}, "at least 1 symbol"),
        ({"samples_per_symbol": 2.5}, "whole number of samples"),
        ({"planes": ("symbol",)}, "no plane shows 'symbol'; did you mean symbols"),
        ({"planes": ("symbols",), "amplitude": "unknown"}, "known amplitude"),
        ({"planes": ("symbols",), "pixels": 8, "snr": "unknown"}, "pixels .* an unknown SNR"),
    ],
)
def test_what_has_no_answer_is_refused(change, words):
    with pytest.raises(RecipeError, match=words) as refused:
        spec_of(**change)
    assert isinstance(refused.value, RfmaeError)
    assert "\n" not in str(refused.value)
