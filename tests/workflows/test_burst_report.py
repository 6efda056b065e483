"""The page of a recording: self-contained, complete, escaped, at the frequencies of the radio."""

import re
from pathlib import Path

import made_bursts as made
import numpy as np
import pytest

from rfmae.captures.record import Annotation, Capture, Segment
from rfmae.reporting.page import burst_page as pages
from rfmae.reporting.plane_png import decode_planes
from rfmae.workflows.inspect.burst_report import write_page


def capture(**changes):
    rng = np.random.default_rng(2)
    iq = rng.normal(size=(100_000, 2)).astype("f4").view("c8")[:, 0]
    named = {
        "annotations": (Annotation(100, 200, "<mine>", -1e3, 1e3),),
        "segments": (Segment(0, made.CENTRE),),
    }
    return Capture(iq, made.RATE, Path("somewhere/a<b>.cf32"), **{**named, **changes})


@pytest.fixture
def written(tmp_path):
    def write(*bursts, **changes):
        target = tmp_path / "new" / "page.html"
        assert write_page(capture(**changes), made.answer(*bursts), target) == target
        return target.read_text(encoding="utf-8")

    return write


def test_every_burst_is_shown_with_estimates_reasons_and_both_constellations(written):
    page = written(made.burst(), made.unknown(notes=("clipped",)))
    for words in (
        "0.020–0.050 s, 434.070 MHz: QPSK, 0.97",
        "62.5003 ± 0.0012 kBd",
        "0.350 ± 0.010",
        "24.00 ± 0.20 dB",
        "0.080–0.100 s, 433.700 MHz: unknown",
        "like none of the classes",
        "clipped",
    ):
        assert words in page, words
    assert page.count("before the receiver</figcaption>") == 2
    assert page.count("after the receiver</figcaption>") == 1


def test_the_page_needs_nothing_else_and_runs_nothing(written):
    page = written(made.burst())
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in page
    assert "<script" not in page and "http://" not in page and "https://" not in page
    assert set(re.findall(r'(?:src|href)="([^":,]*)', page)) <= {"data", "#main"}


def test_names_of_a_file_are_escaped(written):
    page = written(made.burst(modulation="<b>"))
    assert "a&lt;b&gt;.cf32" in page and "<b>.cf32" not in page and "somewhere" not in page


def test_noise_alone_and_samples_that_are_no_numbers_make_a_page_too(tmp_path):
    noise = capture(keeps_non_finite=True)
    noise.iq[500:600] = np.nan
    page = write_page(noise, made.answer(), tmp_path / "page.html").read_text("utf-8")
    assert "noise alone" in page and "Each burst" not in page


@pytest.mark.slow
def test_of_very_many_bursts_the_first_have_a_section(written):
    page = written(*(made.burst(1000 * n, 500) for n in range(90)))
    assert page.count("<h3>") == 60 and "30 more are in the table" in page
    assert "90 bursts, 0.00000–0.08950" in page


def test_a_constellation_has_q_upwards():
    found = pages.constellation_of("any", np.full(50, 0.2 + 0.9j, "c8"))
    (shade,) = decode_planes(found.png, 1)
    row, column = np.unravel_index(shade.argmax(), shade.shape)
    assert row < shade.shape[0] / 4 and shade.shape[1] / 2 < column < 0.7 * shade.shape[1]
    assert found.about == "50 points, edges ±1.01"
