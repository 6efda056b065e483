"""Drawings as SVG text: a frame that maps numbers to places, and marks with CSS classes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from rfmae.reporting.charts.chart import Axis, Point, Tick, Values
from rfmae.reporting.palette import MARKERS, Style

_TICK_PIXELS = 5


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing of `width` by `height` whose inner field shows `x` across and `y` up."""

    width: float
    height: float
    left: float
    right: float  # margins
    top: float
    bottom: float
    x: Axis
    y: Axis

    @property
    def field_height(self) -> float:
        return self.height - self.top - self.bottom

    def across(self, value: float) -> float:
        """The place of a value of `x`, from the left."""
        return self.left + self.x.share(value) * (self.width - self.left - self.right)

    def down(self, value: float) -> float:
        """The place of a value of `y`, from above."""
        return self.height - self.bottom - self.y.share(value) * self.field_height

    def at(self, x: Values, y: Values) -> list[Point]:
        """Places of the points that are known."""
        pairs = zip(np.asarray(x, float), np.asarray(y, float), strict=True)
        return [(self.across(a), self.down(b)) for a, b in pairs if np.isfinite((a, b)).all()]


def drawing(frame: Frame, marks: Iterable[str], label: str, kind: str = "") -> str:
    """A whole drawing; `label` describes it for screen readers."""
    field = f"{frame.left:g} {frame.width - frame.right:g}"  # for the pointer
    return (
        f'<svg class="{kind}" viewBox="0 0 {frame.width:g} {frame.height:g}" role="img" '
        f'data-field="{field}" aria-label="{escape(label)}">{"".join(marks)}</svg>'
    )


def polyline(places: Sequence[Point], kind: str, dash: Sequence[float] = ()) -> str:
    """A line through places, or an empty text."""
    if not places:
        return ""
    dashes = f' stroke-dasharray="{" ".join(f"{part:g}" for part in dash)}"' if dash else ""
    return f'<path class="{kind}" d="M{_path(places)}"{dashes}/>'


def area(upper: Sequence[Point], lower: Sequence[Point], kind: str) -> str:
    """The area between two lines, or an empty text."""
    if not upper:
        return ""
    return f'<path class="{kind}" d="M{_path([*upper, *reversed(lower)])}Z"/>'


def markers(
    places: Iterable[Point], style: Style, radius: float, kind: str = "dots", extra: str = ""
) -> str:
    """The marker of a style at every place, all in one path."""
    if style.marker is None:
        return ""
    shape = _shape(style.marker, radius)
    marks = "".join(f"M{x:.1f} {y:.1f}{shape}" for x, y in places)
    return f'<path class="{kind} {style.colour}" d="{marks}"{extra}/>' if marks else ""


def segment(start: Point, end: Point, kind: str) -> str:
    """A straight line."""
    return polyline([start, end], kind)


def words(place: Point, content: str, kind: str = "", anchor: str = "start") -> str:
    """A line of text."""
    x, y = place
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(content)}</text>"
    )


def x_axis(frame: Frame, ticks: Iterable[Tick]) -> list[str]:
    """Ticks below the field with their labels, and the title."""
    bottom = frame.height - frame.bottom
    marks = []
    for value, label in ticks:
        x = frame.across(value)
        marks.append(segment((x, bottom), (x, bottom + _TICK_PIXELS), "tick"))
        marks.append(words((x, bottom + 18), label, "axis", "middle"))
    middle = (frame.left + frame.width - frame.right) / 2
    marks.append(words((middle, bottom + 36), frame.x.title, "title", "middle"))
    ends = ((frame.left, bottom), (frame.width - frame.right, bottom))
    return [segment(*ends, "base"), *marks]


def y_axis(frame: Frame, ticks: Iterable[Tick]) -> list[str]:
    """Faint lines across the field, and their values left of it."""
    marks = []
    for value, label in ticks:
        y = frame.down(value)
        marks.append(segment((frame.left, y), (frame.width - frame.right, y), "grid"))
        marks.append(words((frame.left - 8, y + 4), label, "axis", "end"))
    return marks


def _path(places: Sequence[Point]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in places)


def _shape(marker: int, radius: float) -> str:
    """The outline of a marker, from its middle and back."""
    corners = [(radius * x, -radius * y) for x, y in MARKERS[marker]]
    steps = np.diff([(0.0, 0.0), *corners], axis=0)
    first, *others = (f"{x:.1f} {y:.1f}" for x, y in steps)
    return f"m{first}l{' '.join(others)}z"
