"""Evidence of many classes for many frames, skipping classes that a frame's start rules out.

The evidence of a wrong class exceeds that of the true one by a factor of e^t in at most a share
e^-t of all frames, however long (Wald, Sequential Analysis, 1947, ch. 3). So a class that is e^40
behind after the first symbols of a frame is dropped, and a frame with one class left is decided.
Of posteriors and hits no more than 1e-17 times the number of classes can be lost.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from rfmae.records import FloatArray
from rfmae.theory.frames import Frames, SignalModel, part_of

Measure = Callable[[SignalModel, Frames], Tensor]
"""Log evidence (n,) of a signal model for frames."""

_DECIDED = 40.0  # nats
_PARTS = (32, 8, 2)  # of a frame, evaluated before all of it
_LEAST_SYMBOLS = 16
_LEAST_ENERGY = 40.0  # symbols times Es/N0 below which nothing can be decided


def screened_evidence(
    models: Sequence[SignalModel], frames: Frames, measure: Measure
) -> FloatArray:
    """Log evidence (n, classes) by `measure`, minus infinity where a class was dropped.

    A frame with one class left has zero there.
    """
    possible = np.ones((len(frames), len(models)), bool)
    scores = np.zeros(possible.shape)
    for symbols in _stages(frames):
        undecided = possible.sum(axis=1) > 1
        start = start_of(frames, symbols)
        scores = np.where(possible, 0.0, -np.inf)
        for place, model in enumerate(models):
            rows = np.flatnonzero(undecided & possible[:, place])
            if len(rows):
                part = part_of(start, torch.from_numpy(rows))
                scores[rows, place] = measure(model, part).cpu().numpy()
        possible &= scores >= scores.max(axis=1, keepdims=True) - _DECIDED
    return scores


def start_of(frames: Frames, symbols: int) -> Frames:
    """The first symbols of each frame."""
    return replace(
        frames,
        symbols=frames.symbols[:, :symbols],
        midway=frames.midway[:, :symbols],
        waveform=frames.waveform[:, : symbols * frames.samples_per_symbol],
    )


def _stages(frames: Frames) -> list[int]:
    """Numbers of symbols to evaluate, all of them last."""
    whole = frames.symbols.shape[1]
    starts = [whole // part for part in _PARTS]
    fit = [
        symbols
        for symbols in starts
        if symbols >= _LEAST_SYMBOLS and symbols * frames.es_n0 >= _LEAST_ENERGY
    ]
    return [*fit, whole]
