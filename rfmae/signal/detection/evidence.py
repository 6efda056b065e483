"""Whether samples are anything but Gaussian noise of some spectrum."""

import numpy as np
from scipy.fft import fft, ifft
from scipy.ndimage import uniform_filter1d
from scipy.special import ndtri

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.lines import strongest_line

FEWEST_SAMPLES = 512
"""Of a band that is judged."""

_MOST_SAMPLES = 2**18
_TESTS = 5
_KURTOSIS = 0.05  # of |x|^4 off that of noise: less is what real receivers do to noise
_GAIN_PARTS = 32  # of the samples, each of a power of its own
_BINS = 64  # of the spectrum that samples are whitened by
_SHORTEST_LAG, _SHORT_LAG = 16, 4 * _BINS
_LEAST_CORRELATION, _LEAST_AT_SHORT_LAG = 0.02, 0.1
_LOWEST_RATE = 0.02  # cycles per sample
_IMPROPER = 0.25  # mean of turns of two: less is what the I/Q imbalance of a receiver does


def differs_from_noise(iq: ComplexArray, false_alarm_rate: float) -> bool:
    """Whether samples (T,) that fill their band are no stationary circular Gaussian noise.

    Noise behind any filter has a kurtosis of 2, no line in |x|², x² or x⁴ and no correlation at
    long lags; symbols have some of these: a kurtosis of their own, a symbol rate, a carrier, a
    cyclic prefix. The gain may change slowly.
    """
    if len(iq) < FEWEST_SAMPLES or not np.any(iq):
        return False
    samples = _levelled(np.asarray(iq[:_MOST_SAMPLES], np.complex64))
    rate = false_alarm_rate / _TESTS
    density = _density(samples)
    excess, threshold = _kurtosis(samples, density, rate)
    return (
        abs(excess) > threshold
        or _power_has_a_line(samples, density, rate)
        or any(_phase_has_a_line(samples, order, rate) for order in (2, 4))
        or _repeats(samples, density, rate)
    )


def _levelled(iq: ComplexArray) -> ComplexArray:
    """Samples of unit power, in each of many parts."""
    part = max(len(iq) // _GAIN_PARTS, 64)
    power = np.abs(iq) ** 2
    local = uniform_filter1d(power.astype(np.float64), part, mode="reflect")
    return np.asarray(iq / np.sqrt(np.maximum(local, 1e-30)), np.complex64)


def _density(iq: ComplexArray) -> FloatArray:
    """The power density of (T,) on 64 bins, of unit mean."""
    frames = np.lib.stride_tricks.sliding_window_view(iq, _BINS)[:: _BINS // 2]
    transforms = fft(frames * np.hanning(_BINS).astype(np.float32), axis=1)
    found = np.mean(np.abs(transforms) ** 2, axis=0, dtype=np.float64)
    return np.asarray(found / max(float(found.mean()), 1e-30))


def holds_symbols(iq: ComplexArray, false_alarm_rate: float) -> bool:
    """Whether samples (T,) differ from noise in what bursts beside it do not change.

    The power of symbols swings less than that of noise, while bursts let it swing more; and x² or
    x⁴ has the line of a carrier.
    """
    if len(iq) < FEWEST_SAMPLES or not np.any(iq):
        return False
    samples = _levelled(np.asarray(iq[:_MOST_SAMPLES], np.complex64))
    rate = false_alarm_rate / 3
    excess, threshold = _kurtosis(samples, _density(samples), rate)
    return excess < -threshold or any(_phase_has_a_line(samples, m, rate) for m in (2, 4))


def _kurtosis(iq: ComplexArray, density: FloatArray, rate: float) -> tuple[float, float]:
    """What the kurtosis has over that of noise, and what noise has at most."""
    power = np.abs(iq.astype(np.complex128)) ** 2
    excess = float(np.mean(power**2) / np.mean(power) ** 2) - 2
    correlation = np.abs(np.fft.ifft(density)) ** 2  # |ρ|², of each lag
    error = 2 * np.sqrt(np.sum(correlation**2) / len(iq))
    # what levelling takes away: the power of each part is one
    bias = -2 * np.sum(correlation) * _GAIN_PARTS / len(iq)
    # the distribution of a mean of fourth powers has a long tail
    reach = -float(ndtri(rate / 2)) * error * (1 + error)
    return excess - bias, max(_KURTOSIS, reach)


def _power_has_a_line(iq: ComplexArray, density: FloatArray, rate: float) -> bool:
    """A line at a symbol rate in the power of the whitened samples."""
    power = np.abs(_whitened(iq, density)).astype(np.float64) ** 2
    if np.var(power) < 1e-6:
        return False
    line = strongest_line(power - power.mean(), _LOWEST_RATE, 0.5, false_alarm_rate=rate)
    return line.found


def _phase_has_a_line(iq: ComplexArray, order: int, rate: float) -> bool:
    """A line of a power of the samples' phases, anywhere on the band."""
    turns = iq / np.maximum(np.abs(iq), 1e-30)
    turns = (turns**order).astype(np.complex128)
    if abs(turns.mean()) < _IMPROPER:
        turns -= turns.mean()
    line = strongest_line(turns, 0.0, 1.0, false_alarm_rate=rate)
    return line.found


def _repeats(iq: ComplexArray, density: FloatArray, rate: float) -> bool:
    """A correlation at a lag beyond those that a filter leaves."""
    white = _whitened(iq, density)
    count = len(white)
    spectrum = np.abs(fft(white, 2 * count)) ** 2
    longest = count // 2
    values = ifft(spectrum.astype(np.complex64))[_SHORTEST_LAG:longest]
    if not len(values):
        return False
    energy = float(np.sum(np.abs(white) ** 2))
    lags = np.arange(_SHORTEST_LAG, longest)
    terms = count - lags
    squares = np.abs(values) ** 2 / energy**2 * count**2 / terms
    least = np.where(lags < _SHORT_LAG, _LEAST_AT_SHORT_LAG, _LEAST_CORRELATION) ** 2 * terms
    return bool(np.any(squares > np.maximum(np.log(len(values) / rate), least)))


def _whitened(iq: ComplexArray, density: FloatArray) -> ComplexArray:
    places = np.arange(len(iq)) * (len(density) / len(iq))
    closed = np.append(density, density[0])
    smooth = np.interp(places, np.arange(len(closed)), closed)
    response = 1 / np.sqrt(np.maximum(smooth, 0.05))
    return np.asarray(ifft(fft(iq) * response.astype(np.float32)), np.complex64)
