"""The units of a baseline's I/Q: divided by the rms amplitude, or absolute."""

from dataclasses import dataclass

import numpy as np

from rfmae.errors import ShapeError, check_choice
from rfmae.records import ComplexArray, FloatArray, Units


@dataclass(frozen=True, slots=True)
class Scale:
    """`rms` divides every example by its rms amplitude, noise included, as a gain control does;
    `absolute` leaves the I/Q unscaled, where its amplitude is information.

    `extent` is the half-width of the window of a histogram, in the same units.
    """

    units: Units = "rms"
    extent: float = 2.5

    def __post_init__(self) -> None:
        check_choice("units", self.units, Units)
        if not self.extent > 0:
            raise ShapeError(f"extent must be positive, got {self.extent:g}")

    def applied(self, iq: ComplexArray) -> ComplexArray:
        """I/Q (N, T) in these units."""
        if self.units == "absolute":
            return iq
        rms = rms_amplitude(iq)[:, None]
        scaled: ComplexArray = (iq / np.where(rms > 0, rms, 1.0)).astype(np.complex64)
        return scaled


def rms_amplitude(iq: ComplexArray) -> FloatArray:
    """Rms amplitude (N,) of I/Q (N, T), in double precision."""
    parts = np.ascontiguousarray(iq, np.complex64).view(np.float32)
    return np.sqrt(2 * np.square(parts, dtype=np.float64).mean(axis=1))
