"""Bursts that are a carrier and nothing else."""

import numpy as np

from rfmae.bursts.features.lines import two_peaks
from rfmae.records import ComplexArray
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
    if _beside_the_line(iq, line.frequency) < _PURE:
        return True
    sidebands, noise = _densities(iq, part.occupied, line.frequency)
    return sidebands < _ABOVE * noise


def _beside_the_line(iq: ComplexArray, line: float) -> float:
    """The share of the power that is not within the reach of a window around a line."""
    power = np.abs(np.fft.fft(iq * np.blackman(len(iq) + 2)[1:-1])) ** 2
    from_line = np.abs((np.fft.fftfreq(len(iq)) - line + 0.5) % 1.0 - 0.5)
    return float(power[from_line > _FAR_BINS * _LINE_BINS / len(iq)].sum() / power.sum())


def _densities(iq: ComplexArray, occupied: float, line: float) -> tuple[float, float]:
    """Median densities inside the band, without the line, and outside of it."""
    window = np.blackman(len(iq) + 2)[1:-1]
    power = np.abs(np.fft.fft(iq * window)) ** 2
    frequency = np.fft.fftfreq(len(iq))
    from_line = np.abs((frequency - line + 0.5) % 1.0 - 0.5)
    beside = from_line > _LINE_BINS / len(iq)
    away = np.abs(frequency) / occupied
    inside = power[beside & (away < _NEAR / 1.2)]
    outside = power[beside & (away > _NEAR) & (away < _FAR)]
    if not len(inside) or not len(outside):
        return 0.0, 1.0  # the line fills its band
    return float(np.median(inside)), float(np.median(outside))
