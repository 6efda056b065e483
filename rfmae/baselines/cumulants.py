"""Nine phase-invariant moments and cumulants of an example, as features.

Swami and Sadler, Hierarchical digital modulation classification using cumulants, IEEE Trans.
Communications 48(3), 2000. Cumulants of a zero-mean signal; white noise adds to the power alone.
"""

from collections.abc import Callable

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
"""Features of y at unit power, noise included, as the SNR is unknown."""

POWER = "power (dB)"
"""A tenth feature of I/Q in absolute units."""

_SAMPLES = 2**16  # in double precision at once, which fit a cache
_LEAST_POWER = 1e-12


def cumulant_features(iq: ComplexArray, scale: Scale | None = None) -> FloatArray:
    """The nine statistics (N, 9) of I/Q (N, T), and its power in dB where units are absolute."""
    scale = scale or Scale()
    found = chunked(lambda part: _statistics(unit_power(part)), iq, len(FEATURES))
    if scale.units == "rms":
        return found
    power = np.square(rms_amplitude(iq)).clip(_LEAST_POWER)
    return np.column_stack([found, ratio_to_db(power)])


def chunked(
    measure: Callable[[ComplexArray], FloatArray], iq: ComplexArray, features: int
) -> FloatArray:
    """A measure of I/Q (N, T), computed some rows at a time, (N, features)."""
    rows = max(1, _SAMPLES // max(1, iq.shape[1]))
    parts = [measure(iq[first : first + rows]) for first in range(0, len(iq), rows)]
    return np.concatenate(parts) if parts else np.empty((0, features))


def unit_power(iq: ComplexArray) -> ComplexArray:
    """I/Q (N, T) in double precision, each example at unit mean power; zeros stay zero."""
    y: ComplexArray = iq.astype(np.complex128)
    rms = np.sqrt(np.square(np.abs(y)).mean(axis=1, keepdims=True))
    return np.divide(y, np.where(rms > 0, rms, 1.0))


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
    """Cumulants (N,) of y (N, T), with odd moments assumed zero.

    C_pq has p factors, q of them conjugate; those with p = 2q are real. With M_pq the moments,
    the sum over all partitions of the factors into pairs, fours and sixes gives these formulas.
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
