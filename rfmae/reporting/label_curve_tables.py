"""The label-efficiency curve as tables and as a report folder."""

from pathlib import Path

from rfmae.artefacts import write_json
from rfmae.records import as_plain
from rfmae.records.label_curve import LABEL_UNITS, LabelCurve
from rfmae.reporting.charts.chart import Panels
from rfmae.reporting.charts.label_charts import METHOD_NAMES, label_chart
from rfmae.reporting.facts import as_list, in_order
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.table import (
    COUNT,
    SIX,
    SNR,
    Column,
    Format,
    Getter,
    Ranged,
    Table,
    tabulated,
)
from rfmae.reporting.table_writers import markdown, write_csv

_MEAN = Format(".1f", scale=100, missing="")


def label_curve_table(curve: LabelCurve) -> Table:
    """A row for each budget, a column for each method: mean and interval in %."""
    columns = [Column(LABEL_UNITS[curve.unit], COUNT)]
    columns += [Column(METHOD_NAMES.get(method, method), _MEAN) for method in curve.methods]
    cells = {
        (mean.method, mean.budget): Ranged(mean.accuracy, mean.low, mean.high)
        for mean in curve.means
    }
    rows = [
        (budget, *(cells.get((method, budget)) for method in curve.methods))
        for budget in curve.budgets
    ]
    return Table.of(columns, rows)


def label_curve_csv(curve: LabelCurve) -> Table:
    """One row for each method and budget, six decimals."""
    columns: dict[Column, Getter] = {
        Column("method"): lambda mean: mean.method,
        _budget_column(curve): lambda mean: mean.budget,
        Column("seeds", COUNT): lambda mean: mean.seeds,
        Column("accuracy", SIX): lambda mean: mean.accuracy,
        Column("low_95", SIX): lambda mean: mean.low,
        Column("high_95", SIX): lambda mean: mean.high,
        Column("worst", SIX): lambda mean: mean.worst,
    }
    return tabulated(((mean,) for mean in curve.means), columns)


def points_csv(curve: LabelCurve) -> Table:
    """One row for each run and SNR point."""
    columns: dict[Column, Getter] = {
        Column("method"): lambda point, *_: point.method,
        _budget_column(curve): lambda point, *_: point.budget,
        Column("seed", COUNT): lambda point, *_: point.seed,
        Column("snr_db", SNR): lambda _, snr_db, *__: snr_db,
        Column("examples", COUNT): lambda point, _, s: point.examples[s],
        Column("hits", COUNT): lambda point, _, s: point.hits[s],
    }
    places = [(snr_db, s) for s, snr_db in enumerate(curve.snr_db)]
    return tabulated(((point, *place) for point in curve.points for place in places), columns)


def _budget_column(curve: LabelCurve) -> Column:
    return Column(f"labels_per_{curve.unit.replace('-', '_')}", COUNT)


def write_label_curve(curve: LabelCurve, folder: Path) -> None:
    """Write `report.json`, `report.md`, tables and figures into an existing folder."""
    write_json(folder / "report.json", label_curve_json(curve))
    write_csv(label_curve_csv(curve), folder / "curve.csv")
    write_csv(points_csv(curve), folder / "points.csv")
    (folder / "report.md").write_text(label_curve_markdown(curve), encoding="utf-8")
    figure = figure_of(Panels("", (label_chart(curve),)))
    for suffix in (".png", ".svg"):
        save_figure(figure, folder / "figures" / f"label-curve{suffix}")


def label_curve_json(curve: LabelCurve) -> dict[str, object]:
    """The whole curve as plain JSON."""
    return {"headline": headline(curve), **as_plain(curve)}


def headline(curve: LabelCurve) -> str:
    """The best method at the smallest and at the largest budget, and the ceiling."""
    first, last = curve.budgets[0], curve.budgets[-1]
    unit = LABEL_UNITS[curve.unit]
    if first == 1:
        unit = unit.replace("labels", "label", 1)
    parts = [f"best with {first:,} {unit}: {_best(curve, first)}"]
    if last != first:
        parts.append(f"with {last:,}: {_best(curve, last)}")
    for limit in curve.ceilings[:1]:
        bound = "ceiling" if limit.is_bound else "ceiling at least"
        parts.append(f"{bound} {100 * limit.accuracy:.1f} %")
    return f"{'; '.join(parts)}."


def _best(curve: LabelCurve, budget: int) -> str:
    means = [mean for mean in curve.means if mean.budget == budget]
    best = max(means, key=lambda mean: mean.accuracy)
    return f"{METHOD_NAMES.get(best.method, best.method)}, {100 * best.accuracy:.1f} %"


def label_curve_markdown(curve: LabelCurve) -> str:
    """The report in Markdown."""
    ceilings = [f"- {limit.name}: {100 * limit.accuracy:.1f} %" for limit in curve.ceilings]
    sections = [
        f"# Label efficiency on {curve.data_set}",
        headline(curve)[0].upper() + headline(curve)[1:],
        "Accuracy in % over the test split, mean over the seeds with its 95 % interval (Student's "
        "t; of a single seed the Wilson interval of its test examples).",
        markdown(label_curve_table(curve)),
        *(["\n".join(ceilings)] if ceilings else []),
        f"![accuracy against {LABEL_UNITS[curve.unit]}](figures/label-curve.png)",
        "## Provenance",
        as_list(in_order(curve.provenance)),
    ]
    return "\n\n".join(sections) + "\n"
