"""An archive is read where it lies, and one that holds several recordings names them."""

import gc
import io
import tarfile

import numpy as np
import pytest

from rfmae.captures.reading import Annotation, read_capture
from rfmae.captures.sigmf_writing import write_sigmf
from rfmae.errors import CaptureError

IQ = (np.arange(1000) - 1j * np.arange(1000)).astype(np.complex64)


@pytest.fixture
def pair(tmp_path):
    """A recording as two files."""
    return write_sigmf(
        tmp_path / "signal", IQ, sample_rate_hz=48e3, annotations=[Annotation(10, 20, "QPSK")]
    )


@pytest.fixture
def archive(tmp_path, pair):
    """The same recording in an archive that the sigmf package made."""
    from sigmf import fromfile

    fromfile(pair).archive(str(tmp_path / "theirs.sigmf"))
    return tmp_path / "theirs.sigmf"


def pack(path, members, mode="w"):
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def refusal(path, **options):
    with pytest.raises(CaptureError) as caught:
        read_capture(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_archive_is_read_as_the_pair_that_it_holds(pair, archive):
    ours, theirs = read_capture(pair), read_capture(archive)
    assert np.array_equal(theirs.iq, ours.iq)
    assert theirs.labels == ours.labels == ("QPSK",)
    assert theirs.sample_rate_hz == ours.sample_rate_hz
    assert theirs.path == archive


def test_a_part_of_an_archive_is_that_part(archive):
    assert np.array_equal(read_capture(archive, first_sample=900, count=7).iq, IQ[900:907])


def test_a_file_of_another_name_is_found_in_the_archive(tmp_path):
    meta = b'{"global": {"core:datatype": "cf32_le", "core:dataset": "x.bin"}}'
    path = pack(tmp_path / "a.sigmf", {"a/a.sigmf-meta": meta, "a/x.bin": IQ.tobytes()})
    assert np.array_equal(read_capture(path).iq, IQ)


def test_an_archive_of_several_recordings_names_them(tmp_path, pair):
    meta, data = pair.read_bytes(), pair.with_suffix(".sigmf-data").read_bytes()
    members = {"one.sigmf-meta": meta, "one.sigmf-data": data, "two.sigmf-meta": meta}
    message = refusal(pack(tmp_path / "both.sigmf", members))
    assert "one.sigmf-meta, two.sigmf-meta" in message
    assert "unpack it and name one" in message


def test_an_archive_without_metadata_or_data_is_refused(tmp_path, pair):
    assert "no .sigmf-meta" in refusal(pack(tmp_path / "a.sigmf", {"a.sigmf-data": IQ.tobytes()}))
    path = pack(tmp_path / "b.sigmf", {"b.sigmf-meta": pair.read_bytes()})
    assert "b.sigmf-data" in refusal(path)


def test_a_changed_sample_in_an_archive_breaks_the_checksum(archive):
    content = bytearray(archive.read_bytes())
    place = content.find(IQ[500:502].tobytes())
    content[place] ^= 1
    archive.write_bytes(content)
    assert "core:sha512" in refusal(archive)


def test_data_that_are_stored_with_holes_are_refused(archive):
    content = bytearray(archive.read_bytes())
    with tarfile.open(archive) as tar:
        (member,) = (item for item in tar.getmembers() if item.name.endswith("-data"))
    place = slice(member.offset_data - 512, member.offset_data)
    header = content[place]
    header[156:157] = b"S"  # the old form of GNU tar, whose list of holes is empty here
    header[257:265] = b"ustar  \0"
    header[386:500] = bytes(114)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    content[place] = header
    archive.write_bytes(content)
    assert "stored sparse" in refusal(archive)


@pytest.mark.parametrize("content", [b"no archive at all", b"\x1f\x8b" + bytes(600), b"x" * 2000])
def test_what_is_no_tar_is_refused(tmp_path, content):
    path = tmp_path / "a.sigmf"
    path.write_bytes(content)
    assert "uncompressed tar" in refusal(path)


@pytest.mark.parametrize("left", [300, 2000, 6000])
def test_an_archive_that_was_cut_short_is_refused(archive, left):
    archive.write_bytes(archive.read_bytes()[:left])
    assert str(archive) in refusal(archive)


@pytest.mark.parametrize("name", ["a.sigmf.gz", "a.sigmf.xz", "a.sigmf.zip"])
def test_a_compressed_archive_of_the_sigmf_package_is_read_as_the_pair(tmp_path, pair, name):
    import sigmf

    path = tmp_path / name
    sigmf.fromfile(str(pair)).tofile(path)
    ours, theirs = read_capture(pair), read_capture(path)
    assert np.array_equal(theirs.iq, ours.iq)
    assert (theirs.path, theirs.labels) == (path, ours.labels)
    part = read_capture(path, first_sample=7, count=20)
    assert np.array_equal(part.iq, ours.iq[7:27])


@pytest.mark.parametrize("name", ["a.sigmf.gz", "a.sigmf.xz", "a.sigmf.zip"])
@pytest.mark.parametrize("left", [0, 1, 40, 300])
def test_a_damaged_compressed_archive_is_named(tmp_path, pair, name, left):
    import sigmf

    path = tmp_path / name
    sigmf.fromfile(str(pair)).tofile(path)
    path.write_bytes(path.read_bytes()[:left])
    assert str(path) in refusal(path)


def test_what_is_unpacked_is_gone_afterwards(tmp_path, pair, monkeypatch):
    import tempfile

    import sigmf

    path, scratch = tmp_path / "a.sigmf.xz", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    sigmf.fromfile(str(pair)).tofile(path)
    read_capture(path)
    assert "requested" in refusal(path, first_sample=10**6)
    gc.collect()  # the error still holds the recording
    assert not [*scratch.iterdir()]


def members_of(pair):
    data = pair.with_suffix(".sigmf-data").read_bytes()
    return {"signal.sigmf-meta": pair.read_bytes(), "signal.sigmf-data": data}


@pytest.mark.parametrize("where", ["/", "/etc/", "../", "a/../../"])
def test_names_outside_of_the_archive_are_refused(tmp_path, pair, where):
    named = {where + name: content for name, content in members_of(pair).items()}
    assert "relative names" in refusal(pack(tmp_path / "odd.sigmf", named))


@pytest.mark.parametrize("where", ["./", "recordings/", "./a/b/"])
def test_a_folder_in_front_of_the_names_changes_nothing(tmp_path, pair, where):
    named = {where + name: content for name, content in members_of(pair).items()}
    np.testing.assert_array_equal(read_capture(pack(tmp_path / "a.sigmf", named)).iq, IQ)


def test_metadata_that_state_more_bytes_than_there_are_take_no_memory(tmp_path, pair):
    path = tmp_path / "short.sigmf"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("signal.sigmf-meta")
        member.size = 1 << 40
        tar.addfile(member)
    assert "cut short" in refusal(path) or "uncompressed tar" in refusal(path)
