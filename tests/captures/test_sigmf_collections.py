"""A collection leads to its recordings; one that lists a single one is read as it."""

import hashlib
import json

import numpy as np
import pytest

from rfmae.captures.reading import read_capture, recordings_of
from rfmae.captures.sigmf_writing import write_sigmf
from rfmae.errors import CaptureError


@pytest.fixture
def recordings(tmp_path):
    rng = np.random.default_rng(1)
    return [
        write_sigmf(tmp_path / name, np.exp(1j * rng.normal(size=50)), sample_rate_hz=1e3)
        for name in ("one", "two", "three.c64")
    ]


def collected(tmp_path, streams):
    path = tmp_path / "all.sigmf-collection"
    path.write_text(json.dumps({"collection": {"core:version": "1.2.0", "core:streams": streams}}))
    return path


def stream(meta, *, as_pair=False):
    name = meta.name.removesuffix(".sigmf-meta")
    digest = hashlib.sha512(meta.read_bytes()).hexdigest()
    return [name, digest] if as_pair else {"name": name, "hash": digest}


@pytest.mark.parametrize("as_pair", [False, True])
def test_recordings_come_in_the_order_of_the_collection(tmp_path, recordings, as_pair):
    path = collected(tmp_path, [stream(meta, as_pair=as_pair) for meta in recordings[::-1]])
    assert recordings_of(path) == tuple(recordings[::-1])


def test_a_collection_of_the_sigmf_package_is_understood(tmp_path, recordings, monkeypatch):
    from sigmf import SigMFCollection

    monkeypatch.chdir(tmp_path)
    theirs = SigMFCollection([meta.name for meta in recordings[:2]])
    theirs.tofile("theirs.sigmf-collection")
    assert [path.name for path in recordings_of("theirs.sigmf-collection")] == [
        meta.name for meta in recordings[:2]
    ]


def test_any_other_path_stands_for_itself(tmp_path):
    assert recordings_of(tmp_path / "a.wav") == (tmp_path / "a.wav",)


def test_a_collection_of_one_is_read_as_its_recording(tmp_path, recordings):
    path = collected(tmp_path, [stream(recordings[1])])
    assert np.array_equal(read_capture(path).iq, read_capture(recordings[1]).iq)


def test_of_several_one_must_be_named(tmp_path, recordings):
    path = collected(tmp_path, [stream(meta) for meta in recordings])
    with pytest.raises(CaptureError, match=r"lists 3 recordings: one.sigmf-meta, two.*name one"):
        read_capture(path)


def test_a_changed_or_missing_recording_is_named(tmp_path, recordings):
    path = collected(tmp_path, [stream(meta) for meta in recordings])
    recordings[0].write_text(recordings[0].read_text() + " ")
    with pytest.raises(CaptureError, match=r"one\.sigmf-meta does not have the hash"):
        recordings_of(path)
    recordings[0].unlink()
    with pytest.raises(CaptureError, match=r"one\.sigmf-meta .* is missing"):
        recordings_of(path)


@pytest.mark.parametrize(
    "content",
    ["", "7", "{}", '{"collection": 1}', '{"collection": {"core:streams": [3]}}',
     '{"collection": {"core:streams": [{"name": "../x"}]}}', '{"collection": {}}'],
)  # fmt: skip
def test_what_is_no_collection_is_refused_in_a_line(tmp_path, content):
    path = tmp_path / "a.sigmf-collection"
    path.write_text(content)
    with pytest.raises(CaptureError) as caught:
        recordings_of(path)
    assert str(path) in str(caught.value)
