"""The curve in tables and figures tells the numbers of its record."""

import csv
import json
import re

import pytest

from rfmae.records.label_curve import LabelCurve, LabelMean, LabelPoint, Limit
from rfmae.reporting.label_curve_tables import headline, label_curve_table, write_label_curve


def mean(method, budget, accuracy, half=0.02, seeds=3):
    low, high, worst = accuracy - half, accuracy + half, accuracy - half / 2
    return LabelMean(method, budget, seeds, accuracy, low, high, worst)


@pytest.fixture
def curve():
    return LabelCurve(
        data_set="awgn-ten",
        classes=("BPSK", "QPSK", "8PSK", "OOK"),
        snr_db=(0.0, 10.0),
        snr_reference="symbol",
        points=(
            LabelPoint("probe", 1, 0, (40, 60), (100, 100)),
            LabelPoint("other", 10, 2, (50, 70), (100, 100)),
        ),
        means=(
            mean("probe", 10, 0.6),
            mean("probe", 1, 0.5),
            mean("finetune", 10, 0.7),
            mean("other", 10, 0.4),
        ),
        ceilings=(Limit("sequence", 0.9, True), Limit("symbols", 0.8, False)),
        provenance={"data_set": "awgn-ten-00000000", "labels": "the same for all"},
    )


def test_a_row_is_a_budget_and_a_column_a_method(curve):
    heads, rows = label_curve_table(curve).in_print()
    assert heads == ["labels per class", "linear probe", "other"]
    assert rows[0] == ["1", "50.0 (48.0–52.0)", ""]
    assert [row[0] for row in rows] == ["1", "10"]


def test_the_headline_names_the_best_at_both_ends_and_the_ceiling(curve):
    said = headline(curve)
    assert said == (
        "best with 1 label per class: linear probe, 50.0 %; with 10: fine-tuned, 70.0 %; "
        "ceiling 90.0 %."
    )
    assert len(re.findall(r"[\w.%]*\w[\w.%-]*", said)) <= 20


def test_the_folder_holds_the_same_numbers_in_every_form(curve, tmp_path):
    write_label_curve(curve, tmp_path)
    record = json.loads((tmp_path / "report.json").read_text())
    with (tmp_path / "curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (tmp_path / "points.csv").open(newline="") as file:
        points = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in rows] == [m["accuracy"] for m in record["means"]]
    assert [(row["snr_db"], row["hits"]) for row in points] == [
        ("0", "40"), ("10", "60"), ("0", "50"), ("10", "70"),
    ]  # fmt: skip
    assert "ceiling lower bound: symbols: 80.0 %" in (tmp_path / "report.md").read_text()
    assert (tmp_path / "figures" / "label-curve.png").stat().st_size > 10_000
    assert (tmp_path / "figures" / "label-curve.svg").read_text().startswith("<?xml")
