"""What is said of a split that is empty, or lacks a class, is what its reader can act on."""

import numpy as np
import pytest

from rfmae.errors import DatasetError
from rfmae.imports.empty_splits import missing_classes, refuse_empty
from rfmae.imports.import_plan import plan_import
from rfmae.imports.places import Places, Windows
from rfmae.imports.sources import Facts, Known

SHARES = (0.8, 0.1, 0.1)
FACTS = Facts("set", "", ("BPSK", "QPSK"), 40, 8, 1.0)


def placed(split, windows=4, samples=8, hop=8):
    """Recordings of both classes in turn, each in a split."""
    split = np.repeat(split, windows)
    recording = np.arange(len(split)) // windows
    first = np.tile(hop * np.arange(windows), len(split) // windows)
    places = Places(recording, recording, first, split, Windows(samples, hop))
    label = recording % 2
    return places, Known(label, np.zeros(len(label), np.float32), np.arange(len(label), dtype="u8"))


def refusal(places, known, shares=SHARES):
    with pytest.raises(DatasetError) as caught:
        plan_import(FACTS, known, shares, 0, places=places)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_column_of_splits_without_train():
    said = refusal(*placed([1, 1, 2, 2]))
    assert "train would be empty: set puts every example into validation and test, and" in said
    assert "share" not in said


def test_a_test_split_that_holds_all_that_is_to_divide():
    places, known = placed([-1, -1, 2, 2])
    known.digest[8:] = known.digest[:8]
    said = refusal(places, known)
    assert "would be empty: every example that set does not put into test is there, too" in said
    assert "share" not in said


def test_the_same_for_arrays_with_a_test_split():
    known = Known(np.arange(40) % 2, np.zeros(40, np.float32), np.arange(40, dtype="u8") % 20)
    facts = Facts("set", "", FACTS.classes, 40, 8, 1.0, test_from=20)
    with pytest.raises(DatasetError, match="does not put into test is there, too"):
        plan_import(facts, known, SHARES, 0)


@pytest.mark.parametrize("shares", [(0.5, 0.0, 0.5), (0.5, 0.5, 0.0), (0.0, 0.5, 0.5)])
def test_a_share_of_nothing(shares):
    empty = ("train", "validation", "test")[shares.index(0.0)]
    said = refusal(*placed([-1] * 8), shares)
    assert said == f"split {empty} would be empty: --shares give {empty} none; give it one above 0"


def test_a_hop_that_is_longer_than_the_recordings():
    said = refusal(*placed([-1] * 4, windows=1, hop=100))
    assert "a hop of 100 samples takes one window of each of the 4 recordings; name a sho" in said


def test_a_split_that_is_merely_too_small_wants_a_larger_share():
    known = Known(np.arange(4) % 2, np.zeros(4, np.float32), np.arange(4, dtype="u8"))
    rows = {"train": np.arange(4), "validation": np.arange(0), "test": np.arange(0)}
    with pytest.raises(DatasetError, match=r"validation would be empty with shares .* larger"):
        refuse_empty(FACTS, known, rows, SHARES, None)


def test_a_class_that_only_the_test_split_has():
    places, known = placed([-1, -1, -1, -1, 2, 2])
    known.label[:16] = 0
    rows = {"train": np.arange(8), "validation": np.arange(8, 16), "test": np.arange(16, 24)}
    assert missing_classes(FACTS, known, rows, places) == (
        "split train holds no example of QPSK: test, as the set has it, holds all; add others to "
        "the rest",
        "split validation holds no example of QPSK: test, as the set has it, holds all; add "
        "others to the rest",
    )


def test_a_class_that_the_test_split_of_the_authors_lacks():
    places, known = placed([-1, -1, 2])
    rows = {"train": np.arange(8), "validation": np.arange(8), "test": np.arange(8, 12)}
    (note,) = missing_classes(FACTS, known, rows, places)
    assert note == "split test holds no example of QPSK, as the set has it; add some to it"


def test_a_class_whose_examples_are_copies_of_the_test_split():
    places, known = placed([-1, -1, 2, 2])
    known.digest[12:] = known.digest[4:8]
    rows = {"train": np.arange(4), "validation": np.arange(4), "test": np.arange(8, 16)}
    notes = missing_classes(FACTS, known, rows, places)
    assert len(notes) == 2
    assert all("QPSK: those that are not in test, as the set has it, are there" in n for n in notes)


@pytest.mark.parametrize(("hop", "windows", "words"), [(8, 4, "--samples"), (100, 1, "--hop")])
def test_recordings_that_are_too_few_or_too_short(hop, windows, words):
    places, known = placed([-1] * 4, windows, hop=hop)
    rows = {
        "train": np.arange(2 * windows),
        "validation": np.arange(windows),
        "test": np.arange(2 * windows),
    }
    (note,) = missing_classes(FACTS, known, rows, places)
    assert note.startswith("split validation holds no example of QPSK; add recordings of it")
    assert note.endswith(f"shorter {words}")
