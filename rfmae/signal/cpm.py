"""Symbol indices to phase to a constant-envelope waveform: FSK, CPFSK, MSK, GFSK, GMSK."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.modulations import ContinuousPhase, Modulation
from rfmae.signal.polyphase import Matrix, window_products
from rfmae.signal.pulses import phase_response
from rfmae.units import whole_ratio

_LEAST_TILE = 8  # symbols whose phase one matrix product makes


def modulate_phase(
    indices: IntArray, modulation: Modulation, samples_per_symbol: float | Fraction
) -> ComplexArray:
    """Waveform exp(j·phase), shape (N, ⌊K·samples_per_symbol⌋), |iq| = 1, from indices (N, K).

    A symbol of level a, which is −(M−1), …, M−1 in Gray order, turns the phase by
    a·π·modulation_index in all. Sample k·samples_per_symbol is the boundary before symbol k, where
    the phase starts from zero.
    """
    rate = whole_ratio(samples_per_symbol)
    levels = modulation.levels.astype(np.float32).take(indices)
    phase = _phase_and_quarter_before(levels, modulation.continuous_phase, rate)
    # cos θ and cos(θ − π/2) = sin θ stand side by side: one pass writes the complex numbers
    iq: ComplexArray = np.cos(phase, out=phase).view(np.complex64)
    return iq[:, : int(indices.shape[-1] * rate)]


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
    tile = -(-_LEAST_TILE // rate.denominator) * rate.denominator
    early = settings.pulse_symbols // 2  # symbols whose pulse begins before they do
    n, symbols = levels.shape
    tiles = -(-symbols // tile)
    padded = np.zeros((n, early + (tiles + 1) * tile), np.float32)
    padded[:, early : early + symbols] = levels
    # whole turns are left out before they can cost precision
    before = 2 * np.pi * (_completed(padded, tile, tiles) * (settings.modulation_index / 2) % 1.0)
    start = np.stack([before, np.ones_like(before)], axis=-1)
    return window_products(padded, _response_matrix(settings, rate, tile), tile, tiles, start)


def _completed(padded: Matrix, tile: int, tiles: int) -> FloatArray:
    """Sum of the levels that lie before the window of each tile, (N, tiles)."""
    sums = (
        padded[:, : tiles * tile].reshape(len(padded), tiles, tile).sum(axis=-1, dtype=np.float64)
    )
    return np.cumsum(sums, axis=-1) - sums


@lru_cache(maxsize=64)
def _response_matrix(settings: ContinuousPhase, rate: Fraction, tile: int) -> Matrix:
    """What the symbols of a window, the phase before it and a one make of θ and θ − π/2."""
    early = settings.pulse_symbols // 2
    middles = np.arange(tile + 2 * early)[:, None] - early + 0.5
    t = np.arange(int(tile * rate))[None, :] / float(rate)
    response = phase_response(t - middles, settings.bt, settings.pulse_symbols)
    turned = np.repeat(np.pi * settings.modulation_index * response, 2, axis=1)
    one = np.tile([0.0, -np.pi / 2], t.size)
    return np.vstack([turned, np.ones_like(one), one]).astype(np.float32)
