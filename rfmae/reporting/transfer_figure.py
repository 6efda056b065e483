"""The figure of a transfer: a field for each data set (down) and model (across)."""

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rfmae.records import Transfer, TransferCell
from rfmae.reporting.palette import LIGHT

MOST_DEPTH = 0.62
"""Of the full colour, so that dark print on it can be read."""

_CELL_INCHES = (1.5, 0.72)
_LETTER_INCHES = 0.085
_PLACES = {1: (0.0,), 2: (-0.13, 0.17), 3: (-0.24, 0.06, 0.3)}  # of lines in a field


def transfer_figure(found: Transfer) -> Figure:
    """Accuracy in % with its interval, and below it the difference from home in points."""
    rows, columns = len(found.data), len(found.models)
    wide, high = _CELL_INCHES
    names = _LETTER_INCHES * max(map(len, found.data))
    size = (max(wide * columns + names + 0.5, 4.2), high * rows + 1.5)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    for row, data in enumerate(found.data):
        for column, cell in enumerate(found.of(data)):
            _draw(axes, cell, column, row)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xticks(range(columns), list(found.models), fontsize=9)
    axes.set_yticks(range(rows), list(found.data), fontsize=9)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title("accuracy in % on common classes, 95 % Wilson interval", fontsize=9, pad=12)
    figure.supxlabel("below: points against home (95 %); framed: home", fontsize=8, color="0.35")
    return figure


def _draw(axes: Axes, cell: TransferCell, column: int, row: int) -> None:
    edge = "0.1" if cell.is_home else "none"
    place = (column - 0.47, row - 0.46)
    axes.add_patch(
        Rectangle(place, 0.94, 0.92, facecolor=_colour(cell), edgecolor=edge, linewidth=1.6)
    )
    lines = texts_of(cell)
    for number, (words, below) in enumerate(zip(lines, _PLACES[len(lines)], strict=True)):
        size, colour = (7.5, "0.2") if number else (11, "0.05")
        axes.text(column, row + below, words, ha="center", va="center", fontsize=size, color=colour)


def texts_of(cell: TransferCell) -> tuple[str, ...]:
    """What stands in a field: accuracy, its interval, and the difference from home."""
    share = cell.accuracy
    if share is None:
        return ("–",)
    lines = [f"{100 * share.value:.1f}", f"{100 * share.low:.1f}–{100 * share.high:.1f}"]
    if cell.drop is not None:
        low, value, high = (
            0 - 100 * share for share in (cell.drop.high, cell.drop.value, cell.drop.low)
        )
        lines.append(f"{value:+.1f} ({low:+.1f} to {high:+.1f})".replace("-", "−"))
    return tuple(lines)


def _colour(cell: TransferCell) -> tuple[float, ...]:
    if cell.accuracy is None:
        return (0.93, 0.93, 0.93)
    depth = 0.06 + (MOST_DEPTH - 0.06) * cell.accuracy.value
    return tuple(1 - depth * (1 - part) for part in to_rgb(LIGHT["right"]))
