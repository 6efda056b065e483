"""What a recipe says of the channel: drawn within its range, stored by its name, refused if not."""

import numpy as np
import pytest
from scipy.stats import kstest

from rfmae.errors import RecipeError, UnitError
from rfmae.signal.impairments import Channel, Fading, Impulses, Interference, draw

RANGES = {
    "snr_offset_db": (-0.5, 0.25),
    "phase_offset_turns": (0.1, 0.2),
    "carrier_offset_turns_per_symbol": (-0.02, 0.01),
    "linewidth_turns_per_symbol": (0.001, 0.002),
    "timing_offset_symbols": (-0.25, 0.4),
    "clock_offset_ppm": (-20.0, 30.0),
    "iq_gain_imbalance_db": (-1.0, 0.5),
    "iq_phase_imbalance_degrees": (-2.0, 3.0),
    "dc_offset_rms": (0.1, 0.3),
    "clip_level_rms": (1.0, 2.0),
}
NATURAL = {"phase_offset_turns": (0.0, 1.0), "timing_offset_symbols": (-0.5, 0.5)}


def channel(**settings):
    return Channel(snr="0", **{"phase_offset_turns": "none", **settings})


EVERYTHING = channel(
    **RANGES,
    quantiser_bits=(4.0, 7.0),
    fading=Fading("rician", (3.0, 9.0), (0.001, 0.01), (0.0, 1.0), (0.0, -3.0)),
    interference=Interference((10.0, 20.0), "BPSK", (-0.5, 0.5)),
    impulses=Impulses((0.01, 0.02), (20.0, 30.0)),
)
NESTED = {
    "quantiser_bits": (4, 7),
    "dc_angle_turns": (0, 1),
    "doppler_turns_per_symbol": (0.001, 0.01),
    "k_factor_db": (3, 9),
    "carrier_to_interference_db": (10, 20),
    "interferer_offset_turns_per_symbol": (-0.5, 0.5),
    "impulse_probability": (0.01, 0.02),
    "impulse_ratio_db": (20, 30),
}


# --- laws


def test_every_effect_is_drawn_within_its_range_and_stored_by_its_name(streams):
    sampled = draw(EVERYTHING, 500, streams)
    expected = {**RANGES, **NESTED}
    assert sampled.keys() == expected.keys() == set(EVERYTHING.drawn_names)
    for name, (low, high) in expected.items():
        assert sampled[name].shape == (500,)
        assert low <= sampled[name].min() < sampled[name].max() <= high, name


def test_what_is_drawn_is_uniform(streams):
    sampled = draw(EVERYTHING, 2000, streams)
    for name, (low, high) in {**RANGES, **NESTED}.items():
        if name != "quantiser_bits":
            # one of seventeen tests in thousands would fail by chance, the seed is fixed
            assert kstest((sampled[name] - low) / (high - low), "uniform").pvalue > 1e-4, name


def test_the_bits_of_a_converter_are_whole_and_equally_likely(streams):
    bits = draw(EVERYTHING, 8000, streams)["quantiser_bits"]
    values, counts = np.unique(bits, return_counts=True)
    assert values.tolist() == [4, 5, 6, 7]
    assert np.abs(counts - 2000).max() < 4 * np.sqrt(2000 * 0.75)  # four widths


def test_no_two_effects_are_drawn_alike(streams):
    sampled = draw(EVERYTHING, 400, streams)
    places = [
        (sampled[name] - low) / (high - low)
        for name, (low, high) in {**RANGES, **NESTED}.items()
        if name != "quantiser_bits"
    ]
    correlation = np.corrcoef(places) - np.eye(len(places))
    assert np.abs(correlation).max() < 5 / np.sqrt(400)


def test_another_effect_leaves_what_the_others_draw(streams):
    everything = draw(EVERYTHING, 20, streams)
    for name, ends in RANGES.items():
        alone = draw(channel(**{name: ends}), 20, streams)
        assert np.array_equal(alone[name], everything[name])


def test_the_first_examples_draw_the_same_whatever_the_count(streams):
    few, many = draw(EVERYTHING, 3, streams), draw(EVERYTHING, 64, streams)
    for name, values in few.items():
        assert values.tobytes() == many[name][:3].tobytes()


@pytest.mark.parametrize("name", RANGES)
def test_one_number_is_the_same_for_every_example(name, streams):
    sampled = draw(channel(**{name: RANGES[name][1]}), 5, streams)
    assert sampled[name].tolist() == [RANGES[name][1]] * 5


@pytest.mark.parametrize(("name", "ends"), NATURAL.items(), ids=list(NATURAL))
def test_uniform_is_the_natural_range(name, ends, streams):
    sampled = draw(channel(**{name: "uniform"}), 2000, streams)[name]
    assert kstest((sampled - ends[0]) / (ends[1] - ends[0]), "uniform").pvalue > 1e-4


# --- edges


def test_nothing_is_drawn_where_nothing_is_set(streams):
    assert draw(channel(), 5, streams) == {}
    assert Channel(snr="0").drawn_names == ("phase_offset_turns",)


def test_a_range_of_one_number_is_that_number(streams):
    sampled = draw(channel(clip_level_rms=(2.0, 2.0), quantiser_bits=(6.0, 6.0)), 5, streams)
    assert sampled["clip_level_rms"].tolist() == [2.0] * 5
    assert sampled["quantiser_bits"].tolist() == [6.0] * 5


@pytest.mark.parametrize("name", [*RANGES, "quantiser_bits"])
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("often", "must be a number, .*got 'often'"),
        ((2.0, 1.0), r"must be \[lowest, highest\], got \[2.0, 1.0\]"),
        ((1.0,), r"must be \[lowest, highest\], got \[1.0\]"),
        ((1.0, 2.0, 3.0), r"must be \[lowest, highest\]"),
        (float("nan"), r"must be \[lowest, highest\]"),
        (float("inf"), r"must be \[lowest, highest\]"),
        (1e6, "must be from .*got 1e[+]06"),
        ((-1e6, 0.5), "must be from .*got -1e[+]06 to 0.5"),
    ],
    ids=str,
)
def test_a_setting_that_an_effect_has_not_is_refused_by_name(name, setting, words):
    with pytest.raises(RecipeError, match=f"{name}.*{words}"):
        channel(**{name: setting})


@pytest.mark.parametrize("name", sorted(set(RANGES) - set(NATURAL)))
def test_uniform_is_refused_where_nothing_repeats_itself(name):
    with pytest.raises(RecipeError, match=f"{name} must be a number.*got 'uniform'"):
        channel(**{name: "uniform"})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: channel(quantiser_bits=6.5), "quantiser_bits must be whole, got 6.5"),
        (lambda: channel(quantiser_bits=0.0), "quantiser_bits must be from 1 to 24"),
        (lambda: Fading("rician"), "k_factor_db belongs to fading kind 'rician'"),
        (lambda: Fading("rayleigh", 3.0), "k_factor_db belongs to fading kind 'rician'"),
        (
            lambda: Fading("rayleigh", doppler_turns_per_symbol="none"),
            "must be a number or a range",
        ),
        (lambda: Fading("rayleigh", doppler_turns_per_symbol=-0.1), "must be from 0 to 0.5"),
        (lambda: Fading("rayleigh", delays_symbols=(0.0, 1.0)), "the same paths.*got 2 and 1"),
        (lambda: Fading("rayleigh", delays_symbols=(), powers_db=()), "at least one, got 0 and 0"),
        (lambda: Fading("rayleigh", delays_symbols=(-1.0,)), "delays_symbols must be from 0 to 64"),
        (lambda: Fading("rayleigh", powers_db=(101.0,)), "powers_db must be from -100 to 100"),
        (lambda: Interference("uniform"), "carrier_to_interference_db must be a number"),
        (lambda: Interference(3.0, "QPSK", "none"), "must be a number; write 0.0"),
        (lambda: Impulses(1.5), "probability must be from 0 to 1, got 1.5"),
        (lambda: Impulses(0.5, "none"), "ratio_db of impulses must be a number or a range"),
    ],
)
def test_a_nested_setting_that_cannot_be_is_refused(make, words):
    with pytest.raises(RecipeError, match=words):
        make()


@pytest.mark.parametrize("delays", [(float("nan"),), (float("inf"),)], ids=str)
def test_a_delay_that_is_no_number_is_refused(delays):
    with pytest.raises(RecipeError, match="delays_symbols"):
        Fading("rayleigh", delays_symbols=delays)


@pytest.mark.parametrize("powers", [(float("nan"),), (float("inf"),)], ids=str)
def test_a_power_that_is_no_number_is_refused(powers):
    with pytest.raises(RecipeError, match="powers_db"):
        Fading("rayleigh", powers_db=powers)


def test_an_snr_grid_is_read_as_its_points():
    assert Channel(snr="-4:4:4").snr_db == (-4.0, 0.0, 4.0)
    with pytest.raises(UnitError, match="runs upwards"):
        _ = Channel(snr="4:0").snr_db
