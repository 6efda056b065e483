"""Figures of confusion: one matrix large with its numbers, and one for each SNR point."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from rfmae.records import BoolArray, FloatArray
from rfmae.reporting.charts.chart import HeatMap
from rfmae.reporting.palette import LIGHT

FEW = 100
"""Examples of a true class up to which its cells are shown with their interval."""

_MOST_COLUMNS = 7
_LEAST_SHARE = 0.5  # % that is written
_SHADES = (25, 50, 100)  # % in the legend
_CELL_INCHES, _SMALL_CELL_INCHES = 0.55, 0.115
_LEAST_INCHES = 1.1  # so that the words below have room


def confusion_figure(found: HeatMap) -> Figure:
    """Shares of a true class in %; below each its 95 % interval where the class has few."""
    wide, high = (_CELL_INCHES * len(names) for names in (found.named, found.names))
    figure = Figure(figsize=(max(wide, _LEAST_INCHES) + 2.0, high + 1.9), layout="constrained")
    axes = figure.subplots()
    _draw(axes, found)
    for row, column in np.ndindex(found.shares.shape):
        _write(axes, found, row, column)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(found.title, fontsize=10)
    few = f"; below: 95 % interval of classes of at most {FEW} examples"
    note = f"% of the true class{few if (found.examples <= FEW).any() else ''}"
    figure.supxlabel(note, fontsize=8, color="0.35")
    return figure


def confusion_per_snr_figure(maps: Sequence[HeatMap], title: str) -> Figure:
    """One matrix for each SNR point side by side, classes named at the left and below."""
    columns = min(_MOST_COLUMNS, len(maps))
    rows = -(-len(maps) // columns)
    side = max(1.35, _SMALL_CELL_INCHES * len(maps[0].named))
    size = (side * columns + 1.0, (side + 0.25) * rows + 1.3)
    figure = Figure(figsize=size)
    grid = figure.subplots(rows, columns, squeeze=False)
    # squares of one size need no constrained layout, which takes seconds
    figure.subplots_adjust(left=0.8 / size[0], right=1 - 0.1 / size[0], bottom=0.85 / size[1],
                           top=1 - 0.5 / size[1], wspace=0.06, hspace=0.22)  # fmt: skip
    for place, axes in enumerate(grid.ravel()):
        if place >= len(maps):
            axes.set_axis_off()
            continue
        _draw(axes, maps[place], fontsize=5.0)
        axes.set_title(maps[place].title, fontsize=8, pad=3)
        axes.tick_params(length=1.5, pad=1.5, labelleft=place % columns == 0,
                         labelbottom=place + columns >= len(maps))  # fmt: skip
    figure.suptitle(title, fontsize=9)
    _legend(figure)
    return figure


def _draw(axes: Axes, found: HeatMap, fontsize: float = 8.0) -> None:
    axes.imshow(_colours(found.shares, found.is_right), interpolation="nearest")
    names, named = list(found.names), list(found.named)
    turn = {"rotation": 45, "ha": "right"} if fontsize > 6 else {"rotation": 90}
    axes.set_xticks(range(len(named)), named, fontsize=fontsize, **turn)
    axes.set_yticks(range(len(names)), names, fontsize=fontsize)


def _colours(shares: FloatArray, is_right: BoolArray) -> FloatArray:
    """Blue where the class is right, orange elsewhere, both from white, (R, M, 3)."""
    full = np.where(is_right[..., None], to_rgb(LIGHT["right"]), to_rgb(LIGHT["wrong"]))
    depth = (shares / 100)[..., None]
    return 1 - (0.04 + 0.96 * depth) * (1 - full)


def _write(axes: Axes, found: HeatMap, row: int, column: int) -> None:
    share = found.shares[row, column]
    if share < _LEAST_SHARE:
        return
    is_few = found.examples[row] <= FEW
    axes.text(column, row - (0.12 if is_few else 0), f"{share:.0f}", ha="center", va="center",
              fontsize=8)  # fmt: skip
    if is_few:
        low, high = found.interval[row, column]
        axes.text(column, row + 0.25, f"{low:.0f}–{high:.0f}", ha="center", va="center",
                  fontsize=5.5, color="0.25")  # fmt: skip


def _legend(figure: Figure) -> None:
    patches = {}
    for word, place in (("correct", 0), ("confused", 1)):
        for share in _SHADES:
            shades = _colours(np.full((2, 2), float(share)), np.eye(2, dtype=bool))
            patches[f"{share} % {word}"] = Patch(facecolor=shades[0, place])
    figure.legend([*patches.values()], [*patches], loc="lower center", ncols=len(patches),
                  fontsize=7, frameon=False, handlelength=1.2, columnspacing=1.2)  # fmt: skip
