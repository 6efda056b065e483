"""Labels are names, numbers or one-hot rows, SNRs numbers or text; what is none is refused."""

import numpy as np
import pytest

from rfmae.errors import DatasetError
from rfmae.imports.arrays.label_columns import read_labels
from rfmae.imports.arrays.snr_columns import read_snrs, snr_of_text

CLASSES = ("BPSK", "QPSK", "8PSK")
LABEL = [2, 0, 1, 1]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.array([CLASSES[label] for label in LABEL]), "names"),
        (np.array(LABEL), "numbers from 0"),
        (np.array(LABEL, np.float32), "numbers from 0"),
        (np.array(LABEL) + 1, "numbers from 1"),
        (np.eye(3)[LABEL], "one-hot rows"),
        (np.eye(3, dtype=bool)[LABEL], "one-hot rows"),
    ],
    ids=["names", "numbers", "floats", "from 1", "one-hot", "booleans"],
)
def test_every_way_of_writing_labels_means_the_same(values, said):
    labels = read_labels(values, CLASSES, "y")
    assert labels.label.tolist() == LABEL
    assert (labels.classes, labels.said) == (CLASSES, said)


def test_numbers_that_may_begin_with_0_or_1_are_asked_for():
    with pytest.raises(DatasetError, match=r"count 3 classes from 0 or from 1; .* --first-label"):
        read_labels(np.array([1, 2, 1]), CLASSES, "y")
    assert read_labels(np.array([1, 2, 1]), CLASSES, "y", 0).label.tolist() == [1, 2, 1]
    assert read_labels(np.array([1, 2, 1]), CLASSES, "y", 1).label.tolist() == [0, 1, 0]
    with pytest.raises(DatasetError, match="must lie in 1 to 3, as they begin with 1, got 0 to 2"):
        read_labels(np.array([0, 2]), CLASSES, "y", 1)


def test_classes_have_names_and_different_ones():
    with pytest.raises(DatasetError, match="different names, got A, A"):
        read_labels(np.array([0, 1]), ("A", "A"), "y")
    with pytest.raises(DatasetError, match="which is no name of a class"):
        read_labels(np.array(["A", "B\0C"]), (), "y")
    with pytest.raises(DatasetError, match="no name in row 1"):
        read_labels(np.array(["A", ""]), (), "y")


def test_names_are_their_own_list_of_classes():
    assert read_labels(np.array(["b", "a", "b"]), (), "y").classes == ("a", "b")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.array([[1, 0, 0], [0, 0, 0]]), "row 1 holds 0 ones"),
        (np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]]), "row 2 holds 2 ones"),
        (np.array([[0.2, 0.5, 0.3]]), "row 0 holds other numbers than 0 and 1"),
        (np.eye(2), "2 columns, one for each class, but --classes names 3"),
        (np.array([0, 3, 4]), "from 0 to 2 or from 1 to 3, .* got 0 to 4"),
        (np.array([0, -1]), "got -1 to 0"),
        (np.array([0, 1.5]), "got 1.5 in row 1"),
        (np.array([0, np.nan]), "got nan in row 1"),
        (np.array(["BPSK", "PSK"]), "have no 'QPSK', which --classes names; did you mean"),
    ],
)
def test_labels_that_are_none_are_refused_by_their_row(values, words):
    with pytest.raises(DatasetError, match=words):
        read_labels(values, CLASSES, "y")


@pytest.mark.parametrize(("values", "words"), [(np.eye(3), "3 columns"), (np.arange(3), "3 num")])
def test_numbers_without_names_are_asked_for(values, words):
    with pytest.raises(DatasetError, match=f"{words}.*--classes"):
        read_labels(values, (), "y")


@pytest.mark.parametrize(
    ("text", "snr_db"),
    [
        ("10", 10),
        ("10dB", 10),
        (" -2.5 dB", -2.5),
        ("−4", -4),
        ("snr_m4", -4),
        ("SNR=8", 8),
        ("SNR_neg20dB", -20),
        ("+6", 6),
        ("QPSK", None),
        ("16QAM", None),
        ("", None),
        ("10 20", None),
    ],
)
def test_snrs_are_read_from_words(text, snr_db):
    assert snr_of_text(text) == snr_db


def test_a_column_of_snrs_is_numbers_or_words():
    assert read_snrs(np.array(["10dB", "-2", "0 dB"]), "z").tolist() == [10, -2, 0]
    with pytest.raises(DatasetError, match="got 'loud'"):
        read_snrs(np.array(["10dB", "loud"]), "z")
    with pytest.raises(DatasetError, match="up to 300 dB, got nan in row 1"):
        read_snrs(np.array([0, np.nan]), "z")
