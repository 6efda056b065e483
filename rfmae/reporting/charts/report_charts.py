"""Every chart of a report by the name of its figure."""

from rfmae.reporting.charts.accuracy_charts import (
    Styles,
    accuracy_chart,
    gap_chart,
    robustness_charts,
)
from rfmae.reporting.charts.chart import Panels
from rfmae.reporting.charts.confidence_charts import reliability_chart, risk_chart
from rfmae.reporting.charts.denoising_charts import quality_panels, recognition_panels
from rfmae.reporting.charts.label_charts import label_chart, overview_panels
from rfmae.reporting.charts.map_charts import map_panels
from rfmae.reporting.palette import styles_of
from rfmae.reporting.report_record import Report


def charts_of(report: Report) -> dict[str, Panels]:
    """What the page and the figures draw, those of them that there is anything for."""
    styles = model_styles(report)
    found = _labels(report)
    if report.accuracy:
        chart = accuracy_chart(report.accuracy, report.ceilings, styles)
        found["accuracy"] = Panels("", (chart,))
    found |= _assessments(report, styles)
    if report.robustness:
        found["robustness"] = Panels("", robustness_charts(report.robustness, styles))
    for place, item in enumerate(report.embedding):
        found[embedding_name(place)] = map_panels(item)
    if report.denoising is not None:
        found["denoising"] = quality_panels(report.denoising)
        if report.denoising.recognition is not None:
            found["recognition"] = recognition_panels(report.denoising.recognition)
    return {name: panels for name, panels in found.items() if panels.charts}


def model_styles(report: Report) -> Styles:
    """How every model looks, those of the accuracy first."""
    names = [*report.accuracy, *report.assessments]
    return styles_of([*names, *(name for grid in report.robustness for name in grid.hits)], {})


def embedding_name(place: int) -> str:
    """The figure of the map of one of several models."""
    return f"embedding-{place + 1}" if place else "embedding"


def _labels(report: Report) -> dict[str, Panels]:
    curve, difference = report.label_curve, report.label_difference
    if curve is None:
        return {}
    found = {}
    if difference is not None:
        found["overview"] = overview_panels(curve, difference, report.ceilings)
    return {**found, "label-curve": Panels("", (label_chart(curve),))}


def _assessments(report: Report, styles: Styles) -> dict[str, Panels]:
    items = report.assessments
    if not items:
        return {}
    reliability = (
        reliability_chart(item.calibration, name, styles[name]) for name, item in items.items()
    )
    gaps = (
        gap_chart(report.accuracy[name], item.gap, name)
        for name, item in items.items()
        if item.gap is not None
    )
    return {
        "reliability": Panels("", tuple(reliability)),
        "risk-coverage": Panels("", (risk_chart(items, styles),)),
        "gap": Panels("", tuple(gaps)),
    }
