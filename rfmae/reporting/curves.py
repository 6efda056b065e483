"""Figure of a training run: every quantity over the steps, training a line, validation dots."""

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from rfmae.errors import ArtefactError
from rfmae.reporting.curve_measures import Quantity, ends, thinned
from rfmae.reporting.palette import LIGHT

_TRAINING, _VALIDATION, _BEST = (LIGHT[name] for name in ("s0", "s1", "s2"))
_MOST_POINTS, _MOST_BELOW = 400, 150  # of a line; more are thinned to a running median
_FEW_DECADES = 1e3
_COLUMNS = 3
_PANEL_INCHES = (3.3, 2.1)
_FIRST_INCHES = 3.4


def curves_figure(quantities: Sequence[Quantity], title: str, *, best_step: int = 0) -> Figure:
    """The first quantity large on top, a panel for each of the others below.

    Training is a line: of many values their running median, and the band of the middle 80 % of
    them. Validation is dots. An axis is logarithmic where the values are positive and span more
    than a decade. `best_step` is the step of the best checkpoint, zero where there is none.
    """
    shown = [quantity for quantity in quantities if quantity.training or quantity.validation]
    if not shown:
        raise ArtefactError("there is nothing to draw: the run has no metrics yet; wait a moment")
    below = len(shown) - 1
    rows = math.ceil(below / _COLUMNS)
    wide, high = _PANEL_INCHES
    size = (wide * _COLUMNS, _FIRST_INCHES + high * rows + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    ratios = [_FIRST_INCHES, *[high] * rows]
    grid = figure.add_gridspec(1 + rows, _COLUMNS, height_ratios=ratios)
    places = [divmod(place, _COLUMNS) for place in range(below)]
    cells = [grid[0, :], *(grid[1 + row, column] for row, column in places)]
    for place, (cell, quantity) in enumerate(zip(cells, shown, strict=True)):
        most = _MOST_BELOW if place else _MOST_POINTS
        _panel(figure.add_subplot(cell), quantity, best_step, most)
    figure.axes[0].legend(frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=12, fontweight="bold")
    return figure


def _panel(axes: Axes, quantity: Quantity, best_step: int, most: int) -> None:
    """One quantity, with the step of the best checkpoint."""
    if best_step:
        axes.axvline(best_step, color=_BEST, lw=1, ls="--", label=f"best: step {best_step:,}")
    _training(axes, quantity, most)
    _validation(axes, quantity, best_step)
    if quantity.on_log_scale:
        _logarithmic(axes)
    axes.set_title(quantity.in_words, fontsize=10)
    _step_axis(axes, quantity)


def _training(axes: Axes, quantity: Quantity, most: int) -> None:
    if not quantity.training:
        return
    band = thinned(quantity.training, most)
    thin = len(quantity.training) > most
    if thin:
        axes.fill_between(band.steps, band.low, band.high, color=_TRAINING, alpha=0.18, lw=0)
    alone = "o-" if len(band.steps) == 1 else "-"
    name = "training, running median" if thin else "training"
    axes.plot(band.steps, band.middle, alone, ms=3.5, lw=1.3, color=_TRAINING, label=name)


def _validation(axes: Axes, quantity: Quantity, best_step: int) -> None:
    curve = quantity.validation
    if not curve:
        return
    axes.plot(curve.steps, curve.values, "o", ms=4, color=_VALIDATION, label="validation")
    best = curve.steps == best_step
    axes.plot(curve.steps[best], curve.values[best], "o", ms=9, mfc="none", mec=_BEST, mew=1.5)


def _logarithmic(axes: Axes) -> None:
    """Plain numbers along the axis, a few in each decade where there are few decades."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    few = high < _FEW_DECADES * low
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _step_axis(axes: Axes, quantity: Quantity) -> None:
    first, last = ends([quantity.training, quantity.validation])
    margin = max(0.02 * (last - first), 0.5)
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_xlabel("step", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
