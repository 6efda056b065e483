"""From samples to symbols at an estimated rate: matched filter, timing, residual carrier."""

from dataclasses import dataclass

import numpy as np

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.blind.lines import DoubleArray, Line, strongest_line
from rfmae.signal.channel import phasors, times
from rfmae.signal.interpolation import interpolate
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import filtered, unit_power
from rfmae.signal.recovery import mth_power_phase, oerder_meyr

POWERS = (1, 2, 4, 8)
"""The M of the M-th powers that are tried: of on-off keying, BPSK and PAM, QPSK and QAM, 8PSK."""

_LEAST_RATE = 4  # samples a symbol behind the matched filter: Oerder-Meyr and the interpolation
_REACH = 6.0  # symbols over the roll-off, where the pulse has faded
_BLOCK_SYMBOLS = 256
_BLOCK_RATIO = 30.0  # of the line to its floor that a block of its own deserves
_FEWEST_BLOCKS = 4  # for a slope
_AS_SHARP = 3.0  # standard errors of the carrier between powers that are told apart
_WANDERS = 1.0  # von Neumann's ratio is 2 for independent phases, and small for a slow walk
_FADES = 0.5  # the same of powers, where symbols of many levels must not be mistaken
_FEWEST_BLOCK_VALUES = 8
_LEAST_PHASE, _MOST_PHASE = 32, 1024  # symbols of a block with a phase of its own
_PHASE_RATIO = 50.0  # of the mean of a block to its noise, in power


@dataclass(frozen=True, slots=True)
class CarrierLine:
    """The carrier of symbols by the M-th power that has the sharpest line."""

    power: int
    turns_per_symbol: float
    standard_error: float


def symbol_samples(
    iq: ComplexArray,
    rate: float,
    carrier: float,
    roll_off: float,
    ratio: float,
    per_symbol: int = 1,
) -> ComplexArray:
    """Samples at the symbols (K·per_symbol,) of samples (T,), behind the matched filter, in time.

    `rate` is in symbols and `carrier` in cycles per sample; the first of each `per_symbol` is at
    the symbol, the others follow at equal distances. The timing is that of Oerder and Meyr
    in blocks, whose unwrapped line over time also follows a clock that is off by some 100 ppm;
    `ratio`, of the line at the symbol rate to its floor, says how short a block may be.
    """
    based = times(iq[None], phasors(-carrier * np.arange(len(iq))[None]))
    up = max(1, int(np.ceil(_LEAST_RATE * rate)))
    if up > 1:
        based = upsampled(based, up)
    spaced = up / rate
    wave = filtered(based, _taps(roll_off, spaced))
    phase, period = _timing(wave[0], spaced, ratio)
    count = max(int((wave.shape[1] - 1) / period - phase), 0)
    instants = (phase + np.arange(count * per_symbol) / per_symbol) * period
    return interpolate(wave, instants[None])[0]


def upsampled(rows: ComplexArray, factor: int) -> ComplexArray:
    """Rows (N, T) at a whole multiple of their rate, (N, factor·T), by their spectrum."""
    count = rows.shape[1]
    spectrum = np.fft.fft(rows, axis=1)
    wide = np.zeros((len(rows), factor * count), spectrum.dtype)
    half = (count + 1) // 2
    wide[:, :half], wide[:, half - count :] = spectrum[:, :half], spectrum[:, half:]
    return (np.fft.ifft(wide, axis=1) * factor).astype(np.complex64)


def _taps(roll_off: float, per_symbol: float) -> FloatArray:
    """Of the matched filter, at a rate that is no ratio of small numbers."""
    pulse = Pulse("rrc", roll_off, 2 * int(np.ceil(_REACH / max(roll_off, 0.2))))
    half = int(pulse.reach_symbols * per_symbol)
    taps = pulse.at(np.arange(-half, half + 1) / per_symbol)
    return np.asarray(taps / np.linalg.norm(taps))


def _timing(wave: ComplexArray, per_symbol: float, ratio: float) -> tuple[float, float]:
    """The phase of symbol 0 in symbols, in [0, 1), and the samples of a symbol."""
    symbols = len(wave) / per_symbol
    blocks = int(np.clip(min(ratio / _BLOCK_RATIO, symbols / _BLOCK_SYMBOLS), 1, 4096))
    length = len(wave) // blocks
    rows = wave[: blocks * length].reshape(blocks, length)
    starts = np.arange(blocks) * length / per_symbol
    phases = np.unwrap(oerder_meyr(rows, per_symbol) + starts, period=1.0)
    slope, first = 0.0, float(phases.mean())
    if blocks >= _FEWEST_BLOCKS:
        slope, first = np.polyfit((np.arange(blocks) + 0.5) * length, phases, 1)
    return float(first % 1.0), float(1 / (1 / per_symbol - slope))


def carrier_line(symbols: ComplexArray) -> CarrierLine | None:
    """The residual carrier of symbols (K,), or None where no power of them has a line.

    Among powers that have one the sharpest decides, and the lowest where they are alike: the
    fourth power of BPSK has a line, too.
    """
    found = []
    scaled = symbols / max(float(np.sqrt(np.mean(np.abs(symbols) ** 2))), 1e-30)
    for power in POWERS:
        line: Line = strongest_line(scaled.astype(np.complex128) ** power)
        if line.found:
            turns = ((line.frequency + 0.5) % 1.0 - 0.5) / power
            found.append(CarrierLine(power, turns, line.standard_error / power))
    if not found:
        return None
    sharpest = min(line.standard_error for line in found)
    return next(line for line in found if line.standard_error <= _AS_SHARP * sharpest)


def without_carrier(symbols: ComplexArray, line: CarrierLine) -> ComplexArray:
    """Symbols (K,) of unit power without their carrier, upright but for a fixed turn.

    Where the phases or powers of blocks walk slowly (von Neumann's ratio of their steps to their
    spread), they are followed: a carrier that drifts, and fading.
    """
    turns = line.turns_per_symbol * np.arange(len(symbols))
    steady = times(symbols[None], phasors(-turns[None]))
    length = _phase_symbols(steady[0].astype(np.complex128) ** line.power)
    blocks = len(symbols) // length
    if blocks >= _FEWEST_BLOCK_VALUES:
        rows = steady[0, : blocks * length].reshape(blocks, length)
        phases = np.unwrap(mth_power_phase(rows, line.power), period=1 / line.power)
        if von_neumann_ratio(phases) < _WANDERS:
            walk = _between(phases, length, len(symbols))
            steady = times(steady, phasors(-walk[None]))
        powers = np.mean(np.abs(rows) ** 2, axis=1)
        if von_neumann_ratio(powers) < _FADES and powers.min() > 0:
            level = _between(powers, length, len(symbols))
            steady = times(steady, (1 / np.sqrt(level)).astype(np.float32)[None])
    turn = mth_power_phase(steady, line.power)[0]
    return unit_power(times(steady, phasors(-np.full((1, 1), turn))))[0]


def _between(values: FloatArray, length: int, count: int) -> FloatArray:
    """Values (B,) of blocks of `length` symbols, at each of `count` symbols."""
    return np.interp(np.arange(count), (np.arange(len(values)) + 0.5) * length, values)


def _phase_symbols(raised: DoubleArray) -> int:
    """How many symbols, raised to their power (K,), a phase must be averaged over."""
    few = min(_LEAST_PHASE, len(raised))
    rows = raised[: len(raised) // few * few].reshape(-1, few)
    spread = float(np.mean(np.var(rows, axis=1)))
    mean = max(float(np.mean(np.abs(rows.mean(axis=1)) ** 2)) - spread / few, 1e-30)
    return int(np.clip(_PHASE_RATIO * spread / mean, few, _MOST_PHASE))


def von_neumann_ratio(values: FloatArray) -> float:
    """Mean squared step of values (N,) over their variance: 2 where they are independent.

    von Neumann, Ann. Math. Stat. 12(4), 1941.
    """
    return float(np.mean(np.diff(values) ** 2) / max(float(np.var(values)), 1e-30))
