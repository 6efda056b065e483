"""What is written is valid SigMF, reads back bit for bit, and stands whole or not at all."""

import errno
import json
import math
import tracemalloc
import warnings
from pathlib import Path

import numpy as np
import pytest
import sigmf

from rfmae.captures.reading import Annotation, Segment, read_capture, read_sigmf
from rfmae.captures.sigmf_writing import SigmfSplitWriter, write_sigmf
from rfmae.errors import ArtefactError, CaptureError, RfmaeError, ShapeError
from rfmae.records import IqBatch

IQ = np.exp(2j * np.pi * np.arange(64) / 7).astype(np.complex64)
CARD = {
    "name": "tiny",
    "about": "A few short examples.",
    "fingerprint": "0123abcd",
    "classes": ["BPSK", "QPSK", "8PSK"],
}


def examples(count, samples=8, first=0):
    numbers = np.arange(first * samples, (first + count) * samples, dtype=np.float32)
    return IqBatch(
        iq=(numbers + 0.1j).astype(np.complex64).reshape(count, samples),
        label=np.arange(first, first + count) % 3,
        snr_db=np.linspace(-10, 10, count, dtype=np.float32),
        classes=("BPSK", "QPSK", "8PSK"),
        samples_per_symbol=4,
        snr_reference="symbol",
    )


def validated(path):
    """The recording as the sigmf package reads it, once it raises no objection nor warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recording = sigmf.fromfile(path)
        recording.validate()
    return recording


def nothing_but(folder, *names):
    return sorted(item.name for item in folder.iterdir()) == sorted(names)


# recordings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["signal", "signal.sigmf-meta", "signal.sigmf-data", "a.2.4GHz"])
def test_a_recording_is_valid_and_reads_back_bit_for_bit(tmp_path, name):
    meta = write_sigmf(tmp_path / name, IQ, sample_rate_hz=250e3)
    assert np.array_equal(validated(meta)[:], IQ)
    assert np.array_equal(read_sigmf(meta).iq, IQ)
    stem = name.removesuffix(".sigmf-meta").removesuffix(".sigmf-data")
    assert nothing_but(tmp_path, f"{stem}.sigmf-meta", f"{stem}.sigmf-data")


@pytest.mark.parametrize("centre_hz", [math.nan, 0.0, 868e6])
def test_everything_that_is_stated_reads_back(tmp_path, centre_hz):
    marks = (
        Annotation(3, 9, "QPSK", -1000.0, 2000.0, "a burst"),
        Annotation(20, 0, "8PSK", 0.0, 0.5),
    )
    meta = write_sigmf(
        tmp_path / "signal",
        IQ,
        sample_rate_hz=250e3,
        annotations=marks[::-1],
        centre_frequency_hz=centre_hz,
        description="Grüße",
        author="somebody",
        extras={"core:hw": "a radio", "rfmae:model": {"name": "x"}},
    )
    stated = validated(meta).get_global_info()
    assert stated["core:description"] == "Grüße"
    assert (stated["core:author"], stated["core:hw"]) == ("somebody", "a radio")
    assert stated["rfmae:model"] == {"name": "x"}
    capture = read_sigmf(meta)
    assert capture.annotations == marks
    assert capture.sample_rate_hz == 250e3
    if math.isnan(centre_hz):
        assert math.isnan(capture.segments[0].centre_frequency_hz)
    else:
        assert capture.segments == (Segment(0, centre_hz),)


def test_edges_are_written_at_radio_frequency(tmp_path):
    mark = Annotation(0, 1, low_hz=-100.0, high_hz=300.0)
    options = {"sample_rate_hz": 1e3, "annotations": [mark], "centre_frequency_hz": 868e6}
    (fields,) = validated(write_sigmf(tmp_path / "signal", IQ, **options)).get_annotations()
    assert fields["core:freq_lower_edge"] == 868e6 - 100
    assert fields["core:freq_upper_edge"] == 868e6 + 300


def test_equal_input_gives_equal_bytes(tmp_path):
    first = write_sigmf(tmp_path / "a", IQ, sample_rate_hz=1)
    second = write_sigmf(tmp_path / "b", IQ, sample_rate_hz=1)
    assert first.read_bytes() == second.read_bytes()


def test_i_and_q_that_lie_apart_and_other_precisions_are_written_as_single(tmp_path):
    wide = IQ.astype(np.complex128)[::2]
    meta = write_sigmf(tmp_path / "signal", wide, sample_rate_hz=1)
    assert np.array_equal(read_sigmf(meta).iq, IQ[::2])


def test_a_folder_that_is_not_there_is_made(tmp_path):
    assert write_sigmf(tmp_path / "a" / "b" / "signal", IQ, sample_rate_hz=1).is_file()


@pytest.mark.parametrize("there", ["signal.sigmf-meta", "signal.sigmf-data"])
def test_a_file_that_exists_is_not_written_over(tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(ArtefactError, match=rf"{there} exists; choose another name"):
        write_sigmf(tmp_path / "signal", IQ, sample_rate_hz=1)
    assert nothing_but(tmp_path, there)
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize(
    ("iq", "changes", "words"),
    [
        (IQ[:0], {}, "must have samples"),
        (np.array([1, np.nan + 0j]), {}, "must be finite"),
        (np.array([1e300 + 0j]), {}, "must be finite"),
        (IQ.real, {}, "must be complex of shape"),
        (IQ.reshape(8, 8), {}, "must be complex of shape"),
        (IQ, {"sample_rate_hz": 0.0}, "must be positive"),
        (IQ, {"sample_rate_hz": math.nan}, "must be positive"),
        (IQ, {"sample_rate_hz": 1e13}, "no metadata of SigMF"),
        (IQ, {"annotations": [Annotation(60, 5)]}, "must lie in the 64 samples"),
        (IQ, {"annotations": [Annotation(0, 5, low_hz=1.0)]}, "both its edges or neither"),
        (IQ, {"extras": {"model": "x"}}, "extras are named"),
        (IQ, {"extras": {"other:model": "x"}}, "extras are named"),
        (IQ, {"extras": {"core:sha512": "x"}}, "leave it out"),
        (IQ, {"extras": {"core:license": 7}}, "no metadata of SigMF"),
        (IQ, {"extras": {"rfmae:x": math.nan}}, "no metadata of SigMF"),
        (IQ, {"extras": {"rfmae:x": object()}}, "no metadata of SigMF"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(tmp_path, iq, changes, words):
    with pytest.raises(RfmaeError) as caught:
        write_sigmf(tmp_path / "signal", iq, **{"sample_rate_hz": 1.0, **changes})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert nothing_but(tmp_path)


@pytest.mark.parametrize(("start", "count"), [(-1, 2), (0, -1)])
def test_an_annotation_has_a_place(start, count):
    with pytest.raises(CaptureError, match="an annotation starts at sample 0 or later"):
        Annotation(start, count)


def test_a_path_through_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArtefactError, match="a part of the path is a file"):
        write_sigmf(tmp_path / "file" / "signal", IQ, sample_rate_hz=1)


@pytest.mark.parametrize("step", ["write_bytes", "open", "replace"])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, step):
    whole = getattr(Path, step)

    def full(path, *arguments, **options):
        if path.name.startswith(".signal"):
            monkeypatch.setattr(Path, step, whole)
            raise OSError(errno.ENOSPC, "No space left on device")
        return whole(path, *arguments, **options)

    monkeypatch.setattr(Path, step, full)
    with pytest.raises(ArtefactError, match="no space left on the disk"):
        write_sigmf(tmp_path / "signal", IQ, sample_rate_hz=1)
    assert nothing_but(tmp_path)


def test_metadata_that_cannot_take_their_name_take_the_data_with_them(tmp_path, monkeypatch):
    whole = Path.replace

    def stubborn(path, target):
        if target.suffix == ".sigmf-meta":
            raise OSError(errno.EACCES, "Permission denied")
        return whole(path, target)

    monkeypatch.setattr(Path, "replace", stubborn)
    with pytest.raises(ArtefactError, match="permission denied"):
        write_sigmf(tmp_path / "signal", IQ, sample_rate_hz=1)
    assert nothing_but(tmp_path)


# splits -------------------------------------------------------------------------------------


def write_split(folder, batches, sampled=None, **changes):
    options = {"sample_rate_hz": 4.0, "card": CARD, "view": "waveform", **changes}
    with SigmfSplitWriter(folder, "train", **options) as writer:
        for batch in batches:
            writer.append(batch, sampled(batch) if sampled else {})
    return folder / f"train-{options['view']}.sigmf-meta"


def test_a_split_is_valid_and_its_annotations_cut_out_the_examples(tmp_path):
    batches = [examples(5), examples(3, first=5), examples(1, first=8)]
    recording = validated(write_split(tmp_path, batches))
    annotations = recording.get_annotations()
    rows = [row for batch in batches for row in batch.iq]
    assert len(annotations) == len(rows)
    for fields, row in zip(annotations, rows, strict=True):
        start, count = fields["core:sample_start"], fields["core:sample_count"]
        assert np.array_equal(recording[start : start + count], row)
    assert len(recording) == sum(len(row) for row in rows)
    assert nothing_but(tmp_path, "train-waveform.sigmf-meta", "train-waveform.sigmf-data")


def test_annotations_state_class_snr_and_what_the_channel_drew(tmp_path):
    batch = examples(4)
    offsets = np.array([0.1, -0.2, np.nan, 0.0], np.float32)
    meta = write_split(tmp_path, [batch], lambda _: {"frequency_offset": offsets})
    annotations = validated(meta).get_annotations()
    assert [item["core:label"] for item in annotations] == ["BPSK", "QPSK", "8PSK", "BPSK"]
    assert [item["rfmae:snr_db"] for item in annotations] == batch.snr_db.tolist()
    assert {item["rfmae:snr_reference"] for item in annotations} == {"symbol"}
    found = [item.get("rfmae:frequency_offset") for item in annotations]
    assert found == [*offsets[:2].tolist(), None, 0.0]  # what is not finite is left out


def test_a_split_states_its_origin(tmp_path):
    stated = validated(write_split(tmp_path, [examples(2)])).get_global_info()
    assert stated["core:sample_rate"] == 4.0
    assert stated["core:description"] == "tiny, train, waveform. A few short examples."
    assert stated["core:recorder"].startswith("rfmae")
    assert stated["rfmae:recipe"] == "0123abcd"
    assert (stated["rfmae:split"], stated["rfmae:view"]) == ("train", "waveform")
    assert stated["rfmae:classes"] == CARD["classes"]
    (extension,) = stated["core:extensions"]
    assert (extension["name"], extension["optional"]) == ("rfmae", True)


def test_a_split_is_read_as_any_other_recording(tmp_path):
    batch = examples(6)
    capture = read_capture(write_split(tmp_path, [batch]), first_sample=8, count=16)
    assert np.array_equal(capture.iq.reshape(2, 8), batch.iq[1:3])
    assert [mark.label for mark in capture.annotations] == ["QPSK", "8PSK"]


def test_the_batches_that_a_split_came_in_leave_no_trace(tmp_path):
    whole = examples(6)
    halves = [
        IqBatch(whole.iq[cut], whole.label[cut], whole.snr_db[cut], whole.classes, 4, "symbol")
        for cut in (slice(0, 2), slice(2, 6))
    ]
    first, second = write_split(tmp_path / "a", [whole]), write_split(tmp_path / "b", halves)
    assert first.read_bytes() == second.read_bytes()
    data = [meta.with_suffix(".sigmf-data").read_bytes() for meta in (first, second)]
    assert data[0] == data[1]


def test_two_views_of_a_split_lie_side_by_side(tmp_path):
    for view in ("waveform", "symbols"):
        write_split(tmp_path, [examples(2)], view=view)
    assert len(list(tmp_path.glob("train-*.sigmf-data"))) == 2


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_split_that_is_cut_off_leaves_nothing(tmp_path, error):
    def cut_off():
        yield examples(2)
        raise error

    with pytest.raises(error):
        write_split(tmp_path, cut_off())
    assert nothing_but(tmp_path)


@pytest.mark.parametrize(
    ("batches", "sampled", "error", "words"),
    [
        ([], None, CaptureError, "no examples"),
        ([examples(2)], lambda _: {"gain": np.zeros(3)}, ShapeError, "gain must have shape"),
    ],
)
def test_a_split_that_cannot_be_written_leaves_nothing(tmp_path, batches, sampled, error, words):
    with pytest.raises(error, match=words):
        write_split(tmp_path, batches, sampled)
    assert nothing_but(tmp_path)


def test_a_split_that_exists_is_not_written_over(tmp_path):
    meta = write_split(tmp_path, [examples(2)])
    before = meta.read_bytes()
    with pytest.raises(ArtefactError, match="exists"):
        write_split(tmp_path, [examples(3)])
    assert meta.read_bytes() == before


def test_memory_does_not_grow_with_the_examples(tmp_path):
    def peak(count):
        batches = (examples(64, first=64 * index) for index in range(count))
        tracemalloc.start()
        write_split(tmp_path / str(count), batches)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    peak(1)  # what is loaded once is not counted
    # four times the examples, whose annotations alone would be a megabyte more
    assert peak(80) < peak(20) + 100_000


def test_the_metadata_of_a_split_are_json_with_the_parts_in_their_order(tmp_path):
    meta = write_split(tmp_path, [examples(2)])
    assert list(json.loads(meta.read_text())) == ["global", "captures", "annotations"]
