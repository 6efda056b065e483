"""What a receiver that is told everything reads off a burst without noise."""

import numpy as np

from rfmae.signal.modulations import find_modulation, nearest_indices
from rfmae.signal.pulses import Pulse, pulse_taps

_PHASES = np.exp(2j * np.pi * np.arange(0, 1, 1 / 64) / 1)


def linear_error(burst, modulation, span_symbols=20):
    """The error vector magnitude after the matched filter, the best of all timings and phases."""
    rate = int(burst.samples_per_symbol)
    taps = pulse_taps(Pulse("rrc", burst.details["roll_off"], span_symbols), rate)
    matched = np.convolve(burst.iq, taps, mode="same")
    errors = [
        _error(matched[offset::rate], matched[(offset + rate // 2) :: rate], modulation)
        for offset in range(rate)
    ]
    return min(errors)


def _error(symbols, late, modulation):
    points = find_modulation(modulation)
    inner = slice(len(symbols) // 10, -len(symbols) // 10)
    if points.family == "offset":
        count = min(len(symbols), len(late))
        symbols = symbols.real[:count] + 1j * late.imag[:count]
    symbols = symbols[inner]
    alphabet = points.alphabet
    if points.family == "differential":  # its points themselves, on either of two grids
        alphabet = np.exp(2j * np.pi * np.arange(8) / 8)
    scaled = symbols / np.sqrt(np.mean(np.abs(symbols) ** 2))
    found = []
    for phase in _PHASES:
        turned = scaled * phase
        rest = turned - alphabet[nearest_indices(turned, alphabet)]
        found.append(np.sqrt(np.mean(np.abs(rest) ** 2)))
    return min(found)


def turns_per_symbol(burst):
    """How many half turns each symbol makes (K,), at the best of all timings."""
    rate = int(burst.samples_per_symbol)
    steps = np.angle(burst.iq[1:] * burst.iq[:-1].conj()) / np.pi
    best = None
    for offset in range(rate):
        count = (len(steps) - offset) // rate
        turned = steps[offset : offset + count * rate].reshape(count, rate).sum(axis=1)
        turned = turned[6:-6]
        if best is None or np.abs(turned).mean() > np.abs(best).mean():
            best = turned
    return best


def prefix_likeness(burst, fft_size, oversampling):
    """The correlation of a signal with itself one transform later, over its power."""
    lag = fft_size * oversampling
    early, late = burst.iq[:-lag], burst.iq[lag:]
    return abs(np.vdot(early, late)) / np.sqrt(
        np.vdot(early, early).real * np.vdot(late, late).real
    )
