"""Pulses and frequency pulses against closed forms and the taps of other people's libraries."""

import math
from fractions import Fraction
from itertools import pairwise

import komm
import numpy as np
import pytest
import sdr
from scipy.integrate import quad
from scipy.stats import norm

from rfmae.errors import RecipeError
from rfmae.signal.pulses import (
    Pulse,
    phase_response,
    pulse_taps,
    root_raised_cosine,
)

ROLLOFFS = [0.1, 0.2, 0.25, 0.35, 0.5, 1.0]
SHAPES = ["rrc", "rc", "rectangular", "gaussian", "half-sine"]
ORTHOGONAL = [Pulse("rrc", 0.35, 12), Pulse("rectangular"), Pulse("half-sine")]

every_shape = pytest.mark.parametrize("shape", SHAPES)


# --- laws


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8, 2.5, Fraction(250, 81)])
@every_shape
def test_taps_of_every_pulse_have_unit_energy_and_an_odd_number(shape, samples_per_symbol):
    pulse = Pulse(shape)
    taps = pulse_taps(pulse, samples_per_symbol)
    assert len(taps) == 2 * math.floor(pulse.reach_symbols * samples_per_symbol) + 1
    assert np.sum(taps**2) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("shape", ["rrc", "rc", "gaussian", "half-sine"])
def test_a_smooth_pulse_is_symmetric_and_highest_at_its_symbol(shape):
    taps = pulse_taps(Pulse(shape), 8)
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-15)
    assert taps.argmax() == len(taps) // 2


@every_shape
def test_a_pulse_ends_where_it_is_said_to(shape):
    pulse = Pulse(shape, span_symbols=6)
    reach = pulse.reach_symbols
    beyond = reach + np.array([1e-6, 0.5, 3.0, 100.0])
    assert not pulse.at(beyond).any()
    assert not pulse.at(-beyond).any()
    assert pulse.at(np.array([0.0]))[0] > 0


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
@pytest.mark.parametrize("rolloff", ROLLOFFS)
def test_root_raised_cosine_taps_are_symmetric_and_of_unit_energy(rolloff, samples_per_symbol):
    taps = root_raised_cosine(rolloff, samples_per_symbol, 12)
    assert taps.shape == (12 * samples_per_symbol + 1,)
    assert np.sum(taps**2) == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-15)
    assert taps.argmax() == 6 * samples_per_symbol


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
@pytest.mark.parametrize("pulse", ORTHOGONAL, ids=lambda pulse: pulse.shape)
def test_orthogonal_pulses_leave_each_other_alone(pulse, samples_per_symbol):
    taps = pulse_taps(pulse, samples_per_symbol)
    overlap = np.convolve(taps, taps[::-1])
    at_symbols = overlap[(len(taps) - 1) % samples_per_symbol :: samples_per_symbol]
    others = np.delete(at_symbols, at_symbols.argmax())
    # each of them, for a pulse of twelve symbols; the others overlap no neighbour at all
    assert np.abs(others).max() < (4e-3 if pulse.shape == "rrc" else 1e-12)


@pytest.mark.parametrize("rolloff", ROLLOFFS)
def test_a_raised_cosine_is_one_at_its_symbol_and_zero_at_all_others(rolloff):
    pulse = Pulse("rc", rolloff, 20)
    instants = np.arange(-10.0, 11.0)
    np.testing.assert_allclose(pulse.at(instants), instants == 0, atol=1e-15)


@pytest.mark.parametrize("rolloff", ROLLOFFS)
def test_two_root_raised_cosines_make_a_raised_cosine(rolloff):
    taps = root_raised_cosine(rolloff, 8, 200)
    both = np.convolve(taps, taps)
    t = (np.arange(len(both)) - len(both) // 2) / 8
    inner = np.abs(t) < 6
    expected = Pulse("rc", rolloff, 12).at(t[inner])
    # the tail of a cut pulse of 200 symbols falls as 1/(t²·rolloff)
    np.testing.assert_allclose(both[inner], expected, atol=1e-3)


def frequency_pulse(bt, samples_per_symbol, span_symbols):
    """What share of its turn a symbol makes over each sample of its pulse."""
    length = span_symbols * samples_per_symbol
    edges = (np.arange(length + 1) - length / 2) / samples_per_symbol
    return np.diff(phase_response(edges, bt, span_symbols))


@pytest.mark.parametrize("samples_per_symbol", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("bt", [0.2, 0.3, 0.5, math.inf])
def test_frequency_pulses_are_symmetric_and_of_unit_sum(bt, samples_per_symbol):
    pulse = frequency_pulse(bt, samples_per_symbol, 4)
    assert pulse.shape == (4 * samples_per_symbol,)
    assert pulse.sum() == pytest.approx(1.0, abs=1e-12)
    assert pulse.min() >= 0
    np.testing.assert_allclose(pulse, pulse[::-1], atol=1e-12)


@pytest.mark.parametrize("bt", [0.2, 0.3, 0.5, math.inf])
def test_a_phase_response_rises_from_nothing_to_one_evenly_about_its_middle(bt):
    t = np.linspace(-4, 4, 1001)
    response = phase_response(t, bt, 5)
    assert response[0] == pytest.approx(0.0, abs=1e-15)
    assert response[-1] == pytest.approx(1.0, abs=1e-15)
    assert np.diff(response).min() >= -1e-15
    np.testing.assert_allclose(response + response[::-1], 1.0, atol=1e-12)


# --- outside references


@pytest.mark.parametrize("span_symbols", [6, 12])
@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
@pytest.mark.parametrize("rolloff", ROLLOFFS)
def test_root_raised_cosine_taps_are_those_of_komm(rolloff, samples_per_symbol, span_symbols):
    reach = span_symbols // 2
    theirs = komm.RaisedCosinePulse(rolloff).root().taps(samples_per_symbol, span=(-reach, reach))
    ours = root_raised_cosine(rolloff, samples_per_symbol, span_symbols)
    np.testing.assert_allclose(ours, theirs / np.linalg.norm(theirs), atol=1e-15)


# sdr moves a sample that meets a pole of the formula by 1e-8, so here none does
@pytest.mark.parametrize("span_symbols", [6, 12])
@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
@pytest.mark.parametrize("rolloff", [0.15, 0.22, 0.35, 0.45, 0.9])
def test_root_raised_cosine_taps_are_those_of_sdr(rolloff, samples_per_symbol, span_symbols):
    theirs = sdr.root_raised_cosine(rolloff, span_symbols, samples_per_symbol, norm="energy")
    ours = root_raised_cosine(rolloff, samples_per_symbol, span_symbols)
    np.testing.assert_allclose(ours, theirs, atol=1e-15)


@pytest.mark.parametrize("rolloff", [0.15, 0.22, 0.35, 0.45, 0.9])
def test_raised_cosine_taps_are_those_of_komm_and_of_sdr(rolloff):
    ours = pulse_taps(Pulse("rc", rolloff, 12), 4)
    theirs = komm.RaisedCosinePulse(rolloff).taps(4, span=(-6, 6))
    np.testing.assert_allclose(ours, theirs / np.linalg.norm(theirs), atol=1e-15)
    np.testing.assert_allclose(ours, sdr.raised_cosine(rolloff, 12, 4, norm="energy"), atol=1e-15)


def test_half_sine_and_rectangular_taps_are_those_of_sdr():
    half_sine = pulse_taps(Pulse("half-sine"), 8)
    # they start a half-sine at its zero, which is our fifth tap of seventeen
    np.testing.assert_allclose(half_sine[4:12], sdr.half_sine(8, norm="energy"), atol=1e-15)
    rectangular = pulse_taps(Pulse("rectangular"), 8)
    np.testing.assert_allclose(rectangular[4:12], sdr.rectangular(8, norm="energy"), atol=1e-15)
    assert not rectangular[:4].any()
    assert not rectangular[12:].any()


@pytest.mark.parametrize("bt", [0.2, 0.3, 0.5, 1.0])
def test_the_gaussian_pulse_is_a_rectangle_through_a_gaussian_filter(bt):
    """Whose power falls to a half at bt symbol rates."""
    width = math.sqrt(math.log(2)) / (2 * math.pi * bt)
    assert math.exp(-((2 * math.pi * bt * width) ** 2)) == pytest.approx(0.5)
    for t in (0.0, 0.3, 0.5, 1.2):
        smoothed, _ = quad(lambda tau, t=t: norm.pdf(tau, scale=width), t - 0.5, t + 0.5)
        assert Pulse("gaussian", bt=bt).at(np.array([t]))[0] == pytest.approx(smoothed, abs=1e-9)


@pytest.mark.parametrize(
    ("span_symbols", "published_db"),
    [(4, -23), (6, -52), (8, -36), (10, -41), (12, -54), (14, -45), (16, -51), (32, -59)],
)
def test_intersymbol_interference_is_at_its_known_floor(span_symbols, published_db):
    taps = root_raised_cosine(0.35, 8, span_symbols)
    assert interference_db(taps, 8) == pytest.approx(published_db, abs=0.5)  # as printed


# the samples that a cut pulse loses weigh more where there are few of them
@pytest.mark.parametrize(
    ("samples_per_symbol", "floor_db"), [(2, -46), (3, -48), (4, -50), (8, -50), (16, -50)]
)
def test_interference_of_the_default_pulse_is_below_its_floor(samples_per_symbol, floor_db):
    assert Pulse().span_symbols >= 12
    assert interference_db(pulse_taps(Pulse(), samples_per_symbol), samples_per_symbol) < floor_db


def interference_db(taps, samples_per_symbol):
    """Power of all other symbols at a symbol instant, after the transmitter and the receiver."""
    both = np.convolve(taps, taps)
    at_symbols = both[(len(taps) - 1) % samples_per_symbol :: samples_per_symbol]
    middle = at_symbols.argmax()
    others = np.sum(np.delete(at_symbols, middle) ** 2)
    return 10 * np.log10(others / at_symbols[middle] ** 2)


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


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 2.5, Fraction(250, 81), 8])
def test_each_sample_of_rectangular_pulses_belongs_to_one_symbol(samples_per_symbol):
    t = np.arange(2000) / float(samples_per_symbol)
    owners = sum(Pulse("rectangular").at(t - symbol) for symbol in range(-1, 1002))
    assert np.array_equal(owners, np.ones(2000))


@pytest.mark.parametrize("shape", ["rrc", "rc"])
@pytest.mark.parametrize("rolloff", [0.25, 0.5, 1.0])
def test_taps_are_smooth_over_the_pole_of_their_formula(shape, rolloff):
    taps = pulse_taps(Pulse(shape, rolloff, 12), 32)
    pole = 6 * 32 + round(32 / ((4 if shape == "rrc" else 2) * rolloff))
    near = np.array([taps[pole - 2], taps[pole - 1], taps[pole + 1], taps[pole + 2]])
    between = near @ np.array([-1, 4, 4, -1]) / 6  # the cubic through the four around it
    assert taps[pole] == pytest.approx(between, abs=1e-4 * taps.max())


@pytest.mark.parametrize("rolloff", [0.0, -0.1, 1.01, math.nan])
def test_a_rolloff_outside_its_range_is_refused(rolloff):
    with pytest.raises(RecipeError, match=f"rolloff must be .*got {rolloff:g}"):
        root_raised_cosine(rolloff, 8, 12)


@pytest.mark.parametrize("span_symbols", [-2, 0, 1, 7])
def test_a_span_that_is_odd_or_too_short_is_refused(span_symbols):
    with pytest.raises(RecipeError, match=f"span_symbols must be .*got {span_symbols}"):
        root_raised_cosine(0.35, 8, span_symbols)


@pytest.mark.parametrize("bt", [0.0, -0.3, math.inf, math.nan])
def test_a_bandwidth_time_product_that_is_none_is_refused(bt):
    with pytest.raises(RecipeError, match="bt must be"):
        Pulse("gaussian", bt=bt)


@pytest.mark.parametrize(
    ("shape", "rolloff", "samples_per_symbol"),
    [("rrc", 0.35, 1), ("rrc", 0.35, 1.25), ("rrc", 1.0, 1.5), ("rc", 0.35, 1.25)],
)
def test_a_rate_that_folds_the_spectrum_is_refused(shape, rolloff, samples_per_symbol):
    with pytest.raises(RecipeError, match=f"needs at least {1 + rolloff:g} samples per symbol"):
        pulse_taps(Pulse(shape, rolloff), samples_per_symbol)


def test_one_sample_per_symbol_is_enough_where_no_band_is_limited():
    for shape in ("rc", "rectangular", "gaussian", "half-sine"):
        assert pulse_taps(Pulse(shape), 1).max() > 0
    np.testing.assert_allclose(pulse_taps(Pulse("rc"), 1), np.eye(13)[6], atol=1e-15)
