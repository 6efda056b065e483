"""Continuous phase: envelope, turns per symbol, phases at any rate."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import sdr

from rfmae.signal.cpm import detect_indices, modulate_phase
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import phase_response
from rfmae.signal.settings import ContinuousPhase

PHASES = [row for row in MODULATIONS.values() if row.family == "phase"]

every_phase_modulation = pytest.mark.parametrize("modulation", PHASES, ids=str)


def index_of(modulation):
    return modulation.continuous_phase.modulation_index


def unwrapped(waveform):
    return np.unwrap(np.angle(waveform.astype(np.complex128)), axis=-1)


def enough(modulation):
    """Samples per symbol between which the phase turns by less than half a turn."""
    return 2 * int((modulation.order - 1) * index_of(modulation) + 1)


# --- laws


@pytest.mark.parametrize("samples_per_symbol", [1, 2, 3, 4, 8, 2.5, Fraction(250, 81)], ids=str)
@every_phase_modulation
def test_the_envelope_is_constant(modulation, samples_per_symbol, rng):
    indices = rng.integers(modulation.order, size=(2, 2000))
    waveform = modulate_phase(indices, modulation, samples_per_symbol)
    assert waveform.shape == (2, int(2000 * samples_per_symbol))
    assert waveform.dtype == np.complex64
    assert np.abs(np.abs(waveform.astype(np.complex128)) - 1).max() < 1e-6


@every_phase_modulation
def test_a_symbol_turns_the_phase_by_pi_times_index_times_level(modulation):
    rate = enough(modulation)
    for index, level in enumerate(modulation.levels):
        boundaries = unwrapped(modulate_phase(np.full((1, 40), index), modulation, rate))[0, ::rate]
        steps = np.diff(boundaries)[4:-4]  # the ends lack their neighbours
        np.testing.assert_allclose(
            steps, level * np.pi * index_of(modulation), atol=2e-5
        )  # float32


@every_phase_modulation
def test_levels_are_odd_and_in_gray_order(modulation):
    order = modulation.order
    assert sorted(modulation.levels) == list(range(1 - order, order, 2))
    upwards = np.argsort(modulation.levels)
    assert all(int(a ^ b).bit_count() == 1 for a, b in pairwise(upwards))


@every_phase_modulation
def test_one_changed_symbol_turns_all_that_follows_by_twice_its_share(modulation, rng):
    rate = enough(modulation)
    indices = np.stack([rng.integers(modulation.order, size=40)] * 2)
    low, high = np.argsort(modulation.levels)[:2]  # two levels that are neighbours
    indices[:, 20] = low, high
    before, after = unwrapped(modulate_phase(indices, modulation, rate))
    np.testing.assert_allclose((after - before)[: rate * 18], 0, atol=2e-5)
    np.testing.assert_allclose(
        (after - before)[rate * 23 :], 2 * np.pi * index_of(modulation), atol=2e-5
    )


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 5, 8])
@every_phase_modulation
def test_the_turn_of_a_symbol_is_centred_between_its_boundaries(modulation, samples_per_symbol):
    rate = samples_per_symbol * enough(modulation)
    indices = np.zeros((2, 17), int)
    indices[1, 8] = 1
    before, after = unwrapped(modulate_phase(indices, modulation, rate))
    turns = np.diff(after - before)
    instants = (np.arange(len(turns)) + 0.5) / rate
    # symbol 8 reaches from boundary 8 to boundary 9
    assert turns @ instants / turns.sum() == pytest.approx(8.5, abs=1e-4)


@every_phase_modulation
def test_the_phase_is_continuous(modulation, rng):
    rate = 4 * enough(modulation)
    phase = unwrapped(
        modulate_phase(rng.integers(modulation.order, size=(1, 500)), modulation, rate)
    )
    steepest = np.pi * index_of(modulation) * (modulation.order - 1) / rate
    assert np.abs(np.diff(phase)).max() < steepest * 1.0001 + 1e-6


@every_phase_modulation
def test_the_phase_starts_from_zero(modulation, rng):
    starts = modulate_phase(rng.integers(modulation.order, size=(8, 16)), modulation, 4)[:, 0]
    reach = modulation.continuous_phase.pulse_symbols // 2
    # what the coming symbols have turned before the first boundary
    share = phase_response(
        -0.5 - np.arange(reach), modulation.continuous_phase.bt, max(1, 2 * reach + 1)
    ).sum()
    largest = share * np.pi * index_of(modulation) * (modulation.order - 1)
    assert np.abs(np.angle(starts)).max() <= largest + 1e-6


@every_phase_modulation
def test_a_fractional_rate_meets_the_same_phase(modulation, rng):
    indices = rng.integers(modulation.order, size=(1, 60))
    fine = modulate_phase(indices, modulation, 5)
    coarse = modulate_phase(indices, modulation, 2.5)
    np.testing.assert_allclose(coarse[0], fine[0, ::2], atol=2e-5)  # float32 of many turns


@every_phase_modulation
def test_rows_are_the_same_bits_alone_and_in_any_batch(modulation, rng):
    indices = rng.integers(modulation.order, size=(70, 50))
    together = modulate_phase(indices, modulation, 3)
    for some in (slice(0, 1), slice(3, 5), slice(0, 64)):
        alone = modulate_phase(indices[some], modulation, 3)
        assert alone.tobytes() == np.ascontiguousarray(together[some]).tobytes()


# --- outside references


@pytest.mark.parametrize("bt", [0.2, 0.3, 0.5])
@pytest.mark.parametrize("order", [2, 4])
def test_the_phase_is_the_integral_of_the_frequency_pulses(order, bt, rng):
    modulation = MODULATIONS[f"{order}FSK"].with_settings(
        {"modulation_index": 0.7, "bt": bt, "pulse_symbols": 5}
    )
    indices = rng.integers(order, size=(1, 60))
    waveform = modulate_phase(indices, modulation, 16)[0]
    t = np.arange(60 * 16) / 16
    levels = modulation.levels[indices[0]]
    theta = sum(
        np.pi * 0.7 * level * phase_response(t - k - 0.5, bt, 5) for k, level in enumerate(levels)
    )
    np.testing.assert_allclose(waveform, np.exp(1j * theta), atol=1e-5)  # float32


def test_msk_is_that_of_sdr(rng):
    """Theirs is OQPSK with half-sines: two bits a symbol, so half a symbol is one bit of ours."""
    waveform = modulate_phase(rng.integers(2, size=(1, 400)), MODULATIONS["MSK"], 8)[0]
    theirs = sdr.MSK(sps=16).modulate(rng.integers(4, size=200))[16:-16]
    steps = [np.angle(iq[8:] * iq[:-8].conj())[::8] for iq in (waveform, theirs)]
    for step in steps:
        np.testing.assert_allclose(np.abs(step), np.pi / 2, atol=1e-4)
        assert 0.3 < np.mean(step > 0) < 0.7


def test_cpfsk_steps_a_quarter_turn_per_symbol_as_msk_does(rng):
    indices = rng.integers(2, size=(1, 1000))
    boundaries = modulate_phase(indices, MODULATIONS["CPFSK"], 8)[0, ::8]
    steps = np.angle(boundaries[1:] * boundaries[:-1].conj())
    np.testing.assert_allclose(steps, (indices[0, :-1] - 0.5) * np.pi, atol=1e-5)
    msk = modulate_phase(indices, MODULATIONS["MSK"], 8)
    assert np.array_equal(modulate_phase(indices, MODULATIONS["CPFSK"], 8), msk)


# --- edges


@pytest.mark.parametrize("times", [1, 2, 3])
@every_phase_modulation
def test_symbols_are_detected_up_to_the_cut_last_one(modulation, times, rng):
    samples_per_symbol = times * enough(modulation)
    indices = rng.integers(modulation.order, size=(2, 300))
    waveform = modulate_phase(indices, modulation, samples_per_symbol)
    decided = detect_indices(waveform, modulation, samples_per_symbol)
    assert np.array_equal(decided, indices[:, :-1])


def test_detection_does_not_mind_the_carrier_phase(rng):
    indices = rng.integers(2, size=(1, 200))
    waveform = modulate_phase(indices, MODULATIONS["GMSK"], 4) * np.complex64(np.exp(1.1j))
    assert np.array_equal(detect_indices(waveform, MODULATIONS["GMSK"], 4), indices[:, :-1])


def test_phase_errors_do_not_add_up_along_a_long_frame():
    waveform = modulate_phase(np.ones((1, 100_000), int), MODULATIONS["CPFSK"], 4)[0]
    # four quarter turns are a whole one: symbol 99 996 stands where symbol 0 stood
    assert abs(waveform[4 * 99_996] - waveform[0]) < 1e-5


def test_other_settings_than_those_of_the_table_are_obeyed(rng):
    modulation = MODULATIONS["GFSK"].with_settings({"modulation_index": 0.25})
    assert modulation.continuous_phase == ContinuousPhase(0.25, 0.5, 5)
    boundaries = unwrapped(modulate_phase(np.ones((1, 40), int), modulation, 8))[0, ::8]
    np.testing.assert_allclose(np.diff(boundaries)[4:-4], np.pi * 0.25, atol=1e-5)
