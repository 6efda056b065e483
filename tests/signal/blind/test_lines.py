"""Lines in noise: what is found, how exactly, and how often where there is none."""

import numpy as np
import pytest
from scipy.stats import binom

from rfmae.signal.blind.lines import FALSE_ALARM_RATE, strongest_line


def noise(rng, count):
    return (rng.normal(size=count) + 1j * rng.normal(size=count)) / np.sqrt(2)


@pytest.mark.parametrize("frequency", [0.05, 0.1234567, 0.9])
def test_a_tone_without_noise_is_found_exactly(frequency):
    tone = np.exp(2j * np.pi * frequency * np.arange(3000))
    line = strongest_line(tone)
    assert line.found
    assert line.frequency == pytest.approx(frequency, abs=1e-8)


def test_the_standard_error_of_a_frequency_is_its_scatter(rng):
    apart = []
    for _ in range(200):
        frequency, count = rng.uniform(0.1, 0.9), int(rng.integers(800, 2000))
        tone = 0.4 * np.exp(2j * np.pi * (frequency * np.arange(count) + rng.uniform()))
        line = strongest_line(tone + noise(rng, count))
        assert line.found
        apart.append((line.frequency - frequency) / line.standard_error)
    inside = int((np.abs(apart) < 2).sum())
    assert binom.ppf(1e-4, 200, 0.93) <= inside <= binom.ppf(1 - 1e-4, 200, 0.97)
    assert np.std(apart) == pytest.approx(1, abs=0.2)


def test_the_error_follows_the_noise_in_quadrature_alone(rng):
    count, frequency = 2000, 0.3
    turn = np.exp(2j * np.pi * frequency * np.arange(count))
    along = strongest_line(turn * (1 + 0.5 * rng.normal(size=count)))
    across = strongest_line(turn * (1 + 0.5j * rng.normal(size=count)))
    assert along.standard_error < 0.05 * across.standard_error
    assert abs(along.frequency - frequency) < 0.2 * abs(across.standard_error)


@pytest.mark.parametrize("count", [300, 1000])
def test_noise_holds_a_line_as_often_as_is_stated(rng, count):
    found = sum(strongest_line(noise(rng, count)).found for _ in range(300))
    assert found <= binom.ppf(0.9999, 300, FALSE_ALARM_RATE)


def test_noise_of_a_shape_that_is_known_holds_none_either(rng):
    shape = 1 / np.abs(1 - 0.9 * np.exp(-2j * np.pi * np.arange(128) / 128)) ** 2
    found = 0
    for _ in range(200):
        spectrum = np.fft.fft(noise(rng, 1280)) * np.sqrt(np.repeat(shape, 10))
        found += strongest_line(np.fft.ifft(spectrum), 0.0, 1.0, shape).found
    assert found <= binom.ppf(0.9999, 200, FALSE_ALARM_RATE)


def test_a_band_without_noise_or_too_few_bins_hold_none(rng):
    assert not strongest_line(noise(rng, 40), 0.1, 0.2).found
    assert not strongest_line(np.zeros(500)).found
