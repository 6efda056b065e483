"""An audit in tables: verdicts stand out, chance beside what was found."""

import csv

import pytest

from rfmae.records.audit_report import AuditReport, ChanceTest, Finding
from rfmae.reporting.audit_tables import audit_markdown, audit_table, write_audit

LUCK = ChanceTest(10, 100, 0.1, 0.05, 0.18, 0.1, 1.0, 0.25)
LEAK = ChanceTest(60, 100, 0.6, 0.5, 0.69, 0.1, 1e-30, 0.25)


@pytest.fixture
def report():
    return AuditReport(
        data_set="mine",
        findings=(
            Finding("power", "leak", 0.6, "accuracy", "Amplitude tells | the class.", LEAK),
            Finding("metadata", "pass", 0.1, "accuracy", "It does not.", LUCK),
            Finding("equal rows", "note", 1234, "examples", "Some are equal."),
            Finding("SNR against label", "wrong", -1.5, "dB", "It is another."),
        ),
        provenance={"data_set": "mine-1", "measured": {"train": 10, "test": 100}},
    )


def test_the_headline_names_what_failed_and_notes_are_no_failure(report):
    assert report.headline == "mine fails 2 of 4 tests: power and 1 more."
    rest = AuditReport("mine", report.findings[1:3], {})
    assert rest.is_clean
    assert rest.headline == "mine: 2 tests found no leak."


def test_a_row_has_what_was_found_beside_chance(report):
    _, rows = audit_table(report).in_print()
    assert rows[0] == ["power", "LEAKS", "60.0 (50.0–69.0) %", "10.0 %", "1e-30", ""]
    assert rows[1][1] == "passes"
    assert rows[2][1:] == ["note", "1,234 examples", "", "", ""]
    assert rows[3][1:3] == ["WRONG", "−1.50 dB"]


def test_every_finding_is_explained_in_markdown(report):
    text = audit_markdown(report)
    assert all(finding.explanation in text for finding in report.findings)
    assert "measured: train 10, test 100" in text


def test_the_csv_keeps_full_precision_and_leaves_out_what_was_not_tested(report, tmp_path):
    folder = write_audit(report, tmp_path / "audit")
    with (folder / "findings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["p_value"]) == 1e-30
    assert (rows[2]["p_value"], rows[2]["value"]) == ("", "1234")
