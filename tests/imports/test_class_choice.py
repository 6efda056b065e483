"""Classes are chosen, merged and renamed whatever the source."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.errors import DatasetError
from rfmae.imports.class_choice import ClassChoice, Merge, parse_merge
from rfmae.imports.import_plan import plan_import, survey
from rfmae.imports.sources import Facts, batch_of, known_of
from rfmae.progress import Silent

CLASSES = ("16QAM", "BPSK", "qam16", "FM")


class Rows:
    """Forty examples of each of four classes."""

    def __init__(self):
        self.facts = Facts("rows", "", CLASSES, 160, 8, 1.0)
        self.label = np.arange(160) % 4
        self.iq = np.random.default_rng(1).normal(size=(160, 8)).astype(np.complex64)

    def blocks(self):
        for first in (0, 100):
            here = slice(first, first + 100)
            snr_db = np.zeros(len(self.label[here]))
            yield batch_of(self.iq[here], self.label[here], snr_db, self.facts)

    def known(self):
        return known_of(self.blocks())


def labels(source):
    return np.concatenate([block.label for block in source.known()])


def test_nothing_chosen_changes_nothing():
    source, chosen = Rows(), ClassChoice(Rows())
    assert chosen.facts == source.facts
    assert np.array_equal(labels(chosen), source.label)


def test_chosen_classes_are_in_their_order_and_the_others_left_out():
    source, chosen = Rows(), ClassChoice(Rows(), ("FM", "BPSK"))
    assert chosen.facts.classes == ("FM", "BPSK")
    assert chosen.facts.notes == ("classes left out: 16QAM, qam16",)
    assert np.array_equal(labels(chosen), np.array([-1, 1, -1, 0])[source.label])


def test_merged_classes_are_one():
    merge = parse_merge("16QAM=16QAM, qam16")
    source, merged = Rows(), ClassChoice(Rows(), merges=(merge,))
    assert merged.facts.classes == ("16QAM", "BPSK", "FM")
    assert merged.facts.notes == ("class 16QAM is 16QAM and qam16",)
    assert np.array_equal(labels(merged), np.array([0, 1, 0, 2])[source.label])


def test_a_class_is_renamed_and_found_by_other_spellings():
    renamed = ClassChoice(Rows(), merges=(Merge("voice", ("fm",)), Merge("square", ("QAM16",))))
    assert renamed.facts.classes == ("square", "BPSK", "qam16", "voice")


def test_a_plan_holds_the_chosen_rows_alone():
    source = Rows()
    chosen = ClassChoice(source, ("FM", "BPSK"))
    known = survey(chosen, Silent())
    plan = plan_import(chosen.facts, known, (0.8, 0.1, 0.1), 0)
    rows = np.sort(np.concatenate([*plan.rows.values()]))
    assert np.array_equal(rows, np.flatnonzero(np.isin(source.label, [1, 3])))
    batches = list(chosen.blocks())
    written = np.concatenate([batch.label for batch in batches])
    assert np.array_equal(written[rows], np.array([0, 1, 0, 0])[source.label[rows]])
    assert {batch.classes for batch in batches} == {("FM", "BPSK")}


@pytest.mark.parametrize(("chosen", "merges"), [(("PQSK",), ()), ((), (Merge("a", ("BSPK",)),))])
def test_a_class_that_is_not_there_is_refused_with_the_nearest(chosen, merges):
    with pytest.raises(DatasetError, match=r"there is no class .* did you mean"):
        ClassChoice(Rows(), chosen, merges)


def test_a_class_in_two_merges_is_refused():
    merges = (Merge("PSK", ("BPSK",)), Merge("X", ("bpsk", "FM")))
    with pytest.raises(DatasetError, match=r"BPSK is in those to PSK and X"):
        ClassChoice(Rows(), (), merges)


def test_nothing_is_said_of_the_names_of_classes_that_are_gone():
    source = Rows()
    of_bpsk = "BPSK is kept, but its samples are not BPSK (why)"
    of_fm = "FM is kept, but its samples are not FM (why)"
    source.facts = replace(source.facts, notes=(of_bpsk, of_fm, "psk is renamed to BPSK: (why)"))
    assert ClassChoice(source, ("FM",)).facts.notes[0] == of_fm
    assert ClassChoice(source, (), (Merge("PSK", ("BPSK",)),)).facts.notes[0] == of_fm
    assert ClassChoice(source, ("FM", "BPSK")).facts.notes[:3] == source.facts.notes


@pytest.mark.parametrize("text", ["", "a", "=b", "a=", "a=,"])
def test_a_merge_of_another_form_is_refused(text):
    with pytest.raises(DatasetError, match="NEW=OLD"):
        parse_merge(text)


def test_a_chosen_part_of_a_merge_is_the_merged_class():
    chosen = ClassChoice(Rows(), ("qam16", "FM"), (Merge("16QAM", ("16QAM", "qam16")),))
    assert chosen.facts.classes == ("16QAM", "FM")
