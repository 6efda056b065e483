"""Bursts as annotations: what was measured stays readable, modulations in the standard's words."""

import json

import made_bursts as made
import pytest

from rfmae.captures.reading import read_capture
from rfmae.signal.modulations import MODULATIONS
from rfmae.workflows.inspect.burst_annotations import annotate, signal_detail

TYPES = {"analog", "digital"}
CLASSES = {
    *("am", "fm", "pm", "ssb", "dsb", "vsb", "ask", "fsk", "psk", "qam", "ook", "cpm", "msk"),
}
CARRIERS = {"with_carrier", "suppressed_carrier", "multi_carrier"}
"""Values of the extension `signal` 1.0.0, sections 3.1.1 to 3.1.3."""


def test_a_burst_is_read_back_with_label_edges_snr_and_symbol_rate(tmp_path):
    path = made.write_recording(tmp_path)
    found = made.answer(made.burst(), made.unknown())
    target = annotate(read_capture(path), found, tmp_path / "new.sigmf-meta")
    capture = read_capture(target)
    assert [mark.label for mark in capture.annotations] == ["QPSK", "mine", "unknown"]
    first, _, last = capture.annotations
    assert (first.start, first.count, first.snr_db) == (20_000, 30_000, 23.14)
    assert (first.low_hz, first.high_hz) == pytest.approx((110e3, 190e3))
    assert first.comment.startswith("symbol_rate=62500.3 (±1.2) carrier_offset_hz=150012 (±3)")
    assert capture.symbol_rate_hz == 62_500.3
    assert last.comment == "like none of the classes"
    fields = json.loads(target.read_text())["annotations"]
    assert fields[0]["signal:detail"] == {"type": "digital", "mod_class": "psk", "order": 4}
    assert fields[0]["rfmae:probability"] == 0.97
    assert fields[2]["rfmae:best"] == "QPSK" and "signal:detail" not in fields[2]


def test_the_edges_of_a_burst_that_drifts_hold_all_of_its_way(tmp_path):
    path = made.write_recording(tmp_path)
    found = made.answer(made.burst(drift_hz=-60e3))
    capture = read_capture(annotate(read_capture(path), found, tmp_path / "new.sigmf-meta"))
    first = capture.annotations[0]
    assert (first.low_hz, first.high_hz) == pytest.approx((80e3, 220e3))


@pytest.mark.parametrize("name", MODULATIONS)
def test_every_modulation_is_told_in_words_of_the_extension(name):
    detail = signal_detail(name)
    if MODULATIONS[name].family == "noise":
        assert detail == {}
        return
    assert detail["type"] in TYPES
    assert (detail["type"] == "digital") == MODULATIONS[name].is_digital
    assert detail.get("mod_class", "qam") in CLASSES
    assert detail.get("carrier_variant", "with_carrier") in CARRIERS
    if detail["type"] == "digital" and MODULATIONS[name].family != "ofdm":
        assert detail["order"] == MODULATIONS[name].order and "mod_class" in detail


def test_no_two_modulations_that_differ_are_told_alike():
    said = {}
    for name, row in MODULATIONS.items():
        if row.family != "noise" and not name.startswith("AM-") and row.is_digital:
            said.setdefault(json.dumps(signal_detail(name), sort_keys=True), []).append(name)
    assert [names for names in said.values() if len(names) > 1] == []


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("GMSK/MSK", {"type": "digital", "mod_class": "msk", "order": 2}),
        ("2FSK/GFSK", {"type": "digital", "mod_class": "fsk", "order": 2}),
        ("OFDM", {"type": "digital", "carrier_variant": "multi_carrier", "multiplexing": "ofdm"}),
        ("noise", {}),
        ("unknown", {}),
        ("a/b", {}),
    ],
)
def test_a_class_of_several_is_told_by_what_they_have_in_common(name, detail):
    assert signal_detail(name) == detail
