"""Tables on the page of a report."""

from dataclasses import dataclass

from rfmae.reporting import assessment_tables as of_models
from rfmae.reporting.denoising_tables import EXPLAINED, denoising_tables
from rfmae.reporting.label_curve_tables import label_curve_table
from rfmae.reporting.report_record import Report
from rfmae.reporting.table import Table
from rfmae.reporting.tables import accuracy_table, ceiling_table

_LONG = 12  # rows, from which a table is folded


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table, which of its columns hold numbers, and its explanation."""

    heads: list[str]
    rows: list[list[str]]
    numeric: list[bool]
    has_total: bool
    about: tuple[str, ...] = ()

    @property
    def is_long(self) -> bool:
        """Whether it is folded at first."""
        return len(self.rows) > _LONG


def page_tables(report: Report) -> dict[str, ShownTable]:
    """Every table of the page that has rows, by its content."""
    tables: dict[str, Table] = {}
    if report.accuracy:
        tables["accuracy"] = accuracy_table(report.accuracy, report.ceilings)
    if report.ceilings:
        tables["ceilings"] = ceiling_table(report.ceilings)
    if report.assessments:
        tables |= {
            "summary": of_models.summary_table(
                report.accuracy, report.assessments, report.ceilings
            ),
            "bands": of_models.bands_table(report.assessments, report.ceilings),
            "confusions": of_models.confusions_table(report.assessments),
            "calibration": of_models.calibration_table(report.assessments, report.accuracy),
            "open_sets": of_models.open_set_table(report.assessments),
            "cost": of_models.cost_table(report.assessments),
        }
    if report.label_curve:
        tables["labels"] = label_curve_table(report.label_curve)
    tables["comparisons"] = of_models.comparison_table(report.comparisons)
    tables["drops"] = of_models.drops_table(report.robustness)
    return {name: shown_table(table) for name, table in tables.items() if table.rows}


def page_denoising_tables(report: Report) -> dict[str, ShownTable]:
    """The tables about denoising by their titles."""
    if report.denoising is None:
        return {}
    return {
        title: shown_table(table, EXPLAINED.get(title, ()))
        for title, table in denoising_tables(report.denoising).items()
        if table.rows
    }


def shown_table(table: Table, about: tuple[str, ...] = ()) -> ShownTable:
    """A table in print."""
    heads, rows = table.in_print()
    numeric = [place > 0 and column.form.is_number for place, column in enumerate(table.columns)]
    return ShownTable(heads, rows, numeric, table.has_total, about)
