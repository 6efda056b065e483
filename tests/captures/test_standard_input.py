"""Recordings from a pipe are those of the same bytes in a file; what is not told is asked for."""

import io
import sys
import wave

import numpy as np
import pytest

from rfmae.captures.reading import read_capture
from rfmae.errors import CaptureError

IQ = np.exp(0.3j * np.arange(1000))


class Pipe:
    """Standard input that holds some bytes."""

    def __init__(self, data, terminal=False):
        self.buffer, self._terminal = io.BytesIO(data), terminal

    def isatty(self):
        return self._terminal


@pytest.fixture
def piped(monkeypatch, tmp_path):
    """Read bytes as they come through a pipe; nothing may stay on the disk."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))

    def read(data, **options):
        monkeypatch.setattr(sys, "stdin", Pipe(data))
        try:
            return read_capture("-", **options)
        finally:
            assert list(folder.iterdir()) == []

    return read


def test_raw_samples_are_those_of_a_file(piped, tmp_path):
    data = (32767 * IQ.astype("c8").view("f4")).astype("<i2").tobytes()
    path = tmp_path / "samples.ci16"
    path.write_bytes(data)
    found = piped(data, datatype="ci16", sample_rate_hz=1e6, first_sample=7, count=100)
    wanted = read_capture(path, sample_rate_hz=1e6, first_sample=7, count=100)
    assert np.array_equal(found.iq, wanted.iq)
    assert str(found.path) == "-" and found.sample_rate_hz == 1e6


def test_a_wav_is_known_by_its_header_and_a_npy_needs_no_type(piped):
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((2, 2, 48_000, 0, "NONE", ""))
        wav.writeframes((20_000 * IQ.astype("c8").view("f4")).astype("<i2").tobytes())
    assert piped(file.getvalue()).sample_rate_hz == 48_000
    file = io.BytesIO()
    np.save(file, IQ)
    assert np.allclose(piped(file.getvalue(), sample_rate_hz=1e3).iq, IQ)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "name --dtype and --sample-rate, such as"),
        ({"datatype": "ci16"}, "name --sample-rate, such as"),
        ({"sample_rate_hz": 1.0}, "name --dtype, such as"),
    ],
)
def test_raw_samples_need_a_type_and_a_rate(piped, options, words):
    with pytest.raises(CaptureError, match=words):
        piped(IQ.astype("c8").tobytes(), **options)


def test_errors_name_standard_input_and_no_temporary_file(piped):
    told = {"datatype": "ci16", "sample_rate_hz": 1.0}
    with pytest.raises(CaptureError, match=r"^standard input must hold whole ci16_le samples"):
        piped(bytes(7), **told)
    with pytest.raises(CaptureError, match=r"^standard input is compressed by gzip"):
        piped(b"\x1f\x8b\x08" + bytes(100), **told)
    with pytest.raises(CaptureError, match=r"^standard input holds no samples"):
        piped(b"", **told)


def test_a_terminal_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe(b"", terminal=True))
    with pytest.raises(CaptureError, match="is a terminal; pipe a recording into it"):
        read_capture("-", datatype="ci16", sample_rate_hz=1.0)
