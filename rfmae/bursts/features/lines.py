"""Spectral lines of powers of a burst, and the echo of a cyclic prefix."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray

_MEDIAN_BINS = 128
_APART = 4  # bins between two lines
_LEAST_LAG = 6.0  # of an echo, over the correlation time of the band


@dataclass(frozen=True, slots=True)
class Peak:
    """A line of a spectrum: cycles per sample, over the median around it, and of the power."""

    frequency: float
    ratio: float
    amplitude: float  # coherent, over the rms of the values


def two_peaks(values: npt.NDArray[np.inexact], low: float = 0.0, high: float = 1.0) -> list[Peak]:
    """The two strongest lines of values (T,) between two frequencies in cycles per sample."""
    count = len(values)
    bins = 1 << (2 * count - 1).bit_length()
    window = np.hanning(count + 2)[1:-1].astype(np.float32)
    power = np.abs(np.fft.fft(values * window, bins)) ** 2
    first, last = int(low * bins), min(int(high * bins), bins)
    searched = power[first:last]
    floor = _floor(searched)
    ratio = searched / floor
    spread = float(np.sqrt(np.mean(np.abs(values) ** 2))) * float(window.sum())
    peaks = []
    for _ in range(2):
        best = int(ratio.argmax())
        place = best + _vertex(searched, best)
        height = float(np.sqrt(searched[best])) / max(spread, 1e-30)
        peaks.append(Peak((first + place) / bins, float(ratio[best]), height))
        near = slice(max(best - _APART * bins // count, 0), best + _APART * bins // count + 1)
        ratio[near] = 0
    return peaks


def echo(iq: ComplexArray, occupied: float) -> tuple[float, float]:
    """The strongest autocorrelation beyond the correlation time: over its noise, and its lag.

    The lag is in samples. The prefix of OFDM repeats what is one transform later (van de Beek et
    al., IEEE Trans. Signal Process. 45(7), 1997).
    """
    count = len(iq)
    bins = 1 << (2 * count - 1).bit_length()
    density = np.abs(np.fft.fft(iq, bins)) ** 2
    correlation = np.abs(np.fft.ifft(density))[: count // 2]
    first = int(_LEAST_LAG / occupied) + 1
    if first + 16 >= len(correlation):
        return 0.0, 0.0
    # fewer products are summed at longer lags
    steady = correlation[first:] * np.sqrt(count / (count - np.arange(first, len(correlation))))
    best = int(steady.argmax())
    noise = float(np.median(steady)) / np.sqrt(np.log(2))
    return float(steady[best]) / max(noise, 1e-30), float(first + best)


def _floor(power: FloatArray) -> FloatArray:
    """The mean of the noise under each bin, from medians of blocks."""
    width = min(_MEDIAN_BINS, max(len(power) // 4, 1))
    knots = len(power) // width
    medians = np.median(power[: knots * width].reshape(knots, width), axis=1) / np.log(2)
    centres = (np.arange(knots) + 0.5) * width
    floor = np.interp(np.arange(len(power)), centres, medians)
    return np.maximum(floor, 1e-9 * float(power.max()) + 1e-30)


def _vertex(power: FloatArray, best: int) -> float:
    if not 0 < best < len(power) - 1:
        return 0.0
    left, middle, right = np.log(np.maximum(power[best - 1 : best + 2], 1e-30))
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
