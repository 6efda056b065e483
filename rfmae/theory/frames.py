"""Frames of a receiver with perfect timing, and the interface of a signal model."""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from rfmae.errors import RecipeError
from rfmae.records import FloatArray
from rfmae.signal.channel import rotate, white_noise
from rfmae.signal.impairments import Streams
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

_LARGEST_LATTICE = 1000  # states of a phase that steps by a rational part of a turn


Knowledge = Literal["known", "unknown"]
"""Whether a receiver knows a nuisance parameter such as the carrier phase."""


@dataclass(frozen=True, slots=True)
class Frames:
    """N frames of K symbols at one SNR: sufficient statistics for every signal model of the link.

    The amplitude is known: the waveform without noise has unit mean power. `symbols` and `midway`
    are outputs of the matched filter at the symbol instants and half a symbol later, scaled so
    that a symbol of unit energy comes back with unit energy and the noise has power 1/es_n0. The
    noise of `waveform` is white, of power samples_per_symbol/es_n0 a sample.
    """

    symbols: Tensor  # (N, K) complex128
    midway: Tensor  # (N, K) complex128
    waveform: Tensor  # (N, K·samples_per_symbol) complex64; (N, 0) where no model has memory
    samples_per_symbol: int
    es_n0: float

    def __len__(self) -> int:
        return len(self.symbols)


class SignalModel(Protocol):
    """The distribution of the signal of one modulation, averaged over data symbols."""

    @property
    def symmetry(self) -> int:
        """Turning the carrier by 1/symmetry of a turn leaves the distribution unchanged."""

    def log_ratio(self, frames: Frames, turns: Tensor) -> Tensor:
        """Log likelihood of the frames over that of noise alone, float64 (N, G).

        `turns` (N, G) are the hypothetical carrier phases of each frame, in turns.
        """


def simulate(
    modulation: Modulation,
    pulse: Pulse,
    samples_per_symbol: int,
    symbols: int,
    es_n0: float,
    count: int,
    streams: Streams,
    *,
    phase_turns: Literal["uniform"] | float,
    waveform: bool,
) -> Frames:
    """`count` frames of a modulation in white noise, cut out of a stream, at Es/N0 as a ratio.

    The carrier phase is `phase_turns`, or drawn for each frame. An alphabet or a phase that turns
    by itself starts from any of its states with equal probability. `waveform` keeps the samples
    for models with memory. Generators of equal seed give the same first frames whatever the count.
    """
    guard = pulse.reach_symbols + 1  # one more for what is sampled half a symbol late
    samples = (symbols + 2 * guard) * samples_per_symbol
    sent = transmit(modulation, pulse, Fraction(samples_per_symbol), samples, count, streams)
    sent = rotate(sent, _carrier(modulation, count, streams, phase_turns))
    received = white_noise(sent.shape, samples_per_symbol / es_n0, streams("noise"))
    received += sent
    return received_frames(
        torch.from_numpy(received), pulse, samples_per_symbol, es_n0, waveform=waveform
    )


def received_frames(
    received: Tensor, pulse: Pulse, samples_per_symbol: int, es_n0: float, *, waveform: bool
) -> Frames:
    """Frames of received samples, complex64 (N, T) that begin at a symbol instant.

    `reach_symbols` + 1 symbols are dropped at either end, whose matched-filter outputs would be
    incomplete. The amplitude must be that of `Frames`.
    """
    guard = pulse.reach_symbols + 1
    symbols = received.shape[1] // samples_per_symbol - 2 * guard
    first = guard * samples_per_symbol
    inside = received[:, first : first + symbols * samples_per_symbol]
    return Frames(
        _matched(received, pulse, samples_per_symbol, symbols),
        _matched(received, pulse, samples_per_symbol, symbols, late_symbols=0.5),
        (inside if waveform else inside[:, :0]).contiguous(),
        samples_per_symbol,
        es_n0,
    )


def part_of(frames: Frames, rows: slice | Tensor) -> Frames:
    """Some of the frames, by a slice or by their numbers."""
    return replace(
        frames,
        symbols=frames.symbols[rows],
        midway=frames.midway[rows],
        waveform=frames.waveform[rows],
    )


def own_turn(modulation: Modulation) -> Fraction:
    """The rotation of the modulation from symbol to symbol, apart from its data, in turns."""
    step = 0.0
    if modulation.family == "rotating":
        step = modulation.turn_per_symbol
    if modulation.family == "differential":
        # the angle of any step, as far as it is no step of the alphabet itself
        step = float(np.angle(modulation.points[0])) / (2 * math.pi) % (1 / modulation.order)
    if modulation.family == "phase":
        step = modulation.continuous_phase.modulation_index / 2
    return Fraction(step).limit_denominator(_LARGEST_LATTICE) % 1


def _carrier(
    modulation: Modulation,
    count: int,
    streams: Streams,
    phase_turns: Literal["uniform"] | float,
) -> FloatArray:
    """Phase (count,) in turns: carrier phase plus that of the start state."""
    states = own_turn(modulation).denominator
    start = (streams("start state").random(count) * states).astype(int) / states
    if phase_turns == "uniform":
        return start + streams("phase").random(count)
    if not isinstance(phase_turns, int | float) or not math.isfinite(phase_turns):
        raise RecipeError(f"phase_turns must be 'uniform' or a number, got {phase_turns!r}")
    return start + phase_turns


def _matched(
    received: Tensor,
    pulse: Pulse,
    samples_per_symbol: int,
    symbols: int,
    late_symbols: float = 0.0,
) -> Tensor:
    """Matched-filter outputs (N, symbols), the first `reach_symbols` + 1 symbols into the samples.

    The receiver's own filter is at the symbol instants alone; this one may be `late_symbols`.
    """
    guard = pulse.reach_symbols + 1
    length = 2 * guard * samples_per_symbol + 1
    t = np.arange(length) / samples_per_symbol - guard
    # of unit power the pulse has energy samples_per_symbol, and so has a symbol
    scale = 1 / math.sqrt(samples_per_symbol * np.sum(pulse.at(t) ** 2))
    taps = torch.from_numpy((scale * pulse.at(t - late_symbols)).astype(np.float32))
    windows = received.unfold(1, length, samples_per_symbol)[:, :symbols]
    return torch.view_as_complex((torch.view_as_real(windows).mT @ taps).double().contiguous())
