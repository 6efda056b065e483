"""Predictions of a classifier, and accuracy, F1 and confusions at every SNR."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import Answers, Confusion, FloatArray, IntArray, IqBatch, Share, SnrReport, View
from rfmae.units import SnrReference

EvaluationBatch = Mapping[View, IqBatch]
"""The same N examples in every view that the classifier needs."""

Predict = Callable[[EvaluationBatch], npt.NDArray[np.floating[Any]]]
"""Examples to class probabilities (N, M)."""

_SHOWN_CONFUSIONS = 10
_BANDS = 3
_SUM_TOLERANCE = 1e-3  # as half precision leaves it


def collect_answers(
    predict: Predict,
    batches: Iterable[EvaluationBatch],
    *,
    snr_db: tuple[float, ...],
    classes: tuple[str, ...],
    snr_reference: SnrReference,
    advance: Callable[[int], None] = lambda _: None,
) -> Answers:
    """The class probabilities of every example of some batches, in order; one pass.

    They are kept as float32. Raises `ShapeError` where `predict` does not return (N, M).
    """
    parts: list[tuple[FloatArray, IntArray, FloatArray]] = []
    for observed in batches:
        probabilities = np.asarray(predict(observed), np.float32)
        batch = next(iter(observed.values()))
        if probabilities.shape != (len(batch), len(classes)):
            raise ShapeError(
                f"predict must return probabilities of shape {(len(batch), len(classes))}, "
                f"got {probabilities.shape}"
            )
        parts.append((probabilities, batch.label, batch.snr_db))
        advance(len(batch))
    nothing = (np.zeros((0, len(classes)), np.float32), np.zeros(0, np.int64), np.zeros(0))
    probabilities, label, snr = map(np.concatenate, zip(*(parts or [nothing]), strict=True))
    return Answers(probabilities, label, snr, classes, snr_db, snr_reference)


def check_probabilities(
    probabilities: FloatArray, examples: int, classes: Sequence[str], name: str
) -> None:
    """Raise `ShapeError` for anything but class probabilities (examples, classes)."""
    expected = (examples, len(classes))
    if probabilities.shape != expected:
        raise ShapeError(
            f"{name} must return probabilities of shape {expected}, a column for each class in the "
            f"order {', '.join(classes)}, got {probabilities.shape}"
        )
    if not np.isfinite(probabilities).all() or probabilities.min(initial=0.0) < 0:
        raise ShapeError(f"{name} must return probabilities that are finite and not negative")
    sums = probabilities.sum(axis=1)
    if np.abs(sums - 1).max(initial=0.0) > _SUM_TOLERANCE:
        worst = float(sums[np.abs(sums - 1).argmax()])
        raise ShapeError(
            f"the probabilities of {name} must sum to 1 for each example, got {worst:.4g}; "
            "return probabilities, not scores"
        )


def counted(answers: Answers) -> SnrReport:
    """Every example sorted by its SNR, its class and the most probable class."""
    classes = len(answers.classes)
    counts = np.zeros((len(answers.grid_db), classes, classes), np.int64)
    np.add.at(counts, (answers.point, answers.label, answers.named), 1)
    return SnrReport(counts, answers.grid_db, answers.classes, answers.snr_reference)


def macro_f1(confusion: IntArray) -> FloatArray:
    """The mean over classes of F1 = 2·hits/(true + named), of counts (..., M, M), true class down.

    As in scikit-learn's `f1_score(average="macro")`, a class that neither occurs nor is predicted
    is left out; without any example it is zero.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    met = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    f1 = 2 * hits / np.maximum(met, 1)
    mean: FloatArray = f1.sum(axis=-1) / np.maximum((met > 0).sum(axis=-1), 1)
    return mean


def top_confusions(report: SnrReport, most: int = _SHOWN_CONFUSIONS) -> tuple[Confusion, ...]:
    """The most frequent confusions of two classes, over all SNR points."""
    confusion = report.confusion
    examples = confusion.sum(axis=1)
    wrong = np.where(np.eye(len(confusion), dtype=bool), 0, confusion)
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = [divmod(int(cell), len(confusion)) for cell in order]
    return tuple(
        Confusion(
            report.classes[true],
            report.classes[named],
            Share.of(int(wrong[true, named]), int(examples[true])),
        )
        for true, named in pairs
        if wrong[true, named]
    )


def snr_bands(snr_db: tuple[float, ...]) -> tuple[tuple[int, ...], ...]:
    """The numbers of the SNR points of a low, a middle and a high third, or of each where fewer.

    >>> snr_bands((-10.0, -5.0, 0.0, 5.0, 10.0))
    ((0, 1), (2, 3), (4,))
    """
    ascending = np.argsort(snr_db, kind="stable")
    thirds = np.array_split(ascending, min(_BANDS, len(snr_db)))
    return tuple(tuple(int(point) for point in third) for third in thirds)


def nearest_point(snr_db: FloatArray, grid: tuple[float, ...]) -> npt.NDArray[np.intp]:
    """Index of the grid point that each SNR belongs to."""
    return np.abs(snr_db[:, None] - np.array(grid)).argmin(axis=1)
