"""Moments and cumulants of the signals of all image planes, as features.

Symbols and trajectories have the nine statistics of `rfmae.baselines.cumulants`, whose moduli do
not depend on the carrier phase. The products y[k]·conj(y[k − lag]) of a differential plane do not
depend on it either: their moments keep the phase, which separates modulations with memory (their
means are of the second order in y, their squares of the fourth).
"""

import numpy as np

from rfmae.baselines.cumulants import chunked, cumulant_features, unit_power
from rfmae.baselines.scale import Scale
from rfmae.baselines.signals_read import InputSpec, Signal
from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray, Views

DIFFERENTIAL_FEATURES = (
    "Re E z",
    "Im E z",
    "Re E z^2",
    "Im E z^2",
    "Re E z^4",
    "Im E z^4",
    "Re E z^2 |z|^2",
    "Im E z^2 |z|^2",
    "E |z|^4",
)
"""Features of the products z at unit power."""


def plane_features(views: Views, spec: InputSpec) -> FloatArray:
    """Features (N, D) of the signals of `spec` one after the other, from views (N, T) each."""
    return np.hstack(
        [_of_signal(views[signal.view], signal, spec.scale) for signal in spec.signals]
    )


def _of_signal(iq: ComplexArray, signal: Signal, scale: Scale) -> FloatArray:
    if signal.is_differential:
        return differential_features(iq, signal.lag_samples)
    return cumulant_features(iq, scale)


def differential_features(iq: ComplexArray, lag_samples: int) -> FloatArray:
    """The nine moments (N, 9) of the products y[k]·conj(y[k − lag]) of I/Q (N, T).

    Neither gain nor carrier phase changes them; a carrier frequency turns them. Raises where an
    example is no longer than the lag.
    """
    if not 0 < lag_samples < iq.shape[1]:
        raise ShapeError(
            f"a lag must lie between 1 and {iq.shape[1] - 1} samples of the {iq.shape[1]} of an "
            f"example, got {lag_samples}"
        )

    def moments(part: ComplexArray) -> FloatArray:
        y = unit_power(part)
        return _moments(unit_power(y[:, lag_samples:] * y[:, :-lag_samples].conj()))

    return chunked(moments, iq, len(DIFFERENTIAL_FEATURES))


def _moments(z: ComplexArray) -> FloatArray:
    square, power = z * z, np.square(np.abs(z))
    complex_ones = [z, square, square * square, square * power]
    means = [moment.mean(axis=1) for moment in complex_ones]
    rails = [rail for mean in means for rail in (mean.real, mean.imag)]
    return np.column_stack([*rails, np.square(power).mean(axis=1)])
