"""Linear modulation: symbol indices to symbols, and symbols back to indices.

In every waveform of rfmae symbol k is at sample k·samples_per_symbol.
"""

import numpy as np

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.modulations import Modulation, nearest_indices


def map_symbols(indices: IntArray, modulation: Modulation) -> ComplexArray:
    """Symbols (..., K) of unit mean power.

    A differential modulation starts from phase zero, before its first step; a rotating one has its
    alphabet unrotated at symbol 0.
    """
    points = modulation.alphabet.take(indices)
    if modulation.family == "differential":
        return _summed_steps(points, modulation.order)
    if modulation.family == "rotating":
        turning = _turns(points.shape[-1], modulation.turn_per_symbol)
        return points * turning
    return points


def decide_indices(symbols: ComplexArray, modulation: Modulation) -> IntArray:
    """Minimum-distance decisions (..., K), symbol indices of symbols (..., K).

    Symbols have the scale of the alphabet. A differential modulation takes its first step from
    phase zero, as `map_symbols` does (Proakis and Salehi, Digital Communications, ch. 4).
    """
    if modulation.family == "differential":
        before = np.ones_like(symbols)
        before[..., 1:] = symbols[..., :-1]
        return nearest_indices(symbols * before.conj(), modulation.alphabet)
    if modulation.family == "rotating":
        turning = _turns(symbols.shape[-1], -modulation.turn_per_symbol)
        symbols = symbols * turning
    return nearest_indices(symbols, modulation.alphabet)


def _summed_steps(points: ComplexArray, order: int) -> ComplexArray:
    """Phases that grow by the angles of the points, which are multiples of half a step."""
    grid = 2 * order
    steps = np.rint(np.angle(points) * (grid / (2 * np.pi))).astype(int)
    # whole steps are summed, not phases: no rounding grows along the frame
    states = np.cumsum(steps, axis=-1) % grid
    return _turns(grid, 1 / grid).take(states)


def _turns(count: int, turn_per_symbol: float) -> ComplexArray:
    """Unit phasors that turn by `turn_per_symbol` from one to the next, (count,)."""
    turns: FloatArray = np.arange(count) * turn_per_symbol % 1.0
    return np.exp(2j * np.pi * turns).astype(np.complex64)
