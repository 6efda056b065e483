"""Charts of confidence: calibration and selective classification."""

from collections.abc import Mapping

import numpy as np

from rfmae.records import Assessment, Calibration
from rfmae.reporting.charts.chart import Axis, Chart, Guide, Note, Series, percent_axis
from rfmae.reporting.palette import Style

FIRST_COVERAGE = 0.02
"""The least coverage that is drawn: the risk of a few examples is not meaningful."""

_MOST_POINTS = 160  # of a curve in print
_LEAST_TOP = 8.0  # % of wrong answers that a chart of risk has room for


def reliability_chart(calibration: Calibration, name: str, style: Style) -> Chart:
    """Accuracy against confidence in bins of equal mass; the diagonal is perfect calibration."""
    error = f"ECE {100 * calibration.ece:.1f} %"
    notes = [Note((3.0, 93.0), error, "limit", is_bold=True)]
    if calibration.temperature is not None:
        notes.append(Note((3.0, 86.0), f"temperature {calibration.temperature:.2f}"))
    bins = Series("", 100 * calibration.bin_confidence, 100 * calibration.bin_accuracy, style,
                  100 * calibration.bin_interval, has_bars=True, weight="thin")  # fmt: skip
    return Chart(
        name,
        percent_axis("confidence in %"),
        percent_axis("accuracy in %"),
        (bins,),
        guides=(Guide((0.0, 0.0), (100.0, 100.0)),),
        notes=tuple(notes),
        about=f"Reliability of {name}: {error}",
        shape="square",
    )


def risk_chart(assessments: Mapping[str, Assessment], styles: Mapping[str, Style]) -> Chart:
    """Risk in % against coverage, the most confident examples first."""
    lines = tuple(_risk_line(name, item, styles[name]) for name, item in assessments.items())
    top = max(_LEAST_TOP, *(float(np.max(line.y, initial=0.0)) for line in lines)) * 1.05
    target = next(iter(assessments.values())).selective.target_accuracy
    level = 100 * (1 - target)
    return Chart(
        "Share of wrong answers when only the most confident examples are answered",
        percent_axis("answered in %, the most confident first"),
        Axis("wrong among the answers in %", 0.0, top, unit="%"),
        lines,
        guides=(Guide((0.0, level), (100.0, level), f"{100 * target:g} % of the answers right"),),
        about="Share of wrong answers against share of examples answered",
        shape="wide",
    )


def _risk_line(name: str, item: Assessment, style: Style) -> Series:
    curve = item.selective
    first = int(np.searchsorted(curve.coverage, FIRST_COVERAGE))
    last = max(len(curve.coverage) - 1, first)
    kept = np.unique(np.linspace(first, last, _MOST_POINTS).astype(int))
    kept = kept[kept < len(curve.coverage)]
    x, y = 100 * curve.coverage[kept], 100 * curve.risk[kept]
    return Series(name, x, y, style, dots="last")
