"""Continuous-phase modulation and detection: FSK, CPFSK, MSK, GFSK, GMSK."""

from fractions import Fraction
from functools import lru_cache

import numpy as np

from rfmae.records import ComplexArray, IntArray
from rfmae.signal.modulations import Modulation
from rfmae.signal.polyphase import Matrix, window_products
from rfmae.signal.pulses import phase_response
from rfmae.signal.settings import ContinuousPhase
from rfmae.units import whole_ratio

_LEAST_TILE = 8  # symbols whose phase one matrix product makes


def modulate_phase(
    indices: IntArray, modulation: Modulation, samples_per_symbol: float | Fraction
) -> ComplexArray:
    """Waveform exp(j·phase), shape (..., ⌊K·samples_per_symbol⌋), |iq| = 1, of indices (..., K).

    A symbol of level a, which is −(M−1), …, M−1 in Gray order, turns the phase by
    a·π·modulation_index in all. Sample k·samples_per_symbol is the boundary before symbol k; the
    phase starts from zero, plus what a Gaussian pulse has contributed by then.
    """
    rate = whole_ratio(samples_per_symbol)
    symbols = indices.shape[-1]
    levels = modulation.levels.astype(np.float32).take(indices).reshape(-1, symbols)
    phase = _phase_and_quarter_before(levels, modulation.continuous_phase, rate)
    # cos θ and cos(θ − π/2) = sin θ are interleaved: one pass writes the complex numbers
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
    """Phase θ of each sample and θ − π/2, up to whole turns, (N, ≥ 2T), of levels (N, K).

    A sample's phase is that of the symbols before its own, which is the same for all samples of a
    symbol, plus a small rest, for which single precision suffices.
    """
    tile = -(-_LEAST_TILE // rate.denominator) * rate.denominator
    early = settings.pulse_symbols // 2  # symbols whose pulse begins before they do
    n, symbols = levels.shape
    tiles = -(-symbols // tile)
    padded = np.zeros((n, 2 * early + tiles * tile), np.float32)
    padded[:, early : early + symbols] = levels
    turns = padded[:, early : early + tiles * tile] * (settings.modulation_index / 2)
    before = np.cumsum(turns, axis=1, dtype=np.float64) - turns
    start = np.ones((n, tiles, tile + 1), np.float32)
    start[..., :-1] = (2 * np.pi * (before - np.rint(before))).reshape(n, tiles, tile)
    return window_products(padded, _response_matrix(settings, rate, tile), tile, tiles, start)


@lru_cache(maxsize=64)
def _response_matrix(settings: ContinuousPhase, rate: Fraction, tile: int) -> Matrix:
    """The matrix from levels, the phase before each symbol and a one to θ and θ − π/2."""
    early = settings.pulse_symbols // 2
    t = np.arange(int(tile * rate)) / float(rate)
    symbols = np.arange(tile + 2 * early)[:, None] - early
    own = np.floor(t + 1e-9)  # the symbol of each sample
    turned = phase_response(t - (symbols + 0.5), settings.bt, settings.pulse_symbols)
    rest = np.pi * settings.modulation_index * (turned - (symbols < own))
    its_start = np.arange(tile)[:, None] == own
    rows = np.repeat(np.vstack([rest, its_start]), 2, axis=1)
    return np.vstack([rows, np.tile([0.0, -np.pi / 2], t.size)]).astype(np.float32)
