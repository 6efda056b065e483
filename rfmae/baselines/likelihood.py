"""The likelihood receiver: the Bayes classifier of I/Q by average likelihood.

Data symbols and the carrier phase are averaged over (average likelihood ratio test, Wei, Mendel,
IEEE Trans. Communications 48(2), 2000). In white noise alone it is optimal.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from rfmae.errors import RecipeError, ShapeError
from rfmae.records import ComplexArray, FloatArray, IntArray, View
from rfmae.signal.modulations import Modulation
from rfmae.theory.ceiling import first_rows, groups_of, needs_waveform
from rfmae.theory.ceiling_spec import CeilingSpec
from rfmae.theory.frames import Frames, SignalModel, received_frames
from rfmae.theory.nuisance import log_evidence
from rfmae.theory.posterior_counts import group_posteriors
from rfmae.theory.screening import screened_evidence
from rfmae.theory.signal_models import signal_model_of

_BATCH = 256
_MOST_GAINS = 9
_REACH = 2.5  # standard deviations of a frame's amplitude, to either side


@dataclass(frozen=True)
class LikelihoodReceiver:
    """I/Q of unit mean power, noise included, to class probabilities.

    `spec` holds the classes and their link. Where its SNR is known the receiver needs that of
    each example; where it is unknown every point of the grid is equally likely. `view` is the view
    of the received I/Q. Of a waveform the outermost symbols count only through their neighbours, as
    many as the pulse reaches and one.
    """

    spec: CeilingSpec
    view: View

    def __post_init__(self) -> None:
        if self.view == "symbols" and needs_waveform(self.models):
            memory = [
                row.name
                for row, model in zip(self._rows, self.models, strict=True)
                if needs_waveform([model])
            ]
            raise RecipeError(
                f"the likelihood of {', '.join(memory)} needs the waveform, but one sample a "
                'symbol is held; make the data set with source.receiver.observe = "both"'
            )

    @property
    def classes(self) -> tuple[str, ...]:
        return self.spec.classes

    @cached_property
    def models(self) -> tuple[SignalModel, ...]:
        """One for each group of equal classes."""
        return tuple(signal_model_of(row, self.spec.pulse, self.spec.rate) for row in self._rows)

    def __call__(self, iq: ComplexArray, snr_db: FloatArray | None = None) -> FloatArray:
        """Probabilities (N, M) of I/Q (N, T), each at its SNR (N,) in dB where that is known."""
        if self.spec.snr == "unknown":
            grid = [self.spec.es_n0(point) for point in self.spec.snr_db]
            return self._in_batches(iq, grid)
        if snr_db is None or len(snr_db) != len(iq):
            raise ShapeError(
                "this likelihood receiver needs the SNR of each example; "
                'set snr = "unknown" in its spec for one that does not'
            )
        probabilities = np.empty((len(iq), len(self.classes)))
        for point in np.unique(snr_db):
            rows = snr_db == point
            probabilities[rows] = self._in_batches(iq[rows], [self.spec.es_n0(float(point))])
        return probabilities

    def _in_batches(self, iq: ComplexArray, es_n0_grid: list[float]) -> FloatArray:
        parts = [
            self._posteriors(self._frames(iq[first : first + _BATCH], max(es_n0_grid)), es_n0_grid)
            for first in range(0, len(iq), _BATCH)
        ]
        return np.concatenate(parts)

    def _frames(self, iq: ComplexArray, es_n0: float) -> Frames:
        """The frames of the signal models, of unit mean power."""
        spec, received = self.spec, torch.from_numpy(np.ascontiguousarray(iq))
        if self.view == "waveform":
            waveform = needs_waveform(self.models)
            return received_frames(received, spec.pulse, spec.rate, es_n0, waveform=waveform)
        nothing = received[:, :0]
        return Frames(received.to(torch.complex128), nothing, nothing, spec.rate, es_n0)

    def _posteriors(self, frames: Frames, es_n0_grid: list[float]) -> FloatArray:
        def measure(model: SignalModel, some: Frames) -> Tensor:
            each = [self._log_evidence(model, some, es_n0, len(es_n0_grid)) for es_n0 in es_n0_grid]
            return torch.logsumexp(torch.stack(each), 0)

        scores = screened_evidence(self.models, frames, measure)
        of_groups = group_posteriors(scores, self._members) / self._members
        return of_groups[:, self._group_of_class]

    def _log_evidence(
        self, model: SignalModel, frames: Frames, es_n0: float, points: int
    ) -> Tensor:
        """Log evidence (n,) at one SNR, over noise alone as `frames` has it."""
        # where the SNR is unknown, another point of the grid compensates a small error of the gain
        gains = self._gains(es_n0) if points == 1 else (self._mean_gain(es_n0),)
        return log_evidence(model, frames, self.spec.phase, es_n0_grid=[es_n0], gains=gains)

    def _gains(self, es_n0: float) -> tuple[float, ...]:
        """Amplitudes of a signal of unit power whose frame is scaled to unit power.

        Over K symbols the power of a frame deviates from its mean by 1/√K or less (that of OOK),
        its amplitude by half of it; a likelihood resolves an amplitude to 1/√(2K·(Es/N0 + 2)).
        """
        count = min(_MOST_GAINS, 1 + 2 * math.ceil(_REACH * math.sqrt(es_n0 + 2) / 4))
        reach = _REACH / (2 * math.sqrt(self.spec.symbols_per_example))
        steps = np.linspace(-reach, reach, count)
        return tuple(self._mean_gain(es_n0) * float(math.exp(step)) for step in steps)

    def _mean_gain(self, es_n0: float) -> float:
        """The signal's amplitude where signal and noise together have unit power."""
        samples = self.spec.rate if self.view == "waveform" else 1
        return 1 / math.sqrt(1 + samples / es_n0)

    @cached_property
    def _groups(self) -> tuple[tuple[str, ...], ...]:
        return groups_of(self.spec)

    @cached_property
    def _rows(self) -> tuple[Modulation, ...]:
        return tuple(first_rows(self.spec, self._groups))

    @cached_property
    def _members(self) -> IntArray:
        return np.array([len(group) for group in self._groups])

    @cached_property
    def _group_of_class(self) -> list[int]:
        number = {name: n for n, group in enumerate(self._groups) for name in group}
        return [number[name] for name in self.classes]
