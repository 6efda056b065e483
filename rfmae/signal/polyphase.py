"""Polyphase pulse shaping and matched filtering as matrix products, at any rational rate.

A tile of symbols with its neighbours, times one matrix, is a tile of samples. I and Q are
interleaved in the matrix, so that complex numbers need not be split. Every product has the same
shape for any batch, so that an example's bits do not depend on its neighbours, and it is too small
for a library to divide among threads.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.pulses import Pulse

_LEAST_TILE = 8  # symbols: wider tiles multiply more zeros, narrower ones copy more neighbours
_ROWS = 8  # tiles in one product
_CACHED = 2**16  # numbers that are copied before they are multiplied

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """A matrix from `taken` items to `made` items; the next product starts `step` later."""

    matrix: Matrix
    taken: int
    step: int
    made: int


def shape_valid(
    symbols: ComplexArray,
    pulse: Pulse,
    rate: Fraction,
    samples: int,
    *,
    offset: bool = False,
    mean_power: float = 0.0,
) -> ComplexArray:
    """Waveform (N, samples) from symbols (N, K); sample 0 is symbol number `reach_symbols`.

    Mean power one for independent symbols of unit power, of which `mean_power` is that of their
    mean: where pulses overlap, the mean of the symbols adds up coherently. `offset` sends Q half a
    symbol late. Symbols beyond the last count as zero.
    """
    return _multiply(symbols, _shaping_bank(pulse, rate, offset, mean_power), samples)


def match_valid(
    waveform: ComplexArray, pulse: Pulse, rate: Fraction, guard_symbols: int, symbols: int
) -> ComplexArray:
    """Matched-filter outputs (N, symbols) of waveform (N, T), which starts `guard_symbols` early.

    The guard must reach as far as the pulse and be a whole number of samples long. Symbols come
    back with the amplitude they were sent with.
    """
    return _multiply(waveform, _matching_bank(pulse, rate, guard_symbols), symbols)


def window_products(
    values: FloatArray, matrix: Matrix, step: int, tiles: int, extra: FloatArray | None = None
) -> Matrix:
    """Windows of values (N, ≥ tiles·step …), `step` apart, times a matrix (taken, made).

    Shape (N, tiles·made); windows that reach beyond the last value see zeros. `extra` (N, tiles, E)
    is appended to the values of each window and multiplies the last E rows of the matrix.
    """
    extras = 0 if extra is None else extra.shape[-1]
    taken, made = matrix.shape[0] - extras, matrix.shape[1]
    rows = -(-tiles // _ROWS) * _ROWS
    padded = _padded(np.asarray(values, np.float32), (rows - 1) * step + taken)
    n, stride = len(padded), padded.strides
    shape, strides = (n, rows, taken), (stride[0], step * stride[1], stride[1])
    windows = np.lib.stride_tricks.as_strided(padded, shape, strides)
    products = np.empty((n, rows, made), np.float32)
    group = max(1, _CACHED // (rows * (taken + extras)))
    blocks = np.zeros((min(group, n), rows, taken + extras), np.float32)
    for first in range(0, n, group):
        some = slice(first, min(first + group, n))
        part = blocks[: some.stop - first]
        part[..., :taken] = windows[some]
        if extra is not None:
            part[:, :tiles, taken:] = extra[some]
        by_products = (-1, _ROWS)
        np.matmul(
            part.reshape(*by_products, taken + extras),
            matrix,
            out=products[some].reshape(*by_products, made),
        )
    return products.reshape(n, rows * made)[:, : tiles * made]


def guard_of(reach_symbols: float, rate: Fraction) -> int:
    """The fewest symbols that cover `reach_symbols` and last a whole number of samples."""
    period = rate.denominator
    return int(-(-reach_symbols // period)) * period


# the two matrices ---------------------------------------------------------------------------


def _tile(rate: Fraction) -> int:
    """Symbols of a tile: a whole number of samples long."""
    return -(-_LEAST_TILE // rate.denominator) * rate.denominator


@lru_cache(maxsize=64)
def _shaping_bank(pulse: Pulse, rate: Fraction, offset: bool, mean_power: float) -> Bank:
    tile, reach = _tile(rate), pulse.reach_symbols
    made = int(tile * rate)
    t = np.arange(made)[None, :] / float(rate) - (np.arange(tile + 2 * reach) - reach)[:, None]
    gain = pulse_amplitude(pulse, rate, mean_power)
    matrix = _side_by_side(pulse.at(t) * gain, pulse.at(t - 0.5 * offset) * gain)
    return Bank(matrix, tile + 2 * reach, tile, made)


@lru_cache(maxsize=64)
def _matching_bank(pulse: Pulse, rate: Fraction, guard_symbols: int) -> Bank:
    tile = _tile(rate)
    taken = int((tile + 2 * guard_symbols) * rate)
    t = np.arange(taken)[:, None] / float(rate) - guard_symbols - np.arange(tile)[None, :]
    sent = pulse.at(t) * pulse_amplitude(pulse, rate)
    # at a fractional rate each symbol has another phase; each is normalised to gain one
    values = sent / np.sum(sent**2, axis=0)
    return Bank(_side_by_side(values, values), taken, int(tile * rate), tile)


@lru_cache(maxsize=64)
def pulse_amplitude(pulse: Pulse, rate: Fraction, mean_power: float = 0.0) -> float:
    """The factor that gives independent symbols of unit power a waveform of unit mean power."""
    reach, period = pulse.reach_symbols, rate.denominator
    t = np.arange(rate.numerator)[:, None] / float(rate)
    values = pulse.at(t - np.arange(-reach, period + reach + 1)[None, :])
    deviation, coherent = np.mean(np.sum(values**2, axis=1)), np.mean(np.sum(values, axis=1) ** 2)
    return float(1 / np.sqrt((1 - mean_power) * deviation + mean_power * coherent))


def _side_by_side(in_phase: FloatArray, quadrature: FloatArray) -> Matrix:
    """One matrix for complex numbers stored as I, Q, I, Q, …"""
    taken, made = in_phase.shape
    both = np.zeros((taken, 2, made, 2), np.float32)
    both[:, 0, :, 0], both[:, 1, :, 1] = in_phase, quadrature
    return both.reshape(2 * taken, 2 * made)


def _multiply(iq: ComplexArray, bank: Bank, wanted: int) -> ComplexArray:
    floats = np.ascontiguousarray(iq, np.complex64).view(np.float32)
    tiles = -(-wanted // bank.made)
    made = window_products(floats, bank.matrix, 2 * bank.step, tiles)
    return np.ascontiguousarray(made).view(np.complex64)[:, :wanted]


def _padded(values: Matrix, length: int) -> Matrix:
    """Values padded with zeros as far as the last window reaches."""
    if values.shape[-1] >= length:
        return values
    padded = np.zeros((*values.shape[:-1], length), np.float32)
    padded[..., : values.shape[-1]] = values
    return padded
