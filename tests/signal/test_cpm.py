"""Continuous phase: envelope, turns per symbol, bandwidth."""

import numpy as np
import pytest
from scipy.signal import welch

from rfmae.signal.cpm import detect_indices, modulate_phase
from rfmae.signal.modulations import MODULATIONS

PHASES = [row for row in MODULATIONS.values() if row.family == "phase"]

every_phase_modulation = pytest.mark.parametrize("modulation", PHASES, ids=str)


def unwrapped(waveform):
    return np.unwrap(np.angle(waveform.astype(np.complex128)), axis=-1)


def occupied_bandwidth(waveform, samples_per_symbol, share=0.99):
    """Width in units of the bit rate of the band that holds this share of the power."""
    f, density = welch(
        waveform,
        fs=samples_per_symbol,
        nperseg=256 * samples_per_symbol,
        return_onesided=False,
        detrend=False,
    )
    below = np.cumsum(np.fft.fftshift(density)) / density.sum()
    low, high = np.interp([(1 - share) / 2, (1 + share) / 2], below, np.fft.fftshift(f))
    return high - low


# --- laws


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 8])
@every_phase_modulation
def test_the_envelope_is_constant(modulation, samples_per_symbol, rng):
    waveform = modulate_phase(rng.integers(2, size=(2, 3000)), modulation, samples_per_symbol)
    assert waveform.shape == (2, 3000 * samples_per_symbol)
    assert waveform.dtype == np.complex64
    assert np.abs(np.abs(waveform.astype(np.complex128)) - 1).max() < 1e-6


@pytest.mark.parametrize("bit", [0, 1])
@every_phase_modulation
def test_a_symbol_turns_the_phase_by_pi_times_the_index(modulation, bit):
    boundaries = unwrapped(modulate_phase(np.full(40, bit), modulation, 8)[::8])
    steps = np.diff(boundaries)[4:-4]  # the ends lack their neighbours
    expected = (2 * bit - 1) * np.pi * modulation.modulation_index
    np.testing.assert_allclose(steps, expected, atol=1e-5)  # float32


@every_phase_modulation
def test_one_changed_bit_turns_all_that_follows_by_twice_its_share(modulation, rng):
    indices = np.stack([rng.integers(2, size=40)] * 2)
    indices[:, 20] = 0, 1
    before, after = unwrapped(modulate_phase(indices, modulation, 4))
    np.testing.assert_allclose((after - before)[: 4 * 18], 0, atol=1e-5)
    np.testing.assert_allclose(
        (after - before)[4 * 23 :], 2 * np.pi * modulation.modulation_index, atol=1e-5
    )


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 4, 5, 8])
@every_phase_modulation
def test_the_turn_of_a_symbol_is_centred_between_its_boundaries(modulation, samples_per_symbol):
    indices = np.zeros((2, 17), int)
    indices[1, 8] = 1
    before, after = unwrapped(modulate_phase(indices, modulation, samples_per_symbol))
    turns = np.diff(after - before)
    instants = (np.arange(len(turns)) + 0.5) / samples_per_symbol
    # symbol 8 reaches from boundary 8 to boundary 9
    assert turns @ instants / turns.sum() == pytest.approx(8.5, abs=1e-4)


@every_phase_modulation
def test_the_phase_is_continuous(modulation, rng):
    phase = unwrapped(modulate_phase(rng.integers(2, size=2000), modulation, 8))
    steepest = np.pi * modulation.modulation_index / 8
    assert np.abs(np.diff(phase)).max() < steepest * 1.0001


@every_phase_modulation
def test_the_phase_starts_from_zero(modulation, rng):
    starts = modulate_phase(rng.integers(2, size=(8, 16)), modulation, 4)[:, 0]
    np.testing.assert_allclose(starts, 1.0, atol=1e-7)


# --- outside references


def test_cpfsk_steps_a_quarter_turn_per_symbol_as_msk_does(rng):
    indices = rng.integers(2, size=1000)
    boundaries = modulate_phase(indices, MODULATIONS["CPFSK"], 8)[::8]
    steps = np.angle(boundaries[1:] * boundaries[:-1].conj())
    np.testing.assert_allclose(steps, (indices[:-1] - 0.5) * np.pi, atol=1e-5)


@pytest.mark.parametrize(("name", "published"), [("CPFSK", 1.18), ("GMSK", 0.908)])
def test_occupied_bandwidth_is_the_published_one(name, published, rng):
    waveform = modulate_phase(rng.integers(2, size=40_000), MODULATIONS[name], 16)
    # 2 %: the print, the resolution of the estimate and the folded tails of MSK
    assert occupied_bandwidth(waveform, 16) == pytest.approx(published, rel=0.02)


def test_msk_has_its_first_null_at_three_quarters_of_the_bit_rate(rng):
    waveform = modulate_phase(rng.integers(2, size=40_000), MODULATIONS["CPFSK"], 8)
    f, density = welch(waveform, fs=8, nperseg=2048, return_onesided=False, detrend=False)
    near = (f > 0.6) & (f < 0.9)
    assert f[near][density[near].argmin()] == pytest.approx(0.75, abs=0.02)


# --- edges


@pytest.mark.parametrize("samples_per_symbol", [2, 3, 5, 8])
@every_phase_modulation
def test_bits_are_detected_up_to_the_cut_last_one(modulation, samples_per_symbol, rng):
    indices = rng.integers(2, size=(2, 300))
    waveform = modulate_phase(indices, modulation, samples_per_symbol)
    decided = detect_indices(waveform, modulation, samples_per_symbol)
    assert np.array_equal(decided, indices[:, :-1])


def test_detection_does_not_mind_the_carrier_phase(rng):
    indices = rng.integers(2, size=200)
    waveform = modulate_phase(indices, MODULATIONS["GMSK"], 4) * np.complex64(np.exp(1.1j))
    assert np.array_equal(detect_indices(waveform, MODULATIONS["GMSK"], 4), indices[:-1])


def test_phase_errors_do_not_add_up_along_a_long_frame():
    waveform = modulate_phase(np.ones(100_000, int), MODULATIONS["CPFSK"], 4)
    # four quarter turns are a whole one: symbol 99 996 stands where symbol 0 stood
    assert abs(waveform[4 * 99_996] - waveform[0]) < 1e-5
