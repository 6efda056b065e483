"""Drawings as SVG text: a frame that maps numbers to places, and marks with CSS classes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from matplotlib.ticker import MaxNLocator

from rfmae.records import FloatArray

Point = tuple[float, float]

Values = Sequence[float] | FloatArray

_TICK_PIXELS = 5
_SMALLEST_STEP = 15.0  # pixels between the labels of two lines


@dataclass(frozen=True, slots=True)
class Frame:
    """A drawing of `width` by `height` whose inner field shows `x` across and `y` up."""

    width: float
    height: float
    left: float
    right: float  # margins
    top: float
    bottom: float
    x: Point
    y: Point

    def across(self, value: float) -> float:
        """The place of a value of `x`, from the left."""
        share = (value - self.x[0]) / ((self.x[1] - self.x[0]) or 1.0)
        return self.left + share * (self.width - self.left - self.right)

    def down(self, value: float) -> float:
        """The place of a value of `y`, from above."""
        share = (value - self.y[0]) / ((self.y[1] - self.y[0]) or 1.0)
        return self.height - self.bottom - share * (self.height - self.top - self.bottom)

    def at(self, points: Iterable[Point]) -> list[Point]:
        """Places of points."""
        return [(self.across(x), self.down(y)) for x, y in points]


def drawing(frame: Frame, marks: Iterable[str], label: str, kind: str = "") -> str:
    """A whole drawing; `label` describes it for screen readers."""
    field = f"{frame.left:g} {frame.width - frame.right:g}"  # for the pointer
    return (
        f'<svg class="{kind}" viewBox="0 0 {frame.width:g} {frame.height:g}" role="img" '
        f'data-field="{field}" aria-label="{escape(label)}">{"".join(marks)}</svg>'
    )


def polyline(places: Sequence[Point], kind: str, dash: str = "none") -> str:
    """A line through places, or an empty text."""
    if not places:
        return ""
    dashes = "" if dash == "none" else f' stroke-dasharray="{dash}"'
    return f'<path class="{kind}" d="M{_path(places)}"{dashes}/>'


def area(upper: Sequence[Point], lower: Sequence[Point], kind: str) -> str:
    """The area between two lines, or an empty text."""
    if not upper:
        return ""
    return f'<path class="{kind}" d="M{_path([*upper, *reversed(lower)])}Z"/>'


def dots(places: Iterable[Point], kind: str, extra: str = "") -> str:
    """Dots at places, all in one path: lines of no length with round ends."""
    marks = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
    return f'<path class="{kind}" d="{marks}"{extra}/>' if marks else ""


def segment(start: Point, end: Point, kind: str) -> str:
    """A straight line."""
    return polyline([start, end], kind)


def box(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A rectangle from its upper left corner."""
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
    )


def words(place: Point, content: str, kind: str = "", anchor: str = "start") -> str:
    """A line of text."""
    x, y = place
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(content)}</text>"
    )


_STEPS = (1, 2, 2.5, 5, 10)


def ticks(low: float, high: float, most: int, steps: Sequence[float] = _STEPS) -> list[float]:
    """Round numbers from `low` to `high`, about so many, spaced by a step or its decimal powers."""
    found = MaxNLocator(nbins=max(most, 1), steps=list(steps)).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(tick) for tick in found if low - slack <= tick <= high + slack]


def x_axis(frame: Frame, values: Sequence[float], labels: Sequence[str], title: str) -> list[str]:
    """Ticks below the field with their labels, and the title."""
    bottom = frame.height - frame.bottom
    marks = []
    for value, label in zip(values, labels, strict=True):
        x = frame.across(value)
        marks.append(segment((x, bottom), (x, bottom + _TICK_PIXELS), "tick"))
        marks.append(words((x, bottom + 18), label, "axis", "middle"))
    middle = (frame.left + frame.width - frame.right) / 2
    marks.append(words((middle, bottom + 36), title, "title", "middle"))
    ends = ((frame.left, bottom), (frame.width - frame.right, bottom))
    return [segment(*ends, "base"), *marks]


def y_axis(frame: Frame, values: Sequence[float], labels: Sequence[str]) -> list[str]:
    """Faint lines across the field, and their values left of it."""
    marks = []
    for value, label in zip(values, labels, strict=True):
        y = frame.down(value)
        marks.append(segment((frame.left, y), (frame.width - frame.right, y), "grid"))
        marks.append(words((frame.left - 8, y + 4), label, "axis", "end"))
    return marks


def spread(wanted: Sequence[float], low: float, high: float) -> list[float]:
    """Heights near the wanted ones, between `low` and `high`, at least a line of text apart."""
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    step = min(_SMALLEST_STEP, (high - low) / max(len(wanted) - 1, 1))
    placed: list[float] = []
    for place in order:
        placed.append(max(wanted[place], low, placed[-1] + step if placed else low))
    if placed and placed[-1] > high:
        placed[-1] = high
        for later, earlier in pairwise(range(len(placed) - 1, -1, -1)):
            placed[earlier] = min(placed[earlier], placed[later] - step)
    heights = [0.0] * len(wanted)
    for place, height in zip(order, placed, strict=True):
        heights[place] = height
    return heights


def signed(value: float) -> str:
    """A number in print, with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def _path(places: Sequence[Point]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
