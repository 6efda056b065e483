"""Charts of accuracy: against SNR below the ceilings, with its losses, under impairments."""

from collections.abc import Mapping, Sequence

import numpy as np

from rfmae.records import (
    Ceiling,
    FloatArray,
    Gap,
    IntArray,
    RobustnessGrid,
    SnrReport,
    wilson_interval,
)
from rfmae.reporting.charts.chart import (
    Area,
    Axis,
    Chart,
    Guide,
    HeatMap,
    Note,
    Series,
    as_level,
    percent_axis,
    signed,
    snr_range,
)
from rfmae.reporting.palette import Style, limit_style
from rfmae.units import SNR_REFERENCE_NAMES, SnrReference

Styles = Mapping[str, Style]

_ROOM_FOR_A_NOTE = 75.0  # % that the ceiling leaves free at the left


def accuracy_chart(
    accuracy: Mapping[str, SnrReport], ceilings: Mapping[str, Ceiling], styles: Styles
) -> Chart:
    """Accuracy in % against SNR with 95 % intervals, ceilings, and the level of guessing."""
    first = next(iter(accuracy.values()))
    about = "; ".join(f"{name} {100 * one.accuracy:.1f} %" for name, one in accuracy.items())
    return Chart(
        f"Accuracy on {first.examples:,} test examples, 95 % Wilson intervals",
        snr_axis(first.snr_db, first.snr_reference),
        percent_axis("accuracy in %"),
        (*accuracy_lines(accuracy, styles), *limit_lines(ceilings)),
        beyond(ceilings),
        (chance(len(first.classes), first.snr_db),),
        beyond_note(ceilings),
        about=f"Accuracy against SNR: {about} overall",
        shape="wide",
    )


def ceiling_chart(ceilings: Mapping[str, Ceiling], title: str) -> Chart:
    """Bayes accuracy in % against SNR, one line a ceiling, and the level of guessing."""
    first = next(iter(ceilings.values()))
    return Chart(
        title,
        snr_axis(first.snr_db, first.snr_reference),
        percent_axis("Bayes accuracy in %"),
        limit_lines(ceilings),
        beyond(ceilings),
        (chance(len(first.classes), first.snr_db),),
        beyond_note(ceilings),
        shape="wide",
    )


def accuracy_lines(accuracy: Mapping[str, SnrReport], styles: Styles) -> tuple[Series, ...]:
    """A line with its band for each of several counts."""
    return tuple(
        Series(name, one.snr_db, 100 * one.accuracy_per_snr, styles[name],
               100 * one.interval_per_snr)
        for name, one in accuracy.items()
    )  # fmt: skip


def limit_lines(
    ceilings: Mapping[str, Ceiling], names: Mapping[str, str] | None = None
) -> tuple[Series, ...]:
    """A line without dots for each ceiling; one that is only a lower bound is called so."""
    return tuple(
        Series(
            names[name] if names else limit_name(name, item),
            *as_level(item.snr_db, 100 * item.accuracy),
            limit_style(place),
            dots="none",
        )
        for place, (name, item) in enumerate(ceilings.items())
    )


def limit_name(name: str, ceiling: Ceiling) -> str:
    """What a ceiling is called in a legend."""
    return f"{'ceiling' if ceiling.is_bound else 'lower bound'}, {name}"


def beyond(ceilings: Mapping[str, Ceiling]) -> tuple[Area, ...]:
    """The region above the first ceiling."""
    for first in ceilings.values():
        snr_db, limit = as_level(first.snr_db, 100 * first.accuracy)
        return (Area("", snr_db, limit, np.full(len(limit), 100.0), "beyond"),)
    return ()


def beyond_note(ceilings: Mapping[str, Ceiling]) -> tuple[Note, ...]:
    """What the region is, where there is room for it."""
    for first in ceilings.values():
        if 100 * first.accuracy[0] <= _ROOM_FOR_A_NOTE:
            low, high = snr_range(first.snr_db)
            return (Note((low + 0.02 * (high - low), 94.0), "above the ceiling"),)
    return ()


def chance(classes: int, snr_db: Sequence[float]) -> Guide:
    """The level of guessing."""
    low, high = snr_range(snr_db)
    return Guide((high, 100 / classes), (low, 100 / classes), "chance")


def snr_axis(snr_db: Sequence[float], reference: SnrReference) -> Axis:
    """The range of the SNR points."""
    return Axis(f"{SNR_REFERENCE_NAMES[reference]} in dB", *snr_range(snr_db), is_whole=True)


def gap_chart(report: SnrReport, gap: Gap, name: str) -> Chart:
    """Shares of all examples at each SNR: correct, model loss, image loss, above the ceiling."""
    zero, all_of_them = np.zeros(len(report.snr_db)), np.ones(len(report.snr_db))
    levels = [
        as_level(report.snr_db, 100 * level)
        for level in (zero, *gap_levels(report, gap), all_of_them)
    ]
    kinds = {"correct": "s0", "model loss": "model-loss", "image loss": "image-loss",
             "above the ceiling": "unreachable"}  # fmt: skip
    pairs = zip(levels, levels[1:], kinds.items(), strict=False)
    weights = np.maximum(report.examples_per_snr, 1).astype(float)
    lost = 100 * float(np.average(gap.model_loss_per_snr, weights=weights))
    return Chart(
        name,
        snr_axis(report.snr_db, report.snr_reference),
        percent_axis("share in %"),
        areas=tuple(
            Area(kind, snr_db, low, high, colour)
            for (snr_db, low), (_, high), (kind, colour) in pairs
        ),
        about=f"{name}: the model loses {lost:.1f} points on average",
    )


def gap_levels(report: SnrReport, gap: Gap) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Accuracy, ceiling of what the model sees, ceiling of the sequence, (S,), ascending.

    An accuracy above a ceiling, by chance or because the ceiling is a lower bound, has no loss.
    """
    right = report.accuracy_per_snr
    seen = right + gap.model_loss_per_snr
    best = seen if gap.image_loss_per_snr is None else seen + gap.image_loss_per_snr
    most = np.maximum(right, seen)
    return right, most, np.maximum(most, best)


def robustness_charts(grids: Sequence[RobustnessGrid], styles: Styles) -> tuple[Chart, ...]:
    """A chart for each grid; a second grid of one impairment is numbered."""
    known: dict[str, int] = {}
    charts = []
    for grid in grids:
        known[grid.what] = count = known.get(grid.what, 0) + 1
        title = grid.what if count == 1 else f"{grid.what} ({count})"
        charts.append(_robustness_chart(grid, styles, title))
    return tuple(charts)


def _robustness_chart(grid: RobustnessGrid, styles: Styles, title: str) -> Chart:
    """Accuracy in % against the strength of an impairment, values equally spaced."""
    order = shown_order(grid.values)
    values = [grid.values[v] for v in order]
    places = np.arange(len(values), dtype=float)
    shares = {name: 100 * hits / np.maximum(grid.examples, 1) for name, hits in grid.hits.items()}
    trained = float(order.index(0))
    return Chart(
        title,
        Axis(grid.unit, 0.0, float(max(len(values) - 1, 1)),
             tuple((float(v), signed(value)) for v, value in enumerate(values))),
        percent_axis("accuracy in %"),
        tuple(
            Series(
                name,
                places,
                share[order],
                styles[name],
                100 * wilson_interval(grid.hits[name], grid.examples)[order],
                ring=_place_of(grid.drop_at.get(name), values),
            )
            for name, share in shares.items()
        ),
        guides=(Guide((trained, 0.0), (trained, 100.0)),),
        about=f"Accuracy against {grid.what}",
    )  # fmt: skip


def shown_order(values: Sequence[float]) -> list[int]:
    """Places of the values of a grid in the order drawn: the given one, or ascending."""
    steps = np.diff(values)
    if (steps >= 0).all() or (steps <= 0).all():
        return list(range(len(values)))
    return [int(place) for place in np.argsort(values)]


def _place_of(value: float | None, values: Sequence[float]) -> int | None:
    return values.index(value) if value in values else None


def confusion_map(report: SnrReport, title: str) -> HeatMap:
    """Confusion over all SNR points; each row is a true class and sums to 100 %."""
    return _heat_map(report.confusion, report, title)


def confusion_maps(report: SnrReport) -> tuple[HeatMap, ...]:
    """The same at every SNR point."""
    return tuple(
        _heat_map(counts, report, f"{signed(snr_db)} dB")
        for counts, snr_db in zip(report.counts, report.snr_db, strict=True)
    )


def _heat_map(every: IntArray, report: SnrReport, title: str) -> HeatMap:
    counts, names = every[report.held], tuple(report.classes[row] for row in report.held)
    total = counts.sum(axis=1)
    shares = 100 * counts / np.maximum(total, 1)[:, None]
    interval = 100 * wilson_interval(counts, np.broadcast_to(total[:, None], counts.shape))
    return HeatMap(title, names, report.classes, shares, interval, total)
