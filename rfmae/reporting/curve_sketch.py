"""The curves of a training run as text: braille dots, or plain ASCII."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import FloatArray
from rfmae.reporting.curve_measures import Curve, Quantity, best_of, ends, thinned
from rfmae.reporting.sketch import braille as braille

Lit = npt.NDArray[np.bool_]

_NARROWEST = 40
_LABEL = 9  # characters of a number beside the axis, with a space after it
_TALL, _SMALL = 10, 4  # rows of the first chart and of those of the parts
_GAP = 2
_ACROSS = 3  # charts of parts side by side
_DOTS_ACROSS, _DOTS_DOWN = 2, 4  # of a braille character


def run_sketch(
    quantities: Sequence[Quantity], *, width: int = 80, plain: bool = False
) -> list[str]:
    """Lines of text: the first quantity large, the parts small, and a table of all.

    Training is a line, a running median where there are more values than dots; validation is
    `o`. An axis is logarithmic where the values are positive and span more than a decade.
    `plain` is ASCII only. Quantities without values are not drawn.
    """
    if width < _NARROWEST:
        raise ShapeError(f"curves need a width of at least {_NARROWEST} characters, got {width}")
    shown = [quantity for quantity in quantities if quantity.training or quantity.validation]
    if not shown:
        return []
    first, *others = shown
    parts = [quantity for quantity in others if quantity.is_judged]
    large = _chart(first, width, _TALL, plain, legend=True)
    lines = [*large, "", *_small_charts(parts, width, plain), *_table(shown, width)]
    return [line.rstrip() for line in lines]


# charts -------------------------------------------------------------------------------------


def _chart(
    quantity: Quantity, width: int, height: int, plain: bool, *, legend: bool = False
) -> list[str]:
    """One quantity over the steps: a title, the rows, the axis, the ends of the axis."""
    columns = width - _LABEL - 1
    edges = _edges(quantity, columns if plain else _DOTS_ACROSS * columns)
    cells = _cells(quantity, edges, columns, height, plain)
    labels = _labels(quantity, edges, height)
    wall, floor, corner = ("|", "-", "+") if plain else ("│", "─", "└")
    rows = [
        f"{label:>{_LABEL - 1}} {wall}{''.join(line)}"
        for label, line in zip(labels, cells, strict=True)
    ]
    axis = " " * _LABEL + corner + floor * columns
    return [_title(quantity, width, legend), *rows, axis, _step_ends(quantity, columns)]


def _title(quantity: Quantity, width: int, legend: bool) -> str:
    parts = [quantity.in_words]
    if legend and quantity.training:
        parts.append("training: line")
    if legend and quantity.validation:
        parts.append("validation: o")
    if quantity.on_log_scale:
        parts.append("logarithmic" if legend else "log")
    return (" " * (_LABEL + 1) * legend + ", ".join(parts))[:width]


def _edges(quantity: Quantity, most: int) -> tuple[float, float]:
    """The lowest and the highest value that is drawn, with a margin where they are equal."""
    line = thinned(quantity.training, most).middle
    values = np.concatenate([line, quantity.validation.values])
    low, high = float(values.min()), float(values.max())
    if high > low:
        return low, high
    margin = 0.5 * abs(low) or 0.5
    return low - margin, high + margin


def _labels(quantity: Quantity, edges: tuple[float, float], height: int) -> list[str]:
    """Numbers at the top, in the middle and at the bottom of the axis."""
    low, high = _scaled(quantity, np.array(edges))
    top_down = np.linspace(float(high), float(low), height)
    values = np.exp(top_down) if quantity.on_log_scale else top_down
    named = {0, height - 1} | ({height // 2} if height > _SMALL else set())
    return [_number(values[row]) if row in named else "" for row in range(height)]


def _step_ends(quantity: Quantity, columns: int) -> str:
    first, last = (f"{step:,}" for step in ends([quantity.training, quantity.validation]))
    named = f"step {last}"
    right = named if len(first) + 1 + len(named) <= columns else last
    return " " * (_LABEL + 1) + first.ljust(columns - len(right)) + right


def _cells(
    quantity: Quantity, edges: tuple[float, float], columns: int, height: int, plain: bool
) -> list[list[str]]:
    """Characters of the plane, (height, columns): the line of training, validation on top."""
    across, down = (1, 1) if plain else (_DOTS_ACROSS, _DOTS_DOWN)
    lit = _line(quantity, edges, across * columns, down * height)
    if plain:
        cells = [["*" if dot else " " for dot in row] for row in lit.tolist()]
    else:
        cells = braille(lit.astype(int))
    for column, row in zip(*_places(quantity, quantity.validation, edges, columns, height),
                           strict=True):  # fmt: skip
        cells[row][column] = "o"
    return cells


def _line(quantity: Quantity, edges: tuple[float, float], columns: int, rows: int) -> Lit:
    """Where the training curve passes, (rows, columns), without holes where it is steep."""
    lit = np.zeros((rows, columns), bool)
    if not quantity.training:
        return lit
    band = thinned(quantity.training, columns)
    place = _column(quantity, band.steps, columns)
    row = _row(quantity, band.middle, edges, rows)
    reached = np.arange(round(place[0]), round(place[-1]) + 1)
    height = np.rint(np.interp(reached, place, row)).astype(int)
    before = np.concatenate([height[:1], height[:-1]])
    for column, here, last in zip(reached, height, before, strict=True):
        # from the row beside that of the last column, so that steep parts are connected
        start = here if here == last else last + np.sign(here - last)
        lit[min(start, here) : max(start, here) + 1, column] = True
    return lit


def _places(
    quantity: Quantity, curve: Curve, edges: tuple[float, float], columns: int, rows: int
) -> tuple[list[int], list[int]]:
    """Columns and rows of the points of a curve."""
    column = np.rint(_column(quantity, curve.steps.astype(float), columns)).astype(int)
    row = np.rint(_row(quantity, curve.values, edges, rows)).astype(int)
    return column.tolist(), row.tolist()


def _column(quantity: Quantity, steps: FloatArray, columns: int) -> FloatArray:
    """Columns, fractions too, of steps: the first step on the left, the last on the right."""
    first, last = ends([quantity.training, quantity.validation])
    return (columns - 1) * (steps - first) / max(last - first, 1)


def _row(
    quantity: Quantity, values: FloatArray, edges: tuple[float, float], rows: int
) -> FloatArray:
    """Rows, fractions too, of values: the highest on top."""
    low, high = _scaled(quantity, np.array(edges))
    return (rows - 1) * (high - _scaled(quantity, values)) / (high - low)


def _scaled(quantity: Quantity, values: FloatArray) -> FloatArray:
    return np.log(values) if quantity.on_log_scale else values


def _small_charts(parts: Sequence[Quantity], width: int, plain: bool) -> list[str]:
    """Charts of the parts side by side, as many in a row as fit."""
    across = min(_ACROSS, width // (_LABEL + 17))
    each = (width - _GAP * (across - 1)) // across
    lines: list[str] = []
    for start in range(0, len(parts), across):
        charts = [_chart(part, each, _SMALL, plain) for part in parts[start : start + across]]
        lines += [_side_by_side(pieces, each) for pieces in zip(*charts, strict=True)]
        lines.append("")
    return lines


def _side_by_side(pieces: Sequence[str], each: int) -> str:
    return (" " * _GAP).join(piece.ljust(each) for piece in pieces)


# table --------------------------------------------------------------------------------------


def _table(quantities: Sequence[Quantity], width: int) -> list[str]:
    """First, last and best value of every curve, each with its step."""
    rows = [
        (name, *_cells_of(curve, quantity))
        for quantity in quantities
        for name, curve in (
            (quantity.in_words, quantity.training),
            ("  on validation", quantity.validation),
        )
        if curve or name == quantity.in_words
    ]
    heads = ("", "first", "step", "last", "step", "best", "step")
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    left = width - sum(widths[1:]) - 2 * len(widths[1:])
    widths[0] = min(widths[0], max(left, 10))
    return [_table_line(row, widths) for row in (heads, *rows)]


def _table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, *numbers = cells
    line = "  ".join(f"{cell:>{wide}}" for cell, wide in zip(numbers, widths[1:], strict=True))
    return f"{name[: widths[0]]:<{widths[0]}}  {line}"


def _cells_of(curve: Curve, quantity: Quantity) -> tuple[str, ...]:
    if not curve:
        return ("",) * 6
    shown = [0, len(curve) - 1]
    if quantity.better != "neither":
        shown.append(best_of(curve, quantity.better))
    cells = [(_number(float(curve.values[i])), f"{curve.steps[i]:,}") for i in shown]
    cells += [("", "")] * (3 - len(cells))
    return tuple(cell for pair in cells for cell in pair)


def _number(value: float) -> str:
    """At most eight characters of a number: -1.2e-05, 0.06123, 12,345."""
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        return f"{value:.2g}"
    return f"{value:,.0f}" if size >= 1e3 else f"{value:.4g}"
