"""SigMF recordings are read at their right values, and one that breaks its promises is refused."""

import hashlib
import json
import os
import warnings

import numpy as np
import pytest

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import DATATYPES, read_capture, read_recording, read_sigmf
from rfmae.errors import CaptureError

# four samples that every data type can hold: I and Q in units of full scale
UNIT = np.array([0.5 - 0.25j, -1 + 0j, 0.25 + 0.75j, 0 - 0.5j])


def fixed_point(numpy_type, full_scale, offset=0):
    def encode(iq):
        parts = np.stack([iq.real, iq.imag], axis=-1) * full_scale + offset
        return parts.round().astype(numpy_type).tobytes()

    return encode


ENCODE = {
    "cf32_le": lambda iq: iq.astype("<c8").tobytes(),
    "cf32_be": lambda iq: iq.astype(">c8").tobytes(),
    "cf64_le": lambda iq: iq.astype("<c16").tobytes(),
    "cf64_be": lambda iq: iq.astype(">c16").tobytes(),
    "ci16_le": fixed_point("<i2", 2**15),
    "ci16_be": fixed_point(">i2", 2**15),
    "ci32_le": fixed_point("<i4", 2**31),
    "ci32_be": fixed_point(">i4", 2**31),
    "cu16_le": fixed_point("<u2", 2**15, offset=2**15),
    "cu16_be": fixed_point(">u2", 2**15, offset=2**15),
    "cu32_le": fixed_point("<u4", 2**31, offset=2**31),
    "cu32_be": fixed_point(">u4", 2**31, offset=2**31),
    "ci8": fixed_point("i1", 2**7),
    "cu8": fixed_point("u1", 2**7, offset=2**7),
}


@pytest.fixture
def record(tmp_path):
    """Write a recording by hand, byte by byte; keywords change its metadata."""

    def write(content=None, datatype="cf32_le", *, captures=None, annotations=(), **changes):
        content = UNIT.astype("<c8").tobytes() if content is None else content
        meta = {
            "global": {
                "core:datatype": datatype,
                "core:version": "1.0.0",
                "core:sample_rate": 250e3,
                "core:sha512": hashlib.sha512(content).hexdigest(),
            },
            "captures": [{"core:sample_start": 0}] if captures is None else captures,
            "annotations": list(annotations),
        }
        for key, value in changes.items():
            name = f"core:{key}"
            meta["global"][name] = value
            if value is None:
                del meta["global"][name]
        path = tmp_path / "signal.sigmf-meta"
        path.write_text(json.dumps(meta))
        path.with_suffix(".sigmf-data").write_bytes(content)
        return path

    return write


def refusal(path, **options):
    """The one line that refuses a recording."""
    with pytest.raises(CaptureError) as caught:
        read_capture(path, **options) if options else read_sigmf(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("datatype", DATATYPES)
def test_every_data_type_is_read_at_its_value_and_scale(record, datatype):
    content = ENCODE[datatype](UNIT)
    assert len(content) == DATATYPES[datatype] * len(UNIT)
    capture = read_sigmf(record(content, datatype))
    assert capture.iq.dtype == np.complex64
    assert np.array_equal(capture.iq, UNIT.astype(np.complex64))


@pytest.mark.parametrize(
    ("datatype", "content", "iq"),
    [
        ("ci16_le", b"\xff\x7f\x00\x80", 32767 / 32768 - 1j),
        ("ci16_be", b"\x7f\xff\x80\x00", 32767 / 32768 - 1j),
        ("ci8", b"\x7f\x80", 127 / 128 - 1j),
        ("cu8", b"\xff\x00", 127 / 128 - 1j),
        ("cu8", b"\x80\x81", 1j / 128),
        ("cf32_le", b"\x00\x00\x80\x3f\x00\x00\x00\xc0", 1 - 2j),
        ("cf32_be", b"\x3f\x80\x00\x00\xc0\x00\x00\x00", 1 - 2j),
    ],
)
def test_bytes_mean_what_the_standard_says(record, datatype, content, iq):
    assert read_sigmf(record(content, datatype)).iq.tolist() == [iq]


def test_a_long_recording_keeps_every_sample_in_its_place(record):
    iq = (np.arange(5000) - 1j * np.arange(5000)).astype("<c8")
    assert np.array_equal(read_sigmf(record(iq.tobytes())).iq, iq)


def test_a_recording_that_the_sigmf_package_wrote_is_read(tmp_path):
    from sigmf import SigMFFile

    data = tmp_path / "theirs.sigmf-data"
    UNIT.astype("<c8").tofile(data)
    theirs = SigMFFile(
        data_file=data, global_info={"core:datatype": "cf32_le", "core:sample_rate": 48000}
    )
    theirs.add_capture(0, metadata={"core:frequency": 868e6})
    theirs.add_annotation(0, 4, metadata={"core:label": "QPSK"})
    theirs.tofile(tmp_path / "theirs.sigmf-meta")
    capture = read_sigmf(tmp_path / "theirs.sigmf-meta")
    assert np.array_equal(capture.iq, UNIT.astype(np.complex64))
    assert capture.sample_rate_hz == 48000
    assert capture.labels == ("QPSK",)


def test_rate_labels_and_path_are_returned(record):
    annotations = [
        {"core:sample_start": 0, "core:sample_count": 2, "core:label": "QPSK"},
        {"core:sample_start": 2, "core:sample_count": 2, "core:label": "BPSK"},
        {"core:sample_start": 2, "core:sample_count": 1, "core:label": "QPSK"},
        {"core:sample_start": 3},
    ]
    path = record(annotations=annotations)
    capture = read_sigmf(path)
    assert capture.sample_rate_hz == 250e3
    assert capture.labels == ("BPSK", "QPSK")
    assert capture.path == path
    assert read_sigmf(str(path)).labels == capture.labels


def test_checksum_sample_rate_captures_and_annotations_may_be_left_out(record):
    path = record(sha512=None, sample_rate=None)
    meta = json.loads(path.read_text())
    del meta["annotations"], meta["captures"]
    path.write_text(json.dumps(meta))
    capture = read_sigmf(path)
    assert len(capture.iq) == 4
    assert capture.labels == ()


def test_a_data_file_of_another_name_is_found_beside_the_metadata(record):
    path = record(dataset="samples.bin")
    path.with_suffix(".sigmf-data").rename(path.with_name("samples.bin"))
    assert len(read_sigmf(path).iq) == 4


def test_reading_changes_no_file(record):
    path = record(ENCODE["ci16_le"](UNIT), "ci16_le", sha512=None)
    before = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    read_sigmf(path)
    assert {item.name: item.read_bytes() for item in path.parent.iterdir()} == before


@pytest.mark.parametrize("datatype", DATATYPES)
def test_reading_a_good_recording_warns_of_nothing(record, datatype):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_sigmf(record(ENCODE[datatype](UNIT), datatype))


def test_sample_numbers_count_from_the_offset_of_a_split_recording(record):
    captures = [{"core:sample_start": 1000}]
    annotations = [{"core:sample_start": 1000, "core:sample_count": 4, "core:label": "QPSK"}]
    path = record(offset=1000, captures=captures, annotations=annotations)
    assert np.array_equal(read_sigmf(path).iq, UNIT.astype(np.complex64))


# every kind of recording --------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".sigmf-meta", ".sigmf-data"])
def test_a_recording_is_read_by_the_name_of_either_of_its_files(record, suffix):
    path = record().with_suffix(suffix)
    capture = read_capture(path)
    assert np.array_equal(capture.iq, UNIT.astype(np.complex64))
    assert capture.path == path
    assert capture.sample_rate_hz == 250e3
    assert read_capture(str(path)).datatype == "cf32_le"


def test_data_without_metadata_are_refused_with_the_way_out(record):
    path = record()
    path.unlink()
    data = path.with_suffix(".sigmf-data")
    with pytest.raises(CaptureError, match=r"signal\.sigmf-meta of .* are missing; .*--dtype"):
        read_capture(data)


def test_the_checksum_is_of_the_whole_and_is_left_alone_in_a_part(record):
    path = record(sha512="0" * 128)
    assert len(read_capture(path, first_sample=1).iq) == 3
    with pytest.raises(CaptureError, match="core:sha512"):
        read_capture(path)


def test_a_missing_file_of_any_kind_is_refused(tmp_path):
    for name in ("a.sigmf-meta", "a.sigmf-data", "a.sigmf", "a.wav", "a.cf32", "a"):
        with pytest.raises(CaptureError, match=f"no recording .*{name}"):
            read_capture(tmp_path / name)


# files that are not there or not what they say ----------------------------------------------


def test_a_missing_recording_is_refused(tmp_path):
    path = tmp_path / "nowhere.sigmf-meta"
    assert refusal(path) == f"no recording {path}"


@pytest.mark.parametrize("name", ["signal.sigmf-data", "signal.sigmf", "signal.iq", "signal"])
def test_a_path_that_is_not_the_metadata_is_refused(record, name):
    path = record().with_name(name)
    assert refusal(path) == f"a SigMF recording is named by its .sigmf-meta file, got {path}"


def test_a_missing_data_file_is_refused_by_its_name(record):
    path = record()
    data = path.with_suffix(".sigmf-data")
    data.unlink()
    message = refusal(path)
    assert str(data) in message
    assert "missing" in message


def test_a_missing_data_file_of_another_name_is_refused_by_that_name(record):
    assert "samples.bin" in refusal(record(dataset="samples.bin"))


@pytest.mark.parametrize("name", ["elsewhere/samples.bin", "../samples.bin", "..", 7])
def test_a_data_file_that_is_named_by_no_plain_name_is_refused(record, name):
    assert str(name) in refusal(record(dataset=name))


def test_an_empty_data_file_is_refused(record):
    assert "holds no samples" in refusal(record(b""))


@pytest.mark.parametrize(
    "text", ["", "{", "not json", "[]", "7", "null", "{}", '{"global": []}', '{"global": null}']
)
def test_metadata_that_are_no_sigmf_object_are_refused(record, text):
    path = record()
    path.write_text(text)
    assert str(path) in refusal(path)


def test_metadata_that_are_not_utf_8_are_refused(record):
    path = record()
    path.write_bytes(b'{"global": "\xff\xfe"}')
    assert "must hold JSON" in refusal(path)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("captures", {"core:sample_start": 0}),
        ("captures", ["start"]),
        ("captures", None),
        ("captures", [{"core:sample_start": "start"}]),
        ("captures", [{"core:sample_start": None}]),
        ("annotations", 3),
        ("annotations", [None]),
        ("annotations", [{"core:sample_start": 0, "core:sample_count": "all"}]),
        ("annotations", [{"core:sample_count": 4}]),
    ],
    ids=str,
)
def test_captures_and_annotations_of_another_form_are_refused(record, part, value):
    path = record()
    meta = json.loads(path.read_text())
    meta[part] = value
    path.write_text(json.dumps(meta))
    assert path.name in refusal(path)


@pytest.mark.parametrize("rate", ["fast", [], 0, -1, float("nan")], ids=str)
def test_a_sample_rate_that_is_no_positive_number_is_refused(record, rate):
    path = record()
    meta = json.loads(path.read_text())
    meta["global"]["core:sample_rate"] = rate
    path.write_text(json.dumps(meta))
    assert "sample_rate" in refusal(path)


# lengths ------------------------------------------------------------------------------------


@pytest.mark.parametrize("datatype", DATATYPES)
def test_a_data_file_cut_inside_a_sample_is_refused(record, datatype):
    content = ENCODE[datatype](UNIT)
    message = refusal(record(content[:-1], datatype))
    assert f"whole {datatype} samples" in message
    assert f"got {len(content) - 1} bytes" in message
    assert "cut short" in message


@pytest.mark.parametrize("with_checksum", [True, False])
def test_a_data_file_cut_below_its_annotations_is_refused(record, with_checksum):
    annotations = [{"core:sample_start": 1, "core:sample_count": 3}]
    path = record(annotations=annotations, **({} if with_checksum else {"sha512": None}))
    assert len(read_sigmf(path).iq) == 4
    os.truncate(path.with_suffix(".sigmf-data"), 3 * 8)
    message = refusal(path)
    assert "must hold the 4 samples" in message
    assert "got 3" in message


def test_a_data_file_cut_below_its_captures_is_refused(record):
    captures = [{"core:sample_start": 0}, {"core:sample_start": 3}]
    path = record(captures=captures, sha512=None)
    assert len(read_sigmf(path).iq) == 4
    os.truncate(path.with_suffix(".sigmf-data"), 2 * 8)
    assert "must hold" in refusal(path)


def test_a_capture_must_have_a_sample_to_start_with(record):
    captures = [{"core:sample_start": 0}, {"core:sample_start": 4}]
    assert "must hold" in refusal(record(captures=captures, sha512=None))


# types, channels, checksum, numbers ---------------------------------------------------------


@pytest.mark.parametrize(
    ("datatype", "near"),
    [
        ("cf32", "cf32_le"),
        ("cf32_el", "cf32_le"),
        ("CI16_LE", "ci16_le"),
        ("cu16_el", "cu16_le"),
        ("ci24_le", "ci32_le"),
        ("banana", "known: cf32_le"),
        ("", "known: cf32_le"),
        (None, "cf32_le"),
        (7, "cf32_le"),
    ],
)
def test_an_unknown_data_type_is_refused_with_the_nearest(record, datatype, near):
    path = record(datatype="x")
    meta = json.loads(path.read_text())
    meta["global"]["core:datatype"] = datatype
    path.write_text(json.dumps(meta))
    message = refusal(path)
    assert "core:datatype" in message
    assert repr(str(datatype)) in message
    assert near in message


@pytest.mark.parametrize("datatype", ["rf32_le", "ri16_le", "ru8"])
def test_real_samples_are_refused_with_the_way_to_make_them_complex(record, datatype):
    message = refusal(record(datatype=datatype))
    assert f"real samples ({datatype})" in message
    assert "--analytic" in message
    assert "--dtype" not in message


def test_a_missing_data_type_is_refused(record):
    path = record()
    meta = json.loads(path.read_text())
    del meta["global"]["core:datatype"]
    path.write_text(json.dumps(meta))
    assert "core:datatype" in refusal(path)


@pytest.mark.parametrize("channels", [2, 4])
def test_one_of_several_channels_must_be_chosen(record, channels):
    path = record(np.tile(UNIT, channels).astype("<c8").tobytes(), num_channels=channels)
    message = refusal(path)
    assert f"has {channels} channels" in message
    assert f"--channel, 0 to {channels - 1}" in message
    assert f"--channel {channels}" in refusal(path, channel=channels)


@pytest.mark.parametrize("channels", [0, 1.5, "two"])
def test_a_number_of_channels_that_is_none_is_refused(record, channels):
    assert "core:num_channels" in refusal(record(num_channels=channels))


@pytest.mark.parametrize("datatype", DATATYPES)
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_the_samples_of_channels_take_turns(record, datatype, channel):
    rng = np.random.default_rng(channel)
    each = np.round(rng.uniform(-1, 1, (3, 40, 2)) * 64) / 128
    iq = each[..., 0] + 1j * each[..., 1]
    path = record(ENCODE[datatype](iq.T.reshape(-1)), datatype, num_channels=3)
    assert np.array_equal(read_capture(path, channel=channel).iq, iq[channel].astype("c8"))
    part = read_capture(path, channel=channel, first_sample=7, count=20)
    assert np.array_equal(part.iq, iq[channel, 7:27].astype("c8"))


def test_a_file_cut_between_channels_is_refused(record):
    path = record(np.tile(UNIT, 2)[:-1].astype("<c8").tobytes(), num_channels=2, sha512=None)
    assert "samples of 2 channels of 16 bytes" in refusal(path, channel=0)


def test_the_only_channel_may_be_named_and_no_other(record):
    assert len(read_capture(record(), channel=0).iq) == len(UNIT)
    assert "has 1 channel, counted from 0" in refusal(record(), channel=1)


def test_a_changed_sample_breaks_the_checksum(record):
    path = record()
    data = path.with_suffix(".sigmf-data")
    data.write_bytes(data.read_bytes()[:-1] + b"\x01")
    message = refusal(path)
    assert "core:sha512" in message
    assert str(data) in message


@pytest.mark.parametrize("checksum", ["", "0" * 128, "none"])
def test_a_wrong_checksum_is_refused(record, checksum):
    assert "core:sha512" in refusal(record(sha512=checksum))


@pytest.mark.parametrize("datatype", ["cf32_le", "cf64_be"])
@pytest.mark.parametrize("bad", [complex("nan"), complex(0, float("inf"))], ids=str)
def test_samples_that_are_not_finite_are_counted_and_refused(record, datatype, bad):
    message = refusal(record(ENCODE[datatype](np.array([1, bad, 1j, bad])), datatype))
    assert "must be finite" in message
    assert "holds 2 NaN or infinite samples of 4" in message


def test_a_sample_beyond_single_precision_is_refused_without_a_warning(record):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "infinite" in refusal(record(ENCODE["cf64_le"](np.array([1e300 + 0j])), "cf64_le"))


# samples that are no numbers --------------------------------------------------------------------


def test_samples_that_are_no_numbers_are_let_through_on_request_alone(tmp_path):
    iq = np.exp(0.1j * np.arange(100)).astype("c8")
    iq[10:20], iq[30] = np.nan, np.inf
    path = tmp_path / "gaps.cf32"
    iq.tofile(path)
    with pytest.raises(CaptureError, match="11 NaN or infinite samples of 100"):
        read_capture(path, sample_rate_hz=1.0)
    capture = read_recording(path, ReadOptions(sample_rate_hz=1.0, keep_non_finite=True))
    assert np.array_equal(np.isfinite(capture.iq), np.isfinite(iq))
    assert capture.keeps_non_finite and capture.doubts == ()


# sizes that are stated --------------------------------------------------------------------------


def test_more_samples_than_memory_holds_are_refused_before_any_is_read(tmp_path):
    path = tmp_path / "long.ci8"
    with path.open("wb") as file:
        file.truncate(2**42)  # sparse: it takes no space
    with pytest.raises(CaptureError, match=r"GB of memory, but there are .* read a part"):
        read_capture(path, sample_rate_hz=1.0)
    assert len(read_capture(path, sample_rate_hz=1.0, first_sample=2**40, count=5).iq) == 5
