"""The gain by pre-training in one figure: accuracy against labels, and at every SNR."""

from collections.abc import Mapping

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from rfmae.records import Ceiling, wilson_interval
from rfmae.records.label_curve import LabelCurve, LabelDifference
from rfmae.reporting.figures import snr_axis
from rfmae.reporting.levels import as_level
from rfmae.reporting.palette import SERIES

_STYLES = {
    "probe": ("pre-trained, with a linear probe", SERIES[0], "o-"),
    "finetune": ("pre-trained, fine-tuned", SERIES[2], "s--"),
    "scratch": ("the same network from scratch", SERIES[1], "^-"),
}
"""Name, colour and line of the methods that are drawn."""

_SEQUENCE = "sequence"
_CEILING = "0.25"
_DASHES = ("-", (0, (6, 2)), (0, (2, 2)))  # of the ceiling of the signal, and of its images


def overview_figure(
    curve: LabelCurve, difference: LabelDifference, ceilings: Mapping[str, Ceiling]
) -> Figure:
    """Left: accuracy against labels of each class. Right: at every SNR, at one budget.

    Shades are 95 % intervals: left those of the curve, right Wilson's of the test examples.
    """
    figure = Figure(figsize=(10.5, 4.9), layout="constrained")
    figure.suptitle(
        f"Classifying {len(curve.classes)} modulations, with and without pre-training "
        "(shades: 95 % intervals)",
        fontsize=12,
    )
    left, right = figure.subplots(1, 2, sharey=True)
    ceilings = _ceilings_of_the_network(ceilings)
    _draw_labels(left, curve, difference, ceilings)
    _draw_snr(right, curve, difference)
    _draw_limits(right, ceilings, len(curve.classes))
    left.set_ylim(0, 1.03)
    left.yaxis.set_major_formatter(PercentFormatter(1.0))
    left.set_ylabel("accuracy on the test split")
    snr_axis(right, curve.snr_reference)
    right.set_xlabel(f"signal-to-noise ratio, {right.get_xlabel()}")
    handles = {**_handles(left), **_handles(right)}
    figure.legend(
        handles.values(),
        handles.keys(),
        loc="outside lower center",
        ncols=3,
        fontsize=9,
        frameon=False,
    )
    return figure


def _handles(axes: Axes) -> dict[str, Artist]:
    lines, names = axes.get_legend_handles_labels()
    return dict(zip(names, lines, strict=True))


def _ceilings_of_the_network(ceilings: Mapping[str, Ceiling]) -> dict[str, Ceiling]:
    """The ceiling of the signal, and that of its images with SNR unknown, if there is one."""
    images = {name: item for name, item in ceilings.items() if name != _SEQUENCE}
    unknown = {name: item for name, item in images.items() if item.snr == "unknown"}
    whole = {name: item for name, item in ceilings.items() if name == _SEQUENCE}
    return {**whole, **(unknown or images)}


def _draw_labels(
    axes: Axes, curve: LabelCurve, difference: LabelDifference, ceilings: Mapping[str, Ceiling]
) -> None:
    """A line for each method, with the difference marked at its budget."""
    for method in _drawn(curve):
        name, colour, line = _STYLES[method]
        means = curve.of(method)
        labels = [mean.budget for mean in means]
        low, high = [mean.low for mean in means], [mean.high for mean in means]
        axes.fill_between(labels, low, high, color=colour, alpha=0.16, lw=0)
        axes.plot(labels, [mean.accuracy for mean in means], line, ms=5, color=colour, label=name)
    levels = {limit.seen: limit.accuracy for limit in curve.ceilings}
    for (name, _), dashes in zip(ceilings.items(), _DASHES, strict=False):
        if name in levels:
            axes.axhline(levels[name], color=_CEILING, lw=1.1, ls=dashes)
    _mark(axes, curve, difference)
    budgets = curve.budgets
    axes.set_xscale("log")
    axes.set_xlim(budgets[0] / 1.4, budgets[-1] * 1.4)
    axes.xaxis.set_major_locator(FixedLocator(budgets))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([f"{budget:,}" for budget in budgets])
    axes.set_xlabel("labelled signals of each class")
    first, last = min(curve.snr_db), max(curve.snr_db)
    axes.set_title(f"All noise levels together, {first:g} to {last:g} dB".replace("-", "−"),
                   fontsize=11)  # fmt: skip
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _mark(axes: Axes, curve: LabelCurve, difference: LabelDifference) -> None:
    """The difference of the two lines at one budget, in points."""
    budget = difference.budget
    ends = [curve.mean(method, budget).accuracy for method in (difference.first, difference.second)]
    arrow = {"arrowstyle": "<->", "color": "0.2", "lw": 1.2, "shrinkA": 3, "shrinkB": 3}
    axes.annotate("", (budget, ends[0]), (budget, ends[1]), arrowprops=arrow)
    half = (difference.high - difference.low) / 2
    label = f"{100 * difference.difference:+.1f} points\n(±{100 * half:.1f})".replace("-", "−")
    axes.annotate(label, (budget, sum(ends) / 2), xytext=(8, 0), textcoords="offset points",
                  va="center", fontsize=9, fontweight="bold", color="0.2")  # fmt: skip


def _draw_snr(axes: Axes, curve: LabelCurve, difference: LabelDifference) -> None:
    """Mean accuracy of the runs at each SNR."""
    snr_db = np.array(curve.snr_db)
    for method in (difference.first, difference.second):
        points = curve.points_of(method, difference.budget)
        examples = np.array(points[0].examples)
        hits = np.mean([point.hits for point in points], axis=0)
        bounds = wilson_interval(hits, examples)
        name, colour, line = _STYLES[method]
        shares = hits / np.maximum(examples, 1)
        axes.fill_between(snr_db, bounds[:, 0], bounds[:, 1], color=colour, alpha=0.16, lw=0)
        axes.plot(snr_db, shares, line, ms=4, color=colour, label=name)
    labels = "label" if difference.budget == 1 else "labels"
    axes.set_title(f"By noise level, {difference.budget:,} {labels} of each class", fontsize=11)


def _draw_limits(axes: Axes, ceilings: Mapping[str, Ceiling], classes: int) -> None:
    """The ceilings, and the level of guessing."""
    for place, (name, ceiling) in enumerate(ceilings.items()):
        snr_db, limit = as_level(ceiling.snr_db, ceiling.accuracy)
        if place == 0:
            axes.fill_between(snr_db, limit, 1.03, color="0.9", lw=0)
            axes.annotate("above the ceiling", (snr_db[0], 1.0), xytext=(6, -4),
                          textcoords="offset points", va="top", fontsize=9,
                          color="0.35")  # fmt: skip
        axes.plot(snr_db, limit, color=_CEILING, lw=1.1, ls=_DASHES[place % len(_DASHES)],
                  label=_limit_name(name, ceiling))  # fmt: skip
    axes.axhline(1 / classes, color="0.5", lw=0.9, ls=":", label="guessing")


def _limit_name(name: str, ceiling: Ceiling) -> str:
    seen = "the signal" if name == _SEQUENCE else "its images"
    bound = "ceiling of" if ceiling.is_bound else "lower bound of the ceiling of"
    return f"{bound} {seen}{', SNR known' if ceiling.snr == 'known' else ''}"


def _drawn(curve: LabelCurve) -> list[str]:
    return [method for method in _STYLES if method in curve.methods]
