"""Figures and CSV files of a report folder, by their names."""

from collections.abc import Callable, Iterator
from functools import partial

from matplotlib.figure import Figure

from rfmae.reporting.assessment_figures import (
    embedding_figure,
    gap_figure,
    reliability_figure,
    risk_figure,
    robustness_figure,
)
from rfmae.reporting.assessment_tables import (
    bands_table,
    comparison_table,
    confusions_table,
    cost_table,
    open_set_table,
    per_snr_csv,
    reliability_csv,
    robustness_csv,
    selective_csv,
    summary_table,
)
from rfmae.reporting.denoising_figures import denoising_figures
from rfmae.reporting.denoising_tables import denoise_table, denoising_csv, recognition_csv
from rfmae.reporting.denoising_verdict import difference_csv
from rfmae.reporting.figures import accuracy_figure, confusion_figure, confusion_per_snr_figure
from rfmae.reporting.label_curve_figures import label_curve_figure
from rfmae.reporting.label_curve_tables import label_curve_csv, points_csv
from rfmae.reporting.overview_figures import overview_figure
from rfmae.reporting.report_record import Report
from rfmae.reporting.table import SIX, Table
from rfmae.reporting.tables import (
    accuracy_csv,
    ceiling_csv,
    confusion_csv,
    confusion_per_snr_csv,
)

Drawn = tuple[str, Callable[[], Figure]]


def figures_of(report: Report) -> Iterator[Drawn]:
    """Every figure with the name of its file, made on demand."""
    yield from _label_figures(report)
    yield from _accuracy_figures(report)
    yield from _assessment_figures(report)
    if report.robustness:
        yield "robustness", partial(robustness_figure, report.robustness)
    for place, found in enumerate(report.embedding):
        yield embedding_name(place), partial(embedding_figure, found)
    if report.denoising is not None:
        for name, figure in denoising_figures(report.denoising, report.gallery).items():
            yield name, partial(_same, figure)


def _same(figure: Figure) -> Figure:
    return figure


def embedding_name(place: int) -> str:
    """The file of the map of one of several models."""
    return f"embedding-{place + 1}" if place else "embedding"


def csv_files(report: Report) -> dict[str, Table]:
    """Every table of numbers in full precision with the name of its file, those with rows."""
    tables: dict[str, Table] = {}
    if report.label_curve:
        tables["label-curve"] = label_curve_csv(report.label_curve)
        tables["label-curve-points"] = points_csv(report.label_curve)
    if report.accuracy:
        first = next(iter(report.accuracy.values()))
        tables["accuracy"] = accuracy_csv(report.accuracy)
        tables["confusion"] = confusion_csv(first)
        tables["confusion-per-snr"] = confusion_per_snr_csv(report.accuracy)
    if report.ceilings:
        tables["ceilings"] = ceiling_csv(report.ceilings)
    tables |= _assessment_csv(report)
    tables["comparisons"] = comparison_table(report.comparisons)
    tables["robustness"] = robustness_csv(report.robustness)
    if report.denoising is not None:
        tables["denoising"] = denoise_table(report.denoising, SIX)
        tables["denoising-by-class"] = denoising_csv(report.denoising)
        tables["denoising-differences"] = difference_csv(report.denoising)
        if report.denoising.recognition is not None:
            tables["recognition"] = recognition_csv(report.denoising.recognition)
    return {name: table for name, table in tables.items() if table.rows}


def _label_figures(report: Report) -> Iterator[Drawn]:
    if report.label_curve is None:
        return
    if report.label_difference is not None:
        parts = (report.label_curve, report.label_difference, report.ceilings)
        yield "overview", partial(overview_figure, *parts)
    yield "label-curve", partial(label_curve_figure, report.label_curve)


def _accuracy_figures(report: Report) -> Iterator[Drawn]:
    if not report.accuracy:
        return
    name, first = next(iter(report.accuracy.items()))
    yield "accuracy", partial(accuracy_figure, report.accuracy, report.ceilings)
    yield "confusion", partial(confusion_figure, first, f"{name}, all SNR points")
    if len(first.snr_db) > 1:
        yield "confusion-per-snr", partial(confusion_per_snr_figure, first, name)


def _assessment_figures(report: Report) -> Iterator[Drawn]:
    if not report.assessments:
        return
    yield "reliability", partial(reliability_figure, report.assessments)
    yield "risk-coverage", partial(risk_figure, report.assessments)
    gaps = {name: item.gap for name, item in report.assessments.items() if item.gap is not None}
    if gaps:
        yield "gap", partial(gap_figure, report.accuracy, gaps)


def _assessment_csv(report: Report) -> dict[str, Table]:
    assessments = report.assessments
    if not assessments:
        return {}
    return {
        "summary": summary_table(report.accuracy, assessments, report.ceilings),
        "bands": bands_table(assessments, report.ceilings),
        "confusions": confusions_table(assessments),
        "per-snr": per_snr_csv(report.accuracy, assessments),
        "calibration": reliability_csv(assessments),
        "selective": selective_csv(assessments),
        "open-sets": open_set_table(assessments),
        "cost": cost_table(assessments),
    }
