"""Phase trees of continuous-phase modulation, and detectors that are written in other ways."""

from fractions import Fraction

import numpy as np
import pytest

from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.channel import awgn
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.polyphase import guard_of
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

PHASES = [row for row in MODULATIONS.values() if row.family == "phase"]
RATE = 16

every_phase_modulation = pytest.mark.parametrize("modulation", PHASES, ids=str)


def on_air(modulation, symbols, streams, count=4):
    """Waveforms and the indices that they carry from sample 0 on."""
    waveform = transmit(modulation, Pulse(), Fraction(RATE), symbols * RATE, count, streams)
    pulse = modulation.continuous_phase.pulse_symbols
    lead = guard_of(pulse, Fraction(RATE))
    total = symbols + lead + pulse
    bits = random_bits(count * total * modulation.bits_per_symbol, streams("bits"))
    indices = bits_to_indices(bits.reshape(count, -1), modulation.bits_per_symbol)
    return waveform, indices[:, lead : lead + symbols]


@every_phase_modulation
def test_the_envelope_on_the_air_is_one(modulation, streams):
    waveform, _ = on_air(modulation, 500, streams)
    assert np.abs(np.abs(waveform.astype(np.complex128)) - 1).max() < 1e-6


@every_phase_modulation
def test_the_whole_turn_of_a_frame_is_the_sum_of_its_levels(modulation, streams):
    waveform, indices = on_air(modulation, 300, streams)
    phase = np.unwrap(np.angle(waveform.astype(np.complex128)), axis=1)
    index = modulation.continuous_phase.modulation_index
    levels = modulation.levels[indices]
    turned = phase[:, 200 * RATE] - phase[:, 40 * RATE]
    summed = np.pi * index * levels[:, 40:200].sum(axis=1)
    # what the pulses of two neighbours reach over at each end
    over = 4 * np.pi * index * (modulation.order - 1)
    slack = 1e-3 if modulation.continuous_phase.pulse_symbols == 1 else over
    assert np.abs(turned - summed).max() < slack


@every_phase_modulation
def test_branches_of_the_phase_tree_end_at_multiples_of_pi_times_the_index(modulation, streams):
    waveform, indices = on_air(modulation, 300, streams)
    settings = modulation.continuous_phase
    if settings.pulse_symbols > 1:
        return  # neighbours reach into every boundary
    boundaries = waveform[:, ::RATE].astype(np.complex128)
    steps = np.angle(boundaries[:, 1:] * boundaries[:, :-1].conj())
    expected = np.pi * settings.modulation_index * modulation.levels[indices[:, :-1]]
    difference = (steps - expected + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(difference).max() < 1e-4  # float32 of several turns


@every_phase_modulation
def test_a_discriminator_in_the_middle_of_the_symbol_recovers_every_bit(modulation, streams):
    """The frequency there, and no sum over the symbol."""
    waveform, indices = on_air(modulation, 400, streams)
    middle = np.arange(400) * RATE + RATE // 2
    frequency = np.angle(waveform[:, middle] * waveform[:, middle - 1].conj()) * RATE / np.pi
    levels = frequency / modulation.continuous_phase.modulation_index
    decided = np.abs(levels[..., None] - modulation.levels).argmin(axis=-1)
    assert np.array_equal(decided, indices)


@pytest.mark.parametrize("es_n0_db", [100.0, 15.0])
@pytest.mark.parametrize("name", ["MSK", "CPFSK", "GMSK", "GFSK"])
def test_a_one_bit_differential_detector_recovers_every_bit(name, es_n0_db, streams):
    """The sign of Im x(t)·x*(t − T): Simon, Wang, IEEE Trans. Communications 31 (1983)."""
    modulation = MODULATIONS[name]
    waveform, indices = on_air(modulation, 400, streams)
    noise_power = RATE * 10 ** (-es_n0_db / 10)
    noisy = awgn(waveform, noise_power, streams("noise"))
    # a filter of half a symbol lets the noise of that detector through, and not more
    smooth = np.apply_along_axis(np.convolve, 1, noisy, np.ones(RATE // 2) / (RATE // 2), "same")
    ends = smooth[:, ::RATE]
    decided = (np.imag(ends[:, 1:] * ends[:, :-1].conj()) > 0).astype(int)
    wrong = np.mean(decided != (modulation.levels[indices[:, :-1]] > 0))
    assert wrong == 0.0 if es_n0_db == 100.0 else wrong < 0.02


@pytest.mark.parametrize("name", ["2FSK", "4FSK", "8FSK"])
def test_a_bank_of_correlators_recovers_every_tone(name, streams):
    modulation = MODULATIONS[name]
    waveform, indices = on_air(modulation, 400, streams)
    tones = np.exp(1j * np.pi * modulation.levels[:, None] * np.arange(RATE) / RATE)
    strength = np.abs(waveform.reshape(4, 400, RATE) @ tones.conj().T) / RATE
    assert np.array_equal(strength.argmax(axis=-1), indices)
    np.testing.assert_allclose(np.sort(strength)[..., :-1], 0, atol=1e-4)  # they are orthogonal
