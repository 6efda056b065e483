"""Frequencies, levels and estimates of bursts in print, as exact as they were measured."""

import math

from rfmae.signal.blind.spectrum import Estimate

MINUS = "\N{MINUS SIGN}"
NOTHING = "–"
"""What stands where nothing was measured."""

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def si(value: float, unit: str, resolution: float, *, signed: bool = False) -> str:
    """A value with an SI prefix, to the digit that a resolution in the same unit reaches.

    >>> si(433_920_150.0, "Hz", 1000.0)
    '433.920 MHz'
    """
    scale, prefix = _prefix(value)
    digits = _digits(resolution / scale)
    return f"{_number(value / scale, digits, signed)} {prefix}{unit}"


def shortest(value: float, unit: str, *, signed: bool = False) -> str:
    """A value that is stated, with an SI prefix and without digits that say nothing."""
    scale, prefix = _prefix(value)
    number = f"{value / scale:{'+' if signed else ''}.10g}".replace("-", MINUS)
    return f"{number} {prefix}{unit}".rstrip()


def estimate_words(estimate: Estimate | None, unit: str, *, signed: bool = False) -> str:
    """A value ± its standard error to the second digit of that; one that was told has none."""
    if estimate is None:
        return NOTHING
    scale, prefix = _prefix(estimate.value)
    error = estimate.standard_error / scale
    if not 0 < error < math.inf:
        return shortest(estimate.value, unit, signed=signed)
    digits = _digits(error / 10)
    value = _number(estimate.value / scale, digits, signed)
    return f"{value} ± {error:.{digits}f} {prefix}{unit}".rstrip()


def decibels(value: float) -> str:
    """A level in dB; nothing where no noise was seen to measure it on."""
    return f"{_number(value, 1, False)} dB" if math.isfinite(value) else NOTHING


def span(start: int, stop: int, sample_rate_hz: float, digits: int) -> str:
    """When something begins and ends, in seconds."""
    first, last = (sample / sample_rate_hz for sample in (start, stop))
    return f"{first:.{digits}f}–{last:.{digits}f}"


def second_digits(shortest: int, sample_rate_hz: float) -> int:
    """Digits of seconds that resolve a tenth of so many samples."""
    return min(max(_digits(max(shortest, 1) / sample_rate_hz / 10), 3), 9)


def _prefix(value: float) -> tuple[float, str]:
    return next((step for step in _PREFIXES if abs(value) >= step[0]), _PREFIXES[-1])


def _digits(resolution: float) -> int:
    """Digits after the point of a resolution."""
    if not 0 < resolution < math.inf:
        return 0
    return min(max(-int(f"{resolution:e}".partition("e")[2]), 0), 12)


def _number(value: float, digits: int, signed: bool) -> str:
    return f"{value:{'+' if signed else ''}.{digits}f}".replace("-", MINUS)
