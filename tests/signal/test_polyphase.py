"""Matrix products against sums of pulses, and bits that do not depend on the batch."""

from fractions import Fraction

import numpy as np
import pytest

from rfmae.signal.polyphase import guard_of, match_valid, shape_valid, window_products
from rfmae.signal.pulses import Pulse

RATES = [Fraction(1), Fraction(2), Fraction(3), Fraction(8), Fraction(5, 2), Fraction(250, 81)]
PULSES = [
    Pulse("rrc"),
    Pulse("rc", 0.2),
    Pulse("gaussian", bt=0.3),
    Pulse("rectangular"),
    Pulse("half-sine"),
]


def allowed(pulse, rate):
    return rate > 1 or pulse.shape != "rrc"


CASES = [(pulse, rate) for pulse in PULSES for rate in RATES if allowed(pulse, rate)]
every_case = pytest.mark.parametrize(
    ("pulse", "rate"), CASES, ids=[f"{pulse.shape}-{rate}" for pulse, rate in CASES]
)


def random_symbols(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def sum_of_pulses(symbols, pulse, rate, samples):
    """Each symbol times its pulse, added up in float64; sample 0 is symbol number reach."""
    t = np.arange(samples) / float(rate) + pulse.reach_symbols
    return sum(symbol * pulse.at(t - k) for k, symbol in enumerate(symbols))


# --- laws


@every_case
def test_independent_symbols_become_a_waveform_of_unit_power(pulse, rate, rng):
    symbols = np.exp(2j * np.pi * rng.random((50, 400))).astype(np.complex64)
    # 324 symbols are a whole number of periods of every rate
    waveform = shape_valid(symbols, pulse, rate, int(324 * rate))
    powers = np.mean(np.abs(waveform) ** 2, axis=1)
    # four widths of the mean of 50 rows; a rectangle's power does not vary at all
    assert powers.mean() == pytest.approx(1.0, abs=4 * powers.std() / np.sqrt(50) + 1e-5)


@every_case
def test_a_waveform_is_a_sum_of_pulses_at_their_symbols(pulse, rate, rng):
    symbols = random_symbols(rng, 2, 100)
    samples = int(70 * rate)
    waveform = shape_valid(symbols, pulse, rate, samples)
    assert waveform.shape == (2, samples)
    assert waveform.dtype == np.complex64
    for made, row in zip(waveform, symbols, strict=True):
        expected = sum_of_pulses(row, pulse, rate, samples)
        gain = np.vdot(expected, made) / np.vdot(expected, expected)
        assert gain.real > 0
        assert abs(gain.imag) < 1e-6
        np.testing.assert_allclose(made, gain * expected, atol=1e-5)  # float32


@every_case
def test_the_matched_filter_is_a_correlation_with_the_pulse_that_was_sent(pulse, rate, rng):
    guard = guard_of(pulse.reach_symbols, rate)
    waveform = random_symbols(rng, 1, int((40 + 2 * guard) * rate) + 1)
    received = match_valid(waveform, pulse, rate, guard, 40)
    assert received.shape == (1, 40)
    t = np.arange(waveform.shape[1]) / float(rate) - guard
    for k in (0, 1, 17, 39):
        taps = pulse.at(t - k)
        alone = np.zeros((1, 2 * pulse.reach_symbols + 40), np.complex64)
        alone[0, pulse.reach_symbols + k] = 1  # one symbol alone shows the amplitude of its pulse
        height = np.abs(shape_valid(alone, pulse, rate, int(40 * rate))).max()
        peak = np.abs(taps).max()
        expected = (waveform[0] @ taps) / np.sum(taps**2) / (height / peak)
        assert received[0, k] == pytest.approx(expected, abs=1e-4 * np.abs(expected) + 1e-5)


@pytest.mark.parametrize("rate", RATES[1:], ids=str)
@pytest.mark.parametrize("shape", ["rrc", "rectangular", "half-sine"])
def test_symbols_come_back_with_the_amplitude_they_were_sent_with(shape, rate, rng):
    pulse = Pulse(shape)
    guard = guard_of(pulse.reach_symbols, rate)
    symbols = random_symbols(rng, 3, 60 + 2 * guard + 2 * pulse.reach_symbols)
    waveform = shape_valid(symbols, pulse, rate, int((60 + 2 * guard) * rate))
    received = match_valid(waveform, pulse, rate, guard, 60)
    sent = symbols[:, pulse.reach_symbols + guard :][:, :60]
    error = np.mean(np.abs(received - sent) ** 2) / np.mean(np.abs(sent) ** 2)
    # rrc is cut to twelve symbols; half-sines of neighbours overlap at no sample
    assert error < (1e-4 if shape == "rrc" else 1e-10)


@every_case
def test_rows_are_the_same_bits_alone_and_in_any_batch(pulse, rate, rng):
    symbols = random_symbols(rng, 70, 90)
    together = shape_valid(symbols, pulse, rate, int(60 * rate))
    for some in (slice(0, 1), slice(3, 5), slice(0, 64)):
        alone = shape_valid(symbols[some], pulse, rate, int(60 * rate))
        assert alone.tobytes() == np.ascontiguousarray(together[some]).tobytes()
    guard = guard_of(pulse.reach_symbols, rate)
    received = match_valid(together, pulse, rate, guard, 8)
    alone = match_valid(together[3:5], pulse, rate, guard, 8)
    assert alone.tobytes() == np.ascontiguousarray(received[3:5]).tobytes()


def test_a_waveform_begins_the_same_however_long_it_is(rng):
    symbols = random_symbols(rng, 2, 400)
    for rate in RATES[1:]:
        long = shape_valid(symbols, Pulse(), rate, int(300 * rate))
        short = shape_valid(symbols[:, :100], Pulse(), rate, int(60 * rate))
        assert np.array_equal(long[:, : short.shape[1]], short)


# --- edges


@pytest.mark.parametrize("offset", [False, True])
def test_symbols_beyond_the_last_are_silence(offset, rng):
    symbols = random_symbols(rng, 1, 20)
    padded = np.hstack([symbols, np.zeros((1, 40), np.complex64)])
    waves = [
        shape_valid(some, Pulse(), Fraction(4), 100, offset=offset) for some in (symbols, padded)
    ]
    assert np.array_equal(*waves)
    # the last symbol stands at sample 52, Q half a symbol later, and reaches six symbols on
    assert not waves[0][0, 52 + 2 + 24 + 1 :].any()


@pytest.mark.parametrize("rate", [Fraction(2), Fraction(4), Fraction(5, 2), Fraction(3)], ids=str)
def test_offset_sends_q_half_a_symbol_late(rate, rng):
    symbols = random_symbols(rng, 1, 60)
    late = shape_valid(symbols, Pulse(), rate, int(40 * rate), offset=True)
    together = shape_valid(symbols, Pulse(), 2 * rate, int(80 * rate))
    # at twice the rate, half a symbol is `rate` samples
    np.testing.assert_allclose(late.real, together.real[:, ::2], atol=1e-4)
    if rate.denominator == 1:
        shift = int(rate)
        np.testing.assert_allclose(
            late.imag[0, shift:], together.imag[0, shift::2][: late.shape[1] - shift], atol=1e-4
        )


@pytest.mark.parametrize(
    ("reach", "rate", "guard"),
    [(6, 4, 6), (6, Fraction(5, 2), 6), (7, Fraction(5, 2), 8), (6, Fraction(250, 81), 81)],
)
def test_a_guard_is_a_whole_number_of_samples_long(reach, rate, guard):
    assert guard_of(reach, Fraction(rate)) == guard
    assert (guard * Fraction(rate)).denominator == 1


def test_windows_beyond_the_last_value_see_zeros(rng):
    values = rng.normal(size=(2, 10)).astype(np.float32)
    matrix = rng.normal(size=(6, 3)).astype(np.float32)
    products = window_products(values, matrix, 4, 4)
    padded = np.pad(values.astype(float), ((0, 0), (0, 20)))
    expected = np.hstack([padded[:, 4 * k : 4 * k + 6] @ matrix.astype(float) for k in range(4)])
    np.testing.assert_allclose(products, expected, atol=1e-5)


def test_extra_values_stand_behind_those_of_each_window(rng):
    values = rng.normal(size=(200, 50)).astype(np.float32)
    extra = rng.normal(size=(200, 5, 2)).astype(np.float32)
    matrix = rng.normal(size=(8, 4)).astype(np.float32)
    products = window_products(values, matrix, 5, 5, extra)
    padded = np.pad(values.astype(float), ((0, 0), (0, 20)))
    expected = [
        np.concatenate([padded[:, 5 * k : 5 * k + 6], extra[:, k]], axis=1) @ matrix
        for k in range(5)
    ]
    np.testing.assert_allclose(products, np.hstack(expected), atol=1e-4)
