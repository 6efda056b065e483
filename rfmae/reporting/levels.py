"""What holds at the points of an SNR grid, as charts draw it: limits, and what is lost below."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rfmae.records import FloatArray, Gap, SnrReport

Span = tuple[float, float]


def snr_range(snr_db: Sequence[float]) -> Span:
    """From the first to the last point in dB; around a single one, so that there is something."""
    low, high = min(snr_db), max(snr_db)
    return (low, high) if high > low else (low - 1, high + 1)


def as_level(
    snr_db: Sequence[float], values: npt.ArrayLike
) -> tuple[Sequence[float], npt.NDArray[np.floating]]:
    """Points in dB and values (S,) of a line or an area; a single one holds across the range."""
    found = np.asarray(values, float)
    if len(snr_db) > 1:
        return snr_db, found
    return snr_range(snr_db), np.repeat(found, 2)


def gap_levels(report: SnrReport, gap: Gap) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Accuracy, ceiling of what the model sees, ceiling of the sequence, (S,); none falls.

    An accuracy above a ceiling, by luck or because a reader of the image reached less, has nothing
    to lose to it.
    """
    right = report.accuracy_per_snr
    seen = right + gap.model_loss_per_snr
    best = seen if gap.image_loss_per_snr is None else seen + gap.image_loss_per_snr
    most = np.maximum(right, seen)
    return right, most, np.maximum(most, best)
