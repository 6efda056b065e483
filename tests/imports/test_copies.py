"""Copies of recordings are one unit, and the same samples under several classes are told."""

import numpy as np
import pytest

from rfmae.imports.copies import label_conflicts, with_copies
from rfmae.imports.sources import Known, row_digests

CLASSES = ("BPSK", "QPSK", "8PSK")


def digests(*recordings):
    """Units and digests of recordings whose windows have these numbers."""
    units = np.repeat(np.arange(len(recordings)), [len(each) for each in recordings])
    return units, np.concatenate(recordings).astype(np.uint64)


def partition(units):
    return {tuple(np.flatnonzero(units == each)) for each in np.unique(units)}


@pytest.mark.parametrize(
    ("recordings", "together"),
    [
        ([[1, 2], [3, 4], [5, 6]], [0, 1, 2]),
        ([[1, 2], [3, 4], [1, 2]], [0, 1, 0]),
        ([[1, 2, 3, 4, 5, 6], [3, 4], [7]], [0, 0, 1]),  # an excerpt and its whole
        ([[1, 2], [2, 3], [3, 4]], [0, 0, 0]),
        ([[1, 2, 3, 9], [4, 5, 6, 9], [9, 7, 8, 10]], [0, 1, 2]),  # one constant window
        ([[1, 1, 1], [2, 3]], [0, 1]),  # equal within one recording alone
    ],
)
def test_recordings_that_hold_the_same_windows_are_one(recordings, together):
    units, digest = digests(*recordings)
    wanted = np.array(together)[units]
    assert partition(with_copies(units, digest)) == partition(wanted)


def known(label, digest):
    label = np.array(label)
    return Known(label, np.zeros(len(label), np.float32), np.array(digest, np.uint64))


def test_examples_under_two_classes_are_counted():
    label = [0] * 100 + [1] * 50 + [2] * 3
    digest = [*range(100), *range(50), 200, 201, 202]
    (note,) = label_conflicts(known(label, digest), CLASSES, 8)
    assert "50 examples appear under BPSK, QPSK;" in note


def test_equal_examples_of_one_class_zeros_and_classes_left_out_are_no_conflict():
    zeros = int(row_digests([np.zeros(8, np.complex64)])[0])
    assert label_conflicts(known([0, 0, 1, 2], [1, 1, 2, 3]), CLASSES, 8) == ()
    assert label_conflicts(known([0, 1, 2], [zeros, zeros, zeros]), CLASSES, 8) == ()
    assert label_conflicts(known([0, -1], [5, 5]), CLASSES, 8) == ()


def test_one_example_under_three_classes_is_one():
    (note,) = label_conflicts(known([0, 1, 2], [5, 5, 5]), CLASSES, 8)
    assert "1 example appears under BPSK, QPSK, 8PSK;" in note
