"""The symbol rate of a linearly modulated signal: the line of its power."""

from dataclasses import dataclass

import numpy as np

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.lines import Line, strongest_line
from rfmae.signal.densities import circular_median, power_density

LOWEST_RATE, HIGHEST_RATE = 0.02, 0.8
"""The symbol rates that are searched, in symbols per sample."""

_FLOOR_SHARE = 0.15  # of the band: what is emptier than the rest
_SEGMENTS_LEAST = 16
_DEEPEST = 1e-4  # a floor below the peak: what is lower is leakage, ripple, rounding
_SMOOTHED_BINS = 5  # a tone is no band
_ABOVE = 6.0  # standard deviations of the density above the floor, the lowest of many
_NARROWEST = 0.02  # search around a rate that is given, relative


@dataclass(frozen=True, slots=True)
class Band:
    """The power density of a signal on its FFT bins, and the floor under it."""

    density: FloatArray  # (S,), from frequency 0 on
    floor: float
    averages: int

    @property
    def occupied(self) -> FloatArray:
        """1 where the density stands above the floor, 0 elsewhere, (S,); ones where it is flat."""
        smooth = circular_median(self.density, _SMOOTHED_BINS)
        above = smooth > self.floor * (1 + _ABOVE / np.sqrt(self.averages))
        return above.astype(np.float64) if above.any() else np.ones(len(above))

    def at(self, values: FloatArray, bins: int) -> FloatArray:
        """Values (S,) on another number of bins, (bins,)."""
        places = np.arange(bins) * (len(values) / bins)
        return np.interp(places, np.arange(len(values) + 1), np.append(values, values[0]))


def band_of(iq: ComplexArray) -> Band:
    """The power density of samples (T,) by Welch's method, and its floor."""
    length = 256
    while length > 32 and len(iq) < _SEGMENTS_LEAST * length // 2:
        length //= 2
    density = power_density(iq, length)
    averages = max(2 * len(iq) // length - 1, 1)
    emptiest = np.sort(density)[: max(int(_FLOOR_SHARE * length), 1)]
    floor = max(float(emptiest.mean()), _DEEPEST * float(density.max()))
    return Band(density, floor, averages)


def symbol_rate_line(iq: ComplexArray, near: float | None = None) -> Line:
    """The line at the symbol rate, in symbols per sample, in the power of samples (T,).

    Before its power is taken the signal passes the filter √S_s/S (of signal and of all), which
    makes the line stand out most for a quadratic detector at any rate (Gardner, IEEE Trans. Commun.
    36(5), 1988); twice the sample rate leaves no alias. `near` narrows the search to ±2 % of it.
    """
    band = band_of(iq)
    density = np.maximum(band.density, np.finfo(float).tiny)
    occupied = band.occupied
    signal = np.maximum(density - band.floor, 0) if not occupied.all() else density
    response = np.sqrt(signal * occupied) / density
    count = len(iq)
    spectrum = np.fft.fft(np.asarray(iq, np.complex128)) * band.at(response, count)
    wide = np.zeros(2 * count, np.complex128)
    half = count // 2
    wide[:half], wide[-(count - half) :] = spectrum[:half], spectrum[half:]
    power = np.abs(np.fft.ifft(wide)) ** 2
    low, high = LOWEST_RATE, HIGHEST_RATE
    if near is not None:
        low, high = near * (1 - _NARROWEST), near * (1 + _NARROWEST)
    shape = _power_noise(band.density * response**2)
    line = strongest_line(power - power.mean(), low / 2, high / 2, shape)
    return Line(2 * line.frequency, 2 * line.standard_error, line.ratio, line.threshold)


def _power_noise(density: FloatArray) -> FloatArray:
    """Density of the power of Gaussian noise of a density (S,), on twice the band, (2·S,).

    The autocorrelation of |x|² is |R|² and a constant, R that of x.
    """
    half = len(density) // 2
    wide = np.concatenate([density[:half], np.zeros(len(density)), density[half:]])
    return np.asarray(np.fft.fft(np.abs(np.fft.ifft(wide)) ** 2).real)
