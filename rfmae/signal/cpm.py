"""Symbol indices to phase to a constant-envelope waveform: FSK, CPFSK, MSK, GFSK, GMSK."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.modulations import ContinuousPhase, Modulation
from rfmae.signal.polyphase import Matrix, window_products
from rfmae.signal.pulses import phase_response
from rfmae.units import whole_ratio

_LARGEST_TILE = 8  # symbols: wider ones multiply more zeros
_MOST_TURNS = 2.0  # that the phase may make over a tile


def modulate_phase(
    indices: IntArray, modulation: Modulation, samples_per_symbol: float | Fraction
) -> ComplexArray:
    """Waveform exp(j·phase), shape (..., ⌊K·samples_per_symbol⌋), |iq| = 1, of indices (..., K).

    A symbol of level a, which is −(M−1), …, M−1 in Gray order, turns the phase by
    a·π·modulation_index in all. Sample k·samples_per_symbol is the boundary before symbol k, where
    the phase starts from zero.
    """
    rate = whole_ratio(samples_per_symbol)
    symbols = indices.shape[-1]
    levels = modulation.levels.astype(np.float32).take(indices).reshape(-1, symbols)
    phase = _phase_and_quarter_before(levels, modulation.continuous_phase, rate)
    # cos θ and cos(θ − π/2) = sin θ stand side by side: one pass writes the complex numbers
    iq: ComplexArray = np.cos(phase, out=phase).view(np.complex64)[:, : int(symbols * rate)]
    return iq.reshape(*indices.shape[:-1], -1)


def detect_indices(
    waveform: ComplexArray, modulation: Modulation, samples_per_symbol: int
) -> IntArray:
    """Decide each symbol by how far the phase turned over it; the last one is cut off.

    Phase steps are summed from sample to sample, so that a symbol may turn by more than half a
    turn; samples_per_symbol must be whole.
    """
    steps = np.angle(waveform[..., 1:] * waveform[..., :-1].conj())
    whole = steps.shape[-1] // samples_per_symbol * samples_per_symbol
    turned = steps[..., :whole].reshape(*steps.shape[:-1], -1, samples_per_symbol).sum(axis=-1)
    levels = turned / (np.pi * modulation.continuous_phase.modulation_index)
    return np.abs(levels[..., None] - modulation.levels).argmin(axis=-1)


def _phase_and_quarter_before(levels: Matrix, settings: ContinuousPhase, rate: Fraction) -> Matrix:
    """Phase θ of each sample and θ − π/2, up to whole turns, (N, ≥ 2T), of levels (N, K)."""
    tile = _tile(settings, rate, float(np.abs(levels).max(initial=1.0)))
    early = settings.pulse_symbols // 2  # symbols whose pulse begins before they do
    n, symbols = levels.shape
    tiles = -(-symbols // tile)
    padded = np.zeros((n, 2 * early + tiles * tile), np.float32)
    padded[:, early : early + symbols] = levels
    middle = _middle_turns(padded, settings, tile, tiles)
    start = np.stack([2 * np.pi * middle, np.ones_like(middle)], axis=-1)
    return window_products(padded, _response_matrix(settings, rate, tile), tile, tiles, start)


def _tile(settings: ContinuousPhase, rate: Fraction, largest_level: float) -> int:
    """Symbols of a tile: as many as keep the phase near to that of its middle.

    Single precision then holds θ and θ − π/2 so well that their cosines make a unit phasor to 1e-6.
    """
    many = int(_MOST_TURNS / (largest_level * settings.modulation_index / 2))
    period = rate.denominator
    return max(1, min(_LARGEST_TILE, many) // period) * period


def _middle_turns(padded: Matrix, settings: ContinuousPhase, tile: int, tiles: int) -> FloatArray:
    """Phase at the middle of each tile, (N, tiles), in turns around zero."""
    half_index = settings.modulation_index / 2
    whole = padded[:, : tiles * tile].reshape(len(padded), tiles, tile)
    sums = whole.sum(axis=-1, dtype=np.float64)
    completed = np.cumsum(sums, axis=-1) - sums
    in_middle = _response_in_middle(settings, tile)
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(in_middle), axis=1)[:, ::tile]
    turns = (completed + windows.astype(np.float64) @ in_middle) * half_index
    # whole turns are left out before they can cost precision
    return turns - np.rint(turns)


def _response(settings: ContinuousPhase, tile: int, t: FloatArray | float) -> FloatArray:
    """Share of its turn that each symbol of a window has made at times in symbols from the tile."""
    early = settings.pulse_symbols // 2
    middles = np.arange(tile + 2 * early) - early + 0.5
    return phase_response(np.asarray(t)[..., None] - middles, settings.bt, settings.pulse_symbols)


@lru_cache(maxsize=64)
def _response_in_middle(settings: ContinuousPhase, tile: int) -> FloatArray:
    return _response(settings, tile, tile / 2)


@lru_cache(maxsize=64)
def _response_matrix(settings: ContinuousPhase, rate: Fraction, tile: int) -> Matrix:
    """What the symbols of a window, the phase in its middle and a one make of θ and θ − π/2."""
    t = np.arange(int(tile * rate)) / float(rate)
    since_middle = (_response(settings, tile, t) - _response_in_middle(settings, tile)).T
    turned = np.repeat(np.pi * settings.modulation_index * since_middle, 2, axis=1)
    one = np.tile([0.0, -np.pi / 2], t.size)
    return np.vstack([turned, np.ones_like(one), one]).astype(np.float32)
