"""The label-efficiency curve as tables and as a report folder."""

from pathlib import Path

from rfmae.artefacts import write_json
from rfmae.records import as_plain
from rfmae.records.label_curve import LABEL_UNITS, LabelCurve
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.label_curve_figures import NAMES, label_curve_figure
from rfmae.reporting.table import (
    COUNT,
    SIX,
    SNR,
    Column,
    Format,
    Ranged,
    Table,
    files_columns,
)
from rfmae.reporting.table_writers import markdown, write_csv
from rfmae.reporting.tables import in_words

_MEAN = Format(".1f", scale=100, missing="")


def label_curve_table(curve: LabelCurve) -> Table:
    """A row for each budget, a column for each method: mean and interval in %."""
    columns = [Column(LABEL_UNITS[curve.unit], COUNT)]
    columns += [Column(NAMES.get(method, method), _MEAN) for method in curve.methods]
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
    columns = [Column("method"), *files_columns((_column(curve), "seeds"), COUNT)]
    columns += files_columns(("accuracy", "low_95", "high_95", "worst"), SIX)
    rows = [
        (mean.method, mean.budget, mean.seeds, mean.accuracy, mean.low, mean.high, mean.worst)
        for mean in curve.means
    ]
    return Table.of(columns, rows)


def _column(curve: LabelCurve) -> str:
    """The name of the column of budgets in a file."""
    return f"labels_per_{curve.unit.replace('-', '_')}"


def points_csv(curve: LabelCurve) -> Table:
    """One row for each run and SNR point."""
    columns = [Column("method"), *files_columns((_column(curve), "seed"), COUNT)]
    columns += [Column("snr_db", SNR), *files_columns(("examples", "hits"), COUNT)]
    rows = [
        (point.method, point.budget, point.seed, snr_db, point.examples[s], point.hits[s])
        for point in curve.points
        for s, snr_db in enumerate(curve.snr_db)
    ]
    return Table.of(columns, rows)


def write_label_curve(curve: LabelCurve, folder: Path) -> None:
    """Write `report.json`, `report.md`, tables and figures into an existing folder."""
    write_json(folder / "report.json", label_curve_json(curve))
    write_csv(label_curve_csv(curve), folder / "curve.csv")
    write_csv(points_csv(curve), folder / "points.csv")
    (folder / "report.md").write_text(label_curve_markdown(curve), encoding="utf-8")
    figure = label_curve_figure(curve)
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
    return f"{NAMES.get(best.method, best.method)}, {100 * best.accuracy:.1f} %"


def label_curve_markdown(curve: LabelCurve) -> str:
    """The report in Markdown."""
    provenance = [
        f"- {key.replace('_', ' ')}: {in_words(item)}" for key, item in curve.provenance.items()
    ]
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
        "\n".join(provenance),
    ]
    return "\n\n".join(sections) + "\n"
