"""Spectral lines in noise: detection at a stated false-alarm rate, frequency and standard error."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.records import FloatArray

DoubleArray = npt.NDArray[np.complex128]

FALSE_ALARM_RATE = 1e-3
"""Probability that noise alone, searched once, holds a line that is called one."""

_KNOT_BINS = 256  # of the zero-padded spectrum; the floor is a median of so many
_HANN_SPREAD = 1.944  # frequency bins that one independent value of a Hann window takes
_MEDIAN_SPREAD = 2.08  # variance of the median of exponentials over that of their mean
_CHUNKS = 1024  # sums that a line near zero frequency is refined on
_EMPTY = 1e-2  # of the mean density: a band without noise
_FEWEST_BINS = 32
_SEARCHED = 2.0  # independent values of each bin, for a maximum between bins
_NEAR, _FAR = 3, 35  # bins beside a line that its noise is measured in


@dataclass(frozen=True, slots=True)
class Line:
    """The strongest line of a search, in cycles per sample of what was searched."""

    frequency: float
    standard_error: float
    ratio: float  # of its power to the floor around it
    threshold: float  # of the ratio, at the stated false-alarm rate

    @property
    def found(self) -> bool:
        """Whether it stands above what noise reaches."""
        return self.ratio > self.threshold


def strongest_line(
    values: npt.NDArray[np.inexact],
    low: float = 0.0,
    high: float = 1.0,
    shape: FloatArray | None = None,
    false_alarm_rate: float = FALSE_ALARM_RATE,
) -> Line:
    """The strongest line of values (T,) between two frequencies in cycles per sample.

    The periodogram under a Hann window is compared with the median of its neighbourhood; its
    frequency is the maximum of the transform (Rife, Boorstyn, IEEE Trans. Inf. Theory 20(5), 1974),
    and its error follows from the noise in quadrature to the line, measured beside it: symbols are
    noise of their own, which need not be circular. `shape` (S,) is what the density of the noise is
    proportional to on the whole band, from frequency 0 on, where it is not flat.
    """
    count = len(values)
    window = np.hanning(count + 2)[1:-1]
    tapered = np.asarray(values, np.complex128) * window
    bins = 2 ** (2 * count - 1).bit_length()
    power = np.abs(np.fft.fft(tapered, bins)) ** 2
    places = np.arange(int(np.ceil(low * bins)), min(int(high * bins), bins - 1) + 1)
    if shape is not None:
        closed = np.append(shape, shape[0])
        expected = np.interp(places * (len(shape) / bins), np.arange(len(closed)), closed)
        held = expected > _EMPTY * shape.mean()  # elsewhere there is nothing but rounding
        places, expected = places[held], expected[held]
        power[places] /= expected
    if len(places) < _FEWEST_BINS:
        return Line(np.nan, np.inf, 0.0, np.inf)
    floor, freedom = _floor(power[places], count / bins)
    ratio = power[places] / np.maximum(floor, np.finfo(float).tiny)
    best = int(ratio.argmax())
    searched = max(len(places) * _SEARCHED * count / bins, 1.0)
    threshold = freedom * ((searched / false_alarm_rate) ** (1 / freedom) - 1)
    frequency, error = _refined(tapered, window, places[best] / bins)
    return Line(frequency, error, float(ratio[best]), float(threshold))


def _floor(power: FloatArray, bins_per_padded: float) -> tuple[FloatArray, float]:
    """The floor of each bin, and how many exponentials its mean is worth."""
    width = min(_KNOT_BINS, max(len(power) // 3, 1))
    knots = len(power) // width
    medians = np.median(power[: knots * width].reshape(knots, width), axis=1) / np.log(2)
    centres = (np.arange(knots) + 0.5) * width
    independent = width * bins_per_padded / _HANN_SPREAD
    floor = np.interp(np.arange(len(power)), centres, medians)
    return floor, max(independent / _MEDIAN_SPREAD, 4.0)


def _refined(tapered: DoubleArray, window: FloatArray, start: float) -> tuple[float, float]:
    """The frequency of a line near `start`, and its standard error."""
    count = len(tapered)
    t = np.arange(count) - (count - 1) / 2
    chunk = max(1, count // _CHUNKS)
    chunks = -(-count // chunk)
    near = np.zeros(chunks * chunk, np.complex128)
    near[:count] = tapered * np.exp(-2j * np.pi * start * t)
    sums = near.reshape(chunks, chunk).sum(axis=1)
    places = (np.arange(chunks) + 0.5) * chunk - count / 2
    shift = 0.0
    for step in (0.5 / count, 0.1 / count, 0.02 / count):
        # the height of a Hann line is nearly a parabola over so little of it
        for _ in range(2):
            heights = np.abs(_transform(sums, places, shift + step * np.array([-1, 0, 1])))
            shift += step * _vertex(*heights)
    noise = _quadrature_noise(sums * np.exp(-2j * np.pi * shift * places))
    line = abs(_transform(sums, places, np.array([shift]))[0]) / window.sum()
    spread = np.sqrt(np.sum(window**2 * t**2) / np.sum(window**2)) / np.sum(window * t**2)
    error = np.sqrt(noise) * spread / max(line, np.finfo(float).tiny) / (2 * np.pi)
    return float(start + shift), float(error)


def _transform(sums: DoubleArray, places: FloatArray, shifts: FloatArray) -> DoubleArray:
    return np.asarray(np.exp(-2j * np.pi * shifts[:, None] * places) @ sums)


def _vertex(left: float, middle: float, right: float) -> float:
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -1, 1)) if bend < 0 else 0.0


def _quadrature_noise(sums: DoubleArray) -> float:
    """Mean power of noise in quadrature to a line at frequency 0 of sums (C,), on bins beside it."""
    last = min(_FAR, max(len(sums) // 4, _NEAR + 2))
    bins = np.fft.fft(sums)
    bins *= np.exp(-1j * np.angle(bins[0]))
    # the middle of the sums is time 0, half a period and half a sum from the first
    middle = np.exp(2j * np.pi * np.arange(_NEAR, last) * (0.5 - 0.5 / len(sums)))
    above, below = bins[_NEAR:last] * middle, bins[-_NEAR:-last:-1] * middle.conj()
    return float(np.mean(np.abs(above - below.conj()) ** 2) / 4)
