"""Names beside the ends of lines, moved apart, where there is room for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import wrap

import numpy as np

from rfmae.reporting.charts.chart import Chart, Point, Series

_LONGEST_LINE = 26  # characters
_MOST_LINES = 3
_FARTHEST_LINES = 3  # that a name may stand away from the end of its line


@dataclass(frozen=True, slots=True)
class EndLabel:
    """A name in lines, the end of its line in data, and its height above the lower edge."""

    series: Series
    lines: tuple[str, ...]
    end: Point
    height: float


def end_labels(chart: Chart, height: float, line: float) -> list[EndLabel] | None:
    """The label of every named line of a field; None where a legend has to name them.

    `height` is that of the field and `line` that of a line of text.
    """
    named = [(one, end) for one in chart.series if one.name and (end := _end_of(one)) is not None]
    texts = [tuple(wrap(one.name, _LONGEST_LINE)) for one, _ in named]
    sizes = [line * len(text) for text in texts]
    too_long = any(len(text) > _MOST_LINES for text in texts)
    if chart.shape != "wide" or too_long or sum(sizes) > height:
        return None
    wanted = [height * chart.y.share(end[1]) for _, end in named]
    heights = spread(wanted, 0.0, height, sizes)
    moved = max((abs(a - b) for a, b in zip(wanted, heights, strict=True)), default=0.0)
    if moved > _FARTHEST_LINES * line:
        return None
    return [
        EndLabel(one, text, end, at)
        for (one, end), text, at in zip(named, texts, heights, strict=True)
    ]


def spread(wanted: Sequence[float], low: float, high: float, sizes: Sequence[float]) -> list[float]:
    """Heights near the wanted ones, between `low` and `high`, apart by the sizes of the blocks."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    steps = [(sizes[one] + sizes[other]) / 2 for one, other in pairwise(order)]
    room = min(1.0, (high - low) / (sum(steps) or 1.0))
    offsets = np.cumsum([0.0, *(room * step for step in steps)])[: len(order)]
    # what has to be apart is level once the offsets are taken off, and may only ascend
    level = np.array([wanted[place] for place in order]) - offsets
    upwards = np.maximum.accumulate(level)
    downwards = np.minimum.accumulate(level[::-1])[::-1]
    most = high - offsets[-1] if len(order) else high
    placed = ((upwards + downwards) / 2).clip(low, max(most, low)) + offsets
    heights = dict(zip(order, placed.tolist(), strict=True))
    return [heights[place] for place in range(len(wanted))]


def _end_of(series: Series) -> Point | None:
    """The last point that is known."""
    known = np.flatnonzero(np.isfinite(np.asarray(series.y, float)))
    return (float(series.x[known[-1]]), float(series.y[known[-1]])) if len(known) else None
