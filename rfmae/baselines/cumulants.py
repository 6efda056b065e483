"""Nine statistics of an example that the carrier phase does not change: moments and cumulants.

Swami and Sadler, Hierarchical digital modulation classification using cumulants, IEEE Trans.
Communications 48(3), 2000. Cumulants of a zero-mean signal; white noise adds to the power alone.
"""

import numpy as np

from rfmae.baselines.scale import Scale, rms_amplitude
from rfmae.records import ComplexArray, FloatArray
from rfmae.units import ratio_to_db

FEATURES = (
    "|E y|",
    "|C20|",
    "|C40|",
    "|C41|",
    "C42",
    "|C60|",
    "C63",
    "var |y|",
    "E |y|^4",
)
"""Of y at unit power, noise included: nobody tells the SNR."""

POWER = "power (dB)"
"""A tenth number where I/Q is taken as it is."""

_ROWS = 1024  # examples in double precision at once
_LEAST_POWER = 1e-12


def cumulant_features(iq: ComplexArray, scale: Scale | None = None) -> FloatArray:
    """The nine statistics (N, 9) of I/Q (N, T), and its power in dB where units are absolute."""
    scale = scale or Scale()
    unit = Scale("rms")
    parts = [
        _statistics(unit.applied(iq[first : first + _ROWS]).astype(np.complex128))
        for first in range(0, len(iq), _ROWS)
    ]
    found = np.concatenate(parts) if parts else np.empty((0, len(FEATURES)))
    if scale.units == "rms":
        return found
    power = np.square(rms_amplitude(iq)).clip(_LEAST_POWER)
    return np.column_stack([found, ratio_to_db(power)])


def _statistics(y: ComplexArray) -> FloatArray:
    amplitude = np.abs(y)
    cumulants = cumulants_of(y)
    columns = [
        np.abs(y.mean(axis=1)),
        *(np.abs(cumulants[name]) for name in ("C20", "C40", "C41")),
        cumulants["C42"],
        np.abs(cumulants["C60"]),
        cumulants["C63"],
        amplitude.var(axis=1),
        np.square(np.square(amplitude)).mean(axis=1),
    ]
    return np.column_stack(columns).astype(np.float64)


def cumulants_of(y: ComplexArray) -> dict[str, FloatArray]:
    """Cumulants (N,) of y (N, T) whose odd moments are taken to vanish.

    C_pq has p factors, q of them conjugate; those with p = 2q are real. With M_pq the moments,
    the sum over all partitions of the factors into pairs, fours and sixes leaves what stands here.
    """
    square, power = y * y, np.square(np.abs(y))
    m20, m21 = square.mean(axis=1), power.mean(axis=1)
    m40, m41 = (square * square).mean(axis=1), (square * power).mean(axis=1)
    m42 = (power * power).mean(axis=1)
    m60, m63 = (square * square * square).mean(axis=1), (power * power * power).mean(axis=1)
    of_m20 = np.square(np.abs(m20))
    mixed = (m20.conj() * m41).real
    return {
        "C20": m20,
        "C40": m40 - 3 * m20 * m20,
        "C41": m41 - 3 * m20 * m21,
        "C42": m42 - of_m20 - 2 * m21 * m21,
        "C60": m60 - 15 * m20 * m40 + 30 * m20 * m20 * m20,
        "C63": m63 - 9 * m42 * m21 - 6 * mixed + 18 * of_m20 * m21 + 12 * m21 * m21 * m21,
    }
