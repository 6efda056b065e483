"""Symbol rates of a burst: from its power, its frequency and the lines of its square."""

from dataclasses import dataclass

import numpy as np

from rfmae.bursts.features.lines import Peak, two_peaks
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.lines import Line, strongest_line
from rfmae.signal.blind.symbol_rate import HIGHEST_RATE, LOWEST_RATE

_GUESS = 0.75  # symbols per occupied bandwidth, where no line says it
_ALIKE = 0.2  # of the power of the weaker of a pair of lines
_PAIR_RATIO = 16.0  # over the floor
_MOST_HARMONICS = 6
_LINES_WIDE = 40.0  # of a search for a part of a rate, in bins
_HARMONIC_ERROR = 2e-3  # of a rate
_AS_STRONG = 0.1  # of the strongest line
_FEWEST_SYMBOLS = 8
_PHASES = 16  # of a symbol, at which its frequency is tried


@dataclass(frozen=True, slots=True)
class Rates:
    """Symbol rates in symbols per sample, each by its own method; guesses where it found none."""

    power: Line  # of the power: linear modulations
    frequency: Line  # of the squared frequency: frequency-shift keying
    pair: float | None  # the distance of two lines of the square: MSK, and twice that of OQPSK
    occupied: float  # bandwidth, cycles per sample
    told: float | None = None

    @property
    def linear(self) -> float:
        """That of a linear modulation."""
        if self.told:
            return self.told
        if self.power.found:
            return self.power.frequency
        if self.pair is not None and 0.3 < self.pair / 2 / self.occupied < 1.3:
            return self.pair / 2
        return _GUESS * self.occupied

    @property
    def shift_keyed(self) -> float:
        """That of a frequency-shift keying."""
        if self.told:
            return self.told
        if self.frequency.found:
            return self.frequency.frequency
        if self.pair is not None:
            return min(self.pair, HIGHEST_RATE)
        return self.linear


def frequency_line(frequency: FloatArray, weights: FloatArray) -> Line:
    """The line at the symbol rate in the squared frequency (T,) of frequency-shift keying.

    A filtered frequency passes through its middle when it changes and nowhere else. `weights` are
    the power of the samples.
    """
    return strongest_line(_bounded_square(frequency, weights), LOWEST_RATE, 0.5)


def _bounded_square(frequency: FloatArray, weights: FloatArray) -> FloatArray:
    """The square of a frequency about its mean, without the clicks of a phase that slips."""
    level = float(weights @ frequency) / max(float(weights.sum()), 1e-30)
    squared = np.square(frequency - level)
    bounded = np.minimum(squared, 4 * float(np.median(squared)) + 1e-12)
    return np.asarray(bounded - bounded.mean())


def fundamental(frequency: FloatArray, weights: FloatArray) -> Line:
    """`frequency_line`, or the line at a half to a sixth of its rate that stands out as well.

    Where changes are short dips, their harmonics are as strong as they are.
    """
    values = _bounded_square(frequency, weights)
    strongest = strongest_line(values, LOWEST_RATE, 0.5)
    if not strongest.found:
        return strongest
    for part in range(_MOST_HARMONICS, 1, -1):
        rate = strongest.frequency / part
        width = max(_LINES_WIDE / len(values), _HARMONIC_ERROR * rate)
        if rate - width < LOWEST_RATE:
            continue
        line = strongest_line(values, rate - width, rate + width)
        if line.ratio > max(line.threshold, _AS_STRONG * strongest.ratio):
            return line
    return strongest


def pair_of_lines(peaks: list[Peak]) -> float | None:
    """The distance of two lines that are as strong as each other, in cycles per sample."""
    first, second = peaks
    if second.ratio < _PAIR_RATIO or second.amplitude**2 < _ALIKE * first.amplitude**2:
        return None
    apart = abs(first.frequency - second.frequency)
    return min(apart, 1 - apart)


def squared_peaks(iq: ComplexArray) -> list[Peak]:
    """The two strongest lines of the square of samples (T,)."""
    return two_peaks(iq * iq)


def symbol_frequencies(frequency: FloatArray, rate: float) -> FloatArray:
    """The frequency (K,) in the middle of each symbol, over the symbol rate.

    The middle is where frequencies are farthest from their mean, of sixteen phases of a symbol.
    """
    smooth = _smoothed(frequency, rate)
    count = int(len(smooth) * rate) - 1
    if count < _FEWEST_SYMBOLS:
        return np.zeros(1)
    smooth = smooth - np.median(smooth)
    instants = (np.arange(count) + np.arange(_PHASES)[:, None] / _PHASES) / rate
    tried = np.interp(instants, np.arange(len(smooth)), smooth)
    best = int(np.argmax(np.mean(np.abs(tried), axis=1)))
    return np.asarray(tried[best] / rate)


def _smoothed(frequency: FloatArray, rate: float) -> FloatArray:
    """Means over half a symbol."""
    width = max(round(0.5 / rate), 1)
    if width == 1:
        return frequency
    sums = np.cumsum(np.concatenate([[0.0], frequency]))
    return np.asarray((sums[width:] - sums[:-width]) / width)
