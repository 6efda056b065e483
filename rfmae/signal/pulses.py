"""Pulse shapes as functions of time in symbols, and as filter taps."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from scipy.special import erf

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import RecipeError
from rfmae.records import FloatArray
from rfmae.units import whole_ratio

Shape = Literal["rrc", "rc", "rectangular", "gaussian", "half-sine"]


@dataclass(frozen=True, slots=True)
class Pulse:
    """A pulse shape in time, centred on the symbol instant.

    `rrc` (root-raised-cosine) and `rc` (raised cosine) have a `rolloff` and are cut to
    `span_symbols`; `gaussian` is a rectangle smoothed by a Gaussian of bandwidth-time product `bt`,
    cut likewise; `rectangular` and `half-sine` last one symbol. Only rrc, rectangular and half-sine
    are orthogonal to themselves a symbol later: a matched filter leaves no interference between
    their symbols, while that of rc and gaussian does.
    """

    shape: Shape = setting(
        "rrc", "Root-raised-cosine, raised cosine, one symbol long, smoothed, or half a sine."
    )
    rolloff: float = setting(0.35, "Excess bandwidth of rrc and rc.", above=0, most=1)
    span_symbols: int = setting(
        12, "Length of rrc, rc and gaussian; even.", unit="symbols", least=2, most=1024
    )
    bt: float = setting(0.5, "Bandwidth-time product of gaussian.", above=0)

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        if self.span_symbols % 2:
            raise RecipeError(f"span_symbols must be even, got {self.span_symbols}")

    @property
    def reach_symbols(self) -> int:
        """The extent of the pulse on either side of its symbol."""
        return 1 if self.shape in ("rectangular", "half-sine") else self.span_symbols // 2

    def at(self, t: FloatArray) -> FloatArray:
        """Amplitude at times in symbols from the pulse's centre, not normalised."""
        inside = np.abs(t) <= self.reach_symbols
        return np.where(inside, _SHAPES[self.shape](self, t), 0.0)

    def check_rate(self, samples_per_symbol: Fraction | float) -> None:
        """Refuse a rate at which the pulse's spectrum would alias."""
        band_limited = self.shape in ("rrc", "rc")
        if samples_per_symbol < 1:
            raise RecipeError(
                f"samples_per_symbol must be at least 1, got {float(samples_per_symbol):g}"
            )
        if self.shape == "rc" and samples_per_symbol == 1:
            return  # its samples are the symbols
        if band_limited and samples_per_symbol < 1 + self.rolloff:
            raise RecipeError(
                f"a pulse {self.shape} of roll-off {self.rolloff:g} needs at least "
                f"{1 + self.rolloff:g} samples per symbol, got {float(samples_per_symbol):g}"
            )


def pulse_taps(pulse: Pulse, samples_per_symbol: int | float | Fraction) -> FloatArray:
    """Taps at whole samples from the centre, symmetric in number, scaled to unit energy."""
    pulse.check_rate(whole_ratio(samples_per_symbol))
    half = math.floor(pulse.reach_symbols * samples_per_symbol)
    taps = pulse.at(np.arange(-half, half + 1) / float(samples_per_symbol))
    return taps / np.linalg.norm(taps)


def root_raised_cosine(rolloff: float, samples_per_symbol: int, span_symbols: int) -> FloatArray:
    """Unit-energy taps, `span_symbols·samples_per_symbol + 1` long (Proakis, ch. 9.2)."""
    return pulse_taps(Pulse("rrc", rolloff, span_symbols), samples_per_symbol)


def phase_response(t: FloatArray, bt: float, span_symbols: int) -> FloatArray:
    """Share of its turn, 0 to 1, that a symbol has made at time t (in symbols from its middle).

    The frequency pulse is a rectangle of one symbol smoothed by a Gaussian of bandwidth-time
    product `bt` and cut to `span_symbols`; infinite `bt` leaves the rectangle
    (Anderson, Aulin, Sundberg, Digital Phase Modulation, ch. 2).
    """
    if math.isinf(bt):
        return (t + 0.5).clip(0, 1)
    sigma = math.sqrt(math.log(2)) / (2 * math.pi * bt)
    ends = _smoothed_ramp(np.array([-span_symbols / 2, span_symbols / 2]), sigma)
    inside = t.clip(-span_symbols / 2, span_symbols / 2)
    return (_smoothed_ramp(inside, sigma) - ends[0]) / (ends[1] - ends[0])


# shapes -------------------------------------------------------------------------------------


def _rrc(pulse: Pulse, t: FloatArray) -> FloatArray:
    """Proakis, ch. 9.2, with the limits at zero and at a quarter of 1/rolloff."""
    rolloff, t = pulse.rolloff, np.asarray(t, np.float64)
    centre = t == 0
    pole = np.isclose(np.abs(t), 1 / (4 * rolloff), rtol=0, atol=1e-9)
    safe = np.where(centre | pole, 1 / (8 * rolloff), t)
    rising = np.sin(np.pi * safe * (1 - rolloff))
    rising += 4 * rolloff * safe * np.cos(np.pi * safe * (1 + rolloff))
    value = rising / (np.pi * safe * (1 - (4 * rolloff * safe) ** 2))
    value = np.where(centre, 1 + rolloff * (4 / math.pi - 1), value)
    quarter = math.pi / (4 * rolloff)
    at_pole = (1 + 2 / math.pi) * math.sin(quarter) + (1 - 2 / math.pi) * math.cos(quarter)
    return np.where(pole, rolloff / math.sqrt(2) * at_pole, value)


def _rc(pulse: Pulse, t: FloatArray) -> FloatArray:
    return raised_cosine_pulse(t, pulse.rolloff)


def raised_cosine_pulse(t: FloatArray, rolloff: float) -> FloatArray:
    """The raised cosine at times t in symbols: one at its centre, zero at every other symbol.

    Proakis, ch. 9.2.
    """
    pole = np.abs(np.abs(t) - 1 / (2 * rolloff)) <= 1e-9
    safe = np.where(pole, 0.0, t)
    value = np.sinc(safe) * np.cos(np.pi * rolloff * safe) / (1 - (2 * rolloff * safe) ** 2)
    return np.where(pole, math.pi / 4 * np.sinc(1 / (2 * rolloff)), value)


def _rectangular(pulse: Pulse, t: FloatArray) -> FloatArray:
    # half open, so that each sample belongs to one symbol; rounding must not decide which
    return ((t >= -0.5 - 1e-9) & (t < 0.5 - 1e-9)).astype(np.float64)


def _half_sine(pulse: Pulse, t: FloatArray) -> FloatArray:
    return np.where(np.abs(t) < 0.5, np.cos(np.pi * t), 0.0)


def _gaussian(pulse: Pulse, t: FloatArray) -> FloatArray:
    """A rectangle of one symbol through a Gaussian filter."""
    width = math.sqrt(2 * math.log(2)) / (2 * math.pi * pulse.bt)
    return (erf((t + 0.5) / width) - erf((t - 0.5) / width)) / 2


_SHAPES: dict[str, Callable[[Pulse, FloatArray], FloatArray]] = {
    "rrc": _rrc,
    "rc": _rc,
    "rectangular": _rectangular,
    "gaussian": _gaussian,
    "half-sine": _half_sine,
}


def _smoothed_ramp(t: FloatArray, sigma: float) -> FloatArray:
    """Integral of a unit rectangle that was convolved with a Gaussian of width `sigma`."""

    def integral_of_normal_cdf(x: FloatArray) -> FloatArray:
        density = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
        return x * (1 + erf(x / math.sqrt(2))) / 2 + density

    return sigma * (
        integral_of_normal_cdf((t + 0.5) / sigma) - integral_of_normal_cdf((t - 0.5) / sigma)
    )
