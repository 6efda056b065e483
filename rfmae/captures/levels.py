"""The levels of a recording, in dB over amplitude 1."""

import numpy as np

from rfmae.records import ComplexArray
from rfmae.units import ratio_to_db


def rms_level_db(iq: ComplexArray) -> float | None:
    """The level of the mean power, twice that of I and Q, rounded; None of all-zero I/Q or none."""
    components = iq.view(np.float32)
    if not components.size:
        return None
    return _level_db(2 * float(np.mean(np.square(components, dtype=np.float64))))


def peak_level_db(iq: ComplexArray) -> float | None:
    """The level of the largest amplitude |z|, rounded; None of all-zero I/Q."""
    return _level_db(float(np.abs(iq).max()) ** 2)


def _level_db(power: float) -> float | None:
    return round(ratio_to_db(power), 2) + 0.0 if power > 0 else None  # never -0
