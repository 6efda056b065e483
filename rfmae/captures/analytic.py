"""The analytic signal of real samples: complex, at the same rate, without negative frequencies.

The Hilbert transform is an odd FIR filter of a fixed length (Oppenheim and Schafer, Discrete-Time
Signal Processing, section 12.4), not a Fourier transform of the whole, so that a part of a
recording has the same samples whether the rest was read or not.
"""

import numpy as np

from rfmae.records import ComplexArray, FloatArray

MARGIN = 255
"""Real samples on either side that an analytic one depends on."""

_BETA = 8.0  # of the Kaiser window; ripple of 80 dB from 1 % of the rate on


ANALYTIC_NOTE = (
    "real samples, made complex as their analytic signal: negative frequencies were removed"
)


def with_margin(part: range, available: int) -> range:
    """The real samples that a part of the analytic signal depends on."""
    return range(max(part.start - MARGIN, 0), min(part.stop + MARGIN, available))


def analytic_signal(values: FloatArray) -> ComplexArray:
    """The analytic signal (T,) of real samples (T,).

    A carrier of amplitude A becomes a rotating phasor of magnitude A; beyond the ends are zeros.
    """
    from scipy.signal import oaconvolve  # takes a second to import, and few samples are real

    turned = oaconvolve(values, _hilbert_taps(), mode="full")[MARGIN : MARGIN + len(values)]
    signal = np.empty(len(values), np.complex64)
    signal.real, signal.imag = values, turned
    return signal


def _hilbert_taps() -> FloatArray:
    """The ideal transformer 2 / (pi n) of odd n, under a Kaiser window."""
    place = np.arange(-MARGIN, MARGIN + 1)
    odd = place % 2 != 0
    ideal = np.where(odd, 2 / (np.pi * np.where(odd, place, 1)), 0.0)
    return (ideal * np.kaiser(len(place), _BETA)).astype(np.float32)
