"""Examples are the samples of the files at the places that they state, in blocks of any size."""

import numpy as np
import pytest
from made_recordings import annotated, class_folders, noise
from scipy.io import wavfile

from rfmae.captures.read_options import ReadOptions
from rfmae.errors import DatasetError
from rfmae.imports import sources
from rfmae.imports.recognition import recognise
from rfmae.imports.recordings.listing import holds_recordings, list_recordings, list_splits
from rfmae.imports.recordings.recording_source import RecordingSource

READING = ReadOptions(rate_unstated_hz=float("nan"))


def opened(path, samples=None, hop=None, reading=READING, own=None):
    return RecordingSource("set", list_splits(path, own or {}, reading), reading, samples, hop)


def all_rows(source):
    batches = list(source.blocks())
    return (
        np.concatenate([batch.iq for batch in batches]),
        np.concatenate([batch.label for batch in batches]),
        np.concatenate([batch.snr_db for batch in batches]),
        batches,
    )


def refusal(path, *args, **options):
    with pytest.raises(DatasetError) as caught:
        opened(path, *args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("block_rows", "at_once"), [(1024, 1 << 20), (7, 1 << 20), (1024, 150)])
@pytest.mark.parametrize(("samples", "hop"), [(100, None), (100, 30), (64, 200), (1000, None)])
def test_windows_are_the_samples_of_the_files(
    tmp_path, monkeypatch, samples, hop, block_rows, at_once
):
    monkeypatch.setattr(sources, "BLOCK_ROWS", block_rows)
    monkeypatch.setattr(sources, "SAMPLES_AT_ONCE", at_once)
    written = class_folders(tmp_path, {"alpha": 2, "beta": 1})
    source = opened(tmp_path, samples, hop)
    iq, label, _, batches = all_rows(source)
    expected = [
        (values[first : first + samples], path.parent.name)
        for path, values in written.items()
        for first in range(0, 1000 - samples + 1, hop or samples)
    ]
    assert np.array_equal(iq, [values for values, _ in expected])
    assert [source.facts.classes[each] for each in label] == [name for _, name in expected]
    assert source.facts.rows == len(iq)
    assert max(map(len, batches)) <= max(1, min(block_rows, at_once // samples))
    assert np.array_equal(np.concatenate([each.label for each in source.known()]), label)


def test_files_of_any_kind_stand_side_by_side(tmp_path):
    values = np.round(noise(1, 300).view(np.float32).clip(-3, 3) * 8192) / 32768
    iq = values.view(np.complex64)
    folder = tmp_path / "alpha"
    folder.mkdir()
    iq.tofile(folder / "a.cf32")
    wavfile.write(folder / "b.wav", 1000, (values.reshape(-1, 2) * 32768).astype(np.int16))
    np.save(folder / "c.npy", iq)
    annotated(folder / "d", [], length=300)
    (folder / "notes.txt").write_text("three antennas")
    class_folders(tmp_path, {"beta": 1}, length=300)
    source = opened(tmp_path, 100)
    rows, *_ = all_rows(source)
    for number in range(3):
        assert np.array_equal(rows[3 * number : 3 * number + 3].ravel(), iq)
    assert np.array_equal(rows[9:12].ravel(), noise(0, 300))
    assert any("1 files beside the recordings" in note for note in source.facts.notes)
    assert any("sample rates differ" in note for note in source.facts.notes)


def test_annotations_are_examples_with_their_snr(tmp_path):
    marks = [(0, 250, "QPSK", 5.0), (400, 100, "BPSK", 10.0), (4900, 100, "QPSK", 5.0)]
    iq = annotated(tmp_path / "one", marks)
    source = opened(tmp_path / "one.sigmf-meta", 100)
    rows, label, snr_db, _ = all_rows(source)
    starts = [0, 100, 400, 4900]
    assert np.array_equal(rows, [iq[first : first + 100] for first in starts])
    assert [source.facts.classes[each] for each in label] == ["QPSK", "QPSK", "BPSK", "QPSK"]
    assert snr_db.tolist() == [5, 5, 10, 5]
    assert source.places.stretches_are == "annotations"
    one_each = opened(tmp_path / "one.sigmf-meta", 100, 10**6)
    assert one_each.facts.rows == 3


def test_annotations_of_equal_length_need_no_samples(tmp_path):
    annotated(tmp_path / "one", [(0, 70, "QPSK", None), (70, 70, "BPSK", None)])
    source = opened(tmp_path)
    assert (source.facts.rows, source.facts.samples) == (2, 70)
    assert "no SNR is known: all examples are stored as 0 dB" in source.facts.notes


def test_frequency_edges_are_told(tmp_path):
    path = tmp_path / "one.sigmf-meta"
    annotated(tmp_path / "one", [(0, 70, "QPSK", None)])
    text = path.read_text().replace('"core:label"', '"core:freq_lower_edge": 1e3, "core:label"')
    path.write_text(text.replace('"core:label"', '"core:freq_upper_edge": 9e3, "core:label"'))
    assert any("whole band" in note for note in opened(path).facts.notes)


def test_lengths_that_differ_require_samples(tmp_path):
    class_folders(tmp_path, {"alpha": 1}, length=500)
    class_folders(tmp_path, {"beta": 1}, length=900)
    assert "from 500 to 900 samples; name the length of an example" in refusal(tmp_path)


def test_recordings_that_hold_no_window_are_told(tmp_path):
    class_folders(tmp_path, {"alpha": 2}, length=900)
    noise(1, 50).tofile(tmp_path / "alpha" / "short.cf32")
    source = opened(tmp_path, 100)
    assert any("1 of 3 recordings are shorter than 100" in note for note in source.facts.notes)
    assert "no window of 5,000 samples fits" in refusal(tmp_path, 5000)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.wav", b"RIFF", "bad.wav"),
        ("bad.iq", bytes(range(256)) * 40, "--dtype"),
        ("bad.cf32", b"\x89HDF\r\n\x1a\n" + bytes(80), "HDF5"),
        ("bad.cf32", bytes(7), "whole cf32_le samples"),
        ("empty.cf32", b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_reason(tmp_path, name, content, words):
    class_folders(tmp_path, {"alpha": 1, "beta": 1})
    (tmp_path / "beta" / name).write_bytes(content)
    said = refusal(tmp_path, 100)
    assert name in said
    assert words in said


def test_what_holds_recordings_is_recognised(tmp_path):
    assert not holds_recordings(tmp_path)
    class_folders(tmp_path / "classes", {"alpha": 1})
    annotated(tmp_path / "one", [(0, 70, "QPSK", None)])
    assert holds_recordings(tmp_path / "classes")
    assert holds_recordings(tmp_path / "one.sigmf-meta")
    assert not holds_recordings(tmp_path / "one.sigmf-data")


def test_recordings_beside_the_folders_of_classes_are_refused(tmp_path):
    class_folders(tmp_path, {"alpha": 1})
    noise(1, 10).tofile(tmp_path / "loose.cf32")
    with pytest.raises(DatasetError, match=r"loose\.cf32 lies beside"):
        list_recordings(tmp_path, READING)


def test_a_recording_of_one_file_without_labels_is_refused(tmp_path):
    annotated(tmp_path / "one", [])
    assert "no annotation with a label" in refusal(tmp_path / "one.sigmf-meta")
    noise(1, 10).tofile(tmp_path / "a.cf32")
    assert "without labels" in refusal(tmp_path / "a.cf32")


def test_splits_of_their_own_are_listed_as_such(tmp_path):
    class_folders(tmp_path / "a", {"alpha": 2, "beta": 2})
    class_folders(tmp_path / "b", {"alpha": 1, "beta": 1})
    source = opened(tmp_path / "a", 100, own={"test": tmp_path / "b"})
    assert (source.places.split == 2).sum() == 20
    assert (source.places.split == -1).sum() == 40


def test_real_recordings_are_made_complex_on_request(tmp_path):
    folder = tmp_path / "alpha"
    folder.mkdir()
    wavfile.write(folder / "mono.wav", 1000, np.arange(3000, dtype=np.int16))
    assert "--analytic" in refusal(tmp_path, 100)
    source = opened(tmp_path, 100, reading=ReadOptions(analytic=True))
    iq, *_ = all_rows(source)
    assert np.allclose(iq.real.ravel() * 32768, np.arange(3000), atol=1e-3)


def test_one_file_under_two_labels_is_refused_by_its_name_and_labels(tmp_path):
    noise(1, 100).tofile(tmp_path / "t0.cf32")
    (tmp_path / "t.csv").write_text("file,label\nt0.cf32,BPSK\n./t0.cf32,QPSK\n")
    said = refusal(tmp_path / "t.csv", 10)
    assert "t0.cf32 has BPSK and QPSK; leave one out" in said


def test_a_link_to_a_recording_is_the_recording(tmp_path):
    class_folders(tmp_path, {"alpha": 2, "beta": 1})
    (tmp_path / "alpha" / "z.cf32").symlink_to(tmp_path / "alpha" / "rec0.cf32")
    source = opened(tmp_path, 100)
    assert source.facts.rows == 30
    (note,) = [each for each in source.facts.notes if "named twice" in each]
    assert note.startswith("1 of 4 recordings are named twice, or are links to others")
    (tmp_path / "beta" / "z.cf32").symlink_to(tmp_path / "alpha" / "rec0.cf32")
    assert "has alpha and beta; leave one out" in refusal(tmp_path, 100)


def test_annotations_of_other_labels_may_lie_over_one_another(tmp_path):
    annotated(tmp_path / "one", [(0, 100, "QPSK", None), (0, 100, "BPSK", None)])
    assert opened(tmp_path / "one.sigmf-meta", 100).facts.rows == 2


def test_a_file_without_labels_is_told_what_it_is(tmp_path):
    noise(1, 100).tofile(tmp_path / "q.cf32")
    wavfile.write(tmp_path / "ok.wav", 1000, np.zeros((10, 2), np.int16))
    for name in ("q.cf32", "ok.wav"):
        with pytest.raises(DatasetError, match=f"{name} is a single recording without labels; put"):
            recognise(tmp_path / name)
    (tmp_path / "t.csv").write_text("file,foo\nq.cf32,BPSK\n")
    with pytest.raises(DatasetError, match=r"lacks a column of labels .*; it has file, foo$"):
        recognise(tmp_path / "t.csv")
    annotated(tmp_path / "one", [(0, 70, "QPSK", None)])
    with pytest.raises(DatasetError, match=r"name its metadata, one\.sigmf-meta$"):
        recognise(tmp_path / "one.sigmf-data")
    (tmp_path / "x.bin").write_bytes(bytes(range(100)))
    with pytest.raises(DatasetError, match="none of the known kinds"):
        recognise(tmp_path / "x.bin")


def test_a_test_split_of_another_kind_is_refused_as_such(tmp_path):
    class_folders(tmp_path / "a", {"alpha": 1})
    np.savez(tmp_path / "t.npz", x=np.zeros((4, 2, 8)), y=np.arange(4))
    with pytest.raises(DatasetError, match=r"--test must be of the same kind as .*t\.npz does not"):
        opened(tmp_path / "a", 100, own={"test": tmp_path / "t.npz"})


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.cf32", bytes(7), "; it was cut short; leave it out, or say how it is to be read"),
        ("bad.iq", bytes(range(256)) * 40, "is likely ci8 or cu8 or ci16_le"),
        ("bad.cf32", b"\x1f\x8b\x08" + bytes(80), "unpack it first"),
    ],
)
def test_a_remedy_is_added_only_where_none_is_named(tmp_path, name, content, words):
    class_folders(tmp_path, {"alpha": 1})
    (tmp_path / "alpha" / name).write_bytes(content)
    said = refusal(tmp_path, 100)
    assert words in said
    assert ("leave it out" in said) == ("leave it out" in words)
