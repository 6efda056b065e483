"""Root-raised-cosine and frequency pulses against closed forms that others wrote."""

import math
from itertools import pairwise

import komm
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from rfmae.errors import RecipeError
from rfmae.signal.pulses import frequency_pulse, root_raised_cosine

ROLLOFFS = [0.1, 0.2, 0.25, 0.35, 0.5, 1.0]


def occupied_bandwidth(frequencies, density, share):
    """Width of the band, about its middle, that holds this share of the power."""
    below = np.cumsum(density) / density.sum()
    low, high = np.interp([(1 - share) / 2, (1 + share) / 2], below, frequencies)
    return high - low


def power_spectrum(taps, samples_per_symbol):
    """Frequencies in units of the symbol rate and the power density there."""
    density = np.abs(np.fft.fftshift(np.fft.fft(taps, 1 << 14))) ** 2
    return np.fft.fftshift(np.fft.fftfreq(1 << 14, 1 / samples_per_symbol)), density


# --- laws


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
@pytest.mark.parametrize("rolloff", ROLLOFFS)
def test_root_raised_cosine_taps_are_symmetric_and_of_unit_energy(rolloff, samples_per_symbol):
    taps = root_raised_cosine(rolloff, samples_per_symbol, 12)
    assert taps.shape == (12 * samples_per_symbol + 1,)
    assert np.sum(taps**2) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-15)
    assert taps.argmax() == 6 * samples_per_symbol


@pytest.mark.parametrize("samples_per_symbol", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("bt", [0.2, 0.3, 0.5, math.inf])
def test_frequency_pulses_are_symmetric_and_of_unit_sum(bt, samples_per_symbol):
    pulse = frequency_pulse(bt, samples_per_symbol, 4)
    assert pulse.shape == (4 * samples_per_symbol,)
    assert pulse.sum() == pytest.approx(1.0, abs=1e-12)
    assert pulse.min() >= 0
    np.testing.assert_allclose(pulse, pulse[::-1], atol=1e-12)


# --- outside references


@pytest.mark.parametrize("span_symbols", [6, 12])
@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
@pytest.mark.parametrize("rolloff", ROLLOFFS)
def test_root_raised_cosine_taps_are_those_of_komm(rolloff, samples_per_symbol, span_symbols):
    reach = span_symbols // 2
    theirs = komm.RaisedCosinePulse(rolloff).root().taps(samples_per_symbol, span=(-reach, reach))
    ours = root_raised_cosine(rolloff, samples_per_symbol, span_symbols)
    np.testing.assert_allclose(ours, theirs / np.linalg.norm(theirs), atol=1e-13)


@pytest.mark.parametrize(
    ("span_symbols", "published_db"),
    [(4, -23), (6, -52), (8, -36), (10, -41), (12, -54), (16, -51), (32, -59)],
)
def test_intersymbol_interference_is_at_its_known_floor(span_symbols, published_db):
    taps = root_raised_cosine(0.35, 8, span_symbols)
    both = np.convolve(taps, taps)  # transmit and receive
    at_symbols = both[len(taps) // 2 * 2 % 8 :: 8]
    middle = at_symbols.argmax()
    interference = np.sum(np.delete(at_symbols, middle) ** 2) / at_symbols[middle] ** 2
    assert 10 * np.log10(interference) == pytest.approx(published_db, abs=0.5)  # as printed
    if span_symbols == 12:
        assert 10 * np.log10(interference) < -50


@pytest.mark.parametrize(
    ("rolloff", "bandwidth"),
    [(0.1, 1.019), (0.2, 1.073), (0.25, 1.103), (0.35, 1.167), (0.5, 1.268), (1.0, 1.633)],
)
def test_occupied_bandwidth_of_the_root_raised_cosine_is_the_known_one(rolloff, bandwidth):
    spectrum = power_spectrum(root_raised_cosine(rolloff, 8, 32), 8)
    # 1 % for the ends of the pulse that are cut off
    assert occupied_bandwidth(*spectrum, 0.99) == pytest.approx(bandwidth, rel=0.01)


def test_the_root_raised_cosine_has_half_its_power_density_at_half_the_symbol_rate():
    frequencies, density = power_spectrum(root_raised_cosine(0.35, 8, 32), 8)
    at_zero, at_edge = np.interp([0.0, 0.5], frequencies, density)
    assert at_edge / at_zero == pytest.approx(0.5, rel=0.01)
    outside = density[np.abs(frequencies) > 0.75]
    assert outside.max() / at_zero < 1e-4  # nothing beyond (1 + rolloff)/2 but the cut ends


@pytest.mark.parametrize("bt", [0.3, 0.5])
def test_the_gaussian_frequency_pulse_is_the_integral_of_its_textbook_form(bt):
    """Two Q functions: Anderson, Aulin, Sundberg, Digital Phase Modulation, ch. 2."""
    slope = 2 * math.pi * bt / math.sqrt(math.log(2))

    def density(t):
        return norm.sf(slope * (t - 0.5)) - norm.sf(slope * (t + 0.5))

    edges = np.arange(-8, 9) / 4
    expected = [quad(density, low, high)[0] for low, high in pairwise(edges)]
    expected = np.array(expected) / np.sum(expected)
    np.testing.assert_allclose(frequency_pulse(bt, 4, 4), expected, atol=1e-10)


# --- edges


def test_an_infinite_bandwidth_time_product_leaves_the_rectangle():
    assert frequency_pulse(math.inf, 4, 1).tolist() == [0.25] * 4
    assert frequency_pulse(math.inf, 2, 3).tolist() == [0, 0, 0.5, 0.5, 0, 0]
    np.testing.assert_allclose(frequency_pulse(50.0, 4, 3)[4:8], 0.25, atol=0.01)  # and nearly so


@pytest.mark.parametrize("rolloff", [0.25, 0.5, 1.0])
def test_taps_are_smooth_over_the_pole_of_their_formula(rolloff):
    taps = root_raised_cosine(rolloff, 32, 12)
    pole = 6 * 32 + round(32 / (4 * rolloff))
    near = np.array([taps[pole - 2], taps[pole - 1], taps[pole + 1], taps[pole + 2]])
    between = near @ np.array([-1, 4, 4, -1]) / 6  # the cubic through the four around it
    assert taps[pole] == pytest.approx(between, abs=1e-4 * taps.max())


@pytest.mark.parametrize("rolloff", [0.0, -0.1, 1.01, math.nan])
def test_a_rolloff_outside_its_range_is_refused(rolloff):
    with pytest.raises(RecipeError, match=rf"rolloff must lie in \(0, 1\], got {rolloff:g}"):
        root_raised_cosine(rolloff, 8, 12)


@pytest.mark.parametrize("span_symbols", [-2, 0, 1, 7])
def test_a_span_that_is_odd_or_too_short_is_refused(span_symbols):
    with pytest.raises(RecipeError, match=f"span_symbols must be even .*got {span_symbols}"):
        root_raised_cosine(0.35, 8, span_symbols)
