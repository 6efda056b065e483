"""Numbers of a file as I/Q: whole ones with full scale at ±1, polar ones as complex."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.arrays.lazy_array import Values
from rfmae.records import ComplexArray

_LARGEST_PHASE = 2 * np.pi + 0.01
_WIDEST = 4  # bytes of a converter's sample; wider integers are counts of something else


@dataclass(frozen=True, slots=True)
class Scaling:
    """What is taken off each number, and what it is divided by."""

    zero: float = 0.0
    full_scale: float = 1.0
    said: str = ""

    def __call__(self, values: Values) -> Values:
        if self.full_scale == 1.0:
            return values
        # in double precision, in which 32 bits are exact
        return (values.astype(np.float64) - self.zero) / self.full_scale


def scaling_of(dtype: np.dtype[Any]) -> Scaling:
    """The scaling of a type, as that of recordings: `u1` is (x − 128)/128, `i2` is x/32768.

    >>> scaling_of(np.dtype("u1")).said
    'uint8 scaled as (x − 128)/128'
    """
    if dtype.kind not in "iu" or dtype.itemsize > _WIDEST:
        return Scaling()
    half = 2.0 ** (8 * dtype.itemsize - 1)
    if dtype.kind == "u":
        return Scaling(half, half, f"{dtype} scaled as (x − {half:.0f})/{half:.0f}")
    return Scaling(0.0, half, f"{dtype} scaled as x/{half:.0f}")


def of_polar(amplitude: Values, phase: Values) -> ComplexArray:
    """Complex numbers of an amplitude and a phase in radians, which are of one shape."""
    largest = float(np.nanmax(np.abs(phase), initial=0))
    if largest > _LARGEST_PHASE:
        raise DatasetError(
            f"a phase must be in radians, from −2π to 2π, got {largest:g}; convert degrees first"
        )
    if (amplitude < 0).any():
        raise DatasetError(
            f"an amplitude must not be negative, got {float(amplitude.min()):g}; are these I and Q?"
        )
    return (amplitude * np.exp(1j * phase)).astype(np.complex64)
