"""Bursts that are a carrier and nothing else."""

import numpy as np

from rfmae.bursts.features.lines import two_peaks
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection import Isolated

_LEAST_SAMPLES = 64
_LINE_BINS = 6.0  # to either side: what a window leaks of a line
_FAR_BINS = 4.0  # times that, where the leakage is below the purest sidebands
_NEAR, _FAR = 0.6, 0.9  # occupied bandwidths from the centre: noise is measured between them
_WEAKEST = 0.5  # of the power, of a carrier that is all there is
_PURE = 1e-6  # of the power in sidebands: less than any modulation, as a tone without noise has
_ABOVE = 2.0  # density of sidebands over that of the noise beside them


def is_carrier_alone(part: Isolated) -> bool:
    """Whether an isolated burst is one line, with nothing above the noise beside it in its band."""
    iq = part.iq[part.first : part.stop]
    if len(iq) < _LEAST_SAMPLES:
        return False
    line = two_peaks(iq)[0]
    if line.amplitude**2 < _WEAKEST:
        return False
    frequency, power = np.fft.fftfreq(len(iq)), _power(iq)
    from_line = np.abs((frequency - line.frequency + 0.5) % 1.0 - 0.5) * len(iq)
    beyond = power[from_line > _FAR_BINS * _LINE_BINS].sum() / power.sum()
    if beyond < _PURE:
        return True
    beside = from_line > _LINE_BINS
    away = np.abs(frequency) / part.occupied
    inside = power[beside & (away < _NEAR / 1.2)]
    outside = power[beside & (away > _NEAR) & (away < _FAR)]
    if not len(inside) or not len(outside):
        return True  # the line fills its band
    return bool(np.median(inside) < _ABOVE * np.median(outside))


def _power(iq: ComplexArray) -> FloatArray:
    """The periodogram of samples (T,) under a Blackman window."""
    return np.asarray(np.abs(np.fft.fft(iq * np.blackman(len(iq) + 2)[1:-1])) ** 2)
