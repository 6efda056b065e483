"""What is marked in a recording is found at its place, in the whole and in every part."""

import json
import math
import tracemalloc

import numpy as np
import pytest

from rfmae.captures.reading import Annotation, Segment, read_capture, read_sigmf
from rfmae.errors import CaptureError

IQ = (np.arange(100) - 1j * np.arange(100)).astype("<c8")


@pytest.fixture
def record(tmp_path):
    """Write a recording of 100 samples; what is named goes into its global part."""

    def write(captures=(), annotations=(), n_bytes=None, **stated):
        meta = {
            "global": {"core:datatype": "cf32_le", "core:version": "1.2.0"}
            | {f"core:{name}": value for name, value in stated.items()},
            "captures": list(captures),
            "annotations": list(annotations),
        }
        path = tmp_path / "signal.sigmf-meta"
        path.write_text(json.dumps(meta))
        data = path.with_name(stated.get("dataset", "signal.sigmf-data"))
        data.write_bytes(IQ.tobytes() if n_bytes is None else n_bytes)
        return path

    return write


def at(start, count=None, **fields):
    """A capture or an annotation at a sample."""
    counted = {} if count is None else {"core:sample_count": count}
    return {"core:sample_start": start} | counted | {f"core:{k}": v for k, v in fields.items()}


def refusal(path, **options):
    with pytest.raises(CaptureError) as caught:
        read_capture(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# annotations --------------------------------------------------------------------------------


def test_annotations_are_returned_with_what_they_state(record):
    path = record(
        annotations=[
            at(3, 5, label="QPSK", comment="first"),
            at(9, 1, freq_lower_edge=-10.5, freq_upper_edge=20),
        ]
    )
    first, second = read_sigmf(path).annotations
    assert (first.start, first.count, first.label, first.comment) == (3, 5, "QPSK", "first")
    assert math.isnan(first.low_hz)
    assert math.isnan(first.high_hz)
    assert second == Annotation(9, 1, "", -10.5, 20.0, "")


def test_edges_are_relative_to_the_centre_of_the_capture_that_they_lie_in(record):
    edges = {"freq_lower_edge": 868.1e6, "freq_upper_edge": 868.3e6}
    captures = [at(0, frequency=868e6), at(50, frequency=868.2e6)]
    path = record(captures, [at(10, 5, **edges), at(50, 5, **edges)])
    found = [(mark.low_hz, mark.high_hz) for mark in read_sigmf(path).annotations]
    assert found == [(100e3, 300e3), pytest.approx((-100e3, 100e3))]


def test_edges_before_the_first_capture_are_at_baseband_as_no_centre_is_known(record):
    edges = {"freq_lower_edge": 1.0, "freq_upper_edge": 2.0}
    path = record([at(50, frequency=868e6)], [at(10, 5, **edges)])
    assert read_sigmf(path).annotations == (Annotation(10, 5, "", 1.0, 2.0),)


def test_edges_of_what_began_before_the_file_are_recogniseds_first_centre(record):
    edges = {"freq_lower_edge": 868e6, "freq_upper_edge": 869e6}
    path = record([at(100, frequency=868e6)], [at(90, 20, **edges)], offset=100)
    assert read_sigmf(path).annotations == (Annotation(0, 10, "", 0.0, 1e6),)


def test_an_annotation_without_a_count_reaches_to_the_end_of_its_capture(record):
    path = record([at(0), at(40)], [at(10), at(40), at(90)])
    spans = [(mark.start, mark.count) for mark in read_sigmf(path).annotations]
    assert spans == [(10, 30), (40, 60), (90, 10)]


@pytest.mark.parametrize("first", range(0, 91, 7))
@pytest.mark.parametrize("count", [1, 10, None])
def test_annotations_of_a_part_mark_the_same_samples_as_those_of_the_whole(record, first, count):
    marks = [at(0, 100, label="a"), at(13, 4, label="b"), at(17, label="c"), at(60, 9, label="d")]
    path = record([at(0), at(50)], marks)
    whole = read_sigmf(path)
    part = read_capture(path, first_sample=first, count=count)
    wanted = range(first, 100 if count is None else first + count)

    def marked(capture, offset):
        return {
            (mark.label, sample + offset)
            for mark in capture.annotations
            for sample in range(mark.start, mark.start + mark.count)
            if sample + offset in wanted
        }

    assert marked(part, first) == marked(whole, 0)
    assert all(mark.start + mark.count <= len(part.iq) for mark in part.annotations)
    assert np.array_equal(part.iq, IQ[wanted.start : wanted.stop])


def test_sample_numbers_of_annotations_and_segments_count_from_the_offset(record):
    path = record(
        [at(1000, frequency=1e9), at(1060, frequency=2e9)],
        [at(990, 20, label="cut"), at(1070, 5, label="whole")],
        offset=1000,
    )
    capture = read_sigmf(path)
    spans = [(mark.label, mark.start, mark.count) for mark in capture.annotations]
    assert spans == [("cut", 0, 10), ("whole", 70, 5)]
    assert capture.segments == (Segment(0, 1e9), Segment(60, 2e9))


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"freq_lower_edge": "low"}, "freq_lower_edge"),
        ({"freq_upper_edge": True}, "freq_upper_edge"),
        ({"freq_upper_edge": 1e300}, "freq_upper_edge"),
        ({"sample_count": -1}, "sample_count"),
        ({"sample_count": 1.5}, "sample_count"),
    ],
)
def test_annotations_of_another_form_are_refused(record, fields, word):
    assert word in refusal(record(annotations=[at(0, **fields)]))


# segments -----------------------------------------------------------------------------------


def test_segments_state_centre_and_time(record):
    time = "2025-11-15T17:34:32Z"
    capture = read_sigmf(record([at(0, frequency=868e6, datetime=time), at(30)]))
    assert capture.segments[0] == Segment(0, 868e6, time)
    assert (capture.segments[1].start, capture.segments[1].datetime) == (30, "")
    assert math.isnan(capture.segments[1].centre_frequency_hz)


def test_a_recording_without_captures_is_one_segment(record):
    (segment,) = read_sigmf(record()).segments
    assert segment.start == 0


def test_captures_in_another_order_are_sorted(record):
    capture = read_sigmf(record([at(40, frequency=2.0), at(0, frequency=1.0)]))
    assert capture.segments == (Segment(0, 1.0), Segment(40, 2.0))


@pytest.mark.parametrize(
    ("first", "count", "expected"),
    [
        (0, 10, (Segment(0, 1.0),)),
        (10, 20, (Segment(0, 1.0),)),
        (10, 21, (Segment(0, 1.0), Segment(20, 2.0))),
        (30, 5, (Segment(0, 2.0),)),
        (45, None, (Segment(0, 2.0), Segment(15, 3.0))),
    ],
)
def test_a_part_lies_in_the_segments_that_hold_there(record, first, count, expected):
    path = record([at(0, frequency=1.0), at(30, frequency=2.0), at(60, frequency=3.0)])
    assert read_capture(path, first_sample=first, count=count).segments == expected


def test_a_frequency_that_is_no_number_is_refused(record):
    assert "core:frequency" in refusal(record([at(0, frequency="868 MHz")]))


# data among other bytes ---------------------------------------------------------------------


def test_samples_after_a_header_and_before_a_trailer_are_read(record):
    path = record(
        [at(0, header_bytes=7)],
        n_bytes=b"x" * 7 + IQ.tobytes() + b"y" * 5,
        dataset="signal.bin",
        trailing_bytes=5,
    )
    assert np.array_equal(read_sigmf(path).iq, IQ)
    from sigmf import fromfile

    assert np.array_equal(fromfile(path)[:], read_sigmf(path).iq)


@pytest.mark.parametrize(("first", "count"), [(0, None), (0, 10), (25, 20), (29, 2), (60, 40)])
def test_every_capture_may_have_a_header_of_its_own(record, first, count):
    n_bytes = b"a" * 3 + IQ[:30].tobytes() + b"b" * 4 + IQ[30:60].tobytes() + IQ[60:].tobytes()
    captures = [at(0, header_bytes=3), at(30, header_bytes=4), at(60)]
    path = record(captures, n_bytes=n_bytes, dataset="signal.bin")
    stop = None if count is None else first + count
    capture = read_capture(path, first_sample=first, count=count)
    assert np.array_equal(capture.iq, IQ[first:stop])


@pytest.mark.parametrize("trailing", [800, 801, 10_000])
def test_a_trailer_that_leaves_no_samples_is_refused(record, trailing):
    assert "holds no samples" in refusal(record(trailing_bytes=trailing, dataset="signal.bin"))


@pytest.mark.parametrize("name", ["offset", "trailing_bytes"])
@pytest.mark.parametrize("value", [-1, 1.5, "1", None, True])
def test_numbers_of_samples_and_bytes_that_are_not_whole_are_refused(record, name, value):
    assert f"core:{name}" in refusal(record(**{name: value}))


def test_a_header_that_is_no_number_of_bytes_is_refused(record):
    assert "core:header_bytes" in refusal(record([at(0, header_bytes="44")]))


# rates, types, JSON -------------------------------------------------------------------------


def test_a_rate_that_is_given_stands_in_for_one_that_is_not_stated(record):
    assert read_capture(record()).sample_rate_hz == 1.0
    assert read_capture(record(), sample_rate_hz=2e6).sample_rate_hz == 2e6


def test_a_rate_that_contradicts_the_file_is_refused(record):
    path = record(sample_rate=48000)
    assert read_capture(path, sample_rate_hz=48000).sample_rate_hz == 48000
    assert "leave out --rate" in refusal(path, sample_rate_hz=96000)
    assert "leave out --dtype" in refusal(path, datatype="cf32")


@pytest.mark.parametrize("rate", [10**400, True, None, 1e13])
def test_a_rate_out_of_all_bounds_is_refused(record, rate):
    assert "core:sample_rate" in refusal(record(sample_rate=rate))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"global": {}, "captures": [1, 2, 3]}'])
def test_json_of_another_form_is_refused_in_a_short_line(record, text):
    path = record()
    path.write_text(text)
    assert len(refusal(path)) < 500


@pytest.mark.parametrize("name", ["x" * 300, "a/b", "..", "a\0b", 3])
def test_a_data_file_has_the_name_of_one(record, name):
    path = record()
    meta = json.loads(path.read_text())
    meta["global"]["core:dataset"] = name
    path.write_text(json.dumps(meta))
    words = refusal(path)
    assert "must be a file name" in words
    assert len(words) < 400


HUGE = 10**15
CLAIMS = {
    "an annotation that starts there": ([at(0)], [at(HUGE, 5)], {}),
    "an annotation so long": ([at(0)], [at(0, HUGE)], {}),
    "a capture that starts there": ([at(HUGE)], [], {}),
    "header bytes": ([at(0, header_bytes=HUGE)], [], {}),
    "trailing bytes": ([at(0)], [], {"trailing_bytes": HUGE}),
    "channels": ([at(0)], [], {"num_channels": HUGE}),
}


@pytest.mark.parametrize(("captures", "annotations", "stated"), CLAIMS.values(), ids=list(CLAIMS))
def test_a_claim_of_ten_to_the_fifteen_is_refused_without_memory(
    record, captures, annotations, stated
):
    path = record(captures, annotations, **stated)
    tracemalloc.start()
    try:
        refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
