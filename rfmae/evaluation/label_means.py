"""Means and differences over seeds of a label-efficiency curve."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from rfmae.records import Ceiling, IntArray, wilson_interval
from rfmae.records.label_curve import LabelDifference, LabelMean, LabelPoint, Limit


def label_means(points: Sequence[LabelPoint]) -> tuple[LabelMean, ...]:
    """The mean of every method at every budget, in the order in which they first come."""
    groups: dict[tuple[str, int], list[LabelPoint]] = {}
    for point in points:
        groups.setdefault((point.method, point.budget), []).append(point)
    return tuple(label_mean(group) for group in groups.values())


def label_mean(points: Sequence[LabelPoint]) -> LabelMean:
    """Mean accuracy over the seeds of one method and budget, and its 95 % interval.

    Student's t over the seeds; for a single seed the Wilson interval of its test examples.
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


def label_difference(first: Sequence[LabelPoint], second: Sequence[LabelPoint]) -> LabelDifference:
    """The difference in accuracy of two methods, paired by seed.

    The interval is Student's t of the differences over the seeds: both methods of a seed saw the
    same labels. For a single seed it is that of two independent shares of the test examples.
    """
    others = {point.seed: point for point in second}
    pairs = [(point, others[point.seed]) for point in first]
    values = np.array([one.accuracy - other.accuracy for one, other in pairs])
    middle = float(values.mean())
    half = _unpaired(*pairs[0]) if len(pairs) == 1 else _half_width(values)
    return LabelDifference(
        first=first[0].method,
        second=second[0].method,
        budget=first[0].budget,
        seeds=len(pairs),
        difference=middle,
        low=middle - half,
        high=middle + half,
    )


def label_limits(ceilings: Mapping[str, Ceiling], examples: IntArray) -> tuple[Limit, ...]:
    """Ceilings over all test examples, so many at each SNR point, (S,)."""
    return tuple(
        Limit(name, float(examples @ item.accuracy / examples.sum()), item.is_bound)
        for name, item in ceilings.items()
    )


def _unpaired(first: LabelPoint, second: LabelPoint) -> float:
    variances = [
        point.accuracy * (1 - point.accuracy) / sum(point.examples) for point in (first, second)
    ]
    return float(stats.norm.ppf(0.975)) * math.sqrt(sum(variances))


def _student(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float]:
    mean, half = float(values.mean()), _half_width(values)
    return max(0.0, mean - half), min(1.0, mean + half)


def _half_width(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    error = float(values.std(ddof=1)) / math.sqrt(len(values))
    return float(stats.t.ppf(0.975, len(values) - 1)) * error


def _wilson(point: LabelPoint) -> tuple[float, float]:
    low, high = wilson_interval(np.asarray(sum(point.hits)), np.asarray(sum(point.examples)))
    return float(low), float(high)
