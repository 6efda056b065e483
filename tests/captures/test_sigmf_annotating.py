"""New metadata of recordings of any kind: valid, readable, and nothing of before is lost."""

import json
import wave

import numpy as np
import pytest
from sigmf import sigmffile
from sigmf.validate import validate

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import Annotation, read_capture, read_recording
from rfmae.captures.sigmf_annotating import (
    Finding,
    annotated_path,
    check_target,
    write_annotated,
)
from rfmae.errors import ArtefactError, CaptureError

IQ = (0.5 * np.exp(0.3j * np.arange(2000))).astype("<c8")
FOUND = Finding(
    Annotation(300, 500, "QPSK", -20e3, 30e3, "symbol_rate=9600"), {"rfmae:probability": 0.9}
)


def sigmf(folder, frequency=None, offset=0, **stated):
    tuned = {} if frequency is None else {"core:frequency": frequency}
    meta = {
        "global": {"core:datatype": "cf32_le", "core:version": "1.0.0", "core:sample_rate": 1e6}
        | {"core:author": "somebody", "other:field": [1, 2]}
        | {"core:extensions": [{"name": "other", "version": "2.0.0", "optional": True}]}
        | ({"core:offset": offset} if offset else {})
        | stated,
        "captures": [{"core:sample_start": offset, **tuned}],
        "annotations": [
            {"core:sample_start": offset + 400, "core:sample_count": 5, "core:label": "mine"}
        ],
    }
    IQ.tofile(folder / "a.sigmf-data")
    (folder / "a.sigmf-meta").write_text(json.dumps(meta))
    return folder / "a.sigmf-meta"


def wav(folder):
    path = folder / "baseband_433920000Hz_a.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 48_000, 0, "NONE", ""))
        file.writeframes((32767 * IQ.view("f4")).astype("<i2").tobytes())
    with path.open("ab") as file:
        file.write(b"LIST\x04\x00\x00\x00abcd")  # a chunk behind the samples
    return path


def raw(folder):
    IQ.tofile(folder / "a.cf32")
    return folder / "a.cf32"


def npy(folder):
    np.save(folder / "a.npy", IQ)
    return folder / "a.npy"


KINDS = {"sigmf": sigmf, "wav": wav, "raw": raw, "npy": npy}


def annotated(path, *findings):
    rate = None if path.suffix in (".sigmf-meta", ".wav") else 1e6
    capture = read_capture(path, sample_rate_hz=rate)
    target = annotated_path(path, "-bursts")
    before = path.read_bytes()
    assert write_annotated(capture, findings, target) == target
    assert path.read_bytes() == before
    return capture, target


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_written_is_valid_and_is_read_with_the_same_samples(tmp_path, kind):
    path = KINDS[kind](tmp_path)
    capture, target = annotated(path, FOUND)
    meta = json.loads(target.read_text())
    validate(meta)
    again = read_capture(target)
    assert np.array_equal(again.iq, capture.iq)
    assert again.sample_rate_hz == capture.sample_rate_hz
    mark = next(mark for mark in again.annotations if mark.label == "QPSK")
    assert (mark.start, mark.count, mark.comment) == (300, 500, "symbol_rate=9600")
    assert (mark.low_hz, mark.high_hz) == pytest.approx((-20e3, 30e3))
    assert again.symbol_rate_hz == 9600
    theirs = sigmffile.fromfile(str(target), skip_checksum=True)
    if kind != "npy":  # it reads a header from the captures alone
        assert len(theirs.get_annotations()) == len(again.annotations)
    assert theirs.read_samples(count=5) == pytest.approx(capture.iq[:5], abs=1e-4)


def test_the_fields_of_the_original_stay(tmp_path):
    path = sigmf(tmp_path, 868e6)
    _, target = annotated(path, FOUND)
    before, after = json.loads(path.read_text()), json.loads(target.read_text())
    extensions = before["global"].pop("core:extensions")
    assert before["global"].items() <= after["global"].items()
    assert after["global"]["core:extensions"][0] == extensions[0]
    assert after["captures"] == before["captures"]
    assert before["annotations"][0] in after["annotations"]
    assert [item["core:sample_start"] for item in after["annotations"]] == [300, 400]
    assert {"other", "rfmae", "signal"} == {
        item["name"] for item in after["global"]["core:extensions"]
    }


def test_edges_are_at_radio_frequency_where_a_centre_is_stated(tmp_path):
    _, target = annotated(sigmf(tmp_path, 868e6), FOUND)
    (mark,) = (
        item
        for item in json.loads(target.read_text())["annotations"]
        if item["core:label"] == "QPSK"
    )
    assert (mark["core:freq_lower_edge"], mark["core:freq_upper_edge"]) == (867.98e6, 868.03e6)
    assert mark["rfmae:probability"] == 0.9 and mark["core:generator"] == "rfmae classify"


def test_the_name_of_a_wav_states_its_centre(tmp_path):
    _, target = annotated(wav(tmp_path), FOUND)
    meta = json.loads(target.read_text())
    assert meta["global"]["core:dataset"] == "baseband_433920000Hz_a.wav"
    assert meta["global"]["core:trailing_bytes"] == 12
    assert meta["captures"][0]["core:header_bytes"] == 44


def test_sample_numbers_count_from_the_offset(tmp_path):
    _, target = annotated(sigmf(tmp_path, offset=7000), FOUND)
    meta = json.loads(target.read_text())
    assert [item["core:sample_start"] for item in meta["annotations"]] == [7300, 7400]
    assert read_capture(target).annotations[0].start == 300


def test_places_that_cannot_be_written_are_refused(tmp_path):
    path = sigmf(tmp_path)
    capture = read_capture(path)
    (tmp_path / "there").mkdir()
    for target, words in {
        path: "exists; choose another name",
        tmp_path / "there" / "b.sigmf-meta": "must lie beside their data",
        tmp_path / "b.json": "are named NAME.sigmf-meta",
    }.items():
        with pytest.raises(ArtefactError, match=words):
            write_annotated(capture, [FOUND], target)
    with pytest.raises(CaptureError, match="standard input is no file"):
        check_target(type(path)("-"), tmp_path / "b.sigmf-meta")
    with pytest.raises(CaptureError, match="is an archive"):
        check_target(tmp_path / "a.sigmf", tmp_path / "b.sigmf-meta")
    assert sorted(item.name for item in tmp_path.iterdir()) == [
        "a.sigmf-data",
        "a.sigmf-meta",
        "there",
    ]


def test_samples_in_an_order_that_sigmf_has_not_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.stack([IQ.real, IQ.imag]))
    capture = read_recording(tmp_path / "a.npy", ReadOptions(sample_rate_hz=1.0))
    with pytest.raises(CaptureError, match="no order of samples"):
        write_annotated(capture, [FOUND], tmp_path / "b.sigmf-meta")
    assert not (tmp_path / "b.sigmf-meta").exists()
