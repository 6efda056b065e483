"""What a report says of models on data that are not their own."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from sample_reports import all_answers, sample_report

from rfmae.evaluation.assessing import assess
from rfmae.evaluation.classification import counted
from rfmae.evaluation.matching import of_known_classes, unknown_classes
from rfmae.records import Answers, ClassMatch, ImageConfig, Modality, Plane
from rfmae.reporting.headlines import accuracy_headline
from rfmae.reporting.markdown_page import markdown_page
from rfmae.reporting.match_notes import condition_note, match_notes
from rfmae.reporting.match_tables import recall_table, unknown_class_table
from rfmae.reporting.page.contents import csv_files, figures_of
from rfmae.reporting.page.page import page
from rfmae.reporting.report_record import report_json, report_of, whole_json

MATCH = ClassMatch(
    ("QAM16", "GMSK", "BPSK"),
    ("BPSK", "16QAM", "8PSK"),
    (("QAM16", "16QAM"), ("BPSK", "BPSK")),
)
CARD = {
    "samples": {"symbols": 64},
    "samples_per_symbol": 1.0,
    "image": asdict(ImageConfig(size=32)),
    "modalities": [asdict(Modality())],
}
DATA = {
    "views": {"symbols": {"samples": 256, "samples_per_symbol": 1.0}},
    "image": asdict(ImageConfig(size=32)),
}


def partial_answers():
    """Ten 16QAM, eight right and two called 8PSK; four GMSK, all called BPSK; ten BPSK, right."""
    label = np.repeat([0, 1, 2], [10, 4, 10])
    named = np.repeat([0, 3, 2, 2], [8, 2, 4, 10])
    probabilities = 0.1 + 0.7 * np.eye(4)[named]
    probabilities[:, 1] = 0  # of GMSK, which it does not know
    return Answers(probabilities, label,
                   np.zeros(24), MATCH.column_names, (0.0,), "dataset")  # fmt: skip


def partial_report():
    """A report of a model that has two of three classes, beside none other."""
    every = partial_answers()
    known = of_known_classes(every, MATCH)
    found = assess(known, ceilings={}, image=None, groups=(), temperature=None)
    found = replace(found, match=MATCH, unknown_classes=unknown_classes(every, MATCH))
    accuracy, assessments = {"m": counted(known)}, {"m": found}
    return replace(
        sample_report(per_point=1),
        accuracy=accuracy,
        assessments=assessments,
        ceilings={},
        comparisons=(),
        robustness=(),
        embedding=(),
        denoising=None,
        gallery=(),
        label_curve=None,
        label_difference=None,
        headline=accuracy_headline(accuracy, assessments, {}),
        notes=match_notes(accuracy, assessments),
    )


@pytest.fixture(scope="module")
def report():
    return partial_report()


def test_the_note_names_spellings_and_classes_outside_and_their_fate(report):
    (note,) = report.notes
    assert note.startswith("m: QAM16 is its 16QAM, by the table of modulations; ")
    assert "it also knows 8PSK, which these data do not hold" in note
    assert "QAM16 80.0 % (49.0–94.3) (most of the rest called 8PSK), BPSK 100.0 %" in note
    assert "never learnt GMSK: their 4 examples count in no accuracy" in note
    assert "as confident of 100.0 % (51.0–100.0) of them as of 95 % of the known ones" in note
    assert report.headline == "m: 90.0 % (69.9–97.2) right of 2 known classes."


def test_the_tables_hold_recall_and_what_was_never_learnt(report):
    _, rows = recall_table(report.accuracy, report.assessments).in_print()
    assert rows[0] == ["m", "QAM16", "80.0 (49.0–94.3)", "8PSK 20.0 %", "10"]
    assert rows[1][3] == "–"
    _, rows = unknown_class_table(report.assessments).in_print()
    assert rows == [["m", "GMSK", "100.0 (51.0–100.0)", "BPSK 100.0 %", "0.500", "0.800", "4"]]


def test_the_matrix_has_the_classes_of_the_data_down_and_all_answers_across(report):
    table = csv_files(report)["confusion"]
    assert table.heads == ["true class", "QAM16", "BPSK", "8PSK"]
    assert table.rows == (("QAM16", 8, 0, 2), ("BPSK", 0, 10, 0))
    text = page(report)
    assert text.count('<th scope="row">') == 2
    figures = dict(figures_of(report))
    axes = figures["confusion"]().axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["QAM16", "BPSK"]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["QAM16", "BPSK", "8PSK"]
    assert "Classes that a model never learnt" in text
    assert "## Classes that a model never learnt" in markdown_page(report)


def test_the_report_comes_back_from_its_json_and_an_older_one_has_no_match(report):
    plain = json.loads(json.dumps(whole_json(report), allow_nan=False))
    back = report_of(plain)
    assert back.assessments["m"].match == MATCH
    assert report_json(back) == report_json(report)
    for name in ("match", "unknown_classes"):
        del plain["assessments"]["m"][name]
    older = report_of(plain).assessments["m"]
    assert (older.match, older.unknown_classes) == (None, ())


def test_models_of_the_data_sets_own_classes_have_no_note():
    whole = sample_report(per_point=1)
    assert match_notes(whole.accuracy, whole.assessments) == ()
    assert recall_table(whole.accuracy, whole.assessments).rows == ()
    assert len(all_answers(per_point=1)) == len(whole.accuracy)


def test_other_lengths_rates_and_images_are_told():
    assert condition_note("m", CARD, {**DATA, "views": {"symbols": {"samples": 64,
                          "samples_per_symbol": 1.0}}}) == ""  # fmt: skip
    assert condition_note("f", {"kind": "function"}, DATA) == ""
    assert condition_note("m", CARD, DATA) == "m was trained otherwise: on 64 symbols, here 256."
    waveform = {"samples": {"waveform": 512}, "samples_per_symbol": 8.0}
    held = {**DATA, "views": {"waveform": {"samples": 512, "samples_per_symbol": 1.0}}}
    assert condition_note("m", waveform, held) == (
        "m was trained otherwise: at 8 samples per symbol, here 1."
    )
    plane = ImageConfig(size=64, planes=(Plane("differential", "density", lag_symbols=1),))
    told = condition_note("m", {**CARD, "image": asdict(plane)}, DATA)
    assert "64 pixels, ±2.5: differential over 1 symbol, density, which are rendered here" in told
    assert "has 32 pixels, ±2.5: symbols, decay 5" in told
