"""What a recording must be to be classified: it holds a signal, and its samples are symbols.

Two measures tell samples of symbols from samples of a waveform. Symbols fill the band: next to
each other they are independent, so no part of the spectrum is empty. A waveform of N samples a
symbol fills some 1/N of it, and its power has a spectral line at the symbol rate (Gardner 1991).
"""

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.cleaning import dead_samples
from rfmae.signal.densities import mirrored_median, power_density
from rfmae.units import db_to_ratio, ratio_to_db

_GAP_DB = 6.0  # between the levels of windows with and without a signal
_FEWEST = 256  # samples for a spectrum
_SEGMENT = 64  # samples of each of its averages
# of 4,320 examples of all digital modulations as symbols, -5 to 30 dB, GFSK has the emptiest
# quarter, 0.08 of the mean, and none a line above 22 times its floor; frames of 802.11 have lines
# of their own
_EMPTY_SHARE, _FULL_SHARE = 0.05, 0.4
_LINE_RATIO = 60.0
_LOWEST_RATE = 0.02  # symbols per sample
_NEIGHBOURS = 65  # frequencies around a line
_CONSTANT = 1e-6  # variance of the power over its square: an envelope that does not swing


def without_dead_samples(iq: ComplexArray) -> tuple[ComplexArray, tuple[str, ...]]:
    """A recording (T,) without its dead samples, and in words how many were left out."""
    dead = dead_samples(iq)
    if not dead.any():
        return iq, ()
    share = 100 * dead.mean()
    words = f"{int(dead.sum()):,} of {len(iq):,} samples ({share:.1f} %)"
    return iq[~dead], (f"left out: {words} repeat one value, as zeros and fill values do",)


def loud_windows(windows: ComplexArray) -> tuple[npt.NDArray[np.bool_], tuple[str, ...]]:
    """Which windows (W, T) hold more than noise, and in words how many do not.

    A window does not where it lies 6 dB or more below the next louder one.
    """
    quiet = _below_a_gap(np.mean(np.abs(windows) ** 2, axis=1))
    if not quiet.any():
        return ~quiet, ()
    words = f"{int(quiet.sum()):,} of {len(windows):,} windows"
    return ~quiet, (f"left out: {words}, at least {_GAP_DB:g} dB below the others",)


def symbol_doubts(iq: ComplexArray) -> tuple[str, ...]:
    """Why samples (T,) cannot be one symbol each, in words; empty where they can."""
    if len(iq) < _FEWEST:
        return ()
    doubts = []
    share = emptiest_quarter(iq)
    if share < _EMPTY_SHARE:
        doubts.append(
            f"a quarter of the band is empty ({_level(share)} of the mean power density), so that "
            "there are several samples a symbol"
        )
    ratio, rate = symbol_line(iq)
    if ratio > _LINE_RATIO and share < _FULL_SHARE:
        doubts.append(
            f"the power has a spectral line at a symbol rate of {rate:.4f} symbols a sample, some "
            f"{1 / rate:.2f} samples a symbol"
        )
    return tuple(doubts)


def emptiest_quarter(iq: ComplexArray) -> float:
    """Mean power density of the emptiest quarter of the band of (T,) over that of the whole."""
    ordered = np.sort(power_density(iq, _SEGMENT))
    return float(ordered[: len(ordered) // 4].mean() / max(ordered.mean(), np.finfo(float).tiny))


def symbol_line(iq: ComplexArray) -> tuple[float, float]:
    """The strongest line of the power of samples (T,): over the floor around it, and its rate.

    The floor is the mean of an exponential distribution with the median of the neighbours; the rate
    is in symbols per sample, from 0.02 to 0.5.
    """
    power = np.abs(iq).astype(np.float64) ** 2
    swing = power - power.mean()
    if np.mean(swing**2) <= _CONSTANT * power.mean() ** 2:
        return 0.0, np.nan
    spectrum: FloatArray = np.abs(np.fft.rfft(swing * np.hanning(len(swing)))) ** 2
    first = int(np.ceil(_LOWEST_RATE * len(power)))
    floor = mirrored_median(spectrum, _NEIGHBOURS) / np.log(2)
    ratio = spectrum[first:] / np.maximum(floor[first:], np.finfo(float).tiny)
    best = int(ratio.argmax())
    return float(ratio[best]), (first + best) / len(power)


def _below_a_gap(power: FloatArray) -> npt.NDArray[np.bool_]:
    """Which of some powers lie below the widest gap between two of them, if it is wide enough."""
    if len(power) < 2:
        return np.zeros(len(power), bool)
    ordered = np.sort(power)
    steps = ordered[1:] / np.maximum(ordered[:-1], np.finfo(float).tiny)
    widest = int(steps.argmax())
    if steps[widest] < db_to_ratio(_GAP_DB):
        return np.zeros(len(power), bool)
    return power <= ordered[widest]


def _level(share: float) -> str:
    return f"{ratio_to_db(max(share, 1e-12)):.0f} dB"
