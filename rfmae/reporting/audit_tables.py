"""A leak audit as tables and as a folder: JSON, CSV, Markdown."""

from pathlib import Path

from rfmae.artefacts import CARD_NAME, write_json, written_whole
from rfmae.records import as_plain
from rfmae.records.audit_report import AuditReport, Finding
from rfmae.reporting.facts import as_list, in_order
from rfmae.reporting.table import (
    COUNT,
    PERCENT,
    Cell,
    Column,
    Format,
    Ranged,
    Table,
    files_columns,
    printed,
)
from rfmae.reporting.table_writers import markdown, write_csv

KIND = "audit"

_SAID = Format()
_CHANCE = Format(".1f", scale=100, mark_after=" %", missing="")
_P_VALUE = Format(".2g", missing="")
_DECIBELS = Format("+.2f")
_WHOLE = Format("+.0f")
_TURNS = Format("+.4f")
_WHOLE_DB = Format(".0f", mark_after=" dB", missing="")
_DIGITS = Format(".6g", file=".6g")

_VERDICTS = {"pass": "passes", "leak": "LEAKS", "wrong": "WRONG", "note": "note"}


def audit_table(report: AuditReport) -> Table:
    """One row a test: the verdict, the value found and chance."""
    columns = [*files_columns(("test", "verdict")), Column("found", _SAID)]
    columns += [Column("chance", _CHANCE), Column("p", _P_VALUE), Column("seen from", _WHOLE_DB)]
    rows = [
        (item.name, _VERDICTS[item.verdict], _found(item), *_chance_and_p(item), item.noticeable_db)
        for item in report.findings
    ]
    return Table.of(columns, rows)


def audit_csv(report: AuditReport) -> Table:
    """The same with six digits."""
    columns = [
        *files_columns(("question", "verdict")),
        Column("value", _DIGITS),
        Column("unit"),
        *files_columns(("chance", "low_95", "high_95", "p_value", "noticeable"), _DIGITS),
        *files_columns(("noticeable_db",), _DIGITS),
        Column("examples", COUNT),
        Column("explanation"),
    ]
    return Table.of(columns, map(_csv_row, report.findings))


def write_audit(report: AuditReport, folder: Path) -> Path:
    """Write `report.json`, `report.md` and `findings.csv`; an older audit is replaced."""
    with written_whole(folder, replaces=KIND) as scratch:
        write_json(scratch / "report.json", audit_json(report))
        write_csv(audit_csv(report), scratch / "findings.csv")
        (scratch / "report.md").write_text(audit_markdown(report), encoding="utf-8")
        write_json(scratch / CARD_NAME, {"kind": KIND, "title": f"Leak audit: {report.data_set}"})
    return folder


def audit_json(report: AuditReport) -> dict[str, object]:
    """The whole audit as plain JSON."""
    plain = as_plain(report)
    return {"headline": report.headline, "clean": report.is_clean, **plain}


def audit_markdown(report: AuditReport) -> str:
    """The audit in Markdown: the outcome, the table, every finding in words."""
    explained = [
        f"- **{item.name}** ({_VERDICTS[item.verdict]}): {item.explanation}"
        for item in report.findings
    ]
    sections = [
        f"# Leak audit of {report.data_set}",
        report.headline,
        markdown(audit_table(report)),
        _ABOUT,
        "## In words",
        "\n".join(explained),
        "## Provenance",
        as_list(in_order(report.provenance)),
    ]
    return "\n\n".join(sections) + "\n"


_ABOUT = (
    "*Found* is the accuracy of a random forest that sees the tested feature alone, in % with its "
    "95 % Wilson interval, fitted on train and evaluated on test; *chance* is the share of the "
    "most frequent class; *p* is exact and corrected for the number of tests. *dB of power* is "
    "what was added to examples of one class, over the power of their signal, or without clean "
    "twins over that of the whole example, and *seen from* the least that would have been found. "
    "Other tests count examples."
)


def _found(item: Finding) -> str:
    """The value with its unit, which is another one in each row."""
    if item.test is not None:
        test = item.test
        return f"{printed(Ranged(test.accuracy, test.low, test.high), PERCENT)} %"
    if item.unit.startswith("accuracy"):
        return f"{printed(item.value, PERCENT)} %"
    if item.unit == "dB of power":
        return "none" if item.verdict == "pass" else f"{printed(item.value, _WHOLE)} dB of power"
    if item.unit == "turns per sample":
        return f"{printed(item.value, _TURNS)} turns per sample"
    if item.unit == "dB":
        return f"{printed(item.value, _DECIBELS)} dB"
    return f"{item.value:,.0f} {item.unit}"


def _chance_and_p(item: Finding) -> tuple[Cell, Cell]:
    return (None, item.p_value) if item.test is None else (item.test.chance, item.test.p_value)


def _csv_row(item: Finding) -> tuple[Cell, ...]:
    test = item.test
    numbers: tuple[Cell, ...] = (*(None,) * 3, item.p_value, None, item.noticeable_db, None)
    if test is not None:
        shares = (test.chance, test.low, test.high, test.p_value, test.noticeable)
        numbers = (*shares, None, test.examples)
    return (item.name, item.verdict, item.value, item.unit, *numbers, item.explanation)
