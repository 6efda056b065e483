"""Matched filter, gain, and what a receiver knows or finds out before it looks."""

from fractions import Fraction

import numpy as np
import pytest
from pulse_shaping import shape_symbols

from rfmae.errors import RecipeError
from rfmae.signal.channel import white_noise
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.signal.receiver import Receiver, matched_filter, unit_power

OVERSAMPLINGS = [2, 3, 4, 8, 2.5, Fraction(250, 81)]
ORTHOGONAL = ["rrc", "rectangular", "half-sine"]


# --- laws


@pytest.mark.parametrize("shape", ORTHOGONAL)
@pytest.mark.parametrize("samples_per_symbol", OVERSAMPLINGS)
@pytest.mark.parametrize("name", ["BPSK", "16ASK", "8PSK", "64QAM"])
def test_symbols_come_back_above_the_interference_floor(name, samples_per_symbol, shape, rng):
    modulation, pulse = MODULATIONS[name], Pulse(shape)
    symbols = map_symbols(rng.integers(modulation.order, size=(1, 810)), modulation)
    waveform = shape_symbols(symbols, pulse, samples_per_symbol)
    received = matched_filter(waveform, pulse, samples_per_symbol)
    error = (received - symbols)[:, 12:-12]  # the ends lack a part of their pulse
    # -46.7 dB for a pulse of 12 symbols at 2 samples each; a mean, as ASK has, adds in phase
    assert 10 * np.log10(np.mean(np.abs(error) ** 2) + 1e-20) < -42


@pytest.mark.parametrize("shape", ORTHOGONAL)
@pytest.mark.parametrize("samples_per_symbol", OVERSAMPLINGS)
def test_white_noise_stays_white_and_loses_the_oversampling(samples_per_symbol, shape, rng):
    count = 50_220  # a whole number of periods of every rate
    noise = white_noise((1, int(count * samples_per_symbol)), 2.0, rng)
    received = matched_filter(noise, Pulse(shape), samples_per_symbol)[0]
    assert received.shape == (count,)
    power = 2.0 * inverse_energy(shape, samples_per_symbol)
    assert np.mean(np.abs(received) ** 2) == pytest.approx(power, rel=5 / np.sqrt(count))
    for lag in (1, 2, 5):
        correlation = np.mean(received[lag:] * received[:-lag].conj()) / power
        assert abs(correlation) < 5 / np.sqrt(count) + 0.004  # the floor of the cut pulse


def inverse_energy(shape, samples_per_symbol):
    """Mean of one over the energy of a symbol."""
    if shape == "rectangular":
        # a symbol of a fractional rate has a sample more or less than its neighbour
        edges = np.ceil((np.arange(811) - 0.5) * float(samples_per_symbol) - 1e-9)
        return np.mean(1 / np.diff(edges))
    return 1 / float(samples_per_symbol)


@pytest.mark.parametrize("gain", [1e-4, 0.3, 1.0, 1e4])
def test_every_example_has_unit_power_whatever_its_gain(gain, rng):
    iq = white_noise((3, 200), 1.0, rng) * np.float32(gain)
    scaled = unit_power(iq)
    assert scaled.dtype == np.complex64
    np.testing.assert_allclose(np.mean(np.abs(scaled) ** 2, axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.angle(scaled), np.angle(iq), atol=1e-6)


# --- references


@pytest.mark.parametrize("shape", ["rrc", "rc", "gaussian", "rectangular", "half-sine"])
@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
def test_the_matched_filter_is_a_correlation_with_the_pulse(samples_per_symbol, shape, rng):
    pulse = Pulse(shape)
    taps = pulse_taps(pulse, samples_per_symbol)
    waveform = white_noise((1, 40 * samples_per_symbol), 1.0, rng)
    half = len(taps) // 2
    padded = np.pad(waveform[0].astype(np.complex128), half)
    expected = [
        padded[k * samples_per_symbol : k * samples_per_symbol + len(taps)] @ taps
        for k in range(40)
    ]
    received = matched_filter(waveform, pulse, samples_per_symbol)
    assert received.dtype == np.complex64
    np.testing.assert_allclose(received[0], expected / np.sqrt(samples_per_symbol), atol=3e-6)


# --- edges


def test_rows_are_filtered_one_by_one(rng):
    waveforms = white_noise((3, 160), 1.0, rng)
    together = matched_filter(waveforms, Pulse(), 4)
    assert together.shape == (3, 40)
    for row in range(3):
        alone = matched_filter(waveforms[row : row + 1], Pulse(), 4)
        assert np.array_equal(together[row : row + 1], alone)


def test_an_example_without_power_stays_as_it_is(rng):
    iq = np.concatenate([np.zeros((1, 50), np.complex64), white_noise((1, 50), 9.0, rng)])
    scaled = unit_power(iq)
    assert not scaled[0].any()
    assert np.mean(np.abs(scaled[1]) ** 2) == pytest.approx(1.0, rel=1e-5)


def test_a_rate_that_folds_the_spectrum_is_refused():
    with pytest.raises(RecipeError, match=r"needs at least 1\.35 samples per symbol, got 1"):
        matched_filter(np.ones((1, 16), np.complex64), Pulse(), 1)


@pytest.mark.parametrize("power", [0, -1, 17])
def test_a_power_out_of_range_is_refused(power):
    with pytest.raises(RecipeError, match=f"power must be from 1 to 16, got {power}"):
        Receiver(power=power)


def test_both_views_are_symbols_first():
    assert Receiver().views == ("symbols",)
    assert Receiver(observe="waveform").views == ("waveform",)
    assert Receiver(observe="both").views == ("symbols", "waveform")
