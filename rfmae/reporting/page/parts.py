"""Parts of the page of a report: tiles, charts, legends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rfmae.records import Assessment
from rfmae.reporting.label_curve_figures import NAMES
from rfmae.reporting.page.charts import accuracy_chart, gap_chart, robustness_chart
from rfmae.reporting.page.confidence_charts import reliability_chart, risk_chart
from rfmae.reporting.page.label_charts import label_chart
from rfmae.reporting.page.map_charts import class_map, snr_map
from rfmae.reporting.page.page_denoising import answers_of, denoising_panels, recognition_panels
from rfmae.reporting.report_record import Report

Legend = list[tuple[str, int]]
"""Names with their places in the palette."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One value in large print."""

    label: str
    value: str
    beside: str


def snr_points(report: Report) -> tuple[float, ...]:
    """The SNR points that the slider stops at."""
    if report.accuracy:
        return next(iter(report.accuracy.values())).snr_db
    if report.denoising is not None:
        return report.denoising.snr_db
    return tuple(sorted({row.snr_db for row in report.gallery}))


def tiles_of(report: Report) -> list[Tile]:
    """The main results of the first model."""
    if not report.accuracy:
        return []
    name, first = next(iter(report.accuracy.items()))
    low, high = (100 * bound for bound in first.interval)
    tiles = [Tile("accuracy", f"{100 * first.accuracy:.1f} %", f"{low:.1f}–{high:.1f}, {name}")]
    assessment = report.assessments.get(name)
    tiles += _ceiling_tiles(report, assessment)
    return tiles + (_confidence_tiles(assessment) if assessment else [])


def _ceiling_tiles(report: Report, assessment: Assessment | None) -> list[Tile]:
    limit = _limit_of(report, assessment)
    if limit is None:
        return []
    first, ceiling = next(iter(report.accuracy.values())), report.ceilings[limit]
    weights = first.examples_per_snr / max(first.examples, 1)
    reached = float(weights @ ceiling.accuracy)
    ratio = f"{100 * first.accuracy / max(reached, 1e-9):.1f} %"
    if not ceiling.is_bound:
        return [
            Tile(f"ceiling, {limit}", f"≥ {100 * reached:.1f} %", "a lower bound"),
            Tile("of the lower bound", ratio, "accuracy over lower bound"),
        ]
    return [
        Tile(f"ceiling, {limit}", f"{100 * reached:.1f} %", "of the best receiver"),
        Tile("of the ceiling", ratio, "accuracy over ceiling"),
    ]


def _limit_of(report: Report, assessment: Assessment | None) -> str | None:
    """The ceiling that a model is compared with: its image's, else the first."""
    if assessment is not None and assessment.gap is not None:
        image = assessment.gap.image
        if image in report.ceilings:
            return image
    return next(iter(report.ceilings), None)


def _confidence_tiles(assessment: Assessment) -> list[Tile]:
    target, curve = assessment.selective.target_accuracy, assessment.selective
    error = f"{100 * assessment.calibration.ece:.1f} %"
    answered = f"{100 * curve.coverage_at_target:.0f} %"
    return [
        Tile("calibration error", error, "expected (ECE)"),
        Tile(f"coverage at {100 * target:g} %", answered, "the most confident examples"),
    ]


def wide_charts(report: Report) -> dict[str, str]:
    """Charts that are drawn twice, for wide and for narrow screens."""
    charts = {}
    if report.accuracy:
        charts["accuracy"] = "".join(
            accuracy_chart(report.accuracy, report.ceilings, wide=wide) for wide in (True, False)
        )
    if report.assessments:
        charts["risk"] = "".join(
            risk_chart(report.assessments, _series(report), wide=wide) for wide in (True, False)
        )
    return charts


def panels_of(report: Report) -> dict[str, dict[str, str]]:
    """Small charts side by side, by section and title."""
    series, denoising = _series(report), report.denoising
    return {
        "labels": {"accuracy in %": label_chart(report.label_curve)} if report.label_curve else {},
        "gap": {
            name: gap_chart(report.accuracy[name], item.gap, name)
            for name, item in report.assessments.items()
            if item.gap is not None
        },
        "reliability": {
            name: reliability_chart(item.calibration, name, series[name])
            for name, item in report.assessments.items()
        },
        "robustness": _robustness_panels(report, series),
        "denoising": denoising_panels(denoising) if denoising else {},
        "recognition": recognition_panels(denoising) if denoising else {},
        "class_map": {item.model: class_map(item) for item in report.embedding},
        "snr_map": {item.model: snr_map(item) for item in report.embedding},
    }


def _robustness_panels(report: Report, series: Mapping[str, int]) -> dict[str, str]:
    panels: dict[str, str] = {}
    for grid in report.robustness:
        known_before = sum(title.split("\u2002")[0] == grid.what for title in panels)
        title = f"{grid.what}\u2002{known_before + 1}" if known_before else grid.what
        panels[title] = robustness_chart(grid, series)
    return panels


def legends_of(report: Report) -> dict[str, Legend]:
    """The names that a section draws, with their places in the palette."""
    series, denoising = _series(report), report.denoising
    tried = {name for grid in report.robustness for name in grid.hits}
    recognised = denoising.recognition if denoising else None
    methods = report.label_curve.methods if report.label_curve else ()
    return {
        "labels": _counted(NAMES.get(method, method) for method in methods),
        "accuracy": [(name, series[name]) for name in report.accuracy],
        "risk": [(name, series[name]) for name in report.assessments],
        "robustness": [(name, place) for name, place in series.items() if name in tried],
        "denoising": _counted(answers_of(denoising)) if denoising else [],
        "recognition": _counted(recognised.accuracy) if recognised else [],
    }


def _series(report: Report) -> dict[str, int]:
    """The place of every model in the palette, those of the accuracy first."""
    names = [*report.accuracy, *report.assessments]
    names += [name for grid in report.robustness for name in grid.hits]
    return dict(_counted(dict.fromkeys(names)))


def _counted(names: Iterable[str]) -> Legend:
    return [(name, place) for place, name in enumerate(names)]
