"""A band of a recording alone: moved to the centre, filtered, at a rate that suits its width."""

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray

_ATTENUATION_DB = 60.0  # beyond the transition
_TRANSITION = 0.1  # of the width of the band, on either side
_MARGIN = 1.25  # of the new rate over the width of the band
_BLOCK = 1 << 20  # samples that are turned at once


def select_band(
    iq: ComplexArray, sample_rate_hz: float, low_hz: float, high_hz: float
) -> tuple[ComplexArray, int]:
    """Samples (T,) of one band, its middle at zero, and how many of the old each new one is.

    The filter is a sinc under a Kaiser window (Oppenheim and Schafer, Discrete-Time Signal
    Processing, section 7.5): flat within the band, 60 dB down a tenth of its width beside it. Its
    delay is taken off, so that sample n is at the time of sample n·step of before.

    Raises:
        ShapeError: Edges that are no band within ±half the sample rate.

    Examples:
        >>> tone = np.exp(2j * np.pi * 0.2 * np.arange(1000)).astype(np.complex64)
        >>> band, step = select_band(tone, 1.0, 0.15, 0.25)
        >>> step, round(float(abs(band[50])), 2)
        (8, 1.0)
    """
    half = sample_rate_hz / 2
    if not -half <= low_hz < high_hz <= half:
        raise ShapeError(
            f"a band lies within ±{half:g} Hz, the lower edge first, got {low_hz:g} to {high_hz:g}"
        )
    from scipy.signal import oaconvolve  # takes a second to import

    width = (high_hz - low_hz) / sample_rate_hz
    taps = _taps(width)
    turned = _turned(iq, (low_hz + high_hz) / 2 / sample_rate_hz)
    delay = len(taps) // 2
    filtered = oaconvolve(turned, taps, mode="full")[delay : delay + len(iq)]
    step = max(int(1 / (_MARGIN * width)), 1)
    return np.ascontiguousarray(filtered[::step], np.complex64), step


def _turned(iq: ComplexArray, frequency: float) -> ComplexArray:
    """Samples (T,) with a frequency, in cycles per sample, moved to zero; exact at any length."""
    found = np.empty(len(iq), np.complex64)
    for first in range(0, len(iq), _BLOCK):
        place = np.arange(first, min(first + _BLOCK, len(iq)), dtype=np.float64)
        phasor = np.exp(-2j * np.pi * np.remainder(frequency * place, 1.0))
        found[first : first + _BLOCK] = iq[first : first + _BLOCK] * phasor
    return found


def _taps(width: float) -> FloatArray:
    """The low pass of a band of so many cycles per sample: an odd number of taps."""
    transition = _TRANSITION * width
    count = int((_ATTENUATION_DB - 8) / (2.285 * 2 * np.pi * transition)) + 1
    place = np.arange(-(count // 2), count // 2 + 1)
    cutoff = min(width + transition, 1.0)  # both sides together, in the middle of the transition
    window = np.kaiser(len(place), 0.1102 * (_ATTENUATION_DB - 8.7))
    taps = cutoff * np.sinc(cutoff * place) * window
    return (taps / taps.sum()).astype(np.float32)
