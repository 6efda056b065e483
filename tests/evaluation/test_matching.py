"""Answers of a model of other classes than those of the data set."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import answers_of, calibrated

from rfmae.errors import DatasetError
from rfmae.evaluation.classification import counted
from rfmae.evaluation.comparison import compare, comparisons_of
from rfmae.evaluation.matching import in_data_order, of_known_classes, unknown_classes
from rfmae.signal.class_matching import matched_classes

DATA = ("QPSK", "GMSK", "BPSK")
MODEL = ("BPSK", "8PSK", "QPSK")
MATCH = matched_classes(DATA, MODEL)


def said(label, probabilities):
    """Answers in the columns of the match: QPSK, GMSK, BPSK, 8PSK."""
    own = in_data_order(np.asarray(probabilities, float), MATCH)
    return answers_of(own, label, classes=MATCH.column_names)


def test_each_probability_goes_to_the_column_of_its_name():
    found = in_data_order(np.array([[0.5, 0.2, 0.3]]), MATCH)
    assert found.tolist() == [[0.3, 0.0, 0.5, 0.2]]


def test_renormalised_probabilities_are_over_the_common_classes():
    given = np.array([[0.5, 0.2, 0.3], [0.0, 1.0, 0.0]])
    found = in_data_order(given, MATCH, renormalised=True)
    assert found == pytest.approx(np.array([[0.375, 0, 0.625], [0.5, 0, 0.5]]))


def test_the_accuracy_is_of_the_known_examples_over_the_whole_list():
    # QPSK right, QPSK called 8PSK, GMSK called BPSK, BPSK right
    probabilities = [[0.1, 0.1, 0.8], [0.1, 0.7, 0.2], [0.9, 0.1, 0], [0.6, 0.3, 0.1]]
    answers = said([0, 0, 1, 2], probabilities)
    report = counted(of_known_classes(answers, MATCH))
    assert report.classes == ("QPSK", "BPSK", "8PSK")
    assert report.confusion.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert report.held.tolist() == [0, 1]
    assert report.accuracy == pytest.approx(2 / 3)


def test_what_was_never_learnt_is_accepted_by_its_confidence_and_has_been_named():
    known = [[0.1, 0.0, 0.9]] * 19 + [[0.3, 0.1, 0.6]]  # 95 % are at least as confident as 0.9
    unknown = [[0.95, 0, 0.05]] * 3 + [[0, 0.85, 0.15]] * 2
    answers = said([0] * 20 + [1] * 5, known + unknown)
    (found,) = unknown_classes(answers, MATCH)
    assert found.name == "GMSK"
    assert found.threshold == pytest.approx(0.9)
    assert (found.accepted.hits, found.accepted.examples) == (3, 5)
    assert found.open_set.fpr95 == pytest.approx(0.6)
    # three of five are above all, two of five above one of twenty
    assert found.open_set.auroc == pytest.approx(1 - (3 + 2 * 1 / 20) / 5)
    named = [(one.true, one.named, one.share.hits) for one in found.named]
    assert named == [("GMSK", "BPSK", 3), ("GMSK", "8PSK", 2)]


def test_a_class_without_examples_is_not_reported():
    answers = said([0, 2], [[0.1, 0.1, 0.8], [0.6, 0.3, 0.1]])
    assert unknown_classes(answers, MATCH) == ()


def test_without_any_known_example_there_is_nothing_to_evaluate():
    with pytest.raises(DatasetError, match="must hold examples of QPSK, BPSK, got none"):
        of_known_classes(said([1], [[0.1, 0.1, 0.8]]), MATCH)


def test_models_of_other_lists_are_compared_on_the_classes_that_both_know(rng):
    first = calibrated(rng, 300, classes=("A", "B", "C"))
    order = [2, 0, 1]
    moved = replace(
        first,
        probabilities=first.probabilities[:, order],
        label=np.argsort(order)[first.label],
        classes=("C", "A", "B"),
    )
    assert compare(first, moved, ("one", "other"), rng).difference == 0
    kept = first.label != 2
    fewer = replace(
        first,
        probabilities=first.probabilities[kept],
        label=first.label[kept],
        snr_db=first.snr_db[kept],
        classes=("A", "B", "Z"),
    )
    found = compare(first, fewer, ("one", "other"), rng)
    assert (found.examples, found.difference) == (kept.sum(), 0)
    strange = replace(fewer, classes=("X", "Y", "Z"))
    assert comparisons_of({"one": first, "other": strange}) == ()
