"""A stereo WAV of any depth is read at its scale, I left and Q right."""

import struct
import warnings

import numpy as np
import pytest
from scipy.io import wavfile

from rfmae.captures.reading import read_capture
from rfmae.errors import CaptureError

IQ = (np.arange(-32, 32) / 64 - 0.5j + 1j * np.arange(64) / 128).astype(np.complex64)
NAMES = {"u1": "cu8", "<i2": "ci16_le", "<i4": "ci32_le", "<f4": "cf32_le", "<f8": "cf64_le"}
DEPTHS = {  # numpy type: what is 0, what is 1
    "u1": (128, 128),
    "<i2": (0, 2**15),
    "<i4": (0, 2**31),
    "<f4": (0, 1),
    "<f8": (0, 1),
}


def frames(iq, kind):
    zero, full_scale = DEPTHS[kind]
    return (np.stack([iq.real, iq.imag], -1).astype(float) * full_scale + zero).astype(kind)


def riff(data, *, depth=16, channels=2, rate=48000, tag=1, stated=None):
    """A WAV by hand, byte by byte."""
    width = channels * depth // 8
    header = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, depth)
    stated = len(data) if stated is None else stated
    body = b"WAVEfmt " + struct.pack("<I", len(header)) + header
    body += b"data" + struct.pack("<I", stated)
    return b"RIFF" + struct.pack("<I", len(body) + stated) + body + data


def refusal(path, **options):
    with pytest.raises(CaptureError) as caught:
        read_capture(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", DEPTHS)
@pytest.mark.parametrize("name", ["signal.wav", "SIGNAL.WAV", "signal.bin"])
def test_every_depth_is_read_at_its_value_and_scale(tmp_path, kind, name):
    path = tmp_path / name
    wavfile.write(path, 96000, frames(IQ, kind))
    capture = read_capture(path)
    assert capture.iq.dtype == np.complex64
    assert np.array_equal(capture.iq, IQ)
    assert capture.sample_rate_hz == 96000
    assert capture.datatype == NAMES[kind]


def test_a_wav_in_the_other_byte_order_is_read(tmp_path):
    path = tmp_path / "signal.wav"
    data = frames(IQ, "<i2").astype(">i2").tobytes()
    header = b"WAVEfmt " + struct.pack(">IHHIIHH", 16, 1, 2, 48000, 192000, 4, 16)
    body = header + b"data" + struct.pack(">I", len(data)) + data
    path.write_bytes(b"RIFX" + struct.pack(">I", len(body)) + body)
    capture = read_capture(path)
    assert np.array_equal(capture.iq, IQ)
    assert (capture.sample_rate_hz, capture.datatype) == (48000, "ci16_be")


def test_24_bits_are_read_at_their_value_and_scale(tmp_path):
    path = tmp_path / "signal.wav"
    whole = frames(IQ, "<i4").view("u1").reshape(-1, 4)[:, 1:]  # the three upper bytes
    path.write_bytes(riff(whole.tobytes(), depth=24))
    assert np.array_equal(read_capture(path).iq, IQ)
    assert np.array_equal(read_capture(path, first_sample=3, count=5).iq, IQ[3:8])


def test_a_wav_of_more_than_four_gigabytes_format_is_read(tmp_path):
    path = tmp_path / "signal.wav"
    data = frames(IQ, "<i2").tobytes()
    header = struct.pack("<HHIIHH", 1, 2, 48000, 192000, 4, 16)
    sizes = struct.pack("<QQQI", 4 + 36 + 24 + 8 + len(data), len(data), len(IQ), 0)
    chunks = b"ds64" + struct.pack("<I", len(sizes)) + sizes + b"fmt " + struct.pack("<I", 16)
    chunks += header + b"data\xff\xff\xff\xff" + data
    path.write_bytes(b"RF64\xff\xff\xff\xffWAVE" + chunks)
    try:
        wavfile.read(path)
    except ValueError as problem:
        pytest.skip(f"this scipy does not read RF64: {problem}")
    assert np.array_equal(read_capture(path).iq, IQ)


def test_full_scale_is_minus_one_and_one_step_below_one(tmp_path):
    path = tmp_path / "signal.wav"
    path.write_bytes(riff(b"\x00\x80\xff\x7f"))
    assert read_capture(path).iq.tolist() == [-1 + 1j * 32767 / 32768]


@pytest.mark.parametrize("kind", DEPTHS)
def test_a_part_is_that_part_of_the_whole(tmp_path, kind):
    path = tmp_path / "signal.wav"
    wavfile.write(path, 1000, frames(IQ, kind))
    assert np.array_equal(read_capture(path, first_sample=10, count=20).iq, IQ[10:30])
    assert np.array_equal(read_capture(path, first_sample=60).iq, IQ[60:])


def test_other_chunks_are_passed_over_without_a_warning(tmp_path):
    path = tmp_path / "signal.wav"
    whole = riff(frames(IQ, "<i2").tobytes())
    content = whole[:12] + b"auxi\x04\x00\x00\x00abcd" + whole[12:]
    path.write_bytes(content[:4] + struct.pack("<I", len(content) - 8) + content[8:])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(read_capture(path).iq, IQ)


@pytest.mark.parametrize("channels", [3, 4])
def test_other_than_two_channels_are_refused(tmp_path, channels):
    path = tmp_path / "signal.wav"
    path.write_bytes(riff(bytes(24), channels=channels))
    assert f"I left and Q right; {path} has {channels}" in refusal(path)


@pytest.mark.parametrize("depth", [16, 24])
@pytest.mark.parametrize("missing", [1, 6, 48])
def test_a_wav_that_was_cut_short_is_refused(tmp_path, depth, missing):
    path = tmp_path / "signal.wav"
    path.write_bytes(riff(bytes(240), depth=depth)[:-missing])
    assert str(path) in refusal(path)


def test_a_wav_without_samples_is_refused(tmp_path):
    path = tmp_path / "signal.wav"
    path.write_bytes(riff(b""))
    assert "holds no samples" in refusal(path)
    path.write_bytes(riff(bytes(8))[:36])  # no data chunk
    assert str(path) in refusal(path)


@pytest.mark.parametrize(
    "content",
    [b"RIFF", b"not a wav at all", riff(bytes(8), tag=7), riff(bytes(8), depth=64, tag=1)],
)
def test_what_is_no_wav_of_whole_numbers_or_floats_is_refused(tmp_path, content):
    path = tmp_path / "signal.wav"
    path.write_bytes(content)
    assert str(path) in refusal(path)


def test_a_rate_of_zero_is_refused(tmp_path):
    path = tmp_path / "signal.wav"
    path.write_bytes(riff(bytes(8), rate=0))
    assert "must be positive" in refusal(path)


def test_a_type_or_another_rate_may_not_be_given(tmp_path):
    path = tmp_path / "signal.wav"
    path.write_bytes(riff(bytes(8)))
    assert read_capture(path, sample_rate_hz=48000).sample_rate_hz == 48000
    assert "leave out --rate" in refusal(path, sample_rate_hz=44100)
    assert "leave out --dtype" in refusal(path, datatype="ci16")


def test_samples_that_are_not_finite_are_refused(tmp_path):
    path = tmp_path / "signal.wav"
    wavfile.write(path, 1000, np.array([[1, np.nan], [0, 0]], np.float32))
    assert "holds 1 NaN" in refusal(path)
