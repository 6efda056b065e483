"""Linear modulation: symbols, shaping, decisions, and the late Q of OQPSK."""

from fractions import Fraction

import numpy as np
import pytest
from pulse_shaping import shape_symbols

from rfmae.errors import RecipeError
from rfmae.signal.linear import decide_indices, map_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse, pulse_taps

POINTED = [row for row in MODULATIONS.values() if row.points and row.family != "ofdm"]
PULSE = Pulse()

every_pointed_modulation = pytest.mark.parametrize("modulation", POINTED, ids=str)


def naive_waveform(symbols, taps, samples_per_symbol):
    """The sum over all symbols of a pulse that stands at each, in float64."""
    half = (len(taps) - 1) // 2
    waveform = np.zeros(len(symbols) * samples_per_symbol + 2 * half, complex)
    for k, symbol in enumerate(symbols):
        start = k * samples_per_symbol
        waveform[start : start + len(taps)] += symbol * taps * np.sqrt(samples_per_symbol)
    return waveform[half : half + len(symbols) * samples_per_symbol]


# --- laws


@every_pointed_modulation
def test_indices_come_back_from_their_symbols(modulation, rng):
    indices = rng.integers(modulation.order, size=(3, 200))
    symbols = map_symbols(indices, modulation)
    assert symbols.shape == indices.shape
    assert symbols.dtype == np.complex64
    assert np.array_equal(decide_indices(symbols, modulation), indices)


@every_pointed_modulation
def test_decisions_stand_a_third_of_the_distance_to_the_neighbour(modulation, rng):
    points = modulation.alphabet.astype(complex)
    closest = np.abs(points[:, None] - points)[~np.eye(len(points), dtype=bool)].min()
    indices = rng.integers(modulation.order, size=500)
    symbols = map_symbols(indices, modulation)
    # two differential symbols each bring an error of their own
    share = 1 / 6 if modulation.family == "differential" else 1 / 3
    pushed = symbols + share * closest * np.exp(2j * np.pi * rng.random(500))
    assert np.array_equal(decide_indices(pushed, modulation), indices)


@pytest.mark.parametrize("samples_per_symbol", [4, 2.5, Fraction(250, 81)])
@every_pointed_modulation
def test_rows_are_shaped_one_by_one(modulation, samples_per_symbol, rng):
    symbols = map_symbols(rng.integers(modulation.order, size=(3, 40)), modulation)
    offset = modulation.family == "offset"
    together = shape_symbols(symbols, PULSE, samples_per_symbol, offset=offset)
    assert together.shape == (3, int(40 * samples_per_symbol))
    assert together.dtype == np.complex64
    for row in range(3):
        alone = shape_symbols(symbols[row : row + 1], PULSE, samples_per_symbol, offset=offset)
        assert np.array_equal(together[row : row + 1], alone)


# --- references


@pytest.mark.parametrize("shape", ["rrc", "rc", "rectangular", "half-sine", "gaussian"])
@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
def test_a_waveform_is_a_sum_of_pulses_at_their_symbols(shape, samples_per_symbol, rng):
    pulse = Pulse(shape, span_symbols=8)
    symbols = map_symbols(rng.integers(16, size=(1, 50)), MODULATIONS["16QAM"])
    expected = naive_waveform(symbols[0], pulse_taps(pulse, samples_per_symbol), samples_per_symbol)
    waveform = shape_symbols(symbols, pulse, samples_per_symbol)
    np.testing.assert_allclose(waveform[0], expected, atol=4e-6)  # float32


@pytest.mark.parametrize("samples_per_symbol", [2, 4, 8])
def test_offset_sends_q_half_a_symbol_after_i(samples_per_symbol, rng):
    symbols = map_symbols(rng.integers(4, size=(1, 50)), MODULATIONS["OQPSK"])
    together = shape_symbols(symbols, PULSE, samples_per_symbol)
    late = shape_symbols(symbols, PULSE, samples_per_symbol, offset=True)
    half = samples_per_symbol // 2
    np.testing.assert_allclose(late.real, together.real, atol=1e-6)
    np.testing.assert_allclose(late.imag[:, half:], together.imag[:, :-half], atol=1e-6)


@pytest.mark.parametrize("samples_per_symbol", [3, 5, 2.5])
def test_offset_does_not_mind_half_a_sample(samples_per_symbol, rng):
    symbols = map_symbols(rng.integers(4, size=(1, 80)), MODULATIONS["OQPSK"])
    late = shape_symbols(symbols, PULSE, samples_per_symbol, offset=True)
    finer = shape_symbols(symbols, PULSE, 2 * samples_per_symbol)
    shift = int(samples_per_symbol)  # half a symbol at twice the rate, or nearly
    if shift == samples_per_symbol:
        expected = np.concatenate([np.zeros(shift), finer.imag[0]])[::2][: late.shape[1]]
        inside = slice(8 * shift, None)  # the first symbols had nothing before them
        np.testing.assert_allclose(late.imag[0, inside], expected[inside], atol=2e-3)
    np.testing.assert_allclose(late.real[0], finer.real[0, ::2], atol=2e-3)


def test_offset_keeps_the_envelope_away_from_zero(rng):
    symbols = map_symbols(rng.integers(4, size=(1, 2000)), MODULATIONS["QPSK"])
    inner = slice(100, -100)
    assert np.abs(shape_symbols(symbols, PULSE, 4)[0, inner]).min() < 0.05
    assert np.abs(shape_symbols(symbols, PULSE, 4, offset=True)[0, inner]).min() > 0.2


def test_half_sines_with_a_late_q_have_a_constant_envelope(rng):
    """OQPSK with half-sines is MSK: Pasupathy, IEEE Communications Magazine 17, 1979."""
    symbols = map_symbols(rng.integers(4, size=(1, 300)), MODULATIONS["OQPSK"])
    # a half-sine of ours lasts one symbol, and two of them meet where both are zero
    waveform = shape_symbols(symbols, Pulse("half-sine"), 8, offset=True)[0, 8:-8]
    np.testing.assert_allclose(np.abs(waveform), 1.0, atol=1e-6)


# --- edges


@pytest.mark.parametrize("name", ["DBPSK", "DQPSK", "D8PSK", "π/4-DQPSK"])
def test_a_differential_frame_turns_from_phase_zero(name):
    steps = MODULATIONS[name].alphabet
    for index, step in enumerate(steps):
        symbols = map_symbols(np.full(5, index), MODULATIONS[name])
        np.testing.assert_allclose(symbols, step ** np.arange(1, 6), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "power"), [("DBPSK", 2), ("DQPSK", 4), ("D8PSK", 8), ("π/4-DQPSK", 8)]
)
def test_a_long_differential_frame_does_not_drift(name, power, rng):
    modulation = MODULATIONS[name]
    symbols = map_symbols(rng.integers(modulation.order, size=200_000), modulation)
    # float32, as at its first symbol
    assert np.abs(symbols.astype(complex) ** power - 1).max() < 1e-6 * power


def test_pi_4_dqpsk_takes_turns_between_two_alphabets(rng):
    symbols = map_symbols(rng.integers(4, size=1000), MODULATIONS["π/4-DQPSK"]).astype(complex)
    # the first step leads from phase zero to the diagonals, the second back to the axes
    np.testing.assert_allclose(symbols[0::2] ** 4, -1, atol=1e-5)
    np.testing.assert_allclose(symbols[1::2] ** 4, 1, atol=1e-5)


def test_pi_2_bpsk_turns_its_alphabet_a_quarter_each_symbol(rng):
    symbols = map_symbols(rng.integers(2, size=1000), MODULATIONS["π/2-BPSK"])
    assert np.abs(symbols[0::2].imag).max() < 1e-6
    assert np.abs(symbols[1::2].real).max() < 1e-6
    upright = symbols * (-1j) ** np.arange(1000)
    np.testing.assert_allclose(np.abs(upright.real), 1.0, atol=1e-6)


def test_a_long_rotating_frame_does_not_drift(rng):
    symbols = map_symbols(rng.integers(2, size=200_000), MODULATIONS["π/2-BPSK"])
    np.testing.assert_allclose(symbols.astype(complex) ** 4, 1, atol=1e-5)


@pytest.mark.parametrize("name", ["DBPSK", "DQPSK", "D8PSK", "π/4-DQPSK"])
def test_a_quiet_carrier_phase_does_not_touch_differential_decisions(name, rng):
    modulation = MODULATIONS[name]
    indices = rng.integers(modulation.order, size=100)
    turned = map_symbols(indices, modulation) * np.complex64(np.exp(2.2j))
    assert np.array_equal(decide_indices(turned, modulation)[1:], indices[1:])


@pytest.mark.parametrize("samples_per_symbol", [1, 1.25, 0.5])
def test_a_rate_that_folds_the_spectrum_is_refused(samples_per_symbol):
    with pytest.raises(RecipeError, match=f"got {samples_per_symbol:g}"):
        shape_symbols(np.ones((1, 8), np.complex64), PULSE, samples_per_symbol)
