"""Bits to phase to a constant-envelope waveform: CPFSK, GFSK, GMSK."""

import math

import numpy as np
from scipy.signal import upfirdn

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import frequency_pulse

GAUSSIAN_SPAN_SYMBOLS = 5
"""Length of a Gaussian frequency pulse; an odd number, so that its middle is that of a symbol."""


def modulate_phase(
    indices: IntArray, modulation: Modulation, samples_per_symbol: int
) -> ComplexArray:
    """Waveform exp(j·phase), shape (..., K·samples_per_symbol), |iq| = 1.

    Index 0 turns the phase by −π·modulation_index and 1 by +π·modulation_index in all. Sample
    k·samples_per_symbol is the boundary before symbol k, where the phase starts from zero.
    """
    increments = _phase_increments(indices, modulation, samples_per_symbol)
    phase = np.zeros_like(increments)
    np.cumsum(increments[..., :-1], axis=-1, out=phase[..., 1:])
    return np.exp(1j * phase).astype(np.complex64)


def detect_indices(
    waveform: ComplexArray, modulation: Modulation, samples_per_symbol: int
) -> IntArray:
    """Decide each bit by the sign of the phase step over its symbol; the last one is cut off."""
    boundaries = waveform[..., ::samples_per_symbol]
    steps = np.angle(boundaries[..., 1:] * boundaries[..., :-1].conj())
    return (steps > 0).astype(int)


def _phase_increments(
    indices: IntArray, modulation: Modulation, samples_per_symbol: int
) -> FloatArray:
    """Phase step in radians after each sample, in float64: it will be summed along the frame."""
    span = 1 if math.isinf(modulation.bt) else GAUSSIAN_SPAN_SYMBOLS
    pulse = frequency_pulse(modulation.bt, samples_per_symbol, span)
    turns = math.pi * modulation.modulation_index * (2.0 * indices - 1.0)
    full = upfirdn(pulse, turns, up=samples_per_symbol)
    # the pulse is centred on its symbol, whose middle is half a symbol after its boundary
    start = (len(pulse) - samples_per_symbol) // 2
    return full[..., start : start + indices.shape[-1] * samples_per_symbol]
