"""Linear modulation: symbols, shaping, decisions, and the late Q of OQPSK."""

import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.linear import decide_indices, map_symbols, shape_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import root_raised_cosine

POINTED = [row for row in MODULATIONS.values() if row.points]
TAPS = root_raised_cosine(0.35, 4, 12)


def naive_waveform(symbols, taps, samples_per_symbol):
    """The sum over all symbols of a pulse that stands at each, in float64."""
    half = (len(taps) - 1) // 2
    waveform = np.zeros(len(symbols) * samples_per_symbol + 2 * half, complex)
    for k, symbol in enumerate(symbols):
        start = k * samples_per_symbol
        waveform[start : start + len(taps)] += symbol * taps * np.sqrt(samples_per_symbol)
    return waveform[half : half + len(symbols) * samples_per_symbol]


# --- laws


@pytest.mark.parametrize("modulation", POINTED, ids=str)
def test_indices_come_back_from_their_symbols(modulation, rng):
    indices = rng.integers(modulation.order, size=(3, 200))
    symbols = map_symbols(indices, modulation)
    assert symbols.shape == indices.shape
    assert symbols.dtype == np.complex64
    assert np.array_equal(decide_indices(symbols, modulation), indices)


@pytest.mark.parametrize("modulation", POINTED, ids=str)
def test_decisions_stand_a_third_of_the_distance_to_the_neighbour(modulation, rng):
    points = modulation.alphabet.astype(complex)
    closest = np.abs(points[:, None] - points)[~np.eye(len(points), dtype=bool)].min()
    indices = rng.integers(modulation.order, size=500)
    symbols = map_symbols(indices, modulation)
    # two differential symbols each bring an error of their own
    share = 1 / 6 if modulation.family == "differential" else 1 / 3
    pushed = symbols + share * closest * np.exp(2j * np.pi * rng.random(500))
    assert np.array_equal(decide_indices(pushed, modulation), indices)


@pytest.mark.parametrize("modulation", POINTED, ids=str)
def test_rows_are_shaped_one_by_one(modulation, rng):
    symbols = map_symbols(rng.integers(modulation.order, size=(3, 40)), modulation)
    offset = modulation.family == "offset"
    together = shape_symbols(symbols, TAPS, 4, offset=offset)
    assert together.shape == (3, 160)
    assert together.dtype == np.complex64
    for row, alone in zip(together, symbols, strict=True):
        assert np.array_equal(row, shape_symbols(alone, TAPS, 4, offset=offset))


# --- references


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
def test_a_waveform_is_a_sum_of_pulses_at_their_symbols(samples_per_symbol, rng):
    taps = root_raised_cosine(0.35, samples_per_symbol, 8)
    symbols = map_symbols(rng.integers(16, size=50), MODULATIONS["16QAM"])
    expected = naive_waveform(symbols, taps, samples_per_symbol)
    waveform = shape_symbols(symbols, taps, samples_per_symbol)
    np.testing.assert_allclose(waveform, expected, atol=2e-6)  # float32


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
def test_offset_sends_q_half_a_symbol_after_i(samples_per_symbol, rng):
    taps = root_raised_cosine(0.35, samples_per_symbol, 8)
    symbols = map_symbols(rng.integers(4, size=50), MODULATIONS["OQPSK"])
    together = shape_symbols(symbols, taps, samples_per_symbol)
    late = shape_symbols(symbols, taps, samples_per_symbol, offset=True)
    half = samples_per_symbol // 2
    np.testing.assert_allclose(late.real, together.real, atol=1e-6)
    np.testing.assert_allclose(late.imag[half:], together.imag[:-half], atol=1e-6)


def test_offset_keeps_the_envelope_away_from_zero(rng):
    symbols = map_symbols(rng.integers(4, size=2000), MODULATIONS["QPSK"])
    inner = slice(100, -100)
    assert np.abs(shape_symbols(symbols, TAPS, 4)[inner]).min() < 0.05
    assert np.abs(shape_symbols(symbols, TAPS, 4, offset=True)[inner]).min() > 0.2


# --- edges


def test_a_differential_frame_turns_from_phase_zero():
    steps = MODULATIONS["DQPSK"].alphabet
    for index, step in enumerate(steps):
        symbols = map_symbols(np.full(5, index), MODULATIONS["DQPSK"])
        np.testing.assert_allclose(symbols, step ** np.arange(1, 6), atol=1e-6)


def test_a_long_differential_frame_does_not_drift(rng):
    symbols = map_symbols(rng.integers(4, size=200_000), MODULATIONS["DQPSK"])
    assert np.abs(symbols**4 - 1).max() < 1e-5  # float32, as at its first symbol


def test_a_quiet_carrier_phase_does_not_touch_differential_decisions(rng):
    modulation = MODULATIONS["DQPSK"]
    indices = rng.integers(4, size=100)
    turned = map_symbols(indices, modulation) * np.complex64(np.exp(2.2j))
    assert np.array_equal(decide_indices(turned, modulation)[1:], indices[1:])


@pytest.mark.parametrize("samples_per_symbol", [1, 3, 5])
def test_half_a_symbol_of_an_odd_number_of_samples_is_refused(samples_per_symbol):
    taps = root_raised_cosine(0.35, samples_per_symbol, 8)
    with pytest.raises(RecipeError, match=f"even samples_per_symbol, got {samples_per_symbol}"):
        shape_symbols(np.ones(8, np.complex64), taps, samples_per_symbol, offset=True)
