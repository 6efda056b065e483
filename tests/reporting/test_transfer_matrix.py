"""The matrix of models and data sets in words, tables, on the page and as a figure."""

import json

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rfmae.errors import ShapeError
from rfmae.evaluation.transfer import drop_between
from rfmae.records import ClassMatch, Share, Transfer, TransferCell
from rfmae.reporting.markdown_page import markdown_page
from rfmae.reporting.page.contents import csv_files
from rfmae.reporting.page.page import page
from rfmae.reporting.report_record import Report, report_json, report_of, whole_json
from rfmae.reporting.transfer_figure import texts_of, transfer_figure
from rfmae.reporting.transfer_tables import remarks_table, transfer_table
from rfmae.reporting.transfer_words import transfer_headline, transfer_notes

SAME = ClassMatch.same(("BPSK", "QPSK"))
PART = ClassMatch(("2PSK", "GMSK"), ("BPSK", "QPSK"), (("2PSK", "BPSK"),))
HOME, THERE = Share.of(90, 100), Share.of(60, 100)
CELLS = (
    TransferCell("m", "home", True, SAME, HOME),
    TransferCell("f", "home", False, SAME, Share.of(80, 100)),
    TransferCell("m", "there", False, PART, THERE, Share.of(7, 10), drop_between(HOME, THERE),
                 ("at 0 to 10 dB (Es/N0), here 5 dB (Es/N0)",)),
    TransferCell("f", "there", False, why="f takes examples of 64 symbols alone"),
)  # fmt: skip
MATRIX = Transfer(("m", "f"), ("home", "there"), CELLS, {"m": "trained on home", "f": "of nobody"})


@pytest.fixture(scope="module")
def report():
    return Report("Transfer", transfer_headline(MATRIX), {}, notes=transfer_notes(MATRIX),
                  transfer=MATRIX)  # fmt: skip


def test_the_headline_is_the_largest_drop_or_the_lowest_accuracy():
    assert transfer_headline(MATRIX) == (
        "m at home 90.0 %, on there 60.0 %: −30.0 points (−40.8 to −18.3)."
    )
    alone = Transfer(("m", "f"), ("home",), CELLS[:2])
    assert transfer_headline(alone) == "f on home: 80.0 % (71.1–86.7) right."


def test_the_tables_hold_every_pair_and_what_is_to_be_known_of_it():
    _, rows = transfer_table(MATRIX).in_print()
    assert [row[:2] for row in rows] == [
        ["home", "m (home)"], ["home", "f"], ["there", "m"], ["there", "f"]
    ]  # fmt: skip
    assert rows[2][2:] == ["60.0 (50.2–69.1)", "90.0 (82.6–94.5)", "−30.0 (−40.8 to −18.3)",
                           "1", "1", "1", "100"]  # fmt: skip
    assert rows[3][2:] == ["–"] * 7
    assert [row[2] for row in remarks_table(MATRIX).rows] == [
        "2PSK is its BPSK (by the table of modulations)",
        "70.0 % (39.7–89.2) of 10 examples of unknown classes are accepted where 95 % of the "
        "known are",
        "trained at 0 to 10 dB (Es/N0), here 5 dB (Es/N0)",
        "not evaluated: f takes examples of 64 symbols alone",
    ]


def test_the_notes_say_where_models_come_from_and_what_snrs_do():
    assert transfer_notes(MATRIX)[:2] == ("m: trained on home.", "f: of nobody.")
    assert "SNRs of home and elsewhere differ" in transfer_notes(MATRIX)[2]
    assert len(transfer_notes(Transfer(("m", "f"), ("home",), CELLS[:2], MATRIX.homes))) == 2


def test_the_figure_and_the_page_show_the_same_numbers(report):
    figure = transfer_figure(MATRIX)
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    drawn = [text.get_text() for text in axes.texts]
    text = page(report)
    for cell in CELLS:
        for words in texts_of(cell):
            assert words in drawn and words in text
    assert [label.get_text() for label in axes.get_yticklabels()] == ["home", "there"]
    assert text.count('class="home"') == 1
    assert "f on there: f takes examples of 64 symbols alone" in text
    assert "figures/transfer.png" in markdown_page(report)
    assert {"transfer", "transfer-remarks"} <= csv_files(report).keys()


def test_the_matrix_comes_back_from_json_and_older_reports_have_none(report):
    plain = json.loads(json.dumps(whole_json(report), allow_nan=False))
    assert report_of(plain).transfer == MATRIX
    assert report_json(report_of(plain)) == report_json(report)
    del plain["transfer"]
    assert report_of(plain).transfer is None


def test_a_matrix_lacks_no_cell_and_a_cell_no_reason():
    with pytest.raises(ShapeError, match="must have the cells"):
        Transfer(("m", "f"), ("home", "there"), CELLS[:3])
    with pytest.raises(ShapeError, match="must have an accuracy"):
        TransferCell("m", "home", is_home=True)
