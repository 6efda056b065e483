"""Chart of accuracy against labelled examples on the page."""

from rfmae.records.label_curve import LABEL_UNITS, LabelCurve
from rfmae.reporting.label_curve_figures import NAMES
from rfmae.reporting.page.charts import Line, line_marks
from rfmae.reporting.page.svg import Frame, drawing, segment, ticks, x_axis, y_axis


def label_chart(curve: LabelCurve) -> str:
    """Accuracy in % against labels, budgets at equal distances, with 95 % intervals."""
    budgets = list(curve.budgets)
    last = float(max(len(budgets) - 1, 1))
    frame = Frame(520, 320, 44, 14, 12, 46, (0.0, last), (0.0, 100.0))
    found = ticks(0.0, 100.0, 6)
    marks = [
        *y_axis(frame, found, [f"{tick:g} %" if tick == 100 else f"{tick:g}" for tick in found]),
        *x_axis(
            frame,
            range(len(budgets)),
            [f"{budget:,}" for budget in budgets],
            LABEL_UNITS[curve.unit],
        ),
    ]
    for limit in curve.ceilings:
        y = frame.down(100 * limit.accuracy)
        marks.append(segment((frame.left, y), (frame.width - frame.right, y), "limit"))
    for place, method in enumerate(curve.methods):
        means = curve.of(method)
        line = Line(
            NAMES.get(method, method),
            [float(budgets.index(mean.budget)) for mean in means],
            [100 * mean.accuracy for mean in means],
            place,
            [100 * mean.low for mean in means],
            [100 * mean.high for mean in means],
        )
        marks += line_marks(frame, line)
    return drawing(frame, marks, f"Accuracy against {LABEL_UNITS[curve.unit]}", "panel")
