"""Findings about places say what predicts which class, how large and how small."""

from dataclasses import replace

import pytest

from rfmae.records.audit_report import CarrierLines, PlaceTest
from rfmae.reporting.audit_place_findings import (
    Place,
    carrier_finding,
    copies_finding,
    names_finding,
    noise_table_finding,
    place_finding,
    shared_noise_finding,
)

NAMES = ("BPSK", "QPSK")
WHERE = Place("symbols", 128, 16, residual=True)
TEST = PlaceTest(1, 96, 0.2, 1e-9, -31.4, 0.05, -43.2, (96,))


def test_a_leak_says_place_class_and_sizes():
    found = place_finding("tone", TEST, WHERE, NAMES, leaks=True)
    assert (found.name, found.verdict) == ("tones of the residual, symbols", "leak")
    assert "A tone at -0.25 turns per sample predicts QPSK: about -31 dB" in found.explanation
    assert "seen from -43 dB of the power of the signal on" in found.explanation
    assert (found.value, found.p_value, found.noticeable_db) == (-31.4, 1e-9, -43.2)
    sample = place_finding("sample", replace(TEST, place=300), WHERE, NAMES, leaks=True)
    assert sample.explanation.startswith("Sample 44 of an example")


def test_what_may_be_the_modulation_is_a_note_and_nothing_is_a_pass():
    note = place_finding("mean", TEST, WHERE, NAMES, leaks=True, why_note="It may be.")
    assert (note.verdict, note.explanation.endswith("It may be.")) == ("note", True)
    passed = place_finding("time", TEST, WHERE, NAMES, leaks=False)
    assert (passed.verdict, passed.value) == ("pass", 0)
    untested = place_finding("time", None, WHERE, NAMES, leaks=False)
    assert (untested.verdict, untested.noticeable_db) == ("note", None)


@pytest.mark.parametrize("leaks", [True, False])
def test_carriers_are_listed_or_one(leaks):
    apart = CarrierLines({0: 0.0, 1: 0.01}, None, 0.001)
    found = carrier_finding("waveform", apart, None, NAMES, leaks=True)
    assert (found.verdict, found.value) == ("leak", 0.01)
    assert "BPSK +0, QPSK +0.01" in found.explanation
    one = CarrierLines({0: 0.01, 1: 0.01}, 0.01, 0.001)
    found = carrier_finding("waveform", one, TEST, NAMES, leaks=leaks)
    assert "agree on one carrier, +0.01 turns per sample" in found.explanation
    assert ("QPSK differs by +0.1 turns" in found.explanation) == leaks
    assert carrier_finding("waveform", None, None, NAMES, leaks=False).verdict == "note"


def test_copies_and_noise_are_leaks_across_splits_and_notes_within_one():
    across, within = copies_finding({"train and test": 3, "train": 2}, "")
    assert (across.verdict, across.value, within.verdict, within.value) == ("leak", 3, "note", 2)
    assert [item.verdict for item in copies_finding({}, "")] == ["pass", "pass"]
    for pairs, verdict in (({"train and test": 1}, "leak"), ({"test": 1}, "note"), ({}, "pass")):
        assert shared_noise_finding(pairs, 0.3, residual=True).verdict == verdict
    assert shared_noise_finding({}, None, residual=True).verdict == "note"
    assert noise_table_finding(0, 0).verdict == "pass"
    assert "16,384 values" in noise_table_finding(0.9, 16_384).explanation


def test_contradicted_names_are_listed_with_their_reasons():
    found = names_finding({"OOK": "mean² over power 0.00"}, 2, 1)
    assert (found.verdict, found.value) == ("note", 1)
    assert "OOK: mean² over power 0.00" in found.explanation
    assert "2 agree, 1 could not be checked" in names_finding({}, 2, 1).explanation
