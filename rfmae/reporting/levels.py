"""Levels over the points of an SNR grid for charts: ceilings and losses."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rfmae.records import FloatArray, Gap, SnrReport

Span = tuple[float, float]


def snr_range(snr_db: Sequence[float]) -> Span:
    """From the first to the last point in dB; ±1 dB around a single one."""
    low, high = min(snr_db), max(snr_db)
    return (low, high) if high > low else (low - 1, high + 1)


def as_level(
    snr_db: Sequence[float], values: npt.ArrayLike
) -> tuple[Sequence[float], npt.NDArray[np.floating]]:
    """Points in dB and values (S,) of a line or an area; a single one is drawn across the range."""
    found = np.asarray(values, float)
    if len(snr_db) > 1:
        return snr_db, found
    return snr_range(snr_db), np.repeat(found, 2)


def gap_levels(report: SnrReport, gap: Gap) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Accuracy, ceiling of what the model sees, ceiling of the sequence, (S,), ascending.

    An accuracy above a ceiling, by chance or because the ceiling is a lower bound, has no loss.
    """
    right = report.accuracy_per_snr
    seen = right + gap.model_loss_per_snr
    best = seen if gap.image_loss_per_snr is None else seen + gap.image_loss_per_snr
    most = np.maximum(right, seen)
    return right, most, np.maximum(most, best)
