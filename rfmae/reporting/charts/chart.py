"""What a chart shows, without a word about how it is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import MaxNLocator

from rfmae.records import BoolArray, FloatArray
from rfmae.reporting.palette import Style

Point = tuple[float, float]
Values = Sequence[float] | FloatArray
Tick = tuple[float, str]

_STEPS = (1, 2, 2.5, 5, 10)
_WHOLE_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Axis:
    """A range with its title; ticks where round numbers would not do."""

    title: str
    low: float
    high: float
    ticks: tuple[Tick, ...] | None = None
    unit: str = ""  # after the highest number
    is_log: bool = False
    is_whole: bool = False  # steps of whole numbers

    def marks(self, most: int) -> list[Tick]:
        """The ticks, or about so many round numbers."""
        if self.ticks is not None:
            step = -(-len(self.ticks) // max(most, 1)) if not self.is_log else 1
            return list(self.ticks[::step])
        steps = _WHOLE_STEPS if self.is_whole else _STEPS
        found = rounded(self.low, self.high, most, steps)
        labels = [signed(value) for value in found]
        if self.unit and labels:
            labels[-1] += f"\u00a0{self.unit}"
        return list(zip(found, labels, strict=True))

    def share(self, value: float) -> float:
        """The place of a value: 0 at the lower end, 1 at the upper one."""
        low, high = (self.low, self.high) if not self.is_log else np.log((self.low, self.high))
        at = float(np.log(value)) if self.is_log else value
        return (at - float(low)) / (float(high - low) or 1.0)


@dataclass(frozen=True, slots=True)
class Series:
    """One line; points that are NaN are left out."""

    name: str  # nothing where it is not named
    x: Values
    y: Values
    style: Style
    bounds: FloatArray | None = None  # (K, 2) 95 %
    has_bars: bool = False  # bounds as bars, not as a band
    dots: Literal["all", "last", "none", "alone"] = "all"  # alone: without the line
    weight: Literal["thin", "normal", "strong"] = "normal"
    ring: int | None = None  # the point that is ringed


@dataclass(frozen=True, slots=True)
class Area:
    """What lies between two levels."""

    name: str
    x: Values
    low: Values
    high: Values
    colour: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A straight dashed line, named at its start."""

    start: Point
    end: Point
    label: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A word at a place."""

    at: Point
    text: str
    colour: str = "quiet"
    is_bold: bool = False
    is_centred: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """An upright arrow between two levels, with what lies between them in words."""

    x: float
    low: float
    high: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A field with axes and what stands in it."""

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...] = ()
    areas: tuple[Area, ...] = ()
    guides: tuple[Guide, ...] = ()
    notes: tuple[Note, ...] = ()
    differences: tuple[Difference, ...] = ()
    about: str = ""  # for those who cannot see it
    shape: Literal["wide", "panel", "square", "map"] = "panel"  # a map has no axes


@dataclass(frozen=True, slots=True)
class Panels:
    """Charts that belong together, with one legend."""

    title: str
    charts: tuple[Chart, ...]


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Shares in % of a matrix of true (down) against predicted classes.

    There is a row for each class that has examples and a column for each that can be answered.
    """

    title: str
    names: tuple[str, ...]  # (R,) true classes
    named: tuple[str, ...]  # (M,) predicted ones
    shares: FloatArray  # (R, M)
    interval: FloatArray  # (R, M, 2) 95 % Wilson
    examples: FloatArray  # (R,) of each true class

    @property
    def is_right(self) -> BoolArray:
        """Where the predicted class is the true one, (R, M)."""
        return np.array(self.names)[:, None] == np.array(self.named)


def rounded(low: float, high: float, most: int, steps: Sequence[float] = _STEPS) -> list[float]:
    """Round numbers from `low` to `high`, about so many, spaced by a step or its decimal powers."""
    found = MaxNLocator(nbins=max(most, 1), steps=list(steps)).tick_values(low, high)
    slack = 1e-9 * (high - low)
    return [float(tick) for tick in found if low - slack <= tick <= high + slack]


def signed(value: float) -> str:
    """A number in print, with a true minus sign."""
    return f"{value:g}".replace("-", "−")


def percent_axis(title: str) -> Axis:
    """From 0 to 100 %."""
    return Axis(title, 0.0, 100.0, unit="%")


def range_of(series: Sequence[Series]) -> Point:
    """A little more than all values and bounds."""
    held = [values for one in series for values in (one.y, one.bounds) if values is not None]
    all_values = np.concatenate([np.zeros(0), *(np.ravel(np.asarray(one, float)) for one in held)])
    known = all_values[np.isfinite(all_values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    slack = 0.05 * ((high - low) or 1.0)
    return low - slack, high + slack


def snr_range(snr_db: Sequence[float]) -> Point:
    """From the first to the last point in dB; ±1 dB around a single one."""
    low, high = min(snr_db), max(snr_db)
    return (low, high) if high > low else (low - 1, high + 1)


def as_level(snr_db: Sequence[float], values: npt.ArrayLike) -> tuple[Values, FloatArray]:
    """Points in dB and values (S,) of a line or an area; a single one is drawn across the range."""
    found = np.asarray(values, float)
    if len(snr_db) > 1:
        return snr_db, found
    return snr_range(snr_db), np.repeat(found, 2)
