"""A classifier under evaluation: a function from I/Q to class probabilities, and its facts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from rfmae.artefacts import Card
from rfmae.evaluation.classification import EvaluationBatch, Predict
from rfmae.records import ClassMatch, FloatArray, IntArray, View


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a predictor, so that another process can open it again."""

    dataset: Path
    model: Path
    device: str


@dataclass(frozen=True, slots=True)
class Predictor:
    """A function from I/Q to class probabilities, the views that it needs, and its card.

    `network` is the neural network, if it is one. A user's function or a classical method counts as
    running on the CPU. The columns of its answers are the classes of the data set in their order,
    and after them those that it knows beside (`ClassMatch.columns`); without a `match` it knows the
    classes of the data set.
    """

    answer: Predict
    views: tuple[View, ...]
    card: Card
    device: str = "cpu"
    network: nn.Module | None = None
    origin: Origin | None = None
    match: ClassMatch | None = None


def hits_of(predictor: Predictor, observed: EvaluationBatch) -> int:
    """How many examples of a batch a predictor classifies correctly."""
    seen = {view: observed[view] for view in predictor.views}
    named = np.asarray(predictor.answer(seen)).argmax(axis=1)
    return int((named == next(iter(observed.values())).label).sum())


def confidences_of(
    predictor: Predictor,
    batches: Iterable[EvaluationBatch],
    advance: Callable[[int], None] = lambda _: None,
) -> FloatArray:
    """The largest class probability (N,) of each example of some batches."""
    parts = []
    for observed in batches:
        parts.append(np.asarray(predictor.answer(observed)).max(axis=1))
        advance(len(parts[-1]))
    return np.concatenate(parts)


def of_labels(
    batches: Iterable[EvaluationBatch], labels: Sequence[int]
) -> Iterator[EvaluationBatch]:
    """The examples of some classes, from the batches that have any."""
    for observed in batches:
        rows = np.flatnonzero(np.isin(next(iter(observed.values())).label, labels))
        if len(rows) == len(next(iter(observed.values()))):
            yield observed
        elif len(rows):
            yield examples_of(observed, rows)


def examples_of(observed: EvaluationBatch, rows: slice | IntArray) -> EvaluationBatch:
    """Some examples of a batch."""
    return {
        view: replace(batch, iq=batch.iq[rows], label=batch.label[rows], snr_db=batch.snr_db[rows])
        for view, batch in observed.items()
    }
