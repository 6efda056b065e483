"""Whether the samples of a class are what its name means in the table of modulations.

Toolkits give one name to different points: the `ask2` of liquid is ±1 and ours 0 and 1, a `qam32`
may be a cross or a rectangle. The check needs no carrier phase, no scale and no SNR: it compares
four moments of the samples with those of the points in white noise of any power. So it proves
that a name is wrong where no noise explains the moments, and it can agree with a wrong name where
noise makes two alphabets alike, such as 16QAM and 64QAM.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from rfmae.records import BoolArray, ComplexArray, FloatArray
from rfmae.signal.modulations import Modulation

Verdict = Literal["agrees", "contradicts", "unknown"]

ROWS = 64
"""Examples of a class that a check takes, those of its highest SNR."""

_MOMENTS = ("mean² over power", "|mean of squares| over power", "kurtosis", "4th-power moment")
_TOLERANCE = np.array([0.04, 0.06, 0.05, 0.1])  # of imperfect alphabets, beside the error
_DEVIATIONS = 4.0
_LARGEST_ERROR = 0.3  # of a moment, above which it proves nothing
_LEAST_SAMPLES = 512
_LEAST_LENGTH = 16
_CLEAR_SHARE = 0.8  # signal over total power, below which noise is taken to hide the points
_SHARES = np.linspace(0, 1, 201)
_WHITE = 0.02  # squared correlation of neighbouring samples, above which they are a waveform
_LAGS = 8
_UNIPOLAR, _NO_MEAN, _REAL, _COMPLEX, _NOISE_LIKE = 0.25, 0.1, 0.6, 0.25, 1.8


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome for one class, and the reason: what was measured, or why nothing was decided."""

    verdict: Verdict
    reason: str


def check_name(row: Modulation, iq: ComplexArray) -> Check:
    """Whether rows (N, T) of one class can be a modulation of the table."""
    if row.family not in ("memoryless", "differential") or row.name.startswith("π/4"):
        return Check("unknown", "only points that are sent one by one are checked")
    if iq.shape[1] < _LEAST_LENGTH or iq.size < _LEAST_SAMPLES:
        return Check("unknown", f"{len(iq)} examples of {iq.shape[1]} samples are too few")
    power = np.square(np.abs(iq), dtype=np.float64).mean(axis=1)
    iq = (iq[power > 0] / np.sqrt(power[power > 0])[:, None]).astype(np.complex128)
    if len(iq) < 2:
        return Check("unknown", "fewer than two examples have any power")
    moments, corrected = _moments(iq)
    mean = moments.mean(axis=0)
    error = _DEVIATIONS * moments.std(axis=0, ddof=1) / np.sqrt(len(iq)) + _TOLERANCE
    error += corrected.mean(axis=0) / 2
    if _is_waveform(iq):
        return _of_waveform(row, mean)
    return _of_symbols(row, mean, error)


def expected_moments(row: Modulation, share: FloatArray | float) -> FloatArray:
    """The moments (..., 4) of the points, as the signal's share of the power has them."""
    points, of = row.alphabet.astype(np.complex128), np.asarray(share, np.float64)
    kurtosis = float(np.mean(np.abs(points) ** 4))
    return np.stack(
        [
            of * abs(np.mean(points)) ** 2,
            of * abs(np.mean(points**2)),
            of**2 * kurtosis + 4 * of * (1 - of) + 2 * (1 - of) ** 2,
            of**2 * abs(np.mean(points**4)),
        ],
        axis=-1,
    )


def _moments(iq: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """The four of each row (N, 4) at unit power, and what was taken off for noise.

    Means are the strongest lines, so that a carrier offset does not matter.
    """
    fourth = np.square(np.square(np.abs(iq))).mean(axis=1)
    eighth = np.square(np.abs(iq) ** 4).mean(axis=1)
    lines = (
        _line(iq, np.ones(len(iq))),
        np.sqrt(_line(iq**2, fourth)),
        np.tile(fourth, (2, 1)),
        np.sqrt(_line(iq**4, eighth)),
    )
    lower = np.column_stack([line[0] for line in lines])
    return lower, np.column_stack([line[1] for line in lines]) - lower


def _line(values: ComplexArray, power: FloatArray) -> FloatArray:
    """Power of the strongest line of each row less that of noise, and as it is, (2, N).

    The strongest of the lines of T samples of noise has some (ln T + 1.5)/T of its power.
    """
    samples = values.shape[1]
    highest = np.square(np.abs(np.fft.fft(values, 4 * samples, axis=1))).max(axis=1) / samples**2
    noise = np.maximum(power - highest, 0) * (np.log(samples) + 1.5) / samples
    return np.stack([np.maximum(highest - noise, 0.0), highest])


def _is_waveform(iq: ComplexArray) -> bool:
    """Whether neighbouring samples depend on each other, as those of a pulse do."""
    centred = iq - iq.mean(axis=1, keepdims=True)
    power = np.maximum(np.square(np.abs(centred)).sum(axis=1), 1e-30)
    for lag in range(1, min(_LAGS, iq.shape[1] // 2) + 1):
        product = np.abs((centred[:, lag:] * centred[:, :-lag].conj()).sum(axis=1)) / power
        if np.mean(np.square(product)) > _WHITE + 2 / iq.shape[1]:
            return True
    return False


def _of_symbols(row: Modulation, mean: FloatArray, error: FloatArray) -> Check:
    sure = error <= _LARGEST_ERROR
    distance = np.where(sure, np.abs(mean - expected_moments(row, _SHARES)) / error, 0.0)
    worst = distance.max(axis=1)
    clear = _SHARES >= _CLEAR_SHARE
    if worst.min() <= 1.5 and not sure.all():
        return Check("unknown", "so few or so short examples do not show the points")
    if worst[clear].min() <= 1:
        return Check("agrees", _measured(mean, error, row, clear, distance))
    if worst.min() <= 1.5:
        return Check("unknown", "noise hides the points")
    return Check("contradicts", _measured(mean, error, row, clear, distance))


def _measured(
    mean: FloatArray, error: FloatArray, row: Modulation, clear: BoolArray, distance: FloatArray
) -> str:
    """A moment that fits badly where all together fit best, and what the points have."""
    best = int(np.flatnonzero(clear)[distance[clear].max(axis=1).argmin()])
    which = int((distance[best] >= distance[best].max() / 4).argmax())
    points = expected_moments(row, 1.0)[which]
    return (
        f"{_MOMENTS[which]} {mean[which]:.2f} ± {error[which]:.2f}, of {row.name} without noise "
        f"{points:.2f}"
    )


def _of_waveform(row: Modulation, mean: FloatArray) -> Check:
    """By what no pulse changes: a carrier, and whether all is on one line of the plane."""
    found = _kind(mean)
    expected = _kind(expected_moments(row, 1.0))
    said = f"mean² over power {mean[0]:.2f}, |mean of squares| over power {mean[1]:.2f}"
    if not found or not expected:
        return Check("unknown", "a pulse or noise hides the points")
    return Check(
        "agrees" if found == expected else "contradicts", f"{said}: {found}, {row.name} {expected}"
    )


def _kind(moments: FloatArray) -> str:
    if moments[0] > _UNIPOLAR:
        return "with a carrier"
    if moments[0] > _NO_MEAN:
        return ""
    if moments[1] > _REAL:
        return "on a line without a carrier"
    return "off any line" if moments[1] < _COMPLEX and moments[2] < _NOISE_LIKE else ""
