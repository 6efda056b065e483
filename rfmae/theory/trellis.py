"""Likelihood of modulations with a continuous phase: forward recursion over their trellis."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from rfmae.errors import ShapeError
from rfmae.signal.modulations import Modulation
from rfmae.theory.frames import Frames
from rfmae.theory.phase_trellis import PhaseTrellis, build_trellis, phase_error_beyond

_LEAST_PROBABILITY = 1e-30  # of a state, over the sum of all
_LOG_LEAST_WEIGHT = -80.0  # of a branch, over the likeliest: smaller numbers are slow to make
_LARGEST_ENERGY = 1e6  # Es/N0 times symbols: 1,000 symbols at 30 dB
_STEP = 2**15  # branches of all frames and phases in one step: they stay in the cache
_BLOCK = 2**20  # branches whose weights are made at once


class ContinuousPhaseModel:
    """CPM of any index, order and pulse as a frame cut from a stream, all data symbols averaged.

    The forward half of the BCJR recursion (Bahl, Cocke, Jelinek, Raviv, IEEE Trans. Information
    Theory 20(2), 1974) over the trellis of Anderson, Aulin, Sundberg, Digital Phase Modulation.
    The stream may be in any phase of its lattice when the frame begins; symbols before and after
    the frame whose pulses reach into it are averaged like those within.

    A Gaussian pulse is followed as many symbols to either side as it takes for the log likelihood
    of a frame to lose no more than `tolerance_nats` on average, which depends on SNR and symbols.

    Probabilities are kept linear, scaled after each symbol and never below 1e-30 of their sum.
    The result is therefore, to rounding, the likelihood of a modulator that slips into a random
    state once in 10^30 symbols: finite at any SNR, and practically that of one that does not.
    """

    def __init__(
        self,
        modulation: Modulation,
        samples_per_symbol: int,
        *,
        tolerance_nats: float = 0.002,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._samples_per_symbol = samples_per_symbol
        self._tolerance_nats = tolerance_nats
        self._dtype = dtype
        widest = modulation.continuous_phase.pulse_symbols // 2
        self._error = [
            phase_error_beyond(modulation, samples_per_symbol, reach) for reach in range(widest + 1)
        ]
        self._trellises = [
            build_trellis(modulation, samples_per_symbol, reach)
            for reach in range(self._reach_for(_LARGEST_ENERGY) + 1)
        ]

    @property
    def symmetry(self) -> int:
        return self._trellises[0].symmetry

    def log_ratio(self, frames: Frames, turns: Tensor) -> Tensor:
        """Log likelihood of frames (N) over that of noise alone at phases (N, G), float64 (N, G).

        Only the waveform of `frames` is read; the memory that it takes does not grow with N.
        """
        self._check(frames)
        trellis = self.trellis_for(frames)
        starts = _start_turns(trellis, turns)
        recursion = partial(self._recursion, trellis, frames.es_n0)
        with _threads_that_work_alone() as threads, ThreadPoolExecutor(threads) as pool:
            share = len(trellis.source) * starts.shape[1]
            chunk = max(1, min(_STEP // share, -(-len(frames.waveform) // threads)))
            chunks = frames.waveform.split(chunk), starts.split(chunk)
            parts = list(pool.map(recursion, *chunks))
        log_ratios = torch.cat(parts).unflatten(1, (trellis.lattices, -1))
        return log_ratios.logsumexp(dim=1) - math.log(trellis.lattices)

    def trellis_for(self, frames: Frames) -> PhaseTrellis:
        """The smallest trellis that is good enough for frames of this length and SNR."""
        symbols = frames.waveform.shape[1] // frames.samples_per_symbol
        reach = self._reach_for(symbols * frames.es_n0)
        return self._trellises[min(reach, len(self._trellises) - 1)]

    def _check(self, frames: Frames) -> None:
        samples = frames.waveform.shape[1]
        wanted = self._samples_per_symbol
        if not samples or frames.samples_per_symbol != wanted or samples % wanted:
            raise ShapeError(
                f"a signal model with memory needs whole symbols of {wanted} samples, got "
                f"waveforms of {samples} samples at {frames.samples_per_symbol} samples per symbol"
            )

    def _reach_for(self, energy: float) -> int:
        """A phase error δ costs |δ|²·Es/N0 a symbol, the divergence of two Gaussians."""
        fits = [energy * error <= self._tolerance_nats for error in self._error]
        return fits.index(True)  # the last error is zero

    def _recursion(
        self, trellis: PhaseTrellis, es_n0: float, waveform: Tensor, starts: Tensor
    ) -> Tensor:
        """Log ratios (N, P) of waveforms (N, K·samples_per_symbol) that start at phases (N, P)."""
        symbols = waveform.unflatten(1, (-1, self._samples_per_symbol))
        turns = _turns_back(trellis, symbols.shape[1]).to(waveform.device, self._dtype.to_complex())
        metrics = _BranchMetrics.of(trellis, starts, es_n0, self._dtype)
        source = torch.from_numpy(trellis.source).to(waveform.device)
        probability = torch.full_like(metrics.cosine[0, 0, 0], 1 / trellis.states).reshape(1, -1)
        probability = probability.repeat(trellis.states, 1)
        log_ratio = torch.zeros_like(probability[0], dtype=torch.float64)
        steps = max(1, _BLOCK // (len(source) * len(log_ratio)))
        for block, turn in zip(symbols.split(steps, dim=1), turns.split(steps), strict=True):
            weights, log_scale = metrics.weights(block * turn)
            probability, log_total = _walk(probability, weights, source)
            log_ratio += log_scale + log_total
        log_ratio -= symbols.shape[1] * (es_n0 + math.log(trellis.order))
        return log_ratio.reshape(starts.shape[1], -1).T


@dataclass(frozen=True, eq=False)
class _BranchMetrics:
    """2·Re(s*·y)/σ² of every branch as a correlation with its shape and a turn to its phase."""

    conjugate_shapes: Tensor  # (samples_per_symbol, M^(2·reach+1)) complex
    cosine: Tensor  # (M, p, 1, P, N) of the phases that branches begin in, times 2/σ²
    sine: Tensor

    @classmethod
    def of(
        cls, trellis: PhaseTrellis, starts: Tensor, es_n0: float, dtype: torch.dtype
    ) -> "_BranchMetrics":
        shapes = torch.from_numpy(trellis.shapes.conj().T).to(starts.device, dtype.to_complex())
        lattice = torch.from_numpy(trellis.source_phase).to(starts) / trellis.phases
        angles = 2 * math.pi * (lattice[:, :, None, None, None] + starts.double().T.contiguous())
        gain = 2 * es_n0 / trellis.shapes.shape[1]
        return cls(shapes, (gain * angles.cos()).to(dtype), (gain * angles.sin()).to(dtype))

    def weights(self, symbols: Tensor) -> tuple[Tensor, Tensor]:
        """Weights (B, M·S, P·N) of B symbols (N, B, samples), 1 the largest, and its log (P·N,)."""
        correlations = (symbols.to(self.conjugate_shapes.dtype) @ self.conjugate_shapes).mT
        by_step = correlations.permute(2, 1, 0).unflatten(1, (len(self.cosine), -1))
        in_phase, quadrature = (
            part.contiguous()[:, :, None, :, None] for part in (by_step.real, by_step.imag)
        )
        metrics = in_phase * self.cosine
        metrics.addcmul_(quadrature, self.sine)
        metrics = metrics.flatten(1, 3).flatten(2)  # (B, M·S, P·N)
        largest = metrics.amax(dim=1, keepdim=True)
        return metrics.sub_(largest).clamp_min_(_LOG_LEAST_WEIGHT).exp_(), largest.double().sum(
            dim=(0, 1)
        )


@contextmanager
def _threads_that_work_alone() -> Iterator[int]:
    """How many threads torch may take; meanwhile no operation is shared among them.

    The operations of one step are short: on a shared machine, threads that synchronise after every
    one of them take many times as long as threads with frames of their own.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def _start_turns(trellis: PhaseTrellis, turns: Tensor) -> Tensor:
    """Phases (N, lattices·G) in turns at which a frame may begin, lattice by lattice."""
    shifts = torch.arange(trellis.lattices, dtype=torch.float64) / trellis.symmetry
    return (turns.double()[:, None, :] + shifts.to(turns.device)[:, None]).flatten(1)


def _turns_back(trellis: PhaseTrellis, symbols: int) -> Tensor:
    """Factors (K, 1) by which the frame of the trellis is turned back, complex128."""
    turn = trellis.turn_per_symbol
    # whole numbers modulo one turn: exact however long the frame
    turns = (torch.arange(symbols) * turn.numerator % turn.denominator).double()
    angles = -2 * math.pi * turns / turn.denominator
    return torch.polar(torch.ones_like(angles), angles)[:, None]


def _walk(probability: Tensor, weights: Tensor, source: Tensor) -> tuple[Tensor, Tensor]:
    """State probabilities (S, P·N) some symbols later, and the log of what they summed to."""
    totals = []
    for weight in weights:
        branches = probability.index_select(0, source).mul_(weight)
        probability = branches.unflatten(0, (-1, len(probability))).sum(dim=0)
        totals.append(probability.sum(dim=0))
        probability = probability.div_(totals[-1]).clamp_min_(_LEAST_PROBABILITY)
    return probability, torch.stack(totals).double().log().sum(dim=0)
