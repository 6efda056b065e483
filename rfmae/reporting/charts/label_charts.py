"""Charts of accuracy against labelled examples, and of the gain by pre-training."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rfmae.records import SEQUENCE, Ceiling, wilson_interval
from rfmae.records.label_curve import LabelCurve, LabelDifference, LabelUnit
from rfmae.reporting.charts.accuracy_charts import beyond, beyond_note, limit_lines, snr_axis
from rfmae.reporting.charts.chart import (
    Axis,
    Chart,
    Difference,
    Guide,
    Panels,
    Series,
    percent_axis,
    signed,
)
from rfmae.reporting.palette import Style, limit_style, style, styles_of

METHOD_NAMES = {
    "finetune": "fine-tuned",
    "probe": "linear probe",
    "knn": "nearest neighbours",
    "scratch": "from scratch",
    "cumulants": "cumulants + SVM",
    "cumulants-planes": "cumulants of all planes + SVM",
}
"""Display names of the methods."""

_IN_WORDS = {
    "probe": "pre-trained, with a linear probe",
    "finetune": "pre-trained, fine-tuned",
    "scratch": "the same network from scratch",
}
"""The methods of the overview, for readers who know none of them."""

_PLACES = ("probe", "scratch", "finetune", "knn", "cumulants", "cumulants-planes")
_STYLES = {name: style(place) for place, name in enumerate(_PLACES)}

_AXIS: dict[LabelUnit, str] = {
    "total": "labelled examples in all",
    "class": "labels per class, all SNR points together",
    "class-and-snr": "labels per class at each SNR point",
}


def label_chart(curve: LabelCurve) -> Chart:
    """Accuracy in % against labels on a logarithmic axis, 95 % bands over the seeds.

    Ceilings are level lines, and so is chance.
    """
    seeds = max(mean.seeds for mean in curve.means)
    words = "one seed" if seeds == 1 else f"mean and 95 % interval of {seeds} seeds"
    axis = _label_axis(curve, _AXIS[curve.unit])
    limits = tuple(
        _level(limit.name, 100 * limit.accuracy, axis, limit_style(place))
        for place, limit in enumerate(curve.ceilings)
    )
    guess = 100 / len(curve.classes)
    return Chart(
        f"Label efficiency on {curve.data_set}, {words}",
        axis,
        percent_axis("accuracy on the test split in %"),
        (*(_line(curve, method, METHOD_NAMES.get(method, method)) for method in curve.methods),
         *limits),
        guides=(Guide((axis.high, guess), (axis.low, guess), "chance"),),
        about=f"Accuracy against {_AXIS[curve.unit]}",
        shape="wide",
    )  # fmt: skip


def overview_panels(
    curve: LabelCurve, difference: LabelDifference, ceilings: Mapping[str, Ceiling]
) -> Panels:
    """Accuracy against labels of each class, and at every SNR at one budget.

    Bands are 95 % intervals: those of the curve, and Wilson's of the test examples.
    """
    ceilings = _ceilings_of_the_network(ceilings)
    title = f"Classifying {len(curve.classes)} modulations, with and without pre-training"
    charts = (_by_labels(curve, difference, ceilings), _by_snr(curve, difference, ceilings))
    return Panels(f"{title} (shades: 95 % intervals)", charts)


def _label_axis(curve: LabelCurve, title: str) -> Axis:
    budgets = curve.budgets
    ticks = tuple((float(budget), f"{budget:,}") for budget in budgets)
    return Axis(title, budgets[0] / 1.3, budgets[-1] * 1.3, ticks, is_log=True)


def _line(curve: LabelCurve, method: str, name: str) -> Series:
    means = curve.of(method)
    return Series(
        name,
        [float(mean.budget) for mean in means],
        [100 * mean.accuracy for mean in means],
        styles_of(curve.methods, _STYLES)[method],
        np.array([(100 * mean.low, 100 * mean.high) for mean in means]).reshape(-1, 2),
    )


def _level(name: str, value: float, axis: Axis, style: Style) -> Series:
    return Series(name, (axis.low, axis.high), (value, value), style, dots="none")


def _ceilings_of_the_network(ceilings: Mapping[str, Ceiling]) -> dict[str, Ceiling]:
    """The ceiling of the signal, and that of its images with SNR unknown, if there is one."""
    images = {name: item for name, item in ceilings.items() if name != SEQUENCE}
    unknown = {name: item for name, item in images.items() if item.snr == "unknown"}
    whole = {name: item for name, item in ceilings.items() if name == SEQUENCE}
    return {**whole, **(unknown or images)}


def _by_labels(
    curve: LabelCurve, difference: LabelDifference, ceilings: Mapping[str, Ceiling]
) -> Chart:
    """A line for each method, with the difference marked at its budget."""
    axis = _label_axis(curve, "labelled signals of each class")
    levels = {limit.seen: 100 * limit.accuracy for limit in curve.ceilings}
    limits = tuple(
        _level("", levels[name], axis, limit_style(place))
        for place, name in enumerate(ceilings)
        if name in levels
    )
    low, high = signed(min(curve.snr_db)), signed(max(curve.snr_db))
    lines = tuple(_line(curve, method, name) for method, name in _IN_WORDS.items()
                  if method in curve.methods)  # fmt: skip
    return Chart(
        f"All noise levels together, {low} to {high} dB",
        axis,
        percent_axis("accuracy on the test split in %"),
        (*lines, *limits),
        differences=(_gain(curve, difference),),
        about="Accuracy against labelled signals of each class",
    )


def _gain(curve: LabelCurve, difference: LabelDifference) -> Difference:
    """The difference of two lines at one budget, in points."""
    budget = difference.budget
    ends = [curve.mean(method, budget).accuracy for method in (difference.first, difference.second)]
    half = 100 * (difference.high - difference.low) / 2
    gain = f"{100 * difference.difference:+.1f} points".replace("-", "−")
    return Difference(float(budget), 100 * min(ends), 100 * max(ends), (gain, f"(±{half:.1f})"))


def _by_snr(
    curve: LabelCurve, difference: LabelDifference, ceilings: Mapping[str, Ceiling]
) -> Chart:
    """Mean accuracy of the runs at each SNR, below the ceilings."""
    labels = "label" if difference.budget == 1 else "labels"
    axis = snr_axis(curve.snr_db, curve.snr_reference)
    names = {name: _limit_name(name, item) for name, item in ceilings.items()}
    guess = 100 / len(curve.classes)
    lines = tuple(
        _mean_line(curve, method, difference.budget)
        for method in (difference.first, difference.second)
    )
    return Chart(
        f"By noise level, {difference.budget:,} {labels} of each class",
        replace(axis, title=f"signal-to-noise ratio, {axis.title}"),
        percent_axis("accuracy on the test split in %"),
        (*lines, *limit_lines(ceilings, names)),
        beyond(ceilings),
        (Guide((axis.high, guess), (axis.low, guess), "guessing"),),
        beyond_note(ceilings),
        about="Accuracy against SNR with and without pre-training",
    )


def _mean_line(curve: LabelCurve, method: str, budget: int) -> Series:
    points = curve.points_of(method, budget)
    examples = np.array(points[0].examples)
    hits = np.mean([point.hits for point in points], axis=0)
    bounds = 100 * wilson_interval(hits, examples)
    shares = 100 * hits / np.maximum(examples, 1)
    name = _IN_WORDS.get(method, METHOD_NAMES.get(method, method))
    return Series(name, curve.snr_db, shares, styles_of(curve.methods, _STYLES)[method], bounds)


def _limit_name(name: str, ceiling: Ceiling) -> str:
    seen = "the signal" if name == SEQUENCE else "its images"
    bound = "ceiling of" if ceiling.is_bound else "lower bound of the ceiling of"
    return f"{bound} {seen}{', SNR known' if ceiling.snr == 'known' else ''}"
