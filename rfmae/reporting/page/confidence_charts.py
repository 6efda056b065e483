"""Charts of confidence on the page: calibration and selective classification."""

from collections.abc import Mapping

import numpy as np

from rfmae.records import Assessment, Calibration
from rfmae.reporting.page.charts import Line, end_labels
from rfmae.reporting.page.svg import (
    Frame,
    dots,
    drawing,
    polyline,
    segment,
    ticks,
    words,
    x_axis,
    y_axis,
)
from rfmae.reporting.palette import DASHES, SERIES

FIRST_COVERAGE = 0.02
"""The least coverage that is drawn: the risk of a few examples is not meaningful."""

_MOST_POINTS = 160  # of a curve in print


def reliability_chart(calibration: Calibration, name: str, series: int) -> str:
    """Accuracy against confidence in bins of equal mass; the diagonal is perfect calibration."""
    frame = Frame(340, 320, 44, 14, 12, 46, (0.0, 100.0), (0.0, 100.0))
    colour = f"c{series % len(SERIES)}"
    places = frame.at(
        zip(100 * calibration.bin_confidence, 100 * calibration.bin_accuracy, strict=True)
    )
    marks = _square_axes(frame, "confidence in %")
    marks.append(polyline(frame.at([(0, 0), (100, 100)]), "chance"))
    for (x, _), (low, high) in zip(places, 100 * calibration.bin_interval, strict=True):
        marks.append(segment((x, frame.down(low)), (x, frame.down(high)), f"whisker {colour}"))
    marks += [polyline(places, f"line thin {colour}"), dots(places, f"dots {colour}")]
    marks.append(words(frame.at([(3, 93)])[0], f"ECE {100 * calibration.ece:.1f} %", "figure"))
    if calibration.temperature is not None:
        marks.append(
            words(frame.at([(3, 86)])[0], f"temperature {calibration.temperature:.2f}", "note")
        )
    return drawing(
        frame, marks, f"Reliability of {name}: ECE {100 * calibration.ece:.1f} %", "panel"
    )


def risk_chart(
    assessments: Mapping[str, Assessment], series: Mapping[str, int], *, wide: bool
) -> str:
    """Risk in % against coverage, the most confident examples first."""
    lines = [_risk_line(name, item, series[name]) for name, item in assessments.items()]
    top = max(8.0, *(float(np.max(line.y)) for line in lines)) * 1.05
    size = (860, 380, 52, 196, 14, 46) if wide else (360, 300, 44, 12, 12, 46)
    frame = Frame(*size, (0.0, 100.0), (0.0, top))
    shares = ticks(0.0, top, 5)
    marks = y_axis(frame, shares, [f"{tick:g} %" for tick in shares])
    marks += _percent_x_axis(frame, "answered in %, the most confident first")
    marks += _target(frame, next(iter(assessments.values())).selective.target_accuracy)
    for line in lines:
        dash = DASHES[line.series // len(SERIES) % len(DASHES)]
        places = frame.at(zip(line.x, line.y, strict=True))
        colour = f"c{line.series % len(SERIES)}"
        marks.append(polyline(places, f"line {colour}", dash))
        marks.append(dots(places[-1:], f"dots {colour}"))
    if wide:
        marks += end_labels(frame, lines)
    return drawing(frame, marks, "Share of wrong answers against share of examples answered",
                   "wide" if wide else "narrow")  # fmt: skip


def _risk_line(name: str, item: Assessment, series: int) -> Line:
    curve = item.selective
    first = int(np.searchsorted(curve.coverage, FIRST_COVERAGE))
    kept = np.unique(np.linspace(first, len(curve.coverage) - 1, _MOST_POINTS).astype(int))
    return Line(name, 100 * curve.coverage[kept], 100 * curve.risk[kept], series)


def _target(frame: Frame, target: float) -> list[str]:
    y = frame.down(100 * (1 - target))
    mark = segment((frame.left, y), (frame.width - frame.right, y), "chance")
    label = f"{100 * target:g} % of the answers right"
    return [mark, words((frame.left + 6, y - 5), label, "note")]


def _square_axes(frame: Frame, title: str) -> list[str]:
    found = ticks(0.0, 100.0, 5)
    labels = [f"{tick:g} %" if tick == 100 else f"{tick:g}" for tick in found]
    return [*y_axis(frame, found, labels), *_percent_x_axis(frame, title)]


def _percent_x_axis(frame: Frame, title: str) -> list[str]:
    found = ticks(0.0, 100.0, 5)
    return x_axis(frame, found, [f"{tick:g}" for tick in found], title)
