"""Symbol indices to symbols to a pulse-shaped waveform: ASK, PAM, PSK, QAM, differential, offset.

In every waveform of rfmae symbol k stands at sample k·samples_per_symbol.
"""

import numpy as np
from scipy.signal import upfirdn

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.modulations import Modulation, nearest_indices


def map_symbols(indices: IntArray, modulation: Modulation) -> ComplexArray:
    """Symbols (..., K) of unit mean power; a differential modulation starts from phase zero."""
    points = modulation.alphabet[indices]
    if modulation.family != "differential":
        return points
    steps = np.rint(np.angle(points) * (modulation.order / (2 * np.pi))).astype(int)
    # whole steps are summed, not phases: no rounding grows along the frame
    angles = np.cumsum(steps, axis=-1) % modulation.order * (2 * np.pi / modulation.order)
    return np.exp(1j * angles).astype(np.complex64)


def decide_indices(symbols: ComplexArray, modulation: Modulation) -> IntArray:
    """Nearest symbol indices; a differential modulation takes its first step from phase zero."""
    if modulation.family != "differential":
        return nearest_indices(symbols, modulation.alphabet)
    before = np.ones_like(symbols)
    before[..., 1:] = symbols[..., :-1]
    return nearest_indices(symbols * before.conj(), modulation.alphabet)


def shape_symbols(
    symbols: ComplexArray, taps: FloatArray, samples_per_symbol: int, *, offset: bool = False
) -> ComplexArray:
    """Pulse-shaped waveform (..., K·samples_per_symbol) of unit mean power.

    `offset` sends Q half a symbol late, as OQPSK does. The first and last half span of the pulse
    lack their neighbours.
    """
    if not offset:
        return _filtered(symbols, taps, samples_per_symbol)
    if samples_per_symbol % 2:
        raise RecipeError(
            f"a half-symbol offset needs an even samples_per_symbol, got {samples_per_symbol}"
        )
    late = samples_per_symbol // 2
    waveform = _filtered(symbols.real + 0j, taps, samples_per_symbol)
    quadrature = _filtered(symbols.imag + 0j, taps, samples_per_symbol).real
    waveform.imag[..., late:] = quadrature[..., :-late]
    return waveform


def _filtered(symbols: ComplexArray, taps: FloatArray, samples_per_symbol: int) -> ComplexArray:
    gain = np.sqrt(samples_per_symbol)  # unit-energy taps spread each symbol over so many samples
    full = upfirdn(
        (gain * taps).astype(np.float32), symbols.astype(np.complex64), up=samples_per_symbol
    )
    start = (len(taps) - 1) // 2
    return full[..., start : start + symbols.shape[-1] * samples_per_symbol]
