"""A band of a recording: how it is named, where it lies, and what is marked in it."""

import math
from pathlib import Path

import numpy as np
import pytest

from rfmae.captures.record import Annotation, Capture, Segment
from rfmae.errors import UnitError
from rfmae.workflows.inspect.bands import Band, centre_of, from_the_centre, parse_band, within

CENTRE = 433.92e6


def capture(centre=CENTRE, **fields):
    iq = np.exp(2j * np.pi * 0.1 * np.arange(8000)).astype(np.complex64)
    return Capture(iq, 1e6, Path("a.cf32"), segments=(Segment(0, centre),), **fields)


@pytest.mark.parametrize(
    ("text", "band"),
    [
        ("-20e3:15e3", Band(-20e3, 15e3)),
        ("-20k:1.5M", Band(-20e3, 1.5e6)),
        (" 2.4G : 2.401G", Band(2.4e9, 2.401e9)),
    ],
)
def test_a_band_is_two_frequencies(text, band):
    assert parse_band(text) == band


@pytest.mark.parametrize("text", ["", "5", "a:b", "5:", "2:1", "1:1", "nan:5", "0:inf", "1m:2m"])
def test_what_is_no_band_is_refused(text):
    with pytest.raises(UnitError, match="--band must be LOW:HIGH"):
        parse_band(text)


def test_a_band_is_meant_at_radio_frequency_where_it_lies_there():
    assert from_the_centre(capture(), Band(433.97e6, 434.07e6)) == Band(50e3, 150e3)
    assert from_the_centre(capture(), Band(50e3, 150e3)) == Band(50e3, 150e3)
    assert from_the_centre(capture(math.nan), Band(50e3, 150e3)) == Band(50e3, 150e3)
    with pytest.raises(UnitError, match=r"within -500000:500000 Hz .* or 4\.3342e\+08"):
        from_the_centre(capture(), Band(1e6, 2e6))


def test_within_a_band_frequencies_and_marks_keep_their_places():
    marks = (
        Annotation(1000, 2000, "in", 60e3, 140e3),
        Annotation(0, 100, "beside", -200e3, -100e3),
        Annotation(0, 8000, "anywhere"),
    )
    whole = capture(annotations=marks)
    part = within(whole, Band(433.97e6, 434.07e6))
    step = whole.sample_rate_hz / part.sample_rate_hz
    assert [mark.label for mark in part.annotations] == ["in", "anywhere"]
    (mark, _) = part.annotations
    assert centre_of(part) + mark.low_hz == pytest.approx(CENTRE + 60e3)
    assert (mark.start * step, mark.count * step) == pytest.approx((1000, 2000), abs=step)
    inner = part.iq[len(part.iq) // 4 : -len(part.iq) // 4]
    assert inner == pytest.approx(np.ones(len(inner)), abs=0.01)  # the tone is in its middle


def test_a_band_that_is_narrower_than_the_recording_can_show_is_refused():
    assert len(within(capture(), Band(0.0, 1300.0)).iq) > 1
    for width in (1200.0, 1.0, 1e-9):
        with pytest.raises(UnitError, match=r"1\.25e\+03 Hz wide at least"):
            within(capture(), Band(0.0, width))
