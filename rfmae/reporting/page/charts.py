"""Charts of accuracy on the page: against SNR, with losses, and against impairments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.records import Ceiling, FloatArray, Gap, RobustnessGrid, SnrReport, wilson_interval
from rfmae.reporting.levels import as_level, gap_levels, snr_range
from rfmae.reporting.page.svg import (
    Frame,
    Point,
    Values,
    area,
    dots,
    drawing,
    polyline,
    segment,
    signed,
    spread,
    ticks,
    words,
    x_axis,
    y_axis,
)
from rfmae.reporting.palette import DASHES, SERIES
from rfmae.units import SNR_REFERENCE_NAMES

_LONGEST_LABEL, _LABEL_TAIL = 22, 11  # characters
_CROWD = 4  # models; with more, bands show only for the one under the pointer


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart with its place in the palette; a band is drawn where bounds are known."""

    name: str
    x: Values
    y: Values
    series: int
    low: Values | None = None
    high: Values | None = None


def accuracy_chart(
    accuracy: Mapping[str, SnrReport], ceilings: Mapping[str, Ceiling], *, wide: bool
) -> str:
    """Accuracy in % against SNR with 95 % intervals and ceilings."""
    first = next(iter(accuracy.values()))
    frame = _field(snr_range(first.snr_db), (0.0, 100.0), wide=wide)
    lines = [_accuracy_line(name, item, s) for s, (name, item) in enumerate(accuracy.items())]
    marks = [
        *_unreachable(frame, ceilings),
        *_percent_axis(frame, 6),
        *_snr_axis(frame, first),
        *_chance(frame, 100 / len(first.classes)),
        *_ceiling_lines(frame, ceilings),
    ]
    limits = _as_lines(ceilings)
    labels = end_labels(frame, [*lines, *limits]) if wide else [""] * (len(lines) + len(limits))
    for line, label in zip(lines, labels, strict=False):
        marks.append(f'<g class="series">{"".join(line_marks(frame, line))}{label}</g>')
    marks += labels[len(lines) :]
    crowd = " crowd" if len(lines) > _CROWD else ""
    label = "Accuracy against SNR: " + "; ".join(
        f"{name} {100 * item.accuracy:.1f} % overall" for name, item in accuracy.items()
    )
    return drawing(frame, marks, label, f"{'wide' if wide else 'narrow'}{crowd}")


def gap_chart(report: SnrReport, gap: Gap, name: str) -> str:
    """Shares of all examples at each SNR: correct, model loss, image loss, above the ceiling."""
    frame = _panel(snr_range(report.snr_db))
    points = len(report.snr_db)
    shares = (np.zeros(points), *gap_levels(report, gap), np.ones(points))
    levels = [_level(frame, report.snr_db, 100 * share) for share in shares]
    kinds = ("known c0", "model-loss", "image-loss", "unreachable")
    marks = [*_percent_axis(frame, 5), *_snr_axis(frame, report)]
    marks += [
        area(upper, lower, f"layer {kind}")
        for lower, upper, kind in zip(levels, levels[1:], kinds, strict=False)
    ]
    lost = 100 * float(np.average(gap.model_loss_per_snr, weights=_weights(report)))
    return drawing(frame, marks, f"{name}: the model loses {lost:.1f} points on average", "panel")


def robustness_chart(grid: RobustnessGrid, series: Mapping[str, int]) -> str:
    """Accuracy in % against the strength of an impairment, values equally spaced."""
    order = shown_order(grid.values)
    values = [grid.values[v] for v in order]
    frame = _panel((0.0, float(max(len(values) - 1, 1))))
    marks = [*_percent_axis(frame, 5), *_value_axis(frame, values, grid.unit)]
    marks.append(_trained_at(frame, order.index(0)))
    for name, hits in grid.hits.items():
        share = (100 * hits / np.maximum(grid.examples, 1))[order]
        bounds = 100 * wilson_interval(hits, grid.examples)[order]
        line = Line(name, range(len(values)), share, series[name], bounds[:, 0], bounds[:, 1])
        marks += line_marks(frame, line)
        if (drop := grid.drop_at.get(name)) in values:
            lost = (values.index(drop), share[values.index(drop)])
            marks.append(dots(frame.at([lost]), f"ring c{series[name] % len(SERIES)}"))
    return drawing(frame, marks, f"Accuracy against {grid.what}", "panel")


def shown_order(values: Sequence[float]) -> list[int]:
    """Places of the values of a grid in the order drawn: the given one, or ascending."""
    steps = np.diff(values)
    if (steps >= 0).all() or (steps <= 0).all():
        return list(range(len(values)))
    return [int(place) for place in np.argsort(values)]


def lines_panel(
    lines: Sequence[Line], report: SnrReport, unit: str, values: tuple[float, float] | None = None
) -> str:
    """Lines against the SNR points of a report, at their own scale."""
    low, high = values or _range_of(lines)
    frame = _panel(snr_range(report.snr_db), (low, high))
    found = ticks(low, high, 5)
    marks = [*y_axis(frame, found, [f"{tick:g}" for tick in found]), *_snr_axis(frame, report)]
    marks += [mark for line in lines for mark in line_marks(frame, line)]
    return drawing(frame, marks, f"{unit} against SNR", "panel")


def line_marks(frame: Frame, line: Line) -> list[str]:
    """A line with its band and its dots."""
    colour = f"c{line.series % len(SERIES)}"
    marks = []
    if line.low is not None and line.high is not None:
        upper, lower = _places(frame, line.x, line.high), _places(frame, line.x, line.low)
        marks.append(area(upper, lower, f"band {colour}"))
    places = _places(frame, line.x, line.y)
    dash = DASHES[line.series // len(SERIES) % len(DASHES)]
    return [*marks, polyline(places, f"line {colour}", dash), dots(places, f"dots {colour}")]


def end_labels(frame: Frame, lines: Sequence[Line]) -> list[str]:
    """The name of each line right of where it ends, moved apart; a negative series is a ceiling."""
    wanted = [frame.down(line.y[-1]) for line in lines]
    heights = spread(wanted, frame.top, frame.height - frame.bottom)
    edge = frame.width - frame.right
    marks = []
    for line, height, end in zip(lines, heights, wanted, strict=True):
        kind = f"c{line.series % len(SERIES)}" if line.series >= 0 else "limit"
        leader = segment((edge + 5, end), (edge + 17, height), f"leader {kind}")
        marks.append(leader + words((edge + 21, height + 4), _shortened(line.name), f"name {kind}"))
    return marks


def _field(x: Point, y: Point, *, wide: bool) -> Frame:
    if wide:
        return Frame(860, 430, 52, 196, 14, 46, x, y)
    return Frame(360, 320, 44, 12, 12, 46, x, y)


def _panel(x: Point, y: Point = (0.0, 100.0)) -> Frame:
    return Frame(340, 260, 44, 14, 12, 46, x, y)


def _accuracy_line(name: str, report: SnrReport, series: int) -> Line:
    bounds = 100 * report.interval_per_snr
    shares = 100 * report.accuracy_per_snr
    return Line(name, report.snr_db, shares, series, bounds[:, 0], bounds[:, 1])


def _as_lines(ceilings: Mapping[str, Ceiling]) -> list[Line]:
    return [
        Line(f"{'ceiling' if item.is_bound else 'lower bound'}, {name}", item.snr_db,
             100 * item.accuracy, -1)
        for name, item in ceilings.items()
    ]  # fmt: skip


def _unreachable(frame: Frame, ceilings: Mapping[str, Ceiling]) -> list[str]:
    """The region above the first ceiling, shaded."""
    if not ceilings:
        return []
    first = next(iter(ceilings.values()))
    limit = _level(frame, first.snr_db, 100 * first.accuracy)
    roof = [(across, frame.down(100)) for across, _ in limit]
    shade = area(roof, limit, "beyond")
    if 100 * first.accuracy[0] > 75:
        return [shade]
    place = (roof[0][0] + 12, roof[0][1] + 22)
    return [shade, words(place, "above the ceiling", "note")]


def _ceiling_lines(frame: Frame, ceilings: Mapping[str, Ceiling]) -> list[str]:
    return [
        polyline(_level(frame, item.snr_db, 100 * item.accuracy), "limit", DASHES[place % 5])
        for place, item in enumerate(ceilings.values())
    ]


def _chance(frame: Frame, chance: float) -> list[str]:
    y = frame.down(chance)
    ends = ((frame.left, y), (frame.width - frame.right, y))
    return [segment(*ends, "chance"), words((ends[1][0] - 4, y - 5), "chance", "note", "end")]


def _percent_axis(frame: Frame, most: int) -> list[str]:
    found = ticks(0.0, 100.0, most)
    return y_axis(frame, found, [f"{tick:g} %" if tick == 100 else f"{tick:g}" for tick in found])


def _snr_axis(frame: Frame, report: SnrReport) -> list[str]:
    low, high = min(report.snr_db), max(report.snr_db)
    found = ticks(low, high, 10 if frame.width > 400 else 5, (1, 2, 5, 10))
    title = f"{SNR_REFERENCE_NAMES[report.snr_reference]} in dB"
    return x_axis(frame, found, [signed(tick) for tick in found], title)


def _value_axis(frame: Frame, values: Sequence[float], unit: str) -> list[str]:
    step = -(-len(values) // 6)  # six labels fit
    places = range(0, len(values), step)
    return x_axis(frame, places, [signed(values[v]) for v in places], unit)


def _trained_at(frame: Frame, place: int) -> str:
    x = frame.across(place)
    return segment((x, frame.top), (x, frame.height - frame.bottom), "chance")


def _range_of(lines: Sequence[Line]) -> Point:
    bounds = [values for line in lines for values in (line.y, line.low, line.high)
              if values is not None]  # fmt: skip
    all_values = np.concatenate([np.asarray(values, float) for values in bounds])
    known = all_values[np.isfinite(all_values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    slack = 0.05 * ((high - low) or 1.0)
    return low - slack, high + slack


def _weights(report: SnrReport) -> FloatArray:
    return np.maximum(report.examples_per_snr, 1).astype(float)


def _places(frame: Frame, x: Values, y: Values) -> list[Point]:
    return frame.at([point for point in zip(x, y, strict=True) if np.isfinite(point[1])])


def _level(frame: Frame, snr_db: Sequence[float], values: FloatArray) -> list[Point]:
    """Places of a level at every point of a grid, or of a single one."""
    return _places(frame, *as_level(snr_db, values))


def _shortened(name: str) -> str:
    """A name that fits: its head and its tail, which has the SNR of a ceiling or a seed."""
    if len(name) <= _LONGEST_LABEL:
        return name
    return f"{name[: _LONGEST_LABEL - _LABEL_TAIL - 1]}…{name[-_LABEL_TAIL:]}"
