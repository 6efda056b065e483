"""A constellation as text: braille dots for a terminal, whose cells are twice as high as wide."""

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, IntArray

_DOTS_ACROSS, _DOTS_DOWN = 2, 4  # of one braille character
_BRAILLE = 0x2800
_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])  # Unicode, ch. 21.1
_SMALLEST_WIDTH, _SMALLEST_HEIGHT = 9, 5
_HELD = 0.99  # share of the samples inside the edges
_FAINT = 0.15  # of the densest dots: dots with fewer samples stay dark where many are lit


def constellation_sketch(iq: ComplexArray, width: int = 40, height: int = 20) -> list[str]:
    """Lines of text that show the samples of `iq`, any shape: I across, Q up, in equal units.

    A dot marks samples, or where there are many, dense regions. The edges hold 99 % of the
    samples, and the first line prints their amplitude. `width` and `height` count characters;
    of an odd number one is unused: there is a middle row and one line for the letter.
    """
    if width < _SMALLEST_WIDTH or height < _SMALLEST_HEIGHT:
        raise ShapeError(
            f"a sketch needs at least {_SMALLEST_WIDTH} by {_SMALLEST_HEIGHT} characters, "
            f"got {width} by {height}"
        )
    columns, rows = _odd_below(width), _odd_below(height)
    points = np.asarray(iq, np.complex128).ravel()  # the ratio of two may be beyond single
    points = points[np.isfinite(points)]
    reach = np.maximum(np.abs(points.real), np.abs(points.imag))
    edge = float(np.quantile(reach, _HELD)) if points.size else 0.0
    edge = 1.05 * edge if edge > 0 else 1.0
    cells = braille(_lit(_counts(points, edge, columns, rows)))
    axis_column, axis_row = columns // 2, rows // 2
    lines = ["".join(row) for row in _with_axes(cells, axis_column, axis_row)]
    lines[axis_row] += "I"
    scale = f"edge ±{edge:.3g}"
    head = "Q".rjust(axis_column + 1)
    return [head + scale.rjust(columns + 1 - len(head)) if _fits(head, scale, columns) else head,
            *lines]  # fmt: skip


def _odd_below(cells: int) -> int:
    """An odd number leaves a middle cell for the axis and one place for its letter."""
    return cells - 1 if cells % 2 == 0 else cells - 2


def _fits(head: str, scale: str, columns: int) -> bool:
    return len(head) + 1 + len(scale) <= columns + 1


def _counts(points: npt.NDArray[np.complex128], edge: float, columns: int, rows: int) -> IntArray:
    """Samples on each dot, (4·rows, 2·columns), the first row on top; dots are square."""
    across, down = _DOTS_ACROSS * columns, _DOTS_DOWN * rows
    pitch = 2 * edge / min(across, down)
    column = np.floor(points.real / pitch + across / 2)
    row = np.floor(down / 2 - points.imag / pitch)
    inside = (column >= 0) & (column < across) & (row >= 0) & (row < down)
    counts = np.zeros((down, across), int)
    np.add.at(counts, (row[inside].astype(int), column[inside].astype(int)), 1)
    return counts


def _lit(counts: IntArray) -> IntArray:
    """Lit dots: all with samples, or where there are many, those with more than a few."""
    held = counts[counts > 0]
    least = _FAINT * float(np.quantile(held, 0.98)) if held.size else 1.0
    return (counts >= max(least, 1.0)).astype(int)


def braille(lit: IntArray) -> list[list[str]]:
    """Dots to characters, eight in each; a cell without dots is a space."""
    down, across = lit.shape
    blocks = lit.reshape(down // _DOTS_DOWN, _DOTS_DOWN, across // _DOTS_ACROSS, _DOTS_ACROSS)
    codes = np.einsum("rdca,da->rc", blocks, _BITS)
    return [[chr(_BRAILLE + code) if code else " " for code in row] for row in codes.tolist()]


def _with_axes(cells: list[list[str]], axis_column: int, axis_row: int) -> list[list[str]]:
    """Lines along the axes wherever there is no sample."""
    for row, line in enumerate(cells):
        for column, cell in enumerate(line):
            if cell == " " and (row == axis_row or column == axis_column):
                line[column] = _axis(row == axis_row, column == axis_column)
    return cells


def _axis(across: bool, up: bool) -> str:
    if across and up:
        return "┼"
    return "─" if across else "│"
