"""Real samples become complex without negative frequencies, part by part as in the whole."""

import numpy as np
import pytest
from scipy.signal import hilbert

from rfmae.captures.analytic import MARGIN, analytic_signal
from rfmae.captures.reading import read_capture

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("frequency", [0.01, 0.1, 0.25, 0.37, 0.49])
def test_a_carrier_becomes_a_phasor_of_its_amplitude(frequency):
    phase = 2 * np.pi * frequency * np.arange(4096) + 0.3
    found = analytic_signal(0.7 * np.cos(phase).astype(np.float32))
    inner = slice(MARGIN, -MARGIN)
    assert np.abs(found - 0.7 * np.exp(1j * phase))[inner].max() < 2e-3
    assert found.dtype == np.complex64


def test_it_is_the_hilbert_transform_of_scipy_away_from_zero_and_half_the_rate():
    spectrum = np.zeros(8193, complex)
    band = slice(200, 7900)
    spectrum[band] = RNG.normal(size=7700) + 1j * RNG.normal(size=7700)
    values = np.fft.irfft(spectrum).astype(np.float32)
    found, theirs = analytic_signal(values), hilbert(values)
    error = (found - theirs)[MARGIN:-MARGIN]
    assert np.mean(np.abs(error) ** 2) < 1e-6 * np.mean(np.abs(theirs) ** 2)


@pytest.mark.parametrize(("first", "count"), [(0, 100), (400, 600), (2990, None), (10, 2980)])
def test_a_part_is_that_part_of_the_whole(tmp_path, first, count):
    path = tmp_path / "real.bin"
    RNG.integers(-(2**15), 2**15, 3000).astype("<i2").tofile(path)
    options = {"datatype": "ri16", "sample_rate_hz": 1.0, "analytic": True}
    whole = read_capture(path, **options).iq
    part = read_capture(path, first_sample=first, count=count, **options)
    stop = None if count is None else first + count
    assert np.allclose(part.iq, whole[first:stop], atol=1e-5)
    assert "negative frequencies were removed" in part.notes[0]


def test_complex_samples_stay_as_they_are(tmp_path):
    path = tmp_path / "a.cf32"
    iq = (RNG.normal(size=50) + 1j * RNG.normal(size=50)).astype(np.complex64)
    iq.tofile(path)
    capture = read_capture(path, sample_rate_hz=1, analytic=True)
    assert np.array_equal(capture.iq, iq)
    assert capture.notes == ()
