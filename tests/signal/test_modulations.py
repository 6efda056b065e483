"""The table of modulations against textbook numbers, and the names it answers to."""

import re
from fractions import Fraction

import komm
import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.modulations import (
    MODULATIONS,
    find_modulation,
    identical_classes,
    nearest_indices,
)
from rfmae.signal.pulses import Pulse
from rfmae.signal.settings import Analog, ContinuousPhase, NoSettings, Rings, Subcarriers
from rfmae.signal.transmitter import transmit
from rfmae.units import whole_ratio

NAMES = [(name, row) for row in MODULATIONS.values() for name in (row.name, *row.aliases)]

every_modulation = pytest.mark.parametrize("modulation", MODULATIONS.values(), ids=str)


# --- the family


@pytest.mark.parametrize(("name", "row"), NAMES, ids=[name for name, _ in NAMES])
def test_every_name_and_alias_finds_its_row_however_it_is_written(name, row):
    spaced = re.sub(r"(\d+)", r"\1-", name)
    spellings = [name, name.lower(), f" {name} ", spaced, spaced.replace("-", "_")]
    for spelling in spellings:
        assert find_modulation(spelling) is row


def test_no_two_rows_share_a_name_or_an_alias_however_it_is_written():
    plain = [re.sub(r"[^A-Z0-9]", "", name.upper().replace("Π", "PI")) for name, _ in NAMES]
    assert len(set(plain)) == len(
        {(text, row.name) for text, (_, row) in zip(plain, NAMES, strict=True)}
    )


FAMILY_SETTINGS = {
    "phase": ContinuousPhase,
    "analog": Analog,
    "ofdm": Subcarriers,
}


@every_modulation
def test_every_row_is_complete(modulation):
    assert modulation.name
    assert isinstance(
        modulation.settings, FAMILY_SETTINGS.get(modulation.family, Rings | NoSettings)
    )
    if modulation.family in ("analog", "noise"):
        assert not modulation.is_digital
        assert modulation.bits_per_interval == 0
        return
    assert modulation.is_digital
    assert modulation.order == 2**modulation.bits_per_symbol
    if modulation.family == "phase":
        assert modulation.points == ()
        assert len(modulation.levels) == modulation.order
    else:
        assert len(set(modulation.points)) == modulation.order
        assert modulation.alphabet.dtype == np.complex64


def test_a_turning_alphabet_belongs_to_the_rotating_family_alone():
    for row in MODULATIONS.values():
        assert (row.turn_per_symbol != 0) == (row.family == "rotating")


def test_a_twin_of_another_distribution_is_a_row_and_no_twin_itself():
    for row in MODULATIONS.values():
        if row.sends_same_signal_as:
            assert MODULATIONS[row.sends_same_signal_as].sends_same_signal_as == ""


@every_modulation
def test_every_rate_from_the_least_one_on_is_enough(modulation, streams):
    rate = whole_ratio(max(1.0, modulation.least_samples_per_symbol))
    if modulation.family != "ofdm":  # whose blocks are whole samples at whole rates
        rate = Fraction(-(-rate.numerator * 8 // rate.denominator), 8)
    pulse = Pulse("rectangular")
    assert np.isfinite(transmit(modulation, pulse, rate, 64, 2, streams)).all()
    if modulation.least_samples_per_symbol > 1:
        with pytest.raises(RecipeError, match=f"{modulation.name} needs at least"):
            transmit(modulation, pulse, rate - Fraction(1, 2), 64, 2, streams)


@every_modulation
def test_bits_of_an_interval_are_those_that_a_symbol_carries(modulation):
    if modulation.family == "ofdm":  # 52 of 80 chips
        assert modulation.bits_per_interval == pytest.approx(modulation.bits_per_symbol * 52 / 80)
    else:
        assert modulation.bits_per_interval == modulation.bits_per_symbol


@every_modulation
def test_every_point_is_the_nearest_to_itself(modulation):
    if modulation.points:
        indices = np.arange(modulation.order)
        assert np.array_equal(nearest_indices(modulation.alphabet, modulation.alphabet), indices)


# --- outside references


def line(bits):
    return komm.ReflectedLabeling(bits)


def square(bits):
    return komm.ReflectedRectangularLabeling(bits)


def psk(order, phase_offset=0.0):
    return komm.PSKConstellation(order, phase_offset=phase_offset)


def rings(orders, ratios, phase_offsets):
    return komm.APSKConstellation(orders, (1.0, *ratios), phase_offsets)


KOMM = {
    "OOK": (komm.ASKConstellation(2), line(1)),
    "4ASK": (komm.ASKConstellation(4), line(2)),
    "8ASK": (komm.ASKConstellation(8), line(3)),
    "16ASK": (komm.ASKConstellation(16), line(4)),
    "4PAM": (komm.PAMConstellation(4), line(2)),
    "8PAM": (komm.PAMConstellation(8), line(3)),
    "16PAM": (komm.PAMConstellation(16), line(4)),
    "BPSK": (psk(2), line(1)),
    "QPSK": (psk(4, 1 / 8), line(2)),
    "8PSK": (psk(8), line(3)),
    "16PSK": (psk(16), line(4)),
    "32PSK": (psk(32), line(5)),
    "64PSK": (psk(64), line(6)),
    "π/2-BPSK": (psk(2), line(1)),
    "DBPSK": (psk(2), line(1)),
    "DQPSK": (psk(4), line(2)),
    "D8PSK": (psk(8), line(3)),
    "π/4-DQPSK": (psk(4, 1 / 8), line(2)),
    "OQPSK": (psk(4, 1 / 8), line(2)),
    "16QAM": (komm.QAMConstellation(16), square(4)),
    "64QAM": (komm.QAMConstellation(64), square(6)),
    "256QAM": (komm.QAMConstellation(256), square(8)),
    "1024QAM": (komm.QAMConstellation(1024), square(10)),
    "OFDM-QPSK": (psk(4, 1 / 8), line(2)),
    "OFDM-16QAM": (komm.QAMConstellation(16), square(4)),
    "OFDM-64QAM": (komm.QAMConstellation(64), square(6)),
}
"""Points and labels; komm labels neither crosses nor rings."""

UNLABELLED = {
    "32QAM": komm.CrossQAMConstellation(32),
    "128QAM": komm.CrossQAMConstellation(128),
    "16APSK": rings((4, 12), (2.85,), (1 / 8, 1 / 24)),
    "32APSK": rings((4, 12, 16), (2.84, 5.27), (1 / 8, 1 / 24, 0.0)),
    "64APSK": rings((16,) * 4, (1.88, 2.72, 3.95), 1 / 32),
}


def test_every_modulation_with_points_has_its_reference():
    # the phases of 128APSK are even on none of its rings, and komm knows even ones alone
    with_points = {name for name, row in MODULATIONS.items() if row.points}
    assert KOMM.keys() | UNLABELLED.keys() | {"128APSK"} == with_points


@pytest.mark.parametrize("name", KOMM)
def test_points_and_labels_are_those_of_komm(name):
    modulation = MODULATIONS[name]
    constellation, labelling = KOMM[name]
    theirs = constellation.matrix.ravel() / np.sqrt(constellation.mean_energy())
    weights = 1 << np.arange(modulation.bits_per_symbol - 1, -1, -1)
    label = labelling.matrix @ weights  # row i of komm has this index with us
    np.testing.assert_allclose(modulation.alphabet[label], theirs, atol=1e-6)  # float32


@pytest.mark.parametrize("name", UNLABELLED)
def test_points_are_those_of_komm_in_another_order(name):
    constellation = UNLABELLED[name]
    theirs = constellation.matrix.ravel() / np.sqrt(constellation.mean_energy())
    apart = np.abs(MODULATIONS[name].alphabet[:, None] - theirs)
    assert apart.min(axis=0).max() < 1e-6  # float32
    assert sorted(apart.argmin(axis=0)) == list(range(len(theirs)))


@pytest.mark.parametrize(
    ("name", "distance"),
    [
        ("QPSK", 1.41421),
        ("OQPSK", 1.41421),
        ("8PSK", 0.76537),
        ("16QAM", 0.63246),
        ("64QAM", 0.30861),
    ],
)
def test_the_smallest_distance_is_that_of_the_textbook(name, distance):
    points = MODULATIONS[name].alphabet.astype(complex)
    apart = np.abs(points[:, None] - points)[~np.eye(len(points), dtype=bool)]
    assert apart.min() == pytest.approx(distance, abs=1e-5)  # as printed


@pytest.mark.parametrize(
    ("name", "modulation_index", "bt"),
    [
        ("2FSK", 1.0, np.inf),
        ("4FSK", 1.0, np.inf),
        ("8FSK", 1.0, np.inf),
        ("MSK", 0.5, np.inf),
        ("CPFSK", 0.5, np.inf),
        ("GFSK", 0.35, 0.5),
        ("GMSK", 0.5, 0.3),
    ],
)
def test_continuous_phases_have_the_parameters_of_their_standards(name, modulation_index, bt):
    settings = MODULATIONS[name].continuous_phase
    assert (settings.modulation_index, settings.bt) == (modulation_index, bt)


# --- settings


def test_other_settings_are_another_distribution_of_the_same_name():
    cpfsk = MODULATIONS["CPFSK"]
    assert cpfsk.with_settings({}) is cpfsk
    assert cpfsk.with_settings({"modulation_index": 0.5}) is cpfsk
    wider = cpfsk.with_settings({"modulation_index": 0.7})
    assert (wider.name, wider.sends_same_signal_as) == ("CPFSK", "")
    assert cpfsk.sends_same_signal_as == "MSK"


def test_ring_ratios_move_the_rings():
    closer = MODULATIONS["16APSK"].with_settings({"ring_ratios": (2.0,)})
    radii = np.unique(np.abs(closer.alphabet).round(5))
    assert radii[1] / radii[0] == pytest.approx(2.0, abs=1e-4)
    assert np.mean(np.abs(closer.alphabet) ** 2) == pytest.approx(1.0, abs=1e-6)


def test_the_number_of_sub_carriers_changes_the_bits_of_an_interval():
    wifi = MODULATIONS["OFDM-QPSK"]
    full = wifi.with_settings({"fft_size": 128, "active": 100, "cyclic_prefix": 0})
    assert full.bits_per_interval == pytest.approx(2 * 100 / 128)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("QPSK", {"bt": 0.3}, "QPSK has no setting 'bt'; it has none"),
        ("GMSK", {"bandwidth": 0.3}, "GMSK has no setting 'bandwidth'"),
        ("GMSK", {"BT": 0.3}, "did you mean .*bt"),
        ("WBFM", {"kind": "double-sideband"}, "WBFM has no setting 'kind'"),
        ("GMSK", {"bt": 0}, "bt must be positive, got 0"),
        ("GMSK", {"bt": (0.3, 0.4)}, "bt of GMSK must be a number"),
        ("GMSK", {"pulse_symbols": 2.5}, "pulse_symbols of GMSK must be a whole number"),
        ("GMSK", {"pulse_symbols": 99}, "pulse_symbols must be from 1 to 16, got 99"),
        ("2FSK", {"pulse_symbols": 3}, "a rectangular pulse lasts 1 symbol; name a bt"),
        (
            "2FSK",
            {"modulation_index": 0.0},
            "modulation_index must be positive and at most 8, got 0",
        ),
        ("2FSK", {"modulation_index": float("nan")}, "must be a number, got nan"),
        ("16APSK", {"ring_ratios": 2.0}, "ring_ratios of 16APSK must be a list of numbers"),
        ("16APSK", {"ring_ratios": (2.0, 3.0)}, "ring_ratios of 16APSK must be 1 numbers"),
        ("WBFM", {"modulation_index": 11.0}, "modulation_index must be from 0 to 10, got 11"),
        ("AM-DSB-WC", {"modulation_index": 1.1}, "must lie in 0 to 1, got 1.1"),
        ("AM-LSB", {"bandwidth_per_symbol": 0.6}, "must be positive and at most 0.5, got 0.6"),
        ("OFDM-QPSK", {"active": 51}, "active sub-carriers must be even"),
        ("OFDM-QPSK", {"active": 64}, "below fft_size 64"),
        ("OFDM-QPSK", {"cyclic_prefix": 65}, "cyclic_prefix must lie in 0 to fft_size 64"),
    ],
)
def test_a_setting_that_a_modulation_has_not_is_refused(name, settings, words):
    with pytest.raises(RecipeError, match=words):
        MODULATIONS[name].with_settings(settings)


# --- edges


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("QAM16", "16QAM"),
        ("16-qam", "16QAM"),
        ("qam_64", "64QAM"),
        ("2ASK", "OOK"),
        ("ASK2", "OOK"),
        ("ook", "OOK"),
        ("PAM4", "4PAM"),
        ("4 ask", "4ASK"),
        ("PSK8", "8PSK"),
        ("gmsk", "GMSK"),
    ],
)
def test_names_of_public_data_sets_are_understood(written, name):
    assert find_modulation(written).name == name


@pytest.mark.parametrize(
    ("written", "answer"),
    [("8PKS", "8PSK"), ("QPSKK", "QPSK"), ("33QAM", "32QAM"), ("GMKS", "GMSK")],
)
def test_an_unknown_name_is_answered_with_the_nearest(written, answer):
    with pytest.raises(RecipeError, match=rf"{written}.*did you mean .*{answer}"):
        find_modulation(written)


@pytest.mark.parametrize("written", ["", "???", "wideband"])
def test_a_name_near_to_nothing_is_answered_with_all_of_them(written):
    with pytest.raises(RecipeError, match=r"known: .*OOK"):
        find_modulation(written)


def test_equal_laws_are_found_in_a_class_list():
    rows = [MODULATIONS[name] for name in ("QPSK", "OOK", "DQPSK", "CPFSK", "8PSK")]
    assert identical_classes(rows) == [("QPSK", "DQPSK")]
    assert identical_classes([*rows, MODULATIONS["MSK"]]) == [("QPSK", "DQPSK"), ("CPFSK", "MSK")]
    assert (
        identical_classes([MODULATIONS[name] for name in ("OOK", "DQPSK", "OQPSK", "GMSK")]) == []
    )
    assert identical_classes([]) == []
