"""Figures of calibration, selective classification, losses, robustness and feature maps."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rfmae.records import (
    Assessment,
    EmbeddingMap,
    Gap,
    RobustnessGrid,
    SnrReport,
    wilson_interval,
)
from rfmae.reporting.figures import snr_axis
from rfmae.reporting.levels import as_level, gap_levels, snr_range
from rfmae.reporting.page.charts import shown_order
from rfmae.reporting.page.confidence_charts import FIRST_COVERAGE
from rfmae.reporting.palette import SERIES

_PANEL_INCHES = 3.1
_MOST_COLUMNS = 3
_LOSSES = ("#0b62a4", "#e39a6b", "#b9a3cf", "#e3e4e6")
_MARKERS = "osD^vPX*"


def reliability_figure(assessments: Mapping[str, Assessment]) -> Figure:
    """Accuracy against confidence, a panel a model: bins of equal mass, Wilson intervals."""
    figure, grid = _panels(len(assessments), square=True)
    for axes, (name, item), colour in zip(grid, assessments.items(), cycle(SERIES), strict=False):
        bins = item.calibration
        away = np.abs(bins.bin_interval.T - bins.bin_accuracy)
        axes.plot([0, 1], [0, 1], color="0.6", lw=0.8, ls="--")
        axes.errorbar(bins.bin_confidence, bins.bin_accuracy, away, fmt="o-", ms=3, lw=1,
                      color=colour)  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy", aspect="equal")
        axes.set_title(f"{name}\nECE {100 * bins.ece:.1f} %", fontsize=9)
    return figure


def risk_figure(assessments: Mapping[str, Assessment]) -> Figure:
    """Share of wrong answers against share of examples answered, the most confident first."""
    figure = Figure(figsize=(6.6, 4), layout="constrained")
    axes = figure.subplots()
    for (name, item), colour in zip(assessments.items(), cycle(SERIES), strict=False):
        curve = item.selective
        kept = curve.coverage >= FIRST_COVERAGE
        axes.plot(curve.coverage[kept], curve.risk[kept], color=colour, label=name)
        axes.axhline(1 - curve.target_accuracy, color="0.6", lw=0.8, ls="--")
    axes.set(xlim=(0, 1), xlabel="share of the examples answered", ylabel="wrong among the answers")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
    _bare(axes)
    return figure


def gap_figure(accuracy: Mapping[str, SnrReport], gaps: Mapping[str, Gap]) -> Figure:
    """Shares of all examples at each SNR, a panel a model: correct, and the losses by cause."""
    figure, grid = _panels(len(gaps))
    for axes, (name, gap) in zip(grid, gaps.items(), strict=False):
        report = accuracy[name]
        right, seen, best = gap_levels(report, gap)
        shares = (right, seen - right, best - seen, 1 - best)
        labels = ("correct", "model loss", "image loss", "above the ceiling")
        drawn = [as_level(report.snr_db, share) for share in shares]
        axes.stackplot(drawn[0][0], *(share for _, share in drawn), colors=_LOSSES, labels=labels)
        axes.set(xlim=snr_range(report.snr_db), ylim=(0, 1))
        snr_axis(axes, report.snr_reference)
        axes.set_title(name, fontsize=9)
    handles = grid[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def robustness_figure(grids: tuple[RobustnessGrid, ...]) -> Figure:
    """Accuracy against the strength of each impairment, a panel a grid; values equally spaced."""
    names = list(dict.fromkeys(name for grid in grids for name in grid.hits))
    colours = dict(zip(names, cycle(SERIES), strict=False))
    figure, panels = _panels(len(grids))
    for axes, grid in zip(panels, grids, strict=False):
        order = shown_order(grid.values)
        places = np.arange(len(order))
        axes.axvline(order.index(0), color="0.6", lw=0.8, ls="--")
        for name, hits in grid.hits.items():
            share = (hits / np.maximum(grid.examples, 1))[order]
            bounds = wilson_interval(hits, grid.examples)[order]
            axes.fill_between(places, *bounds.T, color=colours[name], alpha=0.16, lw=0)
            axes.plot(places, share, "o-", ms=3, color=colours[name], label=name)
        axes.set_xticks(places, [f"{grid.values[v]:g}" for v in order], fontsize=6, rotation=45)
        axes.set(ylim=(0, 1), xlabel=grid.unit, ylabel="accuracy")
        axes.set_title(grid.what, fontsize=8, wrap=True)
        _bare(axes)
    handles = {name: handle for axes in panels for handle, name in
               zip(*axes.get_legend_handles_labels(), strict=True)}  # fmt: skip
    figure.legend([*handles.values()], [*handles], loc="outside lower center", ncols=4,
                  frameon=False, fontsize=8)  # fmt: skip
    return figure


def embedding_figure(found: EmbeddingMap) -> Figure:
    """A feature map, coloured by class and by SNR."""
    figure = Figure(figsize=(10.5, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for index, name in enumerate(found.classes):
        places = found.places[found.label == index]
        left.scatter(*places.T, s=7, lw=0, alpha=0.75, label=name, color=SERIES[index % 8],
                     marker=_MARKERS[index // 8 % 8])  # fmt: skip
    left.legend(fontsize=7, frameon=False, markerscale=2, loc="center left",
                bbox_to_anchor=(1, 0.5))  # fmt: skip
    dots = right.scatter(*found.places.T, c=found.snr_db, s=7, lw=0, alpha=0.85, cmap="cividis")
    figure.colorbar(dots, ax=right, fraction=0.045, pad=0.02, label="SNR in dB")
    for axes, title in ((left, "by class"), (right, "by SNR")):
        axes.set(xticks=[], yticks=[], aspect="equal", title=title)
    figure.suptitle(f"{found.method} of {len(found.label)} examples, {found.model}")
    return figure


def _panels(count: int, *, square: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels side by side; unused places stay empty."""
    columns = min(count, _MOST_COLUMNS)
    rows = -(-count // columns)
    height = _PANEL_INCHES * (1.12 if square else 0.9)
    size = (_PANEL_INCHES * max(columns, 2) + 0.4, height * rows + 0.5)
    figure = Figure(figsize=size, layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in grid[count:]:
        axes.set_axis_off()
    return figure, grid


def _bare(axes: Axes) -> None:
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
