"""Blind estimators of timing, carrier offset and carrier phase, frame by frame.

The sent symbols are unknown. An M-th power removes turns by 1/M, and its phase reference is a
positive mean of the points' M-th powers.
"""

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray

DoubleArray = npt.NDArray[np.complex128]

_ZERO_PADDING = 8  # finer than the width of a line, for an accurate parabolic peak


def oerder_meyr(waveform: ComplexArray, samples_per_symbol: float) -> FloatArray:
    """Timing offset (N,) in symbols, in [-0.5, 0.5), of a matched-filtered waveform (N, T).

    Symbol k is that much later than sample k·samples_per_symbol, modulo a symbol: the phase of
    the line at the symbol rate in |x|² (Oerder, Meyr, IEEE Trans. Commun. 36(5), 1988). Signals
    without that line, such as those of a constant envelope, give an arbitrary estimate.
    """
    if not samples_per_symbol >= 3:
        raise RecipeError(
            "Oerder-Meyr timing needs at least 3 samples per symbol, or the line at the symbol "
            f"rate is not in |x|²; got {samples_per_symbol:g}"
        )
    power = np.square(waveform.real, dtype=np.float64) + np.square(waveform.imag, dtype=np.float64)
    # over a fractional number of symbols a constant would leak into the line
    power -= power.mean(axis=1, keepdims=True)
    turns = np.arange(waveform.shape[1]) / samples_per_symbol % 1.0
    line = np.sum(power * np.exp(-2j * np.pi * turns), axis=1)
    return (0.5 - np.angle(line) / (2 * np.pi)) % 1.0 - 0.5


def mth_power_carrier_offset(symbols: ComplexArray, power: int) -> FloatArray:
    """Carrier offset (N,) in turns per symbol, within ±1/(2·power), of symbols (N, K).

    The strongest line of symbols**power, found on a zero-padded spectrum with parabolic
    interpolation (Rife, Boorstyn, IEEE Trans. Inf. Theory 20(5), 1974). Power 2 suits BPSK and
    PAM, 4 QPSK and square QAM, 8 8PSK.
    """
    _check_power(power)
    bins = _ZERO_PADDING * 2 ** max(symbols.shape[1] - 1, 1).bit_length()
    height = np.abs(np.fft.fft(_to_the(symbols, power), bins, axis=1))
    top = np.argmax(height, axis=1)[:, None]
    left, middle, right = (
        np.take_along_axis(height, (top + shift) % bins, axis=1)[:, 0] for shift in (-1, 0, 1)
    )
    bend = left - 2 * middle + right
    beside = np.where(bend < 0, (left - right) / np.where(bend < 0, 2 * bend, 1), 0.0)
    turns = (top[:, 0] + beside) / bins
    return ((turns + 0.5) % 1.0 - 0.5) / power


def mth_power_phase(symbols: ComplexArray, power: int) -> FloatArray:
    """Carrier phase (N,) in turns, modulo 1/power, of symbols (N, K): one for each frame.

    Angle of the mean M-th power over M, in ±1/(2·power) (Moeneclaey, de Jonghe, IEEE Trans.
    Commun. 42(8), 1994). Points whose M-th power is not positive have an own offset:
    upright QPSK and square QAM, with points at an eighth of a turn, give 1/8 turn.
    """
    _check_power(power)
    return np.angle(np.sum(_to_the(symbols, power), axis=1)) / (2 * np.pi * power)


def viterbi_viterbi(symbols: ComplexArray, power: int, window_symbols: int) -> FloatArray:
    """Carrier phase (N, K) in turns, modulo 1/power, that follows symbols (N, K) along the frame.

    Angle of the sum of |y|·exp(j·power·arg y) over a window around each symbol, which the ends of
    the frame cut, unwrapped and divided by the power (Viterbi, Viterbi, IEEE Trans. Inf. Theory
    29(4), 1983). For the offset of points that are not positive see `mth_power_phase`.
    """
    _check_power(power)
    if window_symbols < 1 or window_symbols % 2 == 0:
        raise RecipeError(
            f"window_symbols must be odd and at least 1, got {window_symbols}; "
            "an odd window has a symbol in its middle"
        )
    amplitude = np.abs(symbols)
    directions = (symbols / np.where(amplitude > 0, amplitude, 1)).astype(np.complex64)
    sums = _sliding_sums(amplitude * _to_the(directions, power), window_symbols // 2)
    return np.unwrap(np.angle(sums), axis=1) / (2 * np.pi * power)


def _to_the(symbols: ComplexArray, power: int) -> DoubleArray:
    """A whole power by multiplications, in double precision."""
    factor = symbols.astype(np.complex128)
    raised = factor
    for _ in range(power - 1):
        raised = raised * factor
    return raised


def _sliding_sums(values: DoubleArray, half: int) -> DoubleArray:
    """Sums of values (N, K) over `half` places to either side of each place and itself."""
    places = np.arange(values.shape[1])
    totals = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    last = np.minimum(places + half + 1, values.shape[1])
    return totals[:, last] - totals[:, np.maximum(places - half, 0)]


def _check_power(power: int) -> None:
    if power < 1 or power != int(power):
        raise RecipeError(
            f"power of an M-th power estimator must be whole and at least 1, got {power}"
        )
