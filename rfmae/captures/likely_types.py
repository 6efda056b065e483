"""Which sample type the bytes of a raw file are likely to be of.

Floating-point numbers have exponents that whole numbers have not: read as floats, integers are not
finite, or lie far beyond full scale, or far below it. And the low halves of floats are random bits,
which, read as the I of 16-bit samples, fill the whole range evenly while Q does not.
"""

import numpy as np
import numpy.typing as npt

from rfmae.captures.sample_types import SAMPLE_TYPES, SampleType
from rfmae.records import FloatArray
from rfmae.units import db_to_ratio

SAMPLE_BYTES = 65_536
"""How many bytes of a file are looked at."""

LOUDEST_DB = 60.0
"""Of the mean power of samples, over amplitude 1: beyond it they are of another type."""

_QUIETEST_DB = -200.0
_LARGEST = 2.0**40  # beyond it, and below its inverse, are no samples in any unit
_FLOATS = tuple(SAMPLE_TYPES[name] for name in ("cf32_le", "cf32_be", "cf64_le", "cf64_be"))
_INTEGERS = ("ci16_le", "ci8", "cu8")
_EVEN = (0.53, 0.63)  # rms of an even distribution is 0.577 of its limit
_ALIKE = 1.5  # ratio of the amplitudes of I and Q in a recording


def settled_type(sample: bytes) -> str | None:
    """The type of a file from its first bytes where they leave one possibility, else None."""
    floats = _float_types(sample)
    return floats[0] if floats and not _are_16_bit(sample) else None


def contested_type(sample: bytes, floats: str, whole_numbers: str) -> str | None:
    """Which of a type of floats and one of whole numbers bytes are of; None of zeros alone."""
    if not any(sample):
        return None
    return floats if _are_floats(sample, SAMPLE_TYPES[floats]) else whole_numbers


def likely_types(sample: bytes) -> tuple[str, ...]:
    """The types that a file may be of, the likeliest first."""
    floats = _float_types(sample) or _loud_floats(sample)
    if _are_16_bit(sample):
        return (*_INTEGERS, *floats)
    return (*floats, *_INTEGERS[1:], _INTEGERS[0])


def _float_types(sample: bytes) -> tuple[str, ...]:
    """The type whose values are floats: single precision also passes for double, not vice versa."""
    found = [kind.name for kind in _FLOATS if _are_floats(sample, kind)]
    return tuple(found[:1])


def _loud_floats(sample: bytes) -> tuple[str, ...]:
    """The type whose values are floats of any level, such as those of an uncalibrated receiver.

    Their exponents lie together, where those of whole numbers read as floats lie anywhere.
    """
    found = []
    for kind in _FLOATS:
        values = _values(sample, kind.component)
        if len(values) and np.isfinite(values).all() and values.any():
            sizes = np.abs(values[values != 0])
            if sizes.max() < _LARGEST and np.quantile(sizes, 0.01) > 1 / _LARGEST:
                found.append(kind.name)
    return tuple(found[:1])


def _are_floats(sample: bytes, kind: SampleType) -> bool:
    """Whether the values are finite and of a level that a recording has."""
    values = _values(sample, kind.component)
    if not len(values) or not np.isfinite(values).all():
        return False
    if not (values[::2].any() and values[1::2].any()):  # halves of round numbers of twice the size
        return False
    peak, middle = np.abs(values).max(), np.median(np.abs(values[values != 0]))
    lowest, highest = (db_to_ratio(level) ** 0.5 for level in (_QUIETEST_DB, LOUDEST_DB))
    return bool(peak < highest and middle > lowest)


def _are_16_bit(sample: bytes) -> bool:
    """Whether the bytes are I and Q of 16 bits: of like amplitudes, and I not of random bits."""
    values = _values(sample, "<i2") / 32768
    if len(values) < 2:
        return False
    i, q = (float(np.sqrt(np.mean(part**2))) for part in (values[::2], values[1::2]))
    if min(i, q) == 0 or max(i, q) > _ALIKE * min(i, q):
        return False
    return not _EVEN[0] < i < _EVEN[1]


def _values(sample: bytes, component: str) -> FloatArray:
    size = np.dtype(component).itemsize
    found: npt.NDArray[np.generic] = np.frombuffer(sample[: len(sample) // size * size], component)
    with np.errstate(invalid="ignore", over="ignore"):
        return found.astype(np.float64)
