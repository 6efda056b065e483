"""Figures of accuracy against SNR with the ceilings, and of confusion."""

from collections.abc import Mapping
from itertools import cycle
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rfmae.records import Ceiling, SnrReport
from rfmae.reporting.levels import as_level
from rfmae.reporting.palette import SERIES
from rfmae.reporting.tables import NO_CEILINGS
from rfmae.units import SNR_REFERENCE_NAMES, SnrReference

_DPI = 140
_CEILING_DASHES = ("-", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)), (0, (1, 1)))


def accuracy_figure(
    reports: Mapping[str, SnrReport], ceilings: Mapping[str, Ceiling] = NO_CEILINGS
) -> Figure:
    """Accuracy against SNR with 95 % Wilson intervals, one line a model, and the chance level.

    The region above the first ceiling is shaded.
    """
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    _draw_ceilings(axes, ceilings)
    for (name, report), colour in zip(reports.items(), cycle(SERIES), strict=False):
        interval = report.interval_per_snr
        axes.fill_between(report.snr_db, interval[:, 0], interval[:, 1], color=colour, alpha=0.18)
        axes.plot(report.snr_db, report.accuracy_per_snr, "o-", ms=3.5, color=colour, label=name)
    first = next(iter(reports.values()))
    _chance(axes, len(first.classes), first.snr_db[0])
    snr_axis(axes, first.snr_reference)
    axes.set_ylabel("accuracy")
    axes.set_title(f"Accuracy on {first.examples} test examples, 95 % Wilson intervals")
    axes.legend(frameon=False, fontsize=8)
    return figure


def draw_ceilings(ceilings: Mapping[str, Ceiling], title: str, path: Path) -> None:
    """Bayes accuracy against SNR, one line a ceiling, and the chance level."""
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    axes = figure.subplots()
    first = next(iter(ceilings.values()))
    _draw_ceilings(axes, ceilings)
    _chance(axes, len(first.classes), first.snr_db[0])
    snr_axis(axes, first.snr_reference)
    axes.set_ylabel("Bayes accuracy")
    axes.set_title(title, fontsize=11)
    axes.legend(fontsize=8, loc="lower right", edgecolor="none")
    figure.savefig(path, dpi=_DPI)


def _draw_ceilings(axes: Axes, ceilings: Mapping[str, Ceiling]) -> None:
    for place, (name, ceiling) in enumerate(ceilings.items()):
        snr_db, limit = as_level(ceiling.snr_db, ceiling.accuracy)
        if place == 0:
            axes.fill_between(snr_db, limit, 1.02, color="0.9", lw=0)
        bound = "ceiling" if ceiling.is_bound else "ceiling lower bound"
        axes.plot(
            snr_db,
            limit,
            color="0.25",
            lw=1.2,
            ls=_CEILING_DASHES[place % len(_CEILING_DASHES)],
            label=f"{bound}: {name}",
        )
    axes.set_ylim(0, 1.02)


def _chance(axes: Axes, classes: int, snr_db: float) -> None:
    chance = 1 / classes
    axes.axhline(chance, color="0.5", lw=0.8, ls="--")
    axes.annotate("chance", (snr_db, chance), xytext=(2, 3), textcoords="offset points",
                  fontsize=8, color="0.4")  # fmt: skip


def confusion_figure(report: SnrReport, title: str) -> Figure:
    """Confusion over all SNR points; each row is a true class and sums to 100 %."""
    counts = report.confusion
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.0 + 0.5 * len(report.classes)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        if share >= 0.5:
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=8,
                      color="white" if share > 55 else "black")  # fmt: skip
    names = list(report.classes)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    axes.set_title(title, fontsize=10)
    figure.colorbar(image, ax=axes, fraction=0.045, pad=0.03, label="% of the true class")
    return figure


def confusion_per_snr_figure(report: SnrReport, title: str) -> Figure:
    """Confusion at every SNR point, side by side; rows are true classes."""
    points = len(report.snr_db)
    columns = min(7, points)
    rows = -(-points // columns)
    figure = Figure(figsize=(1.45 * columns + 1, 1.6 * rows + 0.6))
    grid = figure.subplots(rows, columns, squeeze=False)
    # squares of one size need no constrained layout, which takes seconds
    figure.subplots_adjust(left=0.01, right=0.92, bottom=0.02, top=1 - 0.5 / figure.get_figheight())
    for axes in grid.ravel():
        axes.set_axis_off()
    for axes, counts, snr_db in zip(grid.ravel(), report.counts, report.snr_db, strict=False):
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        axes.set_title(f"{snr_db:g} dB", fontsize=8)
    figure.colorbar(image, ax=grid, fraction=0.02, pad=0.01, label="% of the true class")
    figure.suptitle(f"{title}: {', '.join(report.classes)}", fontsize=8)
    return figure


def snr_axis(axes: Axes, reference: SnrReference) -> None:
    """SNR across, with what it refers to."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(f"{SNR_REFERENCE_NAMES[reference]} in dB")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
