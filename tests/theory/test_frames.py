"""Simulated frames: what a matched filter gives to the signal models, with and without noise."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from rfmae.errors import RecipeError
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.polyphase import match_valid
from rfmae.signal.pulses import Pulse
from rfmae.theory.frames import own_turn, part_of, simulate
from rfmae.theory.signal_models import signal_model_of

SILENT = 1e14  # Es/N0 at which nothing is left of noise
LINEAR = [
    row for row in MODULATIONS.values() if row.family in ("memoryless", "rotating", "differential")
]
PULSES = [Pulse(), Pulse("rectangular"), Pulse("half-sine")]


def frames_of(name, streams, *, pulse=PULSES[0], rate=4, symbols=48, es_n0=SILENT, count=6, **how):
    how = {"phase_turns": 0.0, "waveform": True, **how}
    return simulate(MODULATIONS[name], pulse, rate, symbols, es_n0, count, streams, **how)


@pytest.mark.parametrize("modulation", LINEAR, ids=str)
@pytest.mark.parametrize("pulse", PULSES, ids=lambda pulse: pulse.shape)
def test_the_matched_filter_hits_the_points_of_the_law(modulation, pulse, streams):
    model = signal_model_of(modulation, pulse, 4)
    frames = frames_of(modulation.name, streams, pulse=pulse)
    turning = np.exp(-2j * np.pi * float(own_turn(modulation)) * np.arange(48))
    upright = (frames.symbols.numpy() * turning)[:, :, None]
    starts = np.exp(2j * np.pi * np.arange(model.starts) / model.symmetry)
    points = starts[:, None, None, None] * np.array(model.points)
    # one start explains a whole frame; what a cut root-raised cosine leaves of its neighbours
    worst = np.abs(upright - points).min(-1).max(-1).min(0)
    assert worst.max() < (0.012 if pulse.shape == "rrc" else 1e-5)


@pytest.mark.parametrize("pulse", PULSES, ids=lambda pulse: pulse.shape)
@pytest.mark.parametrize("rate", [2, 3, 8])
def test_offset_qpsk_has_its_rails_half_a_symbol_apart(pulse, rate, streams):
    frames = frames_of("OQPSK", streams, pulse=pulse, rate=rate)
    for rail in (frames.symbols.real, frames.midway.imag):
        assert float((rail.abs() - math.sqrt(0.5)).abs().max()) < 0.012
    assert {*frames.midway.imag.sign().flatten().tolist()} == {-1.0, 1.0}


@pytest.mark.parametrize("rate", [2, 5])
def test_symbols_are_those_of_the_receiver(rate, streams):
    """Inside a frame, where the receiver's own filter needs no samples from outside."""
    pulse = PULSES[0]
    frames = frames_of("GMSK", streams, rate=rate, es_n0=2.0)
    inside = match_valid(frames.waveform.numpy(), pulse, Fraction(rate), 6, 36)
    np.testing.assert_allclose(frames.symbols[:, 6:42], inside, atol=2e-6)


@pytest.mark.parametrize("pulse", PULSES, ids=lambda pulse: pulse.shape)
def test_noise_has_the_power_that_it_is_said_to_have(pulse, streams):
    frames = frames_of("NOISE", streams, pulse=pulse, symbols=400, es_n0=0.25, count=60)
    # 24,000 complex numbers are known to 0.65 %; the width is three times that
    for seen, power in ((frames.symbols, 4.0), (frames.midway, 4.0), (frames.waveform, 16.0)):
        assert float(seen.abs().square().mean()) == pytest.approx(power, rel=0.02)
    neighbours = (frames.symbols[:, 1:] * frames.symbols[:, :-1].conj()).mean()
    assert abs(complex(neighbours)) < 0.1  # white after the filter, too


@pytest.mark.parametrize("name", ["OOK", "8ASK", "16QAM", "OQPSK", "GFSK", "AM-DSB-SC"])
def test_a_waveform_has_unit_power_and_no_frame_is_normalised(name, streams):
    power = frames_of(name, streams, symbols=200, count=100).waveform.abs().square()
    assert float(power.mean()) == pytest.approx(1.0, abs=0.06)
    if name in ("OOK", "16QAM"):
        assert float(power.mean(1).std()) > 0.02


def test_a_carrier_stands_where_it_is_put(streams):
    symbols = frames_of("OOK", streams, phase_turns=0.2).symbols
    one = symbols[symbols.abs() > 0.7]
    np.testing.assert_allclose(one.angle() / (2 * math.pi), 0.2, atol=2e-3)


def test_an_unknown_carrier_is_anywhere(streams):
    frames = frames_of("OOK", streams, phase_turns="uniform", count=200)
    turns = frames.symbols.sum(1).angle() / (2 * math.pi) % 1
    counts = torch.histc(turns, 4, 0, 1)
    assert float((counts - 50).abs().max()) < 25  # four standard deviations


@pytest.mark.parametrize(
    ("name", "turn"),
    [("π/2-BPSK", "1/4"), ("π/4-DQPSK", "1/8"), ("DQPSK", "0"), ("MSK", "1/4"), ("GFSK", "7/40")],
)
def test_what_turns_by_itself_starts_anywhere(name, turn, streams):
    turn = Fraction(turn)
    assert own_turn(MODULATIONS[name]) == turn
    frames = frames_of(name, streams, symbols=2, count=800, rate=8)
    first = frames.waveform[:, 0] / frames.waveform[:, 0].abs()
    if turn.denominator > 1:  # the mean over all states of a turn is zero
        assert abs(complex(first.mean())) < 4 / math.sqrt(800)


def test_the_first_frames_are_the_same_however_many_are_drawn(streams_of):
    for name in ("π/4-DQPSK", "GMSK"):
        few = frames_of(name, streams_of(3), count=2, es_n0=1.0, phase_turns="uniform")
        many = part_of(
            frames_of(name, streams_of(3), count=5, es_n0=1.0, phase_turns="uniform"), slice(2)
        )
        np.testing.assert_allclose(few.symbols, many.symbols, atol=1e-6)
        np.testing.assert_allclose(few.waveform, many.waveform, atol=1e-6)


def test_frames_are_as_long_as_they_say(streams):
    frames = frames_of("8PSK", streams, rate=3, symbols=7, count=4)
    assert (len(frames), frames.symbols.shape, frames.waveform.shape) == (4, (4, 7), (4, 21))
    assert (frames.symbols.dtype, frames.midway.dtype) == (torch.complex128,) * 2
    some = part_of(frames, torch.tensor([2, 0]))
    assert some.waveform.equal(frames.waveform[[2, 0]])
    assert frames_of("8PSK", streams, waveform=False).waveform.shape == (6, 0)


@pytest.mark.parametrize("phase", ["anything", math.nan, None])
def test_a_phase_is_a_number_or_uniform(phase, streams):
    with pytest.raises(RecipeError, match="phase_turns must be 'uniform' or a number"):
        frames_of("BPSK", streams, phase_turns=phase)
