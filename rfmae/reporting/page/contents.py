"""Figures and CSV files of a report folder, by their names."""

from collections.abc import Callable, Iterator
from functools import partial

from matplotlib.figure import Figure

from rfmae.reporting import assessment_tables as of_models
from rfmae.reporting import tables
from rfmae.reporting.charts.accuracy_charts import confusion_map, confusion_maps
from rfmae.reporting.charts.report_charts import charts_of
from rfmae.reporting.denoising_tables import denoise_table, denoising_csv, recognition_csv
from rfmae.reporting.denoising_verdict import difference_csv
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.gallery_figure import draw_strip
from rfmae.reporting.heat_figures import confusion_figure, confusion_per_snr_figure
from rfmae.reporting.label_curve_tables import label_curve_csv, points_csv
from rfmae.reporting.match_tables import recall_table, unknown_class_table
from rfmae.reporting.report_record import Report
from rfmae.reporting.table import SIX, Table
from rfmae.reporting.transfer_figure import transfer_figure
from rfmae.reporting.transfer_tables import remarks_table, transfer_table

Drawn = tuple[str, Callable[[], Figure]]


def figures_of(report: Report) -> Iterator[Drawn]:
    """Every figure with the name of its file, made on demand."""
    for name, panels in charts_of(report).items():
        yield name, partial(figure_of, panels)
    if report.transfer is not None:
        yield "transfer", partial(transfer_figure, report.transfer)
    for name, first in list(report.accuracy.items())[:1]:
        whole = confusion_map(first, f"{name}, all SNR points")
        yield "confusion", partial(confusion_figure, whole)
        if len(first.snr_db) > 1:
            yield (
                "confusion-per-snr",
                partial(confusion_per_snr_figure, confusion_maps(first), name),
            )
    if report.denoising is not None and report.gallery:
        yield "strip", partial(draw_strip, report.gallery)


def csv_files(report: Report) -> dict[str, Table]:
    """Every table of numbers in full precision with the name of its file, those with rows."""
    found: dict[str, Table] = {}
    if report.label_curve:
        found["label-curve"] = label_curve_csv(report.label_curve)
        found["label-curve-points"] = points_csv(report.label_curve)
    if report.accuracy:
        first = next(iter(report.accuracy.values()))
        found["accuracy"] = tables.accuracy_csv(report.accuracy)
        found["confusion"] = tables.confusion_csv(first)
        found["confusion-per-snr"] = tables.confusion_per_snr_csv(report.accuracy)
    if report.ceilings:
        found["ceilings"] = tables.ceiling_csv(report.ceilings)
    found |= _assessment_csv(report)
    if report.transfer is not None:
        found["transfer"] = transfer_table(report.transfer)
        found["transfer-remarks"] = remarks_table(report.transfer)
    found["comparisons"] = of_models.comparison_table(report.comparisons)
    found["robustness"] = of_models.robustness_csv(report.robustness)
    if report.denoising is not None:
        found["denoising"] = denoise_table(report.denoising, SIX)
        found["denoising-by-class"] = denoising_csv(report.denoising)
        found["denoising-differences"] = difference_csv(report.denoising)
        if report.denoising.recognition is not None:
            found["recognition"] = recognition_csv(report.denoising.recognition)
    return {name: table for name, table in found.items() if table.rows}


def _assessment_csv(report: Report) -> dict[str, Table]:
    assessments = report.assessments
    if not assessments:
        return {}
    return {
        "summary": of_models.summary_table(report.accuracy, assessments, report.ceilings),
        "bands": of_models.bands_table(assessments, report.ceilings),
        "recalls": recall_table(report.accuracy, assessments),
        "unknown-classes": unknown_class_table(assessments),
        "confusions": of_models.confusions_table(assessments),
        "per-snr": of_models.per_snr_csv(report.accuracy, assessments),
        "calibration": of_models.reliability_csv(assessments),
        "selective": of_models.selective_csv(assessments),
        "open-sets": of_models.open_set_table(assessments),
        "cost": of_models.cost_table(assessments),
    }
