"""Answers are counted as what they are; tables and the page are made of the counts."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from rfmae.bursts.records import BurstAnswer, RecordingAnswer
from rfmae.captures.sigmf_writing import write_sigmf
from rfmae.signal.blind.spectrum import Estimate

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def sent(benchmark):
    """A recording of QPSK at 10 dB, from sample 1,000 to 9,000, 200 kHz wide at 50 kHz."""

    def of(**changed):
        known = {
            "iq": np.zeros(10_000, np.complex64),
            "sample_rate_hz": 1e6,
            "truth": "QPSK",
            "accepted": ("QPSK",),
            "origin": "test",
            "snr_db": 10.0,
            "start": 1_000,
            "stop": 9_000,
            "carrier_hz": 50e3,
            "centre_hz": 50e3,
            "bandwidth_hz": 200e3,
            "symbol_rate_hz": 170e3,
        }
        return benchmark("peers.bursts").PeerRecording(**known | changed)

    return of


def answer(modulation="QPSK", probability=0.9, start=1_000, stop=9_000, centre_hz=50e3):
    return BurstAnswer(
        *(start, stop, centre_hz, 200e3, 10.0, modulation, probability, modulation, {}),
        symbol_rate_hz=Estimate(170.17e3, 1.0),
        carrier_hz=Estimate(52e3, 1.0),
    )


def test_an_answer_is_right_wrong_unknown_or_missed(benchmark, sent):
    score = benchmark("recording_scores").score
    right = score(sent(), [answer()])
    assert (right.outcome, right.further) == ("right", 0)
    assert right.rate_error == pytest.approx(1e-3)
    assert right.carrier_error == pytest.approx(0.01)
    assert score(sent(), [answer("8PSK")]).outcome == "wrong"
    assert score(sent(), [answer("unknown")]).outcome == "unknown"
    assert score(sent(), []).outcome == "missed"
    # in another band, at another time, or a tenth of it
    for other in (
        answer(centre_hz=-300e3),
        answer(start=9_500, stop=9_900),
        answer(start=1_000, stop=1_800),
    ):
        assert score(sent(), [other]).outcome == "missed"
    assert score(sent(), [answer(centre_hz=-300e3), answer()]).further == 1


def test_a_burst_that_falls_apart_is_judged_by_its_longest_part(benchmark, sent):
    score = benchmark("recording_scores").score
    parts = [answer("QPSK", stop=4_000), answer("8PSK", start=4_500, stop=9_000)]
    assert score(sent(), parts).answer == "8PSK"


def test_pulses_are_detected_where_they_are_on(benchmark, sent):
    score = benchmark("recording_scores").score
    pulses = sent(truth="radar pulses", accepted=("unknown",), details={"duty": 0.1})
    seen = [answer("BPSK", start=start, stop=start + 100) for start in range(1_000, 9_000, 1_000)]
    assert score(pulses, seen).outcome == "wrong"
    assert score(pulses, []).outcome == "missed"


def test_noise_is_right_where_nothing_is_named(benchmark, sent):
    score = benchmark("recording_scores").score
    noise = sent(truth="noise", accepted=("noise", "unknown"), start=0, stop=0)
    assert score(noise, []).outcome == "right"
    assert score(noise, [answer("unknown")]).outcome == "unknown"
    assert score(noise, [answer("AM", 0.7)]).outcome == "wrong"
    # noise within a band that was not detected is no error, either
    band = sent(truth="band-limited noise", accepted=("unknown", "noise"))
    assert score(band, []).outcome == "right"


def test_cells_count_every_recording_once(benchmark, sent):
    scores = benchmark("recording_scores")
    said = [[answer()], [answer("8PSK", 0.4)], [answer("8PSK", 0.8)], [answer("unknown")], []]
    cell = scores.cells([scores.score(sent(), bursts) for bursts in said])["QPSK"]["10"]
    names = ("right", "wrong", "unknown", "missed")
    assert [cell[name] for name in names] == [1, 2, 1, 1]
    assert (cell["count"], cell["confidently_wrong"], cell["rates_found"]) == (5, 1, 4)


def test_auroc_is_the_chance_that_one_lies_above_the_other(benchmark):
    auroc = benchmark("recording_scores").auroc
    assert auroc([2, 3], [0, 1]) == 1
    assert auroc([0, 1], [2, 3]) == 0
    assert auroc([1, 1], [1]) == 0.5
    assert auroc([0, 2], [1, 1, 3]) == pytest.approx(1 / 3)
    assert auroc([], [1]) is None


def always_qpsk(iq, sample_rate_hz):
    """The answer of the dummy: the whole recording is QPSK."""
    burst = BurstAnswer(
        *(0, len(iq), 0.0, sample_rate_hz, 10.0, "QPSK", 0.8, "QPSK", {}, 0.3),
        symbol_rate_hz=Estimate(sample_rate_hz / 4, 1.0),
    )
    return RecordingAnswer(sample_rate_hz, len(iq), (burst,))


@pytest.fixture
def measured(benchmark, tmp_path):
    """The summary of a folder with two classes and a signal of none, by the dummy."""
    made, recordings = benchmark("peer_recordings"), benchmark("recordings")
    for origin, name in (("rfmae", "QPSK"), ("rfmae", "AM"), ("unknowns", "LoRa")):
        sent = list(made.recordings(origin, 2, [10.0], 1, (name,)))
        made.write(tmp_path / origin / made.file_name(name), sent)
    recordings.measure(tmp_path, always_qpsk, ["rfmae", "unknowns"], None)
    return recordings.gathered(tmp_path)


def test_a_folder_is_scored_and_shown(benchmark, measured):
    cells = measured["origins"]["rfmae"]
    assert (cells["QPSK"]["10"]["right"], cells["AM"]["10"]["confidently_wrong"]) == (2, 2)
    assert measured["novelty"]["LoRa"] == {
        "count": 2,
        "falsely_named": 2,
        "surely": 2,
        "auroc": 0.5,
    }
    shown = benchmark("recordings").printed(measured)
    assert "| QPSK | 100 / 0 |" in shown and "| AM | 0 / 100 |" in shown
    assert "| rfmae itself | 50 / 50 / 50 |" in shown


def test_only_the_first_of_each_snr_are_asked_about(benchmark, sent):
    first = benchmark("recordings").first_of_each
    both = [sent(snr_db=snr) for snr in (0.0, 0.0, 5.0, 5.0)]
    assert [item.snr_db for item in first(iter(both), 1)] == [0.0, 5.0]
    assert len([*first(iter(both), None)]) == 4


def test_real_recordings_are_named_by_their_annotations(benchmark, tmp_path):
    from rfmae.captures.record import Annotation

    marks = (Annotation(0, 4_000, "GMSK", comment="symbol_rate=9600"),)
    iq = np.ones(4_000, np.complex64)
    write_sigmf(tmp_path / "beacon", iq, sample_rate_hz=48e3, annotations=marks)
    (row,) = benchmark("real_recordings").real_rows(always_qpsk, tmp_path)
    assert (row["truth"], row["stated_rate_hz"], row["answer"]) == ("GMSK/MSK", 9600.0, "QPSK")
    assert row["symbol_rate_hz"] == pytest.approx(12e3)


def test_the_page_has_a_place_for_every_table(benchmark, measured, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.setattr(sys, "path", sys.path[:])
    page = (DOCS / "recordings.md").read_text(encoding="utf-8")
    names = set(re.findall(r"<!-- ([a-z]+) -->", page)) - {"end"}
    wanted = {*benchmark("peer_recordings").ORIGINS, "setting", "overview", "estimates", "novelty"}
    own = {"card", "snr", "classes", "outliers", "denoising", "latency", "stream"}
    assert names == wanted | own | {"real"}
    found = json.loads(json.dumps(measured))
    parts = importlib.import_module("make_recordings").parts(found)
    filled = importlib.import_module("pages").filled(page, parts)
    assert "| LoRa | 2 | 100 | 100 | 0.500 |" in filled
