"""Pulse taps: root-raised-cosine for linear modulations, frequency pulses for phase ones."""

import math

import numpy as np
from scipy.special import erf

from rfmae.errors import RecipeError
from rfmae.records import FloatArray


def root_raised_cosine(rolloff: float, samples_per_symbol: int, span_symbols: int) -> FloatArray:
    """Unit-energy taps, `span_symbols·samples_per_symbol + 1` long (Proakis, ch. 9.2)."""
    if not 0 < rolloff <= 1:
        raise RecipeError(f"rolloff must lie in (0, 1], got {rolloff:g}")
    if span_symbols < 2 or span_symbols % 2:
        raise RecipeError(f"span_symbols must be even and at least 2, got {span_symbols}")
    half = span_symbols * samples_per_symbol // 2
    t = np.arange(-half, half + 1) / samples_per_symbol
    taps = np.empty(t.size)
    centre, pole = t == 0, np.isclose(np.abs(t), 1 / (4 * rolloff), rtol=0, atol=1e-9)
    taps[centre] = 1 + rolloff * (4 / math.pi - 1)
    quarter = math.pi / (4 * rolloff)
    taps[pole] = (
        rolloff
        / math.sqrt(2)
        * ((1 + 2 / math.pi) * math.sin(quarter) + (1 - 2 / math.pi) * math.cos(quarter))
    )
    t = t[~(centre | pole)]
    rising = np.sin(np.pi * t * (1 - rolloff)) + 4 * rolloff * t * np.cos(np.pi * t * (1 + rolloff))
    taps[~(centre | pole)] = rising / (np.pi * t * (1 - (4 * rolloff * t) ** 2))
    return taps / np.linalg.norm(taps)


def frequency_pulse(bt: float, samples_per_symbol: int, span_symbols: int) -> FloatArray:
    """Frequency pulse of a continuous phase, unit sum: what share of its turn a symbol makes when.

    A rectangle of one symbol smoothed by a Gaussian of bandwidth-time product `bt`, shape
    (span_symbols·samples_per_symbol,), symmetric; infinite `bt` leaves the rectangle
    (Anderson, Aulin, Sundberg, Digital Phase Modulation, ch. 2).
    """
    length = span_symbols * samples_per_symbol
    edges = (np.arange(length + 1) - length / 2) / samples_per_symbol
    if math.isinf(bt):
        turned = (edges + 0.5).clip(0, 1)
    else:
        turned = _smoothed_ramp(edges, sigma=math.sqrt(math.log(2)) / (2 * math.pi * bt))
    pulse = np.diff(turned)
    return pulse / pulse.sum()


def _smoothed_ramp(t: FloatArray, sigma: float) -> FloatArray:
    """Integral of a unit rectangle that was convolved with a Gaussian of width `sigma`."""

    def integral_of_normal_cdf(x: FloatArray) -> FloatArray:
        density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
        return x * (1 + erf(x / math.sqrt(2))) / 2 + density

    return sigma * (
        integral_of_normal_cdf((t + 0.5) / sigma) - integral_of_normal_cdf((t - 0.5) / sigma)
    )
