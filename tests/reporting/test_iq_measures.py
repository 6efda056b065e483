"""Computations for plots of I/Q, against signals whose answer is known."""

import numpy as np
import pytest
from scipy import signal

from rfmae.reporting.iq_measures import (
    density_over_time,
    eye_traces,
    loudest_stretch,
    occupied_band,
    power_density,
    robust_extent,
    smooth_path,
)


def noise(rng, count):
    return rng.normal(scale=np.sqrt(0.5), size=(count, 2)).view(complex)[:, 0]


def tone(frequency, count, rate=1.0):
    return np.exp(2j * np.pi * frequency / rate * np.arange(count)).astype(np.complex64)


@pytest.mark.parametrize("count", [16, 100, 1024, 20_000])
@pytest.mark.parametrize("rate", [1.0, 2e6])
def test_the_density_holds_the_power_of_the_signal(rng, count, rate):
    iq = noise(rng, count)
    frequencies, density = power_density(iq, rate)
    step = frequencies[1] - frequencies[0]
    # Welch tapers the ends of a short signal: 5 standard deviations of a mean of `count` powers
    expected = pytest.approx(np.mean(np.abs(iq) ** 2), rel=5 / np.sqrt(count))
    assert density.sum() * step == expected
    assert np.all(np.diff(frequencies) > 0)
    assert -rate / 2 <= frequencies[0] <= frequencies[-1] < rate / 2


@pytest.mark.parametrize("frequency", [-0.4, -0.1, 0.0, 0.3])
def test_a_tone_stands_at_its_frequency_on_the_right_side(frequency):
    iq = tone(frequency * 1e6, 4096, 1e6)
    frequencies, density = power_density(iq, 1e6)
    step = frequencies[1] - frequencies[0]
    assert abs(frequencies[density.argmax()] - frequency * 1e6) <= step
    rows, _, over_time = density_over_time(iq, 1e6)
    assert abs(rows[over_time.sum(axis=1).argmax()] - frequency * 1e6) <= rows[1] - rows[0]


@pytest.mark.parametrize("width", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("centre", [0.0, -0.2])
def test_99_percent_of_a_flat_band_is_99_percent_of_its_width(width, centre):
    frequencies = np.linspace(-1, 1, 2001)
    flat = (np.abs(frequencies - centre) < width / 2).astype(float)
    low, high = occupied_band(frequencies, flat)
    # the band of the test ends on the grid, within a bin of 0.001 on each side
    assert high - low == pytest.approx(0.99 * width, abs=0.002)
    assert (low + high) / 2 == pytest.approx(centre, abs=0.001)


def test_silence_occupies_all_there_is():
    frequencies = np.array([-1.0, 0.0, 1.0])
    assert occupied_band(frequencies, np.zeros(3)) == (-1.5, 1.5)


def test_a_burst_stands_at_its_time(rng):
    iq = 1e-3 * noise(rng, 8000)
    iq[5000:5500] += tone(0.1, 500)
    _, times, density = density_over_time(iq, 1000.0)
    loud = times[density.sum(axis=0) > density.sum(axis=0).max() / 2]
    # the windows are 0.13 s long and belong to their middles
    assert 4.9 < loud.min() < loud.max() < 5.6
    assert loudest_stretch(iq, 500) == slice(5000, 5500)


@pytest.mark.parametrize("count", [1, 7, 100, 1999, 2000])
def test_a_stretch_lies_inside_the_signal(rng, count):
    part = loudest_stretch(noise(rng, 1000), count)
    assert 0 <= part.start < part.stop <= 1000
    assert part.stop - part.start == min(count, 1000)


@pytest.mark.parametrize("samples_per_symbol", [1.5, 2, 3.0864, 8, 20])
def test_the_smooth_path_passes_through_the_samples(rng, samples_per_symbol):
    iq = signal.resample_poly(noise(rng, 100), 4, 1).astype(np.complex64)
    path = smooth_path(iq, samples_per_symbol)
    factor = round((len(path) - 1) / (len(iq) - 1))
    assert len(path) == (len(iq) - 1) * factor + 1
    # the interpolating filter lets the samples through but for a thousandth
    assert path[::factor] == pytest.approx(iq, abs=2e-3 * float(np.abs(iq).max()))


def test_the_path_between_symbols_is_straight(rng):
    symbols = noise(rng, 50).astype(np.complex64)
    assert smooth_path(symbols, 1.0) is symbols


@pytest.mark.parametrize("samples_per_symbol", [2.5, 4.0, 8.0, 3.0864])
def test_traces_of_a_signal_that_repeats_with_each_symbol_lie_on_each_other(samples_per_symbol):
    iq = tone(1 / samples_per_symbol, 400)
    traces = eye_traces(iq, samples_per_symbol)
    assert len(traces) == int(399 / samples_per_symbol) - 1
    inner = traces[4:-4]  # at the ends the interpolation has only one side
    turns = np.linspace(0, 2, traces.shape[1])
    # straight lines between points 1/16 symbol apart miss a circle by a fiftieth at most
    assert inner == pytest.approx(
        np.broadcast_to(np.exp(2j * np.pi * turns), inner.shape), abs=0.02
    )


@pytest.mark.parametrize("count", [1, 8, 16])
def test_two_symbols_and_fewer_have_no_traces(count):
    assert eye_traces(tone(0.1, count), 8.0).shape == (0, 33)


def test_a_lone_spike_does_not_blow_up_the_axes(rng):
    iq = noise(rng, 10_000)
    calm = robust_extent(iq)
    iq[77] = 1e6
    assert robust_extent(iq) == pytest.approx(calm, rel=0.01)
    assert robust_extent(np.zeros(5, complex)) == 1.0
