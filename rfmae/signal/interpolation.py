"""Interpolation by a windowed sinc: delays, clock offsets and arbitrary instants."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import i0

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.channel import PerExample, per_example

HALF_TAPS = 16
"""The number of samples on either side that an interpolated value depends on."""

_TAPS = 2 * HALF_TAPS
_MARGIN = _TAPS  # zeros around the samples, for windows just outside
_KAISER_BETA = 9.0  # flat to -96 dB up to 0.4 of the sample rate, measured on tones
_PHASES = 2**14  # rounding to the nearest: -82 dB at 0.4 of the sample rate
_SAME_FRACTION_SAMPLES = 1e-6
_TILE = 32  # samples that one small matrix product filters
_TILES = 8  # of them in one product, always: bits must not depend on the batch
_EXAMPLES = 16  # at a time, so that they fit the cache
_CHUNK = 2**13  # instants at a time, whose windows fit it too

Weights = npt.NDArray[np.float32]


def interpolate(iq: ComplexArray, instants_samples: FloatArray) -> ComplexArray:
    """Values (N, T') of iq (N, T) at fractional instants (N, T'), in samples.

    A sinc of 32 taps under a Kaiser window (Oppenheim, Schafer, Discrete-Time Signal Processing,
    ch. 4.3 and 7.5): errors below -70 dB for signals within 0.4 of the sample rate. Samples
    before the first and after the last count as zero.
    """
    instants = np.asarray(instants_samples, np.float64)
    if instants.ndim != 2 or len(instants) != len(iq):
        raise ShapeError(
            f"instants_samples must have shape ({len(iq)}, T'), one row for each example, "
            f"got {instants.shape}"
        )
    if not np.isfinite(instants).all():
        raise ShapeError("instants_samples must be finite, got some that are not")
    values = np.empty(instants.shape, np.complex64)
    for first in range(0, len(iq) if instants.size else 0, _EXAMPLES):
        some = slice(first, first + _EXAMPLES)
        values[some] = _values_at(iq[some], instants[some])
    return values


def delay(iq: ComplexArray, timing_offset_samples: PerExample) -> ComplexArray:
    """x(t - offset) of each example of iq (N, T); a whole offset moves the samples exactly."""
    offset = per_example(timing_offset_samples, len(iq))
    t = np.arange(iq.shape[-1], dtype=np.float64)
    return interpolate(iq, t - np.broadcast_to(offset, (len(iq), 1)))


def drift(
    iq: ComplexArray, clock_offset_ppm: PerExample, fixed_sample: float = 0.0
) -> ComplexArray:
    """x(t·(1 + ppm·1e-6)) of each example of iq (N, T), as received with a slower clock.

    Time counts from `fixed_sample`, which does not move.
    """
    ratio = per_example(clock_offset_ppm, len(iq)) * 1e-6
    t = np.arange(iq.shape[-1], dtype=np.float64)
    return interpolate(iq, t + np.broadcast_to(ratio, (len(iq), 1)) * (t - fixed_sample))


def _values_at(iq: ComplexArray, instants: FloatArray) -> ComplexArray:
    steps = instants - instants[:, :1]
    shared = np.all(np.abs(steps - np.rint(steps)) < _SAME_FRACTION_SAMPLES, axis=1)
    values = np.empty(instants.shape, np.complex64)
    for rows, method in ((shared, _by_one_filter), (~shared, _by_table)):
        if rows.any():
            values[rows] = method(iq[rows], instants[rows])
    return values


def _kernel(t: FloatArray) -> FloatArray:
    """The interpolating pulse at distances in samples."""
    inside = np.sqrt((1 - (t / HALF_TAPS) ** 2).clip(0))
    # the sine of a multiple of π is not exactly zero, but whole samples must be exact
    pulse = np.where(t == np.rint(t), t == 0, np.sinc(t))
    return pulse * i0(_KAISER_BETA * inside) / i0(_KAISER_BETA)


def _taps(fractions: FloatArray) -> Weights:
    """Weights (..., 32) of the samples around instants at fractions (...,) of a sample."""
    return _kernel(fractions[..., None] + HALF_TAPS - 1 - np.arange(_TAPS)).astype(np.float32)


def _windows_start(whole: FloatArray, samples: int) -> IntArray:
    """Where in the padded samples the window of each whole instant begins."""
    # clipped to windows that lie in the margins alone
    inside = whole.clip(-HALF_TAPS - 1, samples + HALF_TAPS - 1).astype(np.int64)
    return inside + (_MARGIN - HALF_TAPS + 1)


def _padded(iq: ComplexArray) -> ComplexArray:
    padded = np.zeros((len(iq), iq.shape[-1] + 2 * _MARGIN), np.complex64)
    padded[:, _MARGIN:-_MARGIN] = iq
    return padded


# instants of any kind -----------------------------------------------------------------------


@lru_cache(maxsize=1)
def _table() -> Weights:
    """Weights (phases + 1, 32) of the samples around an instant."""
    return _taps(np.arange(_PHASES + 1) / _PHASES)


def _by_table(iq: ComplexArray, instants: FloatArray) -> ComplexArray:
    padded, table = _padded(iq), _table()
    whole = np.floor(instants)
    phase = np.rint((instants - whole) * _PHASES).astype(np.int64)
    row = np.arange(len(iq))[:, None] * padded.shape[1]
    start = (_windows_start(whole, iq.shape[-1]) + row).ravel()
    rails = [np.ascontiguousarray(rail).ravel() for rail in (padded.real, padded.imag)]
    windows = [np.lib.stride_tricks.sliding_window_view(rail, _TAPS) for rail in rails]
    values = np.empty(instants.size, np.complex64)
    for first in range(0, instants.size, _CHUNK):
        chunk = slice(first, first + _CHUNK)
        weights = table[phase.ravel()[chunk]]
        for rail, samples in zip((values.real, values.imag), windows, strict=True):
            rail[chunk] = np.einsum("tk,tk->t", samples[start[chunk]], weights)
    return values.reshape(instants.shape)


# instants that share one fraction of a sample -----------------------------------------------


def _by_one_filter(iq: ComplexArray, instants: FloatArray) -> ComplexArray:
    first = instants[:, :1]
    whole = np.floor(first) + np.rint(instants - first)
    taps = _taps((first - np.floor(first)).reshape(len(iq)))
    filtered = _filtered(_padded(iq), taps)
    return np.take_along_axis(filtered, _windows_start(whole, iq.shape[-1]), axis=1)


def _filtered(padded: ComplexArray, taps: Weights) -> ComplexArray:
    """Weighted sum of the 32 samples from each sample on, (N, ≥ T + 2·margin - 31).

    Tiles of samples with their neighbours times a banded matrix, real and imaginary parts apart.
    """
    count, length = padded.shape
    blocks = -(-length // (_TILE * _TILES))
    values = np.zeros((count, 2, (blocks * _TILES + 1) * _TILE), np.float32)
    values[:, 0, :length], values[:, 1, :length] = padded.real, padded.imag
    windows = np.lib.stride_tricks.sliding_window_view(values, _TILE + _TAPS - 1, axis=2)
    tiles = windows[:, :, ::_TILE].reshape(count, 2 * blocks, _TILES, -1)
    products = tiles @ _banded(taps).transpose(0, 2, 1)[:, None]
    rails = products.reshape(count, 2, -1)
    filtered = np.empty((count, rails.shape[-1]), np.complex64)
    filtered.real, filtered.imag = rails[:, 0], rails[:, 1]
    return filtered


def _banded(taps: Weights) -> Weights:
    """Matrices (N, 32, 63) whose row b holds the taps from column b on."""
    count, width = len(taps), _TILE + _TAPS - 1
    rows = np.zeros((count, _TILE, width + 1), np.float32)
    rows[..., :_TAPS] = taps[:, None]
    # read one column narrower, every row begins one place further to the right
    return rows.reshape(count, -1)[:, : _TILE * width].reshape(count, _TILE, width)
