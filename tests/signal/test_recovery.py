"""Timing, carrier offset and phase that a receiver finds, against the ones that were sent."""

from fractions import Fraction

import numpy as np
import pytest
from pulse_shaping import shape_symbols
from scipy.signal import oaconvolve

from rfmae.errors import RecipeError
from rfmae.signal.channel import awgn, offset_carrier, rotate, white_noise
from rfmae.signal.interpolation import delay
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.signal.recovery import (
    mth_power_carrier_offset,
    mth_power_phase,
    oerder_meyr,
    viterbi_viterbi,
)

POWERS = [("BPSK", 2), ("QPSK", 4), ("16QAM", 4), ("8PSK", 8)]
every_power = pytest.mark.parametrize(("name", "power"), POWERS)

ESTIMATORS = {
    "oerder_meyr": lambda iq: oerder_meyr(iq, 4),
    "mth_power_carrier_offset": lambda iq: mth_power_carrier_offset(iq, 4),
    "mth_power_phase": lambda iq: mth_power_phase(iq, 4),
    "viterbi_viterbi": lambda iq: viterbi_viterbi(iq, 4, 15),
}
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS.values(), ids=ESTIMATORS)


def symbols_of(name, count, length, rng):
    alphabet = find_modulation(name).alphabet
    return alphabet[rng.integers(0, len(alphabet), (count, length))]


def filtered_waveform(rate, offset_symbols, rng, snr_db=20.0, length=1024):
    """Matched-filtered RRC QPSK, each example delayed by its offset."""
    symbols = symbols_of("QPSK", len(offset_symbols), length, rng)
    waveform = delay(shape_symbols(symbols, Pulse(), rate), offset_symbols * float(rate))
    noisy = awgn(waveform, float(rate) * 10 ** (-snr_db / 10), rng)
    taps = pulse_taps(Pulse(), rate).astype(np.float32)
    return oaconvolve(noisy, taps[None], mode="same", axes=1).astype(np.complex64)


def wrapped(turns, period=1.0):
    return (turns + period / 2) % period - period / 2


# --- laws


@every_estimator
def test_examples_together_are_examples_alone(estimator, rng):
    iq = white_noise((5, 96), 1.0, rng)
    together = estimator(iq)
    for n in range(5):
        # to the last bit: what is corrected by it must not depend on the batch
        assert np.array_equal(together[n : n + 1], estimator(iq[n : n + 1]))


@every_estimator
def test_no_estimator_changes_its_input_or_minds_its_gain(estimator, rng):
    iq = white_noise((3, 96), 1.0, rng)
    before = iq.copy()
    found = estimator(iq)
    assert np.array_equal(iq, before)
    np.testing.assert_allclose(estimator(8 * iq), found, atol=1e-12)


@every_estimator
def test_nothing_is_found_in_silence(estimator):
    assert np.isfinite(estimator(np.zeros((2, 64), np.complex64))).all()


@every_power
def test_a_turn_of_the_symbols_is_a_turn_of_the_phase(name, power, rng):
    symbols = awgn(symbols_of(name, 20, 256, rng), 0.02, rng)
    turns = rng.uniform(-1, 1, 20)
    for phase in (mth_power_phase, lambda iq, power: viterbi_viterbi(iq, power, 63)[:, 128]):
        moved = phase(rotate(symbols, turns), power) - phase(symbols, power) - turns
        np.testing.assert_allclose(wrapped(moved, 1 / power), 0, atol=1e-6)


# --- timing


@pytest.mark.parametrize("rate", [Fraction(3), Fraction(4), Fraction(8), Fraction(250, 81)])
def test_oerder_meyr_finds_the_symbol_instants(rate, rng):
    offset = rng.uniform(-0.5, 0.5, 24)
    found = oerder_meyr(filtered_waveform(rate, offset, rng), float(rate))
    assert np.all((found >= -0.5) & (found < 0.5))
    error = wrapped(found - offset)
    assert np.abs(error).max() < 0.02
    # its own noise, from the pattern of the symbols, has a spread of 0.002 here
    assert abs(np.mean(error)) < 0.0025
    assert np.std(error) < 0.005


@pytest.mark.parametrize("turn", [0.1, 0.37])
def test_timing_does_not_mind_the_carrier(turn, rng):
    waveform = filtered_waveform(Fraction(4), np.array([0.2, -0.4]), rng)
    turned = offset_carrier(rotate(waveform, turn), 0.03)
    np.testing.assert_allclose(oerder_meyr(turned, 4), oerder_meyr(waveform, 4), atol=1e-6)


@pytest.mark.parametrize("extra", range(8))
def test_a_fraction_of_a_symbol_at_the_end_does_not_bias_the_timing(extra):
    t = np.arange(8 * 20 + extra) / 8
    waveform = np.sqrt(1 + 0.2 * np.cos(2 * np.pi * (t - 0.25)))[None].astype(np.complex64)
    # ten times the line's power in the mean would leak 0.02 symbols; the mirrored line leaks 0.002
    assert oerder_meyr(waveform, 8)[0] == pytest.approx(0.25, abs=0.004)


@pytest.mark.parametrize("rate", [2.0, 2.99, float("nan")])
def test_oerder_meyr_needs_three_samples_per_symbol(rate):
    with pytest.raises(RecipeError, match=f"at least 3 samples per symbol.*got {rate:g}"):
        oerder_meyr(np.ones((1, 64), np.complex64), rate)


# --- carrier offset


@every_power
def test_the_carrier_offset_is_found_in_its_range(name, power, rng):
    offset = rng.uniform(-0.49, 0.49, 30) / power
    sent = rotate(symbols_of(name, 30, 1024, rng), rng.random(30))
    found = mth_power_carrier_offset(awgn(offset_carrier(sent, offset), 0.01, rng), power)
    # a twentieth of a turn over the whole frame; 16QAM has noise of its own in its fourth power
    assert np.abs(wrapped(found - offset, 1 / power)).max() < 0.05 / 1024


def test_the_carrier_offset_reaches_the_bound(rng):
    offset = rng.uniform(-0.12, 0.12, 300)
    sent = offset_carrier(symbols_of("QPSK", 300, 256, rng), offset)
    error = mth_power_carrier_offset(awgn(sent, 0.01, rng), 4) - offset
    # modified Cramér-Rao bound at Es/N0 = 20 dB (Mengali, D'Andrea, ch. 2.4)
    bound = np.sqrt(6 / (4 * np.pi**2 * 100 * 256**3))
    assert (
        np.std(error) < 1.15 * bound
    )  # 4 % is the width of 300 errors, the rest is the fourth power
    assert abs(np.mean(error)) < 4 * bound / np.sqrt(300)


def test_a_pure_tone_is_found_between_the_bins(rng):
    frequency = rng.uniform(-0.49, 0.49, 200)
    tones = offset_carrier(np.ones((200, 128), np.complex64), frequency)
    error = mth_power_carrier_offset(tones, 1) - frequency
    assert np.abs(error).max() < 1e-3 / 128  # of a bin: the parabola's own misfit


def test_an_offset_beyond_the_range_comes_back_from_the_other_side(rng):
    sent = symbols_of("QPSK", 1, 512, rng)
    found = [mth_power_carrier_offset(offset_carrier(sent, f), 4)[0] for f in (0.1, 0.35, -0.15)]
    np.testing.assert_allclose(found, 0.1, atol=1e-5)


# --- phase


@pytest.mark.parametrize(("name", "power", "own"), [("BPSK", 2, 0), ("QPSK", 4, 0.125)])
def test_points_have_the_phase_that_is_documented(name, power, own, rng):
    turns = rng.uniform(-0.5, 0.5, 40)
    sent = awgn(rotate(symbols_of(name, 40, 512, rng), turns), 0.01, rng)
    for found in (mth_power_phase(sent, power), viterbi_viterbi(sent, power, 511)[:, 256]):
        # modified Cramér-Rao bound of 511 symbols at 20 dB: 0.0005 turns
        assert np.abs(wrapped(found - turns - own, 1 / power)).max() < 5 * 0.0005


@every_power
def test_the_phase_of_a_frame_lies_within_its_ambiguity(name, power, rng):
    sent = rotate(symbols_of(name, 50, 64, rng), rng.random(50))
    assert np.abs(mth_power_phase(sent, power)).max() <= 0.5 / power + 1e-12


def test_viterbi_viterbi_reaches_the_bound(rng):
    sent = awgn(symbols_of("QPSK", 60, 600, rng), 0.01, rng)
    error = wrapped(viterbi_viterbi(sent, 4, 63)[:, 40:-40] - 0.125, 0.25)
    bound = np.sqrt(1 / (2 * 63 * 100)) / (2 * np.pi)
    assert np.std(error) == pytest.approx(bound, rel=0.1)
    assert abs(np.mean(error)) < 4 * bound / np.sqrt(60 * 8)  # eight windows in each frame


def test_viterbi_viterbi_follows_a_turning_carrier(rng):
    turns = 0.3 + 0.002 * np.arange(900)  # nearly two turns in all
    sent = symbols_of("QPSK", 1, 900, rng) * np.exp(2j * np.pi * turns)
    found = viterbi_viterbi(awgn(sent, 0.01, rng), 4, 31)[0]
    lag = found - turns
    # one ambiguity for the whole frame: no jump by a quarter; the window's mean lags at the ends
    assert np.ptp(lag[15:-15]) < 0.02
    assert np.abs(wrapped(lag[15:-15] - 0.125, 0.25)).max() < 0.02


@pytest.mark.parametrize("window", [1, 5, 21, 101])
def test_a_window_is_the_sum_of_its_symbols(window, rng):
    symbols, half = white_noise((2, 20), 1.0, rng).astype(np.complex128), window // 2
    directions = np.abs(symbols) * np.exp(3j * np.angle(symbols))
    expected = np.stack(
        [directions[:, max(k - half, 0) : k + half + 1].sum(axis=1) for k in range(20)], axis=1
    )
    found = viterbi_viterbi(symbols.astype(np.complex64), 3, window)
    misfit = np.exp(2j * np.pi * 3 * found) - expected / np.abs(expected)
    assert np.abs(misfit).max() < 1e-4


# --- refusals


@pytest.mark.parametrize("window", [0, -3, 8])
def test_a_window_has_a_middle(window):
    with pytest.raises(RecipeError, match=f"odd and at least 1, got {window}"):
        viterbi_viterbi(np.ones((1, 20), np.complex64), 4, window)


@pytest.mark.parametrize("power", [0, -2])
def test_a_power_is_at_least_one(power):
    for estimator in (mth_power_carrier_offset, mth_power_phase):
        with pytest.raises(RecipeError, match=f"at least 1, got {power}"):
            estimator(np.ones((1, 20), np.complex64), power)
