"""A leak audit as tables and as a folder: JSON, CSV, Markdown."""

from pathlib import Path

from rfmae.artefacts import CARD_NAME, write_json, written_whole
from rfmae.records import as_plain
from rfmae.records.audit_report import AuditReport, Finding
from rfmae.reporting.tables import Table, in_words, markdown, write_csv

KIND = "audit"

_VERDICTS = {"pass": "passes", "leak": "LEAKS", "wrong": "WRONG", "note": "note"}


def audit_table(report: AuditReport) -> Table:
    """One row a test: the verdict, the value found and chance."""
    heads = ["test", "verdict", "found", "chance", "p"]
    return heads, [
        [item.name, _VERDICTS[item.verdict], _found(item), _chance(item), _p_value(item)]
        for item in report.findings
    ]


def audit_csv(report: AuditReport) -> Table:
    """The same in full precision."""
    heads = ["question", "verdict", "value", "unit", "chance", "low_95", "high_95", "p_value"]
    heads += ["noticeable", "examples", "explanation"]
    return heads, [_csv_row(item) for item in report.findings]


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
    provenance = [
        f"- {key.replace('_', ' ')}: {in_words(item)}" for key, item in report.provenance.items()
    ]
    sections = [
        f"# Leak audit of {report.data_set}",
        report.headline,
        markdown(audit_table(report)),
        _ABOUT,
        "## In words",
        "\n".join(explained),
        "## Provenance",
        "\n".join(provenance),
    ]
    return "\n\n".join(sections) + "\n"


_ABOUT = (
    "*Found* is the accuracy of a random forest that sees the tested feature alone, in % with its "
    "95 % Wilson interval, fitted on train and evaluated on test; *chance* is the share of the "
    "most frequent class; *p* is exact and corrected for the number of tests. Other tests count "
    "examples."
)


def _found(item: Finding) -> str:
    if item.test is not None:
        test = item.test
        return f"{100 * test.accuracy:.1f} ({100 * test.low:.1f}–{100 * test.high:.1f}) %"
    if item.unit.startswith("accuracy"):
        return f"{100 * item.value:.1f} %"
    return f"{item.value:+.2f} dB" if item.unit == "dB" else f"{item.value:,.0f} {item.unit}"


def _chance(item: Finding) -> str:
    return "" if item.test is None else f"{100 * item.test.chance:.1f} %"


def _p_value(item: Finding) -> str:
    return "" if item.test is None else f"{item.test.p_value:.2g}"


def _csv_row(item: Finding) -> list[str]:
    test = item.test
    numbers = [""] * 6
    if test is not None:
        numbers = [f"{value:.6g}" for value in (test.chance, test.low, test.high, test.p_value)]
        numbers += [f"{test.noticeable:.6g}", str(test.examples)]
    value = f"{item.value:.6g}"
    return [item.name, item.verdict, value, item.unit, *numbers, item.explanation]
