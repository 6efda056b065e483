"""Which sample type the bytes of a raw file are likely to be of.

Floating-point numbers have exponents that whole numbers have not: read as floats, integers are not
finite, or lie far beyond full scale, or far below it. And the low halves of floats are random bits,
which, read as the I of 16-bit samples, fill the whole range evenly while Q does not. A few samples,
or a few values that repeat, prove nothing.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.captures.levels import rms_level_db
from rfmae.captures.sample_types import SAMPLE_TYPES, SampleType
from rfmae.records import ComplexArray, FloatArray
from rfmae.units import db_to_ratio

SAMPLE_BYTES = 65_536
"""How many bytes of a file are looked at."""

_PIECES = 8  # that they are in, over the whole file: what begins with silence is no silence
_UNIT = 16  # bytes of the largest sample

LOUDEST_DB = 60.0
"""Of the mean power of samples, over amplitude 1: beyond it they are of another type."""

_QUIETEST_DB = -200.0
_LARGEST = 2.0**40  # beyond it, and below its inverse, are no samples in any unit
_FLOATS = tuple(SAMPLE_TYPES[name] for name in ("cf32_le", "cf32_be", "cf64_le", "cf64_be"))
_INTEGERS = ("ci16_le", "ci8", "cu8")
_EVEN = (0.53, 0.63)  # rms of an even distribution is 0.577 of its limit
_ALIKE = 1.5  # ratio of the amplitudes of I and Q in a recording
_UNLIKE = 1e4  # a ratio that no recording has: the halves of larger numbers
_FEWEST_SAMPLES, _FEWEST_VALUES = 64, 16
_TOGETHER = 0.5  # mean resultant length of low halves that are no random bits


def looked_at(path: Path) -> bytes:
    """Bytes of a file that show what it holds, in whole samples of any type."""
    size = path.stat().st_size
    if size <= SAMPLE_BYTES:
        return path.read_bytes()
    piece, found = SAMPLE_BYTES // _PIECES, bytearray()
    with path.open("rb") as file:
        for number in range(_PIECES):
            file.seek((size - piece) * number // (_PIECES - 1) // _UNIT * _UNIT)
            found += file.read(piece)
    return bytes(found)


def settled_type(sample: bytes) -> str | None:
    """The type of a file from its bytes where they leave one possibility, else None."""
    floats = _float_types(sample)
    return floats[0] if floats and not _are_16_bit(sample) else None


def misread_as(iq: ComplexArray, name: str) -> str:
    """Why samples are hardly of the type that they were read as, in words; empty where they are.

    Whole numbers are turned back into their bytes, which may be those of floats.
    """
    kind = SAMPLE_TYPES.get(name)
    if kind is None:
        return ""
    if kind.full_scale != 1.0:
        settled = settled_type(_encoded(iq[: SAMPLE_BYTES // kind.n_bytes], kind))
        return "" if settled is None else f"its values are floats of {settled}, not whole numbers"
    level_db = rms_level_db(iq)
    if level_db is None or _QUIETEST_DB < level_db < LOUDEST_DB or _lie_together(iq.view("f4")):
        return ""
    return f"its rms amplitude is {level_db:.0f} dB over 1, which no recording has"


def _encoded(iq: ComplexArray, kind: SampleType) -> bytes:
    """The bytes that whole numbers were read from."""
    parts = iq.view(np.float32).astype(np.float64) * kind.full_scale + kind.zero
    return np.round(parts).astype(kind.component).tobytes()


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
        if _lie_together(values) and _has_low_halves(sample, kind):
            found.append(kind.name)
    return tuple(found[:1])


def _lie_together(values: npt.NDArray[Any]) -> bool:
    """Whether numbers are finite and of like sizes, whatever their unit."""
    if not len(values) or not np.isfinite(values).all() or not values.any():
        return False
    sizes = np.abs(values[values != 0])
    return bool(sizes.max() < _LARGEST and np.quantile(sizes, 0.01) > 1 / _LARGEST)


def _are_floats(sample: bytes, kind: SampleType) -> bool:
    """Whether the values are finite and of a level that a recording has."""
    values = _values(sample, kind.component)
    if not len(values) or not np.isfinite(values).all():
        return False
    if len(values) < 2 * _FEWEST_SAMPLES or len(np.unique(values)) < _FEWEST_VALUES:
        return False
    i, q = (float(np.abs(part).max()) for part in (values[::2], values[1::2]))
    if max(i, q) > _UNLIKE * min(i, q):  # halves of numbers of twice the size
        return False
    if not _has_low_halves(sample, kind):
        return False
    with np.errstate(over="ignore"):  # the mean of two that are at the end of the range
        peak, middle = np.abs(values).max(), np.median(np.abs(values[values != 0]))
    lowest, highest = (db_to_ratio(level) ** 0.5 for level in (_QUIETEST_DB, LOUDEST_DB))
    return bool(peak < highest and middle > lowest)


def _has_low_halves(sample: bytes, kind: SampleType) -> bool:
    """Whether the low 16 bits of the mantissas are spread, as those of floats are, or zero.

    Where they lie close together, they are a number of their own; of a few values nothing is known.
    """
    half = np.dtype(kind.component).itemsize // 2
    halves = _values(sample[: len(sample) // (2 * half) * 2 * half], f"{kind.component[0]}u2")
    halves = halves.reshape(-1, half)
    little = kind.component[0] == "<"
    if (
        half == 4 and not halves[:, slice(0, 2) if little else slice(2, 4)].any()
    ):  # single ones without Q
        return False
    low = halves[:, 0 if little else -1]
    if not np.any(low % 256) or len(np.unique(low)) < _FEWEST_VALUES:  # floats of whole numbers
        return True
    turns = low[low != 0] / 65536
    return bool(abs(np.mean(np.exp(2j * np.pi * turns))) < _TOGETHER)


def _are_16_bit(sample: bytes) -> bool:
    """Whether the bytes are I and Q of 16 bits: of like amplitudes, and I not of random bits.

    Silence, which is that of floats as well, is left out.
    """
    pairs = _values(sample, "<i2")[: len(sample) // 4 * 2].reshape(-1, 2)
    values = pairs[pairs.any(axis=1)].ravel() / 32768
    if not len(values):
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
