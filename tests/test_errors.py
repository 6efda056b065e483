"""The clause that names the nearest legal words."""

import pytest

from rfmae import errors
from rfmae.errors import RfmaeError, machine_fault, nearest

NAMES = ("BPSK", "QPSK", "8PSK", "16QAM", "OOK")


@pytest.mark.parametrize("name", NAMES)
def test_a_legal_word_is_nearest_to_itself_whatever_its_case(name):
    assert nearest(name, NAMES).startswith(f"did you mean {name}")
    assert nearest(name.lower(), NAMES).startswith(f"did you mean {name}")


def test_two_letters_that_changed_places_are_found():
    assert "16QAM" in nearest("16QMA", NAMES)


def test_at_most_three_words_are_offered():
    offered = nearest("PSK", ("1PSK", "2PSK", "3PSK", "4PSK", "5PSK"))
    assert offered.count(" or ") == 2


def test_a_word_that_is_near_to_none_gets_them_all_in_their_order():
    assert nearest("banana", NAMES) == "known: BPSK, QPSK, 8PSK, 16QAM, OOK"
    assert nearest("", NAMES) == "known: BPSK, QPSK, 8PSK, 16QAM, OOK"


def test_legal_words_keep_their_own_case():
    assert nearest("ROLLOF", ["rolloff", "shape"]) == "did you mean rolloff?"


def test_legal_words_may_be_any_iterable():
    assert nearest("BPKS", iter(NAMES)) == nearest("BPKS", dict.fromkeys(NAMES))


def test_every_error_of_the_package_is_an_rfmae_error():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) > 5
    assert all(issubclass(kind, RfmaeError) for kind in kinds if issubclass(kind, Exception))


def test_a_message_is_one_line_that_can_be_read():
    error = RfmaeError("a name\nof a file " + "x" * 100_000 + "; name another")
    assert "\n" not in str(error)
    assert str(error).startswith("a name of a file xxx")
    assert str(error).endswith("xx; name another")
    assert len(str(error)) < 200
    assert len(str(RfmaeError("much " * 10_000))) < 2000


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 9 GiB"), "the memory ran out (Unable to allocate 9 GiB)"),
        (RuntimeError("can't allocate memory: you tried to allocate 9 bytes"), "smaller batch"),
        (RuntimeError("CUDA out of memory. Tried to allocate 9 GiB"), "smaller batch"),
        (OSError(5, "Input/output error", "a.h5"), "cannot use a.h5: input/output error"),
        (RuntimeError("shapes differ"), None),
        (OSError("odd"), None),
    ],
)
def test_an_error_of_the_machine_is_told_from_one_of_the_program(error, words):
    said = machine_fault(error)
    assert said is None if words is None else words in said


def test_an_output_that_is_full_is_told_in_one_line():
    assert machine_fault(OSError(28, "No space left on device")) == (
        "cannot write the output: no space left on device"
    )
