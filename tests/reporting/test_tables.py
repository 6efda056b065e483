"""Tables say what the reports counted."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from made_up import made_up_ceiling
from table_text import in_file

from rfmae.errors import ShapeError
from rfmae.records import SnrReport
from rfmae.reporting.table import (
    COUNT,
    PERCENT,
    PROBABILITY,
    SNR,
    Column,
    Format,
    Ranged,
    Table,
    printed,
)
from rfmae.reporting.table_writers import markdown, text_table, write_csv
from rfmae.reporting.tables import (
    accuracy_csv,
    accuracy_table,
    ceiling_csv,
    ceiling_table,
    confusion_csv,
    confusion_per_snr_csv,
    ratio_name,
    snr_knowledge_note,
)
from rfmae.units import SNR_REFERENCE_NAMES

CLASSES = ("BPSK", "QPSK", "OOK")
SNR_DB = (-10.0, 0.0, 2.5, 10.0)


def report_of(counts, reference="symbol"):
    return SnrReport(np.asarray(counts), SNR_DB, CLASSES, reference)


@pytest.fixture
def accuracy(rng):
    return report_of(rng.integers(0, 20, (4, 3, 3)))


@pytest.fixture
def reports(rng, accuracy):
    named = rng.permuted(accuracy.counts, axis=2)  # of the same examples
    return {"DenoMAE2.0": accuracy, "from scratch": report_of(named)}


def percents(cell):
    """Share, lower and upper bound of a cell such as `97.3 (96.1–98.2)`."""
    return [float(number) / 100 for number in cell.strip(")").replace(" (", "–").split("–")]


# every table --------------------------------------------------------------------------------


def test_every_row_has_a_cell_for_each_head_and_numbers_stay_numbers(reports, accuracy):
    tables = [
        accuracy_table(reports),
        accuracy_csv(reports),
        confusion_csv(accuracy),
        confusion_per_snr_csv(reports),
    ]
    for table in tables:
        assert table.rows
        for row in table.rows:
            for column, cell in zip(table.columns, row, strict=True):
                assert not column.form.is_number or not isinstance(cell, str) or cell == "all"


def test_a_row_with_a_cell_too_few_is_refused():
    with pytest.raises(ShapeError, match="must have 2 cells, got 1"):
        Table.of([Column("a"), Column("b")], [("one",)])


def test_a_number_is_printed_by_the_format_of_its_column_and_filed_in_full():
    table = Table.of(
        [Column("SNR", SNR, "dB"), Column("share", PERCENT), Column("p", PROBABILITY)],
        [(-10.0, Ranged(1 / 3, 0.25, 0.5), 1e-5), ("all", None, float("nan"))],
    )
    assert table.in_print() == (
        ["SNR (dB)", "share", "p"],
        [["−10", "33.3 (25.0–50.0)", "< 0.001"], ["all", "–", "–"]],
    )
    heads, rows = in_file(table)
    assert heads == ["SNR (dB)", "share", "p", "share, low", "share, high"]
    assert [float(cell) for cell in rows[0]] == pytest.approx([-10, 100 / 3, 1e-5, 25, 50])
    assert rows[1] == ["all", "", "", "", ""]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [("range", "−0.5 (−1.0–0.2)"), ("to", "−0.5 (−1.0 to 0.2)"), ("half", "−0.5 ± 0.7")],
)
def test_an_interval_is_a_range_or_half_a_width(interval, expected):
    form = Format(".1f", interval=interval)
    assert printed(Ranged(-0.5, -1.0, 0.2), form) == expected
    assert printed(Ranged(-0.5, np.nan, np.nan), form) == "−0.5"


def test_a_count_has_its_thousands_apart_in_print_alone():
    table = Table.of([Column("examples", COUNT)], [(20160,)])
    assert table.in_print()[1] == [["20,160"]]
    assert in_file(table)[1] == [["20160"]]


def test_a_csv_file_reads_back_as_the_table(tmp_path):
    table = (["model", "µ, dB"], [['says "so"', "1"], ["two\nlines, one cell", "−2"], ["", "|"]])
    write_csv(text_table(*table), tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [table[0], *table[1]]


def test_a_markdown_table_has_heads_a_rule_and_rows():
    assert markdown(
        text_table(["SNR", "accuracy"], [["0", "50.0"], ["10", "99.0"]])
    ).splitlines() == [
        "| SNR | accuracy |",
        "| ---: | ---: |",
        "| 0 | 50.0 |",
        "| 10 | 99.0 |",
    ]


def test_a_bar_in_a_name_does_not_open_another_cell():
    lines = markdown(text_table(["run|one"], [["1|2"]])).splitlines()
    cells = [line.replace(r"\|", "").count("|") for line in lines]
    assert cells == [2, 2, 2]


# accuracy -----------------------------------------------------------------------------------


def test_the_accuracy_table_has_a_row_for_each_snr_and_the_whole_last(reports):
    heads, rows = accuracy_table(reports).in_print()
    assert heads == ["Es/N0 (dB)", "DenoMAE2.0", "from scratch", "examples"]
    assert [row[0] for row in rows] == ["−10", "0", "2.5", "10", "all"]


@pytest.mark.parametrize("reference", SNR_REFERENCE_NAMES)
def test_the_snr_column_says_what_it_refers_to(reference):
    heads = accuracy_table({"model": report_of(np.ones((4, 3, 3), int), reference)}).heads
    assert heads[0] == f"{SNR_REFERENCE_NAMES[reference]} (dB)"


def test_cells_are_the_shares_and_intervals_of_the_report_to_print_precision(reports):
    heads, rows = accuracy_table(reports).in_print()
    for name, report in reports.items():
        column = [row[heads.index(name)] for row in rows]
        for s, cell in enumerate(column[:-1]):
            expected = [report.accuracy_per_snr[s], *report.interval_per_snr[s]]
            assert percents(cell) == pytest.approx(expected, abs=0.0005 + 1e-9)
        assert percents(column[-1]) == pytest.approx(
            [report.accuracy, *report.interval], abs=0.0005 + 1e-9
        )


def test_the_examples_of_the_rows_add_up_to_the_last(reports):
    _, rows = accuracy_table(reports).in_print()
    counts = [int(row[-1]) for row in rows]
    assert sum(counts[:-1]) == counts[-1] == reports["DenoMAE2.0"].examples


def test_right_of_four_in_four_is_printed_with_its_wilson_interval():
    counts = np.zeros((4, 3, 3), int)
    counts[:, 0, 0] = 4
    _, rows = accuracy_table({"model": report_of(counts)}).in_print()
    # Wilson at 4 of 4: the lower bound is 4/(4 + 1.96²) = 51.0 %
    assert rows[0] == ["−10", "100.0 (51.0–100.0)", "4"]
    assert rows[-1] == ["all", "100.0 (80.6–100.0)", "16"]


def test_an_snr_without_examples_proves_nothing():
    counts = np.zeros((4, 3, 3), int)
    counts[1:, 0, 0] = 4
    _, rows = accuracy_table({"model": report_of(counts)}).in_print()
    assert rows[0] == ["−10", "0.0 (0.0–100.0)", "0"]


def test_the_accuracy_csv_has_a_row_for_each_model_and_snr(reports):
    heads, rows = in_file(accuracy_csv(reports))
    assert len(rows) == 2 * len(SNR_DB)
    for row in rows:
        line = dict(zip(heads, row, strict=True))
        report = reports[line["model"]]
        s = report.snr_db.index(float(line["snr_db"]))
        assert int(line["examples"]) == report.counts[s].sum()
        assert int(line["hits"]) == np.trace(report.counts[s])
        assert float(line["accuracy"]) == pytest.approx(report.accuracy_per_snr[s], abs=1e-6)
        low, high = report.interval_per_snr[s]
        assert float(line["low_95"]) == pytest.approx(low, abs=1e-6)
        assert float(line["high_95"]) == pytest.approx(high, abs=1e-6)
        assert line["snr_reference"] == "symbol"


def test_the_confusion_csv_holds_every_count_true_class_down(accuracy):
    heads, rows = in_file(confusion_csv(accuracy))
    assert heads == ["true class", *CLASSES]
    assert [row[0] for row in rows] == list(CLASSES)
    counts = [[int(cell) for cell in row[1:]] for row in rows]
    assert np.array_equal(counts, accuracy.counts.sum(axis=0))


def test_the_confusion_of_every_snr_adds_up_to_every_count(reports):
    heads, rows = in_file(confusion_per_snr_csv(reports))
    for name, report in reports.items():
        found = np.zeros_like(report.counts)
        for row in rows:
            line = dict(zip(heads, row, strict=True))
            if line["model"] == name:
                place = (
                    report.snr_db.index(float(line["snr_db"])),
                    report.classes.index(line["true class"]),
                    report.classes.index(line["named class"]),
                )
                found[place] += int(line["examples"])
        assert np.array_equal(found, report.counts)


# ceilings -----------------------------------------------------------------------------------


def ceiling_of(kind, shares, *, is_bound=True, groups=(("BPSK",), ("QPSK",), ("OOK",))):
    shares = np.array(shares)
    return made_up_ceiling(
        shares,
        classes=CLASSES,
        snr_db=SNR_DB,
        groups=groups,
        kind=kind,
        is_bound=is_bound,
        hit_rate=shares - 0.001,
        posterior_error=np.full(4, 0.002),
        merged_hit_rate=shares + 0.099,
        merged_mean_posterior=shares + 0.1,
    )


@pytest.fixture
def ceilings():
    return {
        "sequence": ceiling_of("sequence", [0.5, 0.7, 0.8, 0.9]),
        "symbols": ceiling_of("symbols", [0.4, 0.6, 0.7, 0.8], is_bound=False),
    }


def test_ceilings_stand_beside_the_models_and_count_by_the_same_examples(reports, ceilings):
    heads, rows = accuracy_table(reports, ceilings).in_print()
    assert heads[-3:] == ["ceiling, sequence", "ceiling, symbols", "examples"]
    assert [row[-3] for row in rows[:-1]] == ["50.0", "70.0", "80.0", "90.0"]
    assert [row[-2] for row in rows[:-1]] == ["≥ 39.9", "≥ 59.9", "≥ 69.9", "≥ 79.9"]
    weights = next(iter(reports.values())).examples_per_snr
    expected = 100 * np.average([0.5, 0.7, 0.8, 0.9], weights=weights)
    assert rows[-1][-3] == f"{expected:.1f}"


def test_equal_classes_get_a_column_that_counts_them_as_one(ceilings):
    pair = (("BPSK", "QPSK"), ("OOK",))
    ceilings["sequence"] = ceiling_of("sequence", [0.5, 0.6, 0.6, 0.6], groups=pair)
    heads, rows = ceiling_table(ceilings).in_print()
    assert heads[1:] == ["sequence", "sequence, merged", "symbols"]
    assert rows[0] == ["−10", "50.0", "60.0", "≥ 39.9"]
    assert rows[-1] == ["mean", "57.5", "67.5", "≥ 62.4"]


def test_it_is_said_whether_the_receivers_of_ceilings_know_the_snr(ceilings):
    assert snr_knowledge_note(ceilings).startswith("SNR known: sequence; symbols.")
    blind = {name: replace(ceiling, snr="unknown") for name, ceiling in ceilings.items()}
    assert snr_knowledge_note(blind) == snr_knowledge_note({}) == ""
    assert snr_knowledge_note({**blind, "last": ceilings["sequence"]}).startswith(
        "SNR known: last."
    )


def test_a_ratio_is_of_a_ceiling_only_where_there_is_one(ceilings):
    assert ratio_name("sequence", ceilings) == "of the ceiling, sequence"
    assert ratio_name("symbols", ceilings) == "of the lower bound, symbols"


def test_the_csv_of_ceilings_holds_both_estimates(ceilings):
    heads, rows = in_file(ceiling_csv(ceilings))
    first = dict(zip(heads, rows[0], strict=True))
    assert (first["mean_posterior"], first["hit_rate"]) == ("0.50000", "0.49900")
    assert (first["is_bound"], first["posterior_error"]) == ("true", "0.00200")
    assert len(rows) == 8


def test_names_from_files_are_no_markup_and_no_control_characters(tmp_path):
    name = "<b>x</b> [a](http://b) \x1b[31m|"
    table = text_table(["model"], [[name]])
    line = markdown(table).splitlines()[-1]
    assert line == "| \\<b>x\\</b> \\[a](http://b) \ufffd[31m\\| |"
    write_csv(table, tmp_path / "t.csv")
    assert "\x1b" not in (tmp_path / "t.csv").read_text()


def test_models_of_other_examples_have_their_numbers_apart(accuracy):
    few = replace(accuracy, counts=accuracy.counts * np.array([[1], [1], [0]]))
    heads, rows = in_file(accuracy_table({"all": accuracy, "some": few}))
    assert heads[3:5] == ["examples, all", "examples, some"]
    assert [int(cell) for cell in rows[-1][3:5]] == [accuracy.examples, few.examples]
    assert confusion_csv(few).of_column("true class") == ["BPSK", "QPSK"]
