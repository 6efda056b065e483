"""A table as a record: columns with a unit and a format, cells that stay numbers."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import Share

MINUS, NOTHING = "−", "–"


class Ranged(NamedTuple):
    """A number with its 95 % interval; bounds that are NaN are not printed."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, share: Share) -> Self:
        """A share with its bounds."""
        return cls(share.value, share.low, share.high)


Cell = float | int | str | Ranged | None
"""A number, a text such as `all`, or nothing."""


@dataclass(frozen=True, slots=True)
class Format:
    """How the numbers of a column are written.

    In a file a number has the digits of `file`, or as many as bring it back as it was.
    """

    spec: str = "g"  # a format specification, for print
    scale: float = 1.0  # 100 for shares that are read in %
    file: str = ""
    mark: str = ""  # before the number
    mark_after: str = ""
    interval: Literal["range", "to", "half"] = "range"  # (a–b), (a to b) or ± half
    least: float = 0.0  # what is smaller is printed as such
    missing: str = NOTHING
    is_number: bool = True


TEXT = Format(is_number=False)
SNR = Format("g")
COUNT = Format(",")
PERCENT = Format(".1f", scale=100)
BOUND = Format(".1f", scale=100, mark="≥ ")
POINTS = Format("+.2f", scale=100, interval="to")
PROBABILITY = Format(".3f", least=0.001)
SIX = Format(".6f", file=".6f")


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column and the format of its cells."""

    name: str
    form: Format = TEXT
    unit: str = ""

    @property
    def head(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows; the last row may be that of all."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    has_total: bool = False

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ShapeError(f"a row must have {len(self.columns)} cells, got {len(row)}")

    @classmethod
    def of(
        cls,
        columns: Iterable[Column],
        rows: Iterable[Sequence[Cell]],
        *,
        has_total: bool = False,
    ) -> Self:
        """A table of any rows."""
        return cls(tuple(columns), tuple(map(tuple, rows)), has_total)

    @property
    def heads(self) -> list[str]:
        return [column.head for column in self.columns]

    def in_print(self) -> tuple[list[str], list[list[str]]]:
        """Heads and rows as text, as a terminal and the page show them."""
        forms = [column.form for column in self.columns]
        rows = [
            [printed(cell, form) for cell, form in zip(row, forms, strict=True)]
            for row in self.rows
        ]
        return self.heads, rows

    def of_column(self, head: str) -> list[Cell]:
        """The cells below a head."""
        place = self.heads.index(head)
        return [row[place] for row in self.rows]

    def with_column(self, column: Column, cells: Iterable[Cell], place: int) -> Self:
        """The same with one more column before a place."""
        columns = (*self.columns[:place], column, *self.columns[place:])
        rows = (
            (*row[:place], cell, *row[place:]) for row, cell in zip(self.rows, cells, strict=True)
        )
        return type(self)(columns, tuple(rows), self.has_total)


Getter = Callable[..., Cell]


def tabulated(items: Iterable[Sequence[Any]], columns: Mapping[Column, Getter]) -> Table:
    """A row for each item; what an item is made of are the arguments of every column's getter."""
    return Table.of(columns, (tuple(find(*item) for find in columns.values()) for item in items))


def files_columns(names: Iterable[str], form: Format = TEXT) -> list[Column]:
    """Columns of a file, all of one format."""
    return [Column(name, form) for name in names]


def printed(cell: Cell, form: Format) -> str:
    """A cell in print, with true minus signs."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Ranged):
        return _with_interval(cell, form)
    if cell is None or not math.isfinite(cell):
        return form.missing
    if form.least and cell < form.least:
        return f"< {form.least:g}"
    return f"{form.mark}{_number(cell, form.spec, form.scale)}{form.mark_after}"


def filed(cell: Cell, form: Format) -> str:
    """A cell of a file: a plain number, empty where there is none."""
    if isinstance(cell, str):
        return cell
    value = cell.value if isinstance(cell, Ranged) else cell
    if value is None or not math.isfinite(value):
        return ""
    if isinstance(value, (int, np.integer)) and form.scale == 1:
        return format(int(value), form.file)
    scaled = form.scale * float(value)
    if not form.file and form.spec == "g":
        return f"{scaled:g}"  # of a grid, such as an SNR
    return format(scaled, form.file) if form.file else repr(scaled)


def _with_interval(cell: Ranged, form: Format) -> str:
    if not math.isfinite(cell.value):
        return form.missing
    value, low, high = (_number(number, form.spec, form.scale) for number in cell)
    if not math.isfinite(cell.high):
        return value
    if form.interval == "half":
        spec = form.spec.removeprefix("+")
        return f"{value} ± {_number(cell.high - cell.value, spec, form.scale)}"
    return f"{value} ({low}–{high})" if form.interval == "range" else f"{value} ({low} to {high})"


def _number(value: float, spec: str, scale: float = 1.0) -> str:
    text = format(scale * value if scale != 1 else value, spec)
    return MINUS + text[1:] if text.startswith("-") else text
