"""Charts drawn as SVG for the page; their colours are variables of its style sheet."""

from collections.abc import Iterable, Sequence

from rfmae.reporting.charts.chart import Chart, Difference, Guide, Note, Series
from rfmae.reporting.charts.end_labels import EndLabel, end_labels
from rfmae.reporting.page.svg import (
    Frame,
    area,
    drawing,
    markers,
    polyline,
    segment,
    words,
    x_axis,
    y_axis,
)
from rfmae.reporting.palette import Style

_LINE = 15.0  # pixels of a line of text
_RADII = {"thin": 3.0, "normal": 3.4, "strong": 3.8}
_RADIUS_OF_A_CROWD, _RADIUS_OF_A_SPECK, _RADIUS_OF_A_RING = 2.6, 2.6, 7.5
_CROWD = 4  # lines with bands; with more, bands show only for the one under the pointer
_SIZES = {
    "panel": (340, 260, 44, 14, 12, 46),
    "square": (340, 320, 44, 14, 12, 46),
    "map": (440, 440, 8, 8, 8, 8),
    "narrow": (360, 320, 44, 12, 12, 46),
}
"""Width, height, and the margins left, right, above and below."""


def drawn(chart: Chart) -> str:
    """A chart as SVG; a wide one twice, for wide and for narrow screens."""
    if chart.shape == "wide":
        return _wide(chart) + _drawn(chart, "narrow", _SIZES["narrow"], None)
    return _drawn(chart, chart.shape, _SIZES[chart.shape], None)


def key(series: Series) -> str:
    """How a series looks, as the key of a legend."""
    look = series.style
    ends = [] if series.dots == "alone" else [(0.0, 6.0), (26.0, 6.0)]
    marks = polyline(ends, f"line {look.colour}", look.dash) + markers([(13.0, 6.0)], look, 3.4)
    return f'<svg class="key" viewBox="0 0 26 12">{marks}</svg>'


def _wide(chart: Chart) -> str:
    top, bottom = 14, 46
    height = 430
    labels = end_labels(chart, height - top - bottom, _LINE)
    margins = (52, 14 if labels is None else 196, top, bottom)
    kind = "wide" if labels is not None else "wide unlabelled"
    return _drawn(chart, kind, (860, height, *margins), labels)


def _drawn(
    chart: Chart, kind: str, size: Sequence[float], labels: Sequence[EndLabel] | None
) -> str:
    width, height, left, right, top, bottom = size
    frame = Frame(width, height, left, right, top, bottom, chart.x, chart.y)
    is_crowded = sum(one.bounds is not None for one in chart.series) > _CROWD
    marks = [
        area(frame.at(one.x, one.high), frame.at(one.x, one.low), f"layer {one.colour}")
        for one in chart.areas
    ]
    if chart.shape != "map":
        grid = y_axis(frame, chart.y.marks(5))
        marks = (
            [*marks, *grid] if chart.areas and chart.areas[0].colour == "beyond" else grid + marks
        )
        marks += x_axis(frame, chart.x.marks(10 if kind.startswith("wide") else 5))
    marks += [mark for guide in chart.guides for mark in _guide(frame, guide)]
    named = {id(label.series): label for label in labels or ()}
    for series in chart.series:
        drawn_marks = _series(frame, series, is_crowded)
        if id(series) in named:
            drawn_marks += _label(frame, named[id(series)])
        marks.append(f'<g class="series">{"".join(drawn_marks)}</g>')
    marks += [mark for one in chart.differences for mark in _difference(frame, one)]
    marks += [_note(frame, note) for note in chart.notes]
    crowd = " crowd" if is_crowded else ""
    return drawing(frame, marks, chart.about or chart.title, f"{kind}{crowd}")


def _series(frame: Frame, series: Series, is_crowded: bool) -> list[str]:
    """A line with its band or bars and its dots."""
    places, colour = frame.at(series.x, series.y), series.style.colour
    if series.dots == "alone":
        extra = f' data-name="{_attribute(series.name)}"'
        return [markers(places, series.style, _RADIUS_OF_A_SPECK, "speck", extra)]
    marks = []
    if series.bounds is not None:
        low, high = (frame.at(series.x, ends) for ends in series.bounds.T)
        if series.has_bars:
            marks += [segment(*ends, f"whisker {colour}") for ends in zip(low, high, strict=True)]
        else:
            marks.append(area(high, low, f"band {colour}"))
    marks.append(polyline(places, f"line {series.weight} {colour}", series.style.dash))
    radius = _RADIUS_OF_A_CROWD if is_crowded else _RADII[series.weight]
    dotted = {"all": places, "last": places[-1:], "none": []}[series.dots]
    marks.append(markers(dotted, series.style, radius))
    if series.ring is not None:
        ring = frame.at([series.x[series.ring]], [series.y[series.ring]])
        marks.append(markers(ring, Style(colour, marker=0), _RADIUS_OF_A_RING, "ring"))
    return marks


def _label(frame: Frame, label: EndLabel) -> list[str]:
    """The name of a line right of the field, with a thread to where the line ends."""
    edge, colour = frame.width - frame.right, label.series.style.colour
    height = frame.height - frame.bottom - label.height
    end = (frame.across(label.end[0]) + 5, frame.down(label.end[1]))
    marks = [segment(end, (edge + 17, height), f"leader {colour}")]
    first = height + 4 - _LINE * (len(label.lines) - 1) / 2
    return [
        *marks,
        *(
            words((edge + 21, first + _LINE * place), line, f"name {colour}")
            for place, line in enumerate(label.lines)
        ),
    ]


def _guide(frame: Frame, guide: Guide) -> list[str]:
    (start, *_), (end, *_) = (frame.at([x], [y]) for x, y in (guide.start, guide.end))
    marks = [segment(start, end, "chance")]
    if guide.label:
        is_left = start[0] < end[0]
        place = (start[0] + (6 if is_left else -4), start[1] - 5)
        marks.append(words(place, guide.label, "note", "start" if is_left else "end"))
    return marks


def _note(frame: Frame, note: Note) -> str:
    (place,) = frame.at([note.at[0]], [note.at[1]])
    kind = "place-name" if note.is_centred else "figure" if note.is_bold else "note"
    anchor = "middle" if note.is_centred else "start"
    return words(place, note.text, f"{kind} {note.colour}", anchor)


def _difference(frame: Frame, one: Difference) -> Iterable[str]:
    low, high = frame.at([one.x, one.x], [one.low, one.high])
    yield segment((low[0], low[1] - 4), (high[0], high[1] + 4), "arrow")
    for x, y, step in ((*low, -1), (*high, 1)):
        yield polyline([(x - 3, y + 9 * step), (x, y + 4 * step), (x + 3, y + 9 * step)], "arrow")
    middle = (low[1] + high[1]) / 2 - _LINE * (len(one.lines) - 1) / 2
    for place, line in enumerate(one.lines):
        yield words((low[0] + 8, middle + 4 + _LINE * place), line, "figure")


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
