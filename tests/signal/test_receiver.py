"""Matched filter and gain."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.signal.channel import white_noise
from rfmae.signal.linear import map_symbols, shape_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import root_raised_cosine
from rfmae.signal.receiver import matched_filter, unit_power

OVERSAMPLINGS = [2, 3, 4, 8]


def taps_of(samples_per_symbol):
    return root_raised_cosine(0.35, samples_per_symbol, 12)


# --- laws


@pytest.mark.parametrize("samples_per_symbol", OVERSAMPLINGS)
@pytest.mark.parametrize("name", ["BPSK", "16ASK", "8PSK", "64QAM"])
def test_symbols_come_back_above_the_interference_floor(name, samples_per_symbol, rng):
    modulation, taps = MODULATIONS[name], taps_of(samples_per_symbol)
    symbols = map_symbols(rng.integers(modulation.order, size=1000), modulation)
    waveform = shape_symbols(symbols, taps, samples_per_symbol)
    received = matched_filter(waveform, taps, samples_per_symbol)
    error = (received - symbols)[12:-12]  # the ends lack a part of their pulse
    # -54 dB for a pulse of 12 symbols; a mean, as ASK has, adds its interference in phase
    assert 10 * np.log10(np.mean(np.abs(error) ** 2)) < -45


@pytest.mark.parametrize("samples_per_symbol", OVERSAMPLINGS)
def test_white_noise_stays_white_and_loses_the_oversampling(samples_per_symbol, rng):
    count = 50_000
    noise = white_noise((count * samples_per_symbol,), 2.0, rng)
    received = matched_filter(noise, taps_of(samples_per_symbol), samples_per_symbol)
    assert received.shape == (count,)
    power = 2.0 / samples_per_symbol
    assert np.mean(np.abs(received) ** 2) == pytest.approx(power, rel=4 / np.sqrt(count))
    for lag in (1, 2, 5):
        correlation = np.mean(received[lag:] * received[:-lag].conj()) / power
        assert abs(correlation) < 5 / np.sqrt(count) + 0.003  # the floor of the cut pulse


@pytest.mark.parametrize("gain", [1e-4, 0.3, 1.0, 1e4])
def test_every_example_has_unit_power_whatever_its_gain(gain, rng):
    iq = white_noise((3, 200), 1.0, rng) * np.float32(gain)
    scaled = unit_power(iq)
    assert scaled.dtype == np.complex64
    np.testing.assert_allclose(np.mean(np.abs(scaled) ** 2, axis=-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.angle(scaled), np.angle(iq), atol=1e-6)


# --- references


@pytest.mark.parametrize("samples_per_symbol", OVERSAMPLINGS)
def test_the_matched_filter_is_a_correlation_with_the_pulse(samples_per_symbol, rng):
    taps = taps_of(samples_per_symbol)
    waveform = white_noise((40 * samples_per_symbol,), 1.0, rng)
    half = len(taps) // 2
    padded = np.pad(waveform.astype(np.complex128), half)
    expected = [
        padded[k * samples_per_symbol : k * samples_per_symbol + len(taps)] @ taps
        for k in range(40)
    ]
    received = matched_filter(waveform, taps, samples_per_symbol)
    assert received.dtype == np.complex64
    np.testing.assert_allclose(received, expected / np.sqrt(samples_per_symbol), atol=3e-6)


# --- edges


def test_rows_are_filtered_one_by_one(rng):
    waveforms = white_noise((3, 160), 1.0, rng)
    together = matched_filter(waveforms, taps_of(4), 4)
    assert together.shape == (3, 40)
    for row, alone in zip(together, waveforms, strict=True):
        assert np.array_equal(row, matched_filter(alone, taps_of(4), 4))


def test_an_example_without_power_stays_as_it_is(rng):
    iq = np.stack([np.zeros(50, np.complex64), white_noise((50,), 9.0, rng)])
    scaled = unit_power(iq)
    assert not scaled[0].any()
    assert np.mean(np.abs(scaled[1]) ** 2) == pytest.approx(1.0, rel=1e-5)


def test_a_filter_that_ends_between_symbols_is_refused():
    with pytest.raises(ShapeError, match="got 7 taps at 4 samples per symbol"):
        matched_filter(np.ones(16, np.complex64), np.ones(7), 4)
