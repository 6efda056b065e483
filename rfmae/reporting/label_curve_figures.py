"""Figure of the label-efficiency curve: accuracy against labels, a line for each method."""

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

from rfmae.records.label_curve import LabelCurve, LabelMean, LabelUnit

_STYLES = {
    "finetune": ("#0b62a4", "o-"),
    "probe": ("#4a8c5d", "s-"),
    "knn": ("#8a5aa8", "D-"),
    "scratch": ("#d1603d", "^--"),
    "cumulants": ("#7a6a4f", "v--"),
    "cumulants-planes": ("#b58900", "<--"),
}
_OTHERS = (("#2f7f8f", "P--"), ("#a8476b", "X--"), ("#5b5b5b", "*--"), ("#9a8b1f", "h--"))
_CEILING_DASHES = ("-", (0, (6, 2)), (0, (2, 2)))
_LONGEST_LINE = 30  # characters of a name in the legend

_AXIS: dict[LabelUnit, str] = {
    "class": "labelled examples of each class, over all SNR points together",
    "class-and-snr": "labelled examples of each class at each SNR point",
}

NAMES = {
    "finetune": "fine-tuned",
    "probe": "linear probe",
    "knn": "nearest neighbours",
    "scratch": "from scratch",
    "cumulants": "cumulants + SVM",
    "cumulants-planes": "cumulants of all planes + SVM",
}
"""Display names of the methods."""


def label_curve_figure(curve: LabelCurve) -> Figure:
    """Accuracy against labels per class on a logarithmic axis, 95 % bands over the seeds.

    Ceilings are level lines, and so is chance.
    """
    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    axes = figure.subplots()
    others = iter(_OTHERS * len(curve.methods))
    for method in curve.methods:
        colour, line = _STYLES.get(method) or next(others)
        _draw_line(axes, curve.of(method), NAMES.get(method, method), colour, line)
    _draw_ceilings(axes, curve)
    _set_axes(axes, curve)
    figure.legend(loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def _draw_line(axes: Axes, means: tuple[LabelMean, ...], name: str, colour: str, line: str) -> None:
    labels = [mean.budget for mean in means]
    low, high = [mean.low for mean in means], [mean.high for mean in means]
    axes.fill_between(labels, low, high, color=colour, alpha=0.15, lw=0)
    accuracy = [mean.accuracy for mean in means]
    axes.plot(labels, accuracy, line, ms=4.5, color=colour, label=name)


def _draw_ceilings(axes: Axes, curve: LabelCurve) -> None:
    for place, limit in enumerate(curve.ceilings):
        dashes = _CEILING_DASHES[place % len(_CEILING_DASHES)]
        name = fill(limit.name, _LONGEST_LINE)
        axes.axhline(limit.accuracy, color="0.25", lw=1.1, ls=dashes, label=name)
    chance = 1 / len(curve.classes)
    axes.axhline(chance, color="0.6", lw=0.8, ls=":", label="chance")


def _set_axes(axes: Axes, curve: LabelCurve) -> None:
    budgets = curve.budgets
    axes.set_xscale("log")
    axes.set_xlim(budgets[0] / 1.3, budgets[-1] * 1.3)
    axes.xaxis.set_major_locator(FixedLocator(budgets))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticklabels([f"{budget:,}" for budget in budgets])
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(_AXIS[curve.unit])
    axes.set_ylabel("accuracy on the test split")
    seeds = max(mean.seeds for mean in curve.means)
    axes.set_title(f"Label efficiency on {curve.data_set}, {_seeds(seeds)}", fontsize=11)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _seeds(count: int) -> str:
    return "one seed" if count == 1 else f"mean and 95 % interval of {count} seeds"
