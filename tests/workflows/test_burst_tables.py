"""Bursts in print: units, errors, reasons, and long runs in one row."""

import math
from dataclasses import replace

import made_bursts as made
import numpy as np
import pytest

from rfmae.captures.reading import read_capture
from rfmae.captures.record import Segment
from rfmae.signal.blind.spectrum import Estimate
from rfmae.workflows.inspect.burst_tables import HEADS, burst_notes, burst_rows, centre_at, heading
from rfmae.workflows.inspect.burst_words import estimate_words, si, span

TUNED = (Segment(0, made.CENTRE),)
BASEBAND = (Segment(0),)


@pytest.mark.parametrize(
    ("value", "resolution", "words"),
    [
        (433_920_150.0, 1000.0, "433.920 MHz"),
        (2.4401e9, 1e5, "2.4401 GHz"),
        (62.5e3, 100.0, "62.5 kHz"),
        (12.0, 0.1, "12.0 Hz"),
        (-150e3, 1e3, "−150 kHz"),
        (0.0, 10.0, "0 Hz"),
    ],
)
def test_a_frequency_is_given_to_its_resolution(value, resolution, words):
    assert si(value, "Hz", resolution) == words


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (Estimate(62_500.3, 1.2), "62.5003 ± 0.0012 kBd"),
        (Estimate(1.2e6, 340.0), "1.20000 ± 0.00034 MBd"),
        (Estimate(9600.0, 0.0), "9.6 kBd"),
        (Estimate(9600.0, math.nan), "9.6 kBd"),
        (None, "–"),
    ],
)
def test_an_estimate_is_given_to_the_second_digit_of_its_error(estimate, words):
    assert estimate_words(estimate, "Bd") == words


def test_a_row_says_when_where_what_and_how_surely():
    (row,) = burst_rows(made.answer(made.burst()), TUNED)
    said = dict(zip(HEADS, row.cells, strict=True))
    assert said == {
        "time in s": "0.020–0.050",
        "centre": "434.070 MHz",
        "bandwidth": "80 kHz",
        "SNR": "23.1 dB",
        "modulation": "QPSK",
        "probability": "0.97",
        "symbol rate": "62.5003 ± 0.0012 kBd",
        "carrier offset": "+150.0120 ± 0.0030 kHz",
    }
    assert row.beneath == ()
    (row,) = burst_rows(made.answer(made.burst(snr_db=math.inf)), BASEBAND)
    assert row.cells[1] == "+150 kHz" and row.cells[3] == "–"


def test_short_bursts_are_told_apart_in_time():
    assert span(1000, 1100, 1e6, 5) == "0.00100–0.00110"
    rows = burst_rows(made.answer(made.burst(1000, 100), made.burst(1150, 100)), TUNED)
    assert rows[0].cells[0] == "0.00100–0.00110" and rows[1].cells[0] == "0.00115–0.00125"


def test_the_centre_is_that_of_the_segment_that_a_burst_begins_in():
    segments = (Segment(0, 1e9), Segment(50_000, 2e9))
    rows = burst_rows(made.answer(made.burst(40_000), made.burst(60_000)), segments)
    assert [row.cells[1] for row in rows] == ["1.000150 GHz", "2.000150 GHz"]
    assert centre_at((Segment(10, 1e9),), 5) is math.nan


def test_an_unknown_burst_says_why_and_what_it_is_likeliest():
    (row,) = burst_rows(made.answer(made.unknown()), TUNED)
    assert row.cells[4:6] == ("unknown", "–")
    assert row.beneath == (
        "unknown: like none of the classes",
        "the most probable class is QPSK, 0.41",
    )


def test_windows_are_listed_on_request():
    (row,) = burst_rows(made.answer(made.burst()), TUNED, windows=True)
    assert row.beneath == ("window 0: QPSK, 0.90", "window 1: BPSK, 0.70")


@pytest.mark.parametrize(("count", "rows"), [(8, 8), (9, 1), (37, 1)])
def test_more_than_eight_alike_are_one_row(count, rows):
    bursts = [made.burst(1000 * n, 500, probability=0.9 + n / 1000) for n in range(count)]
    found = burst_rows(made.answer(*bursts), TUNED)
    assert len(found) == rows
    if rows == 1:
        last = (1000 * (count - 1) + 500) / 1e6
        assert found[0].cells[0] == f"{count} bursts, 0.00000–{last:.5f}"
        assert found[0].cells[5] == "≥ 0.90"
        assert len(burst_rows(made.answer(*bursts), TUNED, windows=True)) == count


@pytest.mark.parametrize(
    "other",
    [
        {"centre_hz": -100e3},
        {"modulation": "BPSK"},
        {"bandwidth_hz": 300e3},
    ],
)
def test_bursts_of_another_band_or_answer_stand_apart(other):
    bursts = [made.burst(1000 * n, 500) for n in range(30)]
    bursts[15] = made.burst(15_000, 500, **other)
    found = burst_rows(made.answer(*bursts), TUNED)
    assert len(found) == 2
    assert found[0].cells[0].startswith("29 bursts")


def test_bursts_too_short_to_be_named_are_counted_and_no_rows():
    short = made.burst(5000, 50, windows=None, modulation="unknown", reasons=("too short",))
    answer = made.answer(made.burst(0, 500, windows=np.ones((1, 2)) / 2), short)
    assert len(burst_rows(answer, TUNED)) == 1
    assert "too short to be named: 1 burst (--windows lists it)" in burst_notes(answer)
    assert len(burst_rows(answer, TUNED, windows=True)) == 2


def test_notes_are_said_once_with_their_count():
    bursts = [made.burst(notes=("clipped",)), made.burst(notes=("clipped", "short"))]
    assert burst_notes(made.answer(*bursts, notes=("a spike was removed",))) == [
        "a spike was removed",
        "clipped (2 bursts)",
        "short",
    ]


def test_a_recording_without_samples_is_not_called_noise(tmp_path):
    capture = read_capture(made.write_recording(tmp_path))
    noise = made.answer()
    assert "noise alone, no burst" in heading(capture, noise)
    dead = replace(noise, noise_density_db=math.nan)
    assert "no signal in 0.2 s" in heading(capture, dead) and "noise" not in heading(capture, dead)


def test_one_burst_and_several_are_counted_in_words():
    short = made.unknown(windows=None)
    assert burst_notes(made.answer(short)) == [
        "too short to be named: 1 burst (--windows lists it)"
    ]
    several = burst_notes(made.answer(short, short))
    assert several == ["too short to be named: 2 bursts (--windows lists them)"]
