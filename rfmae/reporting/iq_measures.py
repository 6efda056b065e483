"""Computations for plots of I/Q: densities over frequency and time, paths, traces."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage, signal

from rfmae.records import ComplexArray, FloatArray, IntArray

DoubleArray = npt.NDArray[np.float64]
ComplexValues = npt.NDArray[np.complexfloating[Any, Any]]

_POINTS_PER_SYMBOL = 16  # of a drawn line, enough to look smooth
_SEGMENTS = 8  # fewest whole windows that a power density is averaged over
_MOST_COLUMNS = 800  # of a spectrogram; more than a figure has pixels
_HOPS = 16  # coarse places of a stretch in its length
_STRIDES = 8  # windows of a spectrogram advance by one of these parts
_TINIEST = 1e-13  # of the largest density: the resolution of float32 samples


def power_density(iq: ComplexArray, sample_rate_hz: float) -> tuple[DoubleArray, DoubleArray]:
    """Frequencies, ascending and about zero, and the power density there (Welch, 1967).

    With a sample rate of 1 the frequencies are in cycles per sample.
    """
    length = _window_length(len(iq) // _SEGMENTS, at_least=64, at_most=2048, of=len(iq))
    frequencies, density = signal.welch(
        _double(iq), sample_rate_hz, nperseg=length, return_onesided=False, detrend=False
    )
    return np.fft.fftshift(frequencies), np.fft.fftshift(density.real)


def _double(iq: ComplexValues) -> npt.NDArray[np.complex128]:
    """I/Q whose power is a number however large or small the samples are."""
    return np.asarray(iq, np.complex128)


def occupied_band(
    frequencies: FloatArray, density: FloatArray, share: float = 0.99
) -> tuple[float, float]:
    """The band that leaves half of the rest of the power on either side (ITU-R SM.443).

    Within a bin the power is taken as uniform.
    """
    step = frequencies[1] - frequencies[0]
    edges = np.append(frequencies - step / 2, frequencies[-1] + step / 2)
    power = np.concatenate([[0.0], np.cumsum(density, dtype=np.float64)])
    if power[-1] <= 0:
        return float(edges[0]), float(edges[-1])
    outside = (1 - share) / 2
    low, high = np.interp(np.array([outside, 1 - outside]) * power[-1], power, edges)
    return float(low), float(high)


def density_over_time(
    iq: ComplexArray, sample_rate_hz: float
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Frequencies (F,), times (S,) in seconds and the power density (F, S) of short windows."""
    length = _window_length(round(2 * math.sqrt(len(iq))), at_least=32, at_most=1024, of=len(iq))
    stride = max(length // _STRIDES, (len(iq) - length) // _MOST_COLUMNS, 1)
    frequencies, times, density = signal.spectrogram(
        _double(iq),
        sample_rate_hz,
        window="hann",
        nperseg=length,
        noverlap=max(length - stride, 0),
        detrend=False,
        return_onesided=False,
    )
    return np.fft.fftshift(frequencies), times, np.fft.fftshift(density.real, axes=0)


def robust_extent(iq: ComplexValues, share: float = 0.995) -> float:
    """Half-width of the I and Q axes that holds such a share of the samples, with a margin."""
    extent = float(np.quantile(reach(iq), share))
    return 1.12 * extent if extent > 0 else 1.0


def reach(iq: ComplexValues) -> FloatArray:
    """The larger magnitude of the two rails of each sample."""
    return np.maximum(np.abs(iq.real), np.abs(iq.imag))


def density_order(iq: ComplexValues, extent: float, bins: int = 72) -> tuple[IntArray, FloatArray]:
    """Indices from the sparsest to the densest point, and the density at each, from 0 to 1."""
    cells = ((np.stack([iq.real, iq.imag]) / extent + 1) / 2 * bins).astype(int).clip(0, bins - 1)
    counts = np.zeros((bins, bins))
    np.add.at(counts, tuple(cells), 1.0)
    density = ndimage.gaussian_filter(counts, 1.0)[tuple(cells)]
    shade = np.log1p(density) / np.log1p(density.max())
    return np.argsort(shade, kind="stable"), shade


def above_floor(density: DoubleArray) -> DoubleArray:
    """The density with zeros raised to the resolution of float32, so that it has decibels."""
    return np.maximum(density, float(density.max()) * _TINIEST + float(np.finfo(np.float32).tiny))


def loudest_stretch(iq: ComplexArray, count: int) -> slice:
    """The `count` consecutive samples with the most power, or all where there are fewer.

    They are found among those that begin at a sixteenth of their length, and then sample by sample.
    """
    count = min(max(count, 1), len(iq))
    hop = max(count // _HOPS, 1)
    power = _power(iq[: len(iq) // hop * hop]).reshape(-1, hop).sum(axis=1)
    start = min(_loudest(power, count // hop) * hop, len(iq) - count)
    first = max(start - hop, 0)
    near = _power(iq[first : start + count + hop])
    start = first + _loudest(near, count)
    return slice(start, start + count)


def _power(iq: ComplexArray) -> DoubleArray:
    """The power of samples, a number however large or small they are."""
    return np.square(np.abs(iq), dtype=np.float64)


def _loudest(power: FloatArray, count: int) -> int:
    """Where the largest sum of so many neighbours begins."""
    sums = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    return int(np.argmax(sums[count:] - sums[:-count]))


def smooth_path(iq: ComplexArray, samples_per_symbol: float) -> ComplexValues:
    """The band-limited path through the samples; symbols (one sample each) are unchanged.

    Where the samples per symbol are unknown (nan) there are four points per sample.
    """
    if samples_per_symbol <= 1:
        return iq
    factor = 4
    if math.isfinite(samples_per_symbol):
        factor = math.ceil(_POINTS_PER_SYMBOL / samples_per_symbol)
    return _interpolated(iq, factor)


def eye_traces(iq: ComplexArray, samples_per_symbol: float, symbols: int = 2) -> ComplexValues:
    """Pieces of `symbols` symbols, one from each symbol on, shape (traces, points).

    The samples per symbol may be any number above 1, whole or not.
    """
    factor = max(math.ceil(_POINTS_PER_SYMBOL / samples_per_symbol), 1)
    dense = _interpolated(iq, factor)
    inside = np.linspace(0, symbols, symbols * _POINTS_PER_SYMBOL + 1)
    count = int((len(iq) - 1) / samples_per_symbol) - symbols + 1
    positions = (np.arange(max(count, 0))[:, None] + inside) * samples_per_symbol
    at = np.arange(len(dense)) / factor
    return np.interp(positions, at, dense.real) + 1j * np.interp(positions, at, dense.imag)


def _interpolated(iq: ComplexArray, factor: int) -> ComplexValues:
    """Band-limited interpolation; the first sample stays the first, the last the last."""
    if factor == 1:
        return iq
    dense: ComplexValues = signal.resample_poly(iq, factor, 1, padtype="line")
    return dense[: (len(iq) - 1) * factor + 1]


def _window_length(wanted: int, *, at_least: int, at_most: int, of: int) -> int:
    """A power of two near the wanted length that fits."""
    bounded = min(max(wanted, at_least), at_most, of)
    return 1 << max(bounded.bit_length() - 1, 0)
