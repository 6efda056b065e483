"""A WAV is read to the end of its samples, whatever length its header states."""

import struct

import numpy as np
import pytest

from rfmae.captures.reading import read_capture
from rfmae.captures.wav_chunks import wav_layout
from rfmae.errors import CaptureError

RNG = np.random.default_rng(7)
DATA = RNG.integers(-(2**15), 2**15, (4096, 2)).astype("<i2").tobytes()
IQ = (np.frombuffer(DATA, "<i2").astype(np.float32) / 2**15).view(np.complex64)
LIST = b"LIST\x04\x00\x00\x00abcd"
ODD = b"note\x03\x00\x00\x00abc"
UNKNOWN = 2**32 - 1


def wav(path, stated, payload=DATA, *, depth=16, channels=2, magic=b"RIFF", before=b"", tag=1):
    width = channels * depth // 8
    head = struct.pack("<HHIIHH", tag, channels, 1000, 1000 * width, width, depth)
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", 16) + head
    body += b"data" + struct.pack("<I", stated) + payload
    path.write_bytes(magic + struct.pack("<I", len(body) % 2**32) + body)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.wav"


@pytest.mark.parametrize("stated", [0, UNKNOWN, 2048, 0x7FFFF000])
def test_a_wrong_length_is_read_to_the_end_and_noted(path, stated):
    capture = read_capture(wav(path, stated))
    assert np.array_equal(capture.iq, IQ)
    (note,) = capture.notes
    assert f"states {stated:,} bytes" in note
    assert f"{len(DATA):,} were found" in note


@pytest.mark.parametrize("rest", [b"", LIST, ODD, ODD + b"\0", LIST + ODD, ODD + b"\0" + LIST])
@pytest.mark.parametrize("first", [4096, 1])
def test_further_chunks_are_no_samples(path, rest, first):
    data = DATA[: 4 * first]
    capture = read_capture(wav(path, len(data), data + rest))
    assert np.array_equal(capture.iq, IQ[:first])
    assert capture.notes == ()


@pytest.mark.parametrize("padding", [b"\0", b""])
@pytest.mark.parametrize("rest", [LIST, ODD])
def test_data_of_an_odd_length_may_be_padded_or_not(path, padding, rest):
    data = bytes(RNG.integers(0, 256, 21).tolist())  # real samples of 8 bits
    wav(path, len(data), data + padding + rest, depth=8, channels=1)
    assert wav_layout(path).n_bytes == len(data)
    assert wav_layout(path).notes == ()


def test_a_header_that_ends_with_no_samples_is_told(path):
    for rest in (b"", LIST):
        with pytest.raises(CaptureError, match="holds no samples"):
            read_capture(wav(path, 0, rest))


@pytest.mark.parametrize("missing", [1, 3, 4, 1000, len(DATA) - 4])
@pytest.mark.parametrize("depth", [16, 24])
def test_what_is_cut_short_is_refused(path, missing, depth):
    with pytest.raises(CaptureError, match=r"16,384 bytes .* got [\d,]+; it was cut short"):
        read_capture(wav(path, len(DATA), DATA[:-missing], depth=depth))


@pytest.mark.parametrize("over", [100, 0])
def test_a_length_that_wrapped_at_four_gibibytes_is_unwrapped(path, over):
    data_bytes = 2**32 + 4 * over
    wav(path, 4 * over, b"")
    start = path.stat().st_size
    with path.open("r+b") as file:  # with holes: no gibibytes are written
        file.seek(start)
        file.write(DATA[:400])
        file.seek(start + data_bytes)
        file.write(LIST)
    layout = wav_layout(path)
    assert layout.n_bytes == data_bytes
    assert f"{data_bytes:,} were found" in layout.notes[0]
    assert np.array_equal(read_capture(path, count=100).iq, IQ[:100])


@pytest.mark.parametrize("stated", [len(DATA), 0])
def test_rf64_states_its_length_in_64_bits(path, stated):
    sizes = struct.pack("<QQQI", 0, stated, 4096, 0)
    ds64 = b"ds64" + struct.pack("<I", len(sizes)) + sizes
    capture = read_capture(wav(path, UNKNOWN, magic=b"RF64", before=ds64))
    assert np.array_equal(capture.iq, IQ)
    assert bool(capture.notes) == (stated == 0)


def test_an_extensible_format_names_its_kind_further_on(path):
    wav(path, len(DATA))
    content = path.read_bytes()
    extensible = struct.pack("<HHIIHHHHIH", 0xFFFE, 2, 1000, 4000, 4, 16, 22, 16, 3, 1) + bytes(14)
    path.write_bytes(content[:16] + struct.pack("<I", 40) + extensible + content[36:])
    assert np.array_equal(read_capture(path).iq, IQ)


def test_a_mono_wav_is_real(path):
    wav(path, len(DATA), channels=1)
    with pytest.raises(CaptureError, match=r"real samples \(ri16_le\).*--analytic"):
        read_capture(path)
    assert np.array_equal(
        read_capture(path, analytic=True).iq.real, np.frombuffer(DATA, "<i2") / np.float32(2**15)
    )
