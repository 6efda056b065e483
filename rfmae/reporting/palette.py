"""Colours and line styles of every figure and page, for colour-blind readers and for grey print.

A style is a colour, a dash and a marker together, so that lines stay apart without the colour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, pi, sin

Points = tuple[tuple[float, float], ...]

_COLOURS = {
    # series, after Okabe and Ito (2008), dark enough to be read as text on white
    "s0": ("#0b62a4", "#6cb2f0"),
    "s1": ("#c2410c", "#f58f62"),
    "s2": ("#00795c", "#41c79d"),
    "s3": ("#8a4fa3", "#c79be6"),
    "s4": ("#8a6500", "#e0b341"),
    "s5": ("#b5266f", "#f286bd"),
    "s6": ("#007a93", "#5fd0ea"),
    "s7": ("#5a5a5a", "#c4c4c4"),
    "s8": ("#34307d", "#a9a7f5"),
    # steps from low to high, ever darker on white and ever lighter on black
    "q0": ("#dba03a", "#5f4f99"),
    "q1": ("#c47d4f", "#7f62b3"),
    "q2": ("#a5606a", "#a576bc"),
    "q3": ("#7d4f82", "#cc88b4"),
    "q4": ("#563f8e", "#ea9fa2"),
    "q5": ("#303381", "#f7be8e"),
    "q6": ("#131f5b", "#fde69c"),
    "limit": ("#3b3f45", "#cfd3d8"),
    "quiet": ("#5b6067", "#a4abb3"),
    "beyond": ("#e9eaec", "#24282d"),
    "model-loss": ("#e39a6b", "#a9623a"),
    "image-loss": ("#b9a3cf", "#735c8f"),
    "unreachable": ("#e3e4e6", "#2c3035"),
    "right": ("#5296d6", "#2268a8"),
    "wrong": ("#f08c54", "#aa481a"),
}

LIGHT = {name: light for name, (light, _) in _COLOURS.items()}
"""Every colour on white, by the name that charts and the page know it by."""

DARK = {name: dark for name, (_, dark) in _COLOURS.items()}
"""The same on black."""

SERIES, STEPS = 9, 7
"""How many colours there are of series and of steps."""

DASHES: tuple[tuple[float, ...], ...] = ((), (7, 3), (2, 2.5), (9, 3, 2, 3), (14, 4))


def _regular(corners: int, turn: float, inner: float = 1.0) -> Points:
    """A polygon of unit radius, its first corner `turn` turns above the x axis; every second one
    at `inner` makes a star.
    """
    radii = [inner if n % 2 else 1.0 for n in range(corners)]
    angles = [2 * pi * (turn + n / corners) for n in range(corners)]
    return tuple((r * cos(a), r * sin(a)) for r, a in zip(radii, angles, strict=True))


_PLUS = ((-1, -0.35), (-0.35, -0.35), (-0.35, -1), (0.35, -1), (0.35, -0.35), (1, -0.35), (1, 0.35),
         (0.35, 0.35), (0.35, 1), (-0.35, 1), (-0.35, 0.35), (-1, 0.35))  # fmt: skip

MARKERS: tuple[Points, ...] = (
    _regular(12, 0),
    _regular(4, 1 / 8),
    _regular(3, 1 / 4),
    _regular(4, 0),
    _PLUS,
    _regular(3, 3 / 4),
    _regular(10, 1 / 4, inner=0.45),
    _regular(3, 1 / 2),
    _regular(3, 0),
)
"""Shapes within a circle of radius one, y upwards."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a series looks: a colour by its name, a dash, and a marker, if any."""

    colour: str
    dash: tuple[float, ...] = ()
    marker: int | None = None


QUIET = Style("quiet", DASHES[2])


def style(place: int) -> Style:
    """The style of the n-th series; nine have nothing in common, later ones mix them anew."""
    mixed = place + place // SERIES
    marker = mixed % len(MARKERS)
    return Style(f"s{place % SERIES}", DASHES[mixed % len(DASHES)], marker)


def limit_style(place: int) -> Style:
    """The style of the n-th ceiling."""
    return Style("limit", DASHES[place % len(DASHES)])


def step_style(step: int) -> Style:
    """The style of one of the steps from low to high."""
    return Style(f"q{step}", marker=0)


def styles_of(names: Iterable[str], known: Mapping[str, Style]) -> dict[str, Style]:
    """Known names as they look everywhere, any others in styles that are left."""
    wanted = list(dict.fromkeys(names))
    taken = {known[name] for name in wanted if name in known}
    places = range(len(wanted) + len(taken) + 1)
    free = (found for found in map(style, places) if found not in taken)
    return {name: known[name] if name in known else next(free) for name in wanted}
