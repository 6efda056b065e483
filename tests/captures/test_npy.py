"""An array that was saved with `numpy.save` is a recording, and its header no samples."""

import numpy as np
import pytest

from rfmae.captures.reading import read_capture
from rfmae.errors import CaptureError

RNG = np.random.default_rng(3)
IQ = (RNG.integers(-64, 64, 128) / 128 + 1j * RNG.integers(-64, 64, 128) / 128).astype(np.complex64)
PAIRS = np.stack([IQ.real, IQ.imag])

FORMS = {
    "complex64": IQ,
    "complex128": IQ.astype(np.complex128),
    "big-endian": IQ.astype(">c8"),
    "a row": IQ[None],
    "a column": IQ[:, None],
    "I and Q first": PAIRS,
    "I and Q last": PAIRS.T,
    "in Fortran's order": np.asfortranarray(PAIRS),
    "float64": PAIRS.astype(np.float64),
    "int16": (PAIRS * 2**15).astype(np.int16),
    "uint8": (PAIRS.T * 128 + 128).astype(np.uint8),
}


def saved(tmp_path, values, name="q.npy"):
    with (tmp_path / name).open("wb") as file:
        np.save(file, values)
    return tmp_path / name


def refusal(path, **options):
    with pytest.raises(CaptureError) as caught:
        read_capture(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["q.npy", "q.bin", "q.cf32"])
@pytest.mark.parametrize("form", FORMS)
def test_samples_are_those_of_the_array(tmp_path, form, name):
    path = saved(tmp_path, FORMS[form], name)
    capture = read_capture(path, sample_rate_hz=1e6)
    assert capture.iq.dtype == np.complex64
    assert np.array_equal(capture.iq, IQ)
    assert capture.sample_rate_hz == 1e6
    part = read_capture(path, sample_rate_hz=1e6, first_sample=5, count=50)
    assert np.array_equal(part.iq, IQ[5:55])


def test_a_type_is_refused_and_a_rate_required(tmp_path):
    path = saved(tmp_path, IQ)
    assert "leave out --dtype" in refusal(path, datatype="cf32", sample_rate_hz=1)
    assert "name --rate" in refusal(path)


@pytest.mark.parametrize("shape", [(4, 32), (3, 2, 16), (2, 2), (5, 7)])
def test_many_examples_and_what_may_be_either_are_no_recording(tmp_path, shape):
    values = np.ones(shape, np.complex64 if shape == (4, 32) else np.float32)
    assert "rfmae import" in refusal(saved(tmp_path, values), sample_rate_hz=1)


def test_real_samples_are_made_complex_on_request(tmp_path):
    path = saved(tmp_path, np.cos(0.5 * np.arange(2000)))
    assert "--analytic" in refusal(path, sample_rate_hz=1)
    iq = read_capture(path, sample_rate_hz=1, analytic=True).iq
    assert np.abs(np.abs(iq[300:-300]) - 1).max() < 1e-3


@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.bool_, "U3"])
def test_types_that_no_recorder_writes_are_refused(tmp_path, dtype):
    assert "q.npy" in refusal(saved(tmp_path, np.ones((2, 9)).astype(dtype)), sample_rate_hz=1)


def test_a_damaged_array_is_named(tmp_path):
    path = saved(tmp_path, IQ)
    path.write_bytes(path.read_bytes()[:-40])
    assert str(path) in refusal(path, sample_rate_hz=1)
    with path.open("wb") as file:
        np.save(file, np.array([{}], object), allow_pickle=True)
    assert str(path) in refusal(path, sample_rate_hz=1)
