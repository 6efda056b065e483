"""Power density by averaged periodograms, and medians along it."""

from functools import lru_cache

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray


def power_density(iq: ComplexArray, length: int) -> FloatArray:
    """Power in each of `length` bins from frequency 0 on, of samples (T,), white noise flat.

    Periodograms of segments under a Hann window that overlap by half are averaged (Welch, IEEE
    Trans. Audio Electroacoust. 15(2), 1967); white noise of unit power has a density of one.
    Raises `ShapeError` where there are fewer samples than bins.
    """
    if len(iq) < length:
        raise ShapeError(f"a density of {length} bins needs as many samples, got {len(iq)}")
    segments = np.lib.stride_tricks.sliding_window_view(iq, length)[:: length // 2]
    transforms = np.fft.fft(segments * _hann(length), axis=1)
    return np.asarray(np.mean(np.abs(transforms) ** 2, axis=0), np.float64)


def circular_median(values: FloatArray, width: int) -> FloatArray:
    """The median of the `width` values around each of values (S,), an odd number, on a circle."""
    return _medians(np.pad(values, width // 2, mode="wrap"), width)


def mirrored_median(values: FloatArray, width: int) -> FloatArray:
    """The median of the `width` values around each of values (S,), mirrored at the ends."""
    return _medians(np.pad(values, width // 2, mode="reflect"), width)


def _medians(padded: FloatArray, width: int) -> FloatArray:
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    return np.asarray(np.median(windows, axis=1))


@lru_cache(maxsize=8)
def _hann(length: int) -> FloatArray:
    """A periodic Hann window of unit energy."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return np.asarray(window / np.linalg.norm(window), np.float32)
