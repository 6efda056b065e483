"""Tables on the page of a report."""

from rfmae.reporting import assessment_tables as of_models
from rfmae.reporting.label_curve_tables import label_curve_table
from rfmae.reporting.match_tables import recall_table, unknown_class_table
from rfmae.reporting.report_record import Report
from rfmae.reporting.table import Table
from rfmae.reporting.tables import accuracy_table, ceiling_table
from rfmae.reporting.transfer_tables import transfer_table


def page_tables(report: Report) -> dict[str, Table]:
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
            "recalls": recall_table(report.accuracy, report.assessments),
            "unknown_classes": unknown_class_table(report.assessments),
            "confusions": of_models.confusions_table(report.assessments),
            "calibration": of_models.calibration_table(report.assessments, report.accuracy),
            "open_sets": of_models.open_set_table(report.assessments),
            "cost": of_models.cost_table(report.assessments),
        }
    if report.label_curve:
        tables["labels"] = label_curve_table(report.label_curve)
    if report.transfer:
        tables["transfer"] = transfer_table(report.transfer)
    tables["comparisons"] = of_models.comparison_table(report.comparisons)
    tables["drops"] = of_models.drops_table(report.robustness)
    return {name: table for name, table in tables.items() if table.rows}
