"""A receiver's hardware against the formulas of its defects."""

import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.channel import white_noise
from rfmae.signal.hardware import add_dc, clip, iq_imbalance, quantise

SAMPLES = 4096

EFFECTS = {
    "iq_imbalance": lambda iq, each: iq_imbalance(iq, each, 5 * each),
    "add_dc": lambda iq, each: add_dc(iq, 0.2 * each, 0.1 * each),
    "clip": lambda iq, each: clip(iq, 0.5 + each),
    "quantise": lambda iq, each: quantise(iq, 2 + each, 1 + each),
}
"""Each with another setting for each example."""

every_effect = pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)


def tone(bin_number, samples=SAMPLES):
    turns = bin_number * np.arange(samples) / samples
    return np.exp(2j * np.pi * turns)[None].astype(np.complex64)


# --- laws


@every_effect
def test_examples_together_are_examples_alone(effect, rng):
    iq, each = white_noise((5, 40), 3.0, rng), np.arange(5.0)
    together = effect(iq, each)
    for n in range(5):
        # to the last bit: a quantiser makes a large step of a small difference
        assert np.array_equal(together[n : n + 1], effect(iq[n : n + 1], each[n]))


@every_effect
def test_no_effect_changes_its_input(effect, rng):
    iq = white_noise((3, 20), 1.0, rng)
    before = iq.copy()
    after = effect(iq, np.arange(3.0))
    assert np.array_equal(iq, before)
    assert after.dtype == np.complex64
    assert not np.shares_memory(after, iq)


@every_effect
def test_a_louder_signal_meets_the_same_hardware(effect, rng):
    iq, each = white_noise((3, 200), 1.0, rng), np.arange(3.0)
    # a power of two scales every float exactly
    assert np.array_equal(effect(4 * iq, each), 4 * effect(iq, each))


@every_effect
def test_silence_stays_silence(effect):
    assert not effect(np.zeros((2, 30), np.complex64), np.arange(2.0)).any()


# --- unequal rails


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("gain_db", "degrees", "rejection_db"),
    [(0.1, 1, 39.6), (0.5, 2, 29.5), (1, 0, 24.8), (0, 5, 27.2), (1, 5, 22.8), (3, 10, 14.3)],
)
def test_the_image_is_rejected_as_the_formula_says(gain_db, degrees, rejection_db, sign):
    spectrum = np.abs(np.fft.fft(iq_imbalance(tone(sign * 100), sign * gain_db, degrees)[0])) ** 2
    measured = 10 * np.log10(spectrum[sign * 100] / spectrum[-sign * 100])
    assert measured == pytest.approx(rejection_db, abs=0.06)  # printed to a tenth
    others = np.delete(spectrum, [100, SAMPLES - 100])
    assert others.sum() < 1e-9 * spectrum.sum()


@pytest.mark.parametrize(("gain_db", "degrees"), [(0, 0), (1, 0), (-3, 20), (6, -45)])
def test_circular_input_keeps_its_power(gain_db, degrees, rng):
    noise = white_noise((1, 200_000), 1.0, rng)
    power = np.mean(np.abs(iq_imbalance(noise, gain_db, degrees).astype(np.complex128)) ** 2)
    assert power == pytest.approx(np.mean(np.abs(noise.astype(np.complex128)) ** 2), rel=0.01)


def test_q_is_stronger_and_turned_towards_i():
    rails = np.array([[1, 1j]], np.complex64)
    stronger = iq_imbalance(rails, 20 * np.log10(2), 0)
    assert stronger[0, 1].imag / stronger[0, 0].real == pytest.approx(2, rel=1e-6)
    turned = iq_imbalance(rails, 0, 30)
    np.testing.assert_allclose(turned, [[1 + 0.5j, 1j * np.cos(np.pi / 6)]], atol=1e-6)


def test_equal_rails_change_nothing(rng):
    iq = white_noise((2, 100), 1.0, rng)
    assert np.array_equal(iq_imbalance(iq, 0.0, 0.0), iq)


# --- a constant


@pytest.mark.parametrize("size", [0.0, 0.1, 2.0])
def test_dc_is_in_units_of_the_rms(size):
    iq = 3 * tone(7)
    added = add_dc(iq, size, 0.125) - iq
    np.testing.assert_allclose(added, 3 * size * np.exp(2j * np.pi / 8), atol=3e-6)


# --- too little range


@pytest.mark.parametrize("level", [0.3, 1.0, 1.5])
def test_clipped_rails_stay_within_their_level(level, rng):
    iq = white_noise((1, 2000), 5.0, rng)
    limit = level * np.sqrt(np.mean(np.abs(iq.astype(np.complex128)) ** 2))
    clipped = clip(iq, level)
    for before, after in ((iq.real, clipped.real), (iq.imag, clipped.imag)):
        np.testing.assert_allclose(after, before.clip(-limit, limit), rtol=1e-6)
    assert np.isclose(np.abs(clipped.real).max(), limit)


def test_a_wide_range_clips_nothing(rng):
    iq = white_noise((2, 100), 1.0, rng)
    assert np.array_equal(clip(iq, 100.0), iq)


# --- too few bits


@pytest.mark.parametrize("bits", [4, 6, 8, 10, 12])
def test_a_full_scale_sine_keeps_six_decibels_a_bit(bits):
    sine = tone(509, 2**16)  # an odd number of turns: its phases fall everywhere on the steps
    error = (quantise(sine, bits, 1.0) - sine).astype(np.complex128)
    sqnr_db = -10 * np.log10(np.mean(np.abs(error) ** 2))
    # a sine dwells at the very edge of the outermost steps: half of that is lost with two more bits
    assert sqnr_db == pytest.approx(6.02 * bits + 1.76, abs=2.4 * 2 ** (-bits / 2))


@pytest.mark.parametrize("bits", [1, 2, 3, 5])
def test_each_rail_has_so_many_levels(bits, rng):
    iq = white_noise((1, 20_000), 1.0, rng)
    rms = np.sqrt(np.mean(np.abs(iq.astype(np.complex128)) ** 2))
    step = 2 * 1.5 * rms / 2**bits
    expected = (np.arange(2**bits) - (2**bits - 1) / 2) * step  # mid-rise: none of them zero
    quantised = quantise(iq, bits, 1.5)
    for rail in (quantised.real, quantised.imag):
        np.testing.assert_allclose(np.unique(rail), expected, rtol=1e-6)


def test_what_exceeds_full_scale_is_held_and_the_rest_is_rounded(rng):
    iq = white_noise((1, 5000), 1.0, rng)
    error = quantise(iq, 6, 1.0) - iq
    rms = np.sqrt(np.mean(np.abs(iq.astype(np.complex128)) ** 2))
    for rail, miss in ((iq.real, error.real), (iq.imag, error.imag)):
        inside = np.abs(rail) < rms
        assert np.abs(miss[inside]).max() <= rms / 64 * (1 + 1e-4)
        assert np.all(np.sign(miss[~inside]) == -np.sign(rail[~inside]))


def test_every_example_has_bits_of_its_own(rng):
    iq = white_noise((2, 3000), 1.0, rng)
    quantised = quantise(iq, np.array([1.0, 3.0]), 2.0)
    assert [len(np.unique(rail)) for rail in quantised.real] == [2, 8]


# --- refusals


@pytest.mark.parametrize("bits", [0, 2.5, 25])
def test_bits_are_whole_and_at_least_one(bits):
    with pytest.raises(RecipeError, match=f"must be whole and lie in 1 to 24, got {bits}"):
        quantise(tone(1), bits, 1.0)


@pytest.mark.parametrize("level", [0.0, -1.0])
def test_a_range_is_positive(level):
    with pytest.raises(RecipeError, match=f"clip_level_rms must be positive, got {level:g}"):
        clip(tone(1), level)
    with pytest.raises(RecipeError, match=f"full_scale_rms must be positive, got {level:g}"):
        quantise(tone(1), 8, level)
