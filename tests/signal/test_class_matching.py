"""Class lists of a data set and of a model, matched by name."""

import pytest

from rfmae.errors import ShapeError
from rfmae.records import ClassMatch
from rfmae.signal.class_matching import matched_classes
from rfmae.signal.modulations import MODULATIONS


def test_the_order_of_a_list_does_not_matter():
    names = ("BPSK", "QPSK", "my-own")
    match = matched_classes(names, names[::-1])
    assert match.common == names
    assert match.is_whole and not match.renamed
    assert match.columns == (2, 1, 0)
    assert match.column_names == names


def test_some_classes_are_common_and_the_others_are_told_apart():
    match = matched_classes(("QPSK", "GMSK"), ("8PSK", "QPSK"))
    assert (match.common, match.unknown, match.absent) == (("QPSK",), ("GMSK",), ("8PSK",))
    assert match.columns == (1, None, 0)
    assert match.column_names == ("QPSK", "GMSK", "8PSK")
    assert match.without_absent() == matched_classes(("QPSK", "GMSK"), ("QPSK",))


@pytest.mark.parametrize("row", MODULATIONS.values(), ids=list(MODULATIONS))
def test_every_spelling_of_the_table_is_the_name_itself(row):
    for alias in row.aliases:
        match = matched_classes((alias,), (row.name,))
        assert match.renamed == ((alias, row.name),)


def test_a_second_spelling_in_one_list_is_another_class():
    assert matched_classes(("16QAM",), ("QAM16", "16QAM")).pairs == (("16QAM", "16QAM"),)
    assert matched_classes(("16-QAM", "QAM16"), ("16QAM",)).pairs == ()
    assert matched_classes(("BPSK", "2PAM"), ("BPSK", "PSK2")).pairs == (("BPSK", "BPSK"),)


def test_names_outside_of_the_table_match_only_as_they_are():
    assert matched_classes(("wifi", "LTE"), ("LTE", "WiFi")).pairs == (("LTE", "LTE"),)
    assert matched_classes(("wifi",), ("BPSK",)).pairs == ()


def test_a_pair_must_be_of_both_lists_and_a_name_in_one_pair_alone():
    for pairs in [(("A", "C"),), (("A", "B"), ("A", "B"))]:
        with pytest.raises(ShapeError, match="each once"):
            ClassMatch(("A",), ("B",), pairs)
    assert ClassMatch.same(("A", "B")).is_whole
