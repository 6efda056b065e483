"""Points of a label-efficiency curve to means over seeds."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from rfmae.records import wilson_interval
from rfmae.records.label_curve import LabelMean, LabelPoint


def label_means(points: Sequence[LabelPoint]) -> tuple[LabelMean, ...]:
    """The mean of every method at every budget, in the order in which they first come."""
    groups: dict[tuple[str, int], list[LabelPoint]] = {}
    for point in points:
        groups.setdefault((point.method, point.budget), []).append(point)
    return tuple(label_mean(group) for group in groups.values())


def label_mean(points: Sequence[LabelPoint]) -> LabelMean:
    """Mean accuracy over the seeds of one method and budget, and its 95 % interval.

    Student's t over the seeds; of a single one the Wilson interval of its test examples.
    """
    values = np.array([point.accuracy for point in points])
    mean = float(values.mean())
    low, high = _wilson(points[0]) if len(points) == 1 else _student(values)
    return LabelMean(
        method=points[0].method,
        budget=points[0].budget,
        seeds=len(points),
        accuracy=mean,
        low=low,
        high=high,
        worst=float(values.min()),
    )


def _student(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    mean, error = float(values.mean()), float(values.std(ddof=1)) / math.sqrt(len(values))
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return max(0.0, mean - half), min(1.0, mean + half)


def _wilson(point: LabelPoint) -> tuple[float, float]:
    low, high = wilson_interval(np.asarray(sum(point.hits)), np.asarray(sum(point.examples)))
    return float(low), float(high)
