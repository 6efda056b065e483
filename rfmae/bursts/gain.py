"""The gain at which samples can be squared in single precision."""

import math

import numpy as np

from rfmae.records import ComplexArray

_BLOCK = 2**20  # samples that are looked at at once
_USUAL = 1e-6, 1e6  # largest amplitudes whose powers and transforms single precision holds


def suitable_gain(iq: ComplexArray) -> float:
    """A power of two that brings the largest finite amplitude of (T,) near 1; 1 where it need not.

    Recordings of usual levels stay as they are.
    """
    largest = 0.0
    for first in range(0, len(iq), _BLOCK):
        block = iq[first : first + _BLOCK]
        for part in (block.real, block.imag):
            amplitudes = np.abs(part, dtype=np.float64)
            largest = max(largest, float(amplitudes[np.isfinite(amplitudes)].max(initial=0.0)))
    if largest == 0 or _USUAL[0] <= largest <= _USUAL[1]:
        return 1.0
    return math.ldexp(1.0, min(-math.frexp(largest)[1], 1022))
