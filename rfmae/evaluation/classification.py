"""Counts of right and wrong at every SNR, for anything that maps I/Q to class probabilities."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import FloatArray, IqBatch, SnrReport, View
from rfmae.units import SnrReference

Exam = Mapping[View, IqBatch]
"""The same N examples in every view that the candidate asks for."""

Predict = Callable[[Exam], npt.NDArray[np.floating[Any]]]
"""Examples to class probabilities (N, M)."""


def evaluate_classifier(
    predict: Predict,
    exams: Iterable[Exam],
    *,
    snr_db: tuple[float, ...],
    classes: tuple[str, ...],
    snr_reference: SnrReference,
    advance: Callable[[int], None] = lambda _: None,
) -> SnrReport:
    """Sort every example by its SNR, its class and the most probable class."""
    counts = np.zeros((len(snr_db), len(classes), len(classes)), np.int64)
    for exam in exams:
        probabilities = np.asarray(predict(exam))
        batch = next(iter(exam.values()))
        if probabilities.shape != (len(batch), len(classes)):
            raise ShapeError(
                f"predict must return probabilities of shape {(len(batch), len(classes))}, "
                f"got {probabilities.shape}"
            )
        point = nearest_point(batch.snr_db, snr_db)
        np.add.at(counts, (point, batch.label, probabilities.argmax(axis=1)), 1)
        advance(len(batch))
    return SnrReport(counts, snr_db, classes, snr_reference)


def nearest_point(snr_db: FloatArray, grid: tuple[float, ...]) -> npt.NDArray[np.intp]:
    """Index of the grid point that each SNR belongs to."""
    return np.abs(snr_db[:, None] - np.array(grid)).argmin(axis=1)
