"""The noise of a recording: its density over frequency and its gain over time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import grey_dilation, grey_opening, uniform_filter1d

from rfmae.records import FloatArray
from rfmae.signal.detection.time_frequency import PowerArray

_QUANTILE = 0.25  # of the frames that a frequency is empty in, at least
_WIDEST_SIGNAL = 1 / 3  # of the band; what is wider is part of the floor
_LONGEST_SIGNAL = 1 / 4  # of the time, of what fills the band; what is longer is gain
_SMOOTHED = 64  # pieces of the band that the floor is smooth over
_RISES, _GENTLE, _WIDE = 1.1, 4.0, 0.05  # a slope: least and most over the rest; of the band
_BLOCKS = 16  # of the time
_ENOUGH = 256  # values of a mean
_QUARTILE = 0.6745  # of a normal distribution, in standard deviations
_LEAST_GAIN = 0.25  # spread of the logarithm; what is less is chance
_SPREAD = 2.0  # relative error of a quartile of exponentials, times the root of their number
_LOWEST = 1e-6  # of the mean power: deeper is what filters and rounding leave


@dataclass(frozen=True, slots=True)
class Floor:
    """The noise under a grid of power (frames, bins): a density times a gain."""

    density: FloatArray  # (bins,), what a signal stands above
    gain: FloatArray  # (frames,)
    level: FloatArray  # (bins,), what is there a quarter of the time: the density, or a signal
    error: float  # relative, one standard deviation
    base: FloatArray  # (bins,), the density without what follows
    raised: tuple[tuple[int, int], ...] = ()  # bands that are part of the floor, or weak signals

    def rising(self, rises: Sequence[tuple[range, float]]) -> "Floor":
        """The floor whose gain is so many times higher in ranges of frames, for one at a time."""
        factor = np.ones(len(self.gain))
        for frames, ratio in rises:
            part = factor[frames.start : frames.stop]
            np.maximum(part, ratio, out=part)
        return replace(self, gain=self.gain * factor)

    def over(self, power: PowerArray) -> PowerArray:
        """The power over the floor, (frames, bins)."""
        ratio = power / self.density.astype(np.float32)
        if np.ptp(self.gain) > 0:
            ratio /= self.gain.astype(np.float32)[:, None]
        return np.asarray(ratio, np.float32)


def noise_floor(power: PowerArray, least: float = 0.0) -> Floor:
    """The floor of (frames, bins), nowhere below `least`, as of a converter's steps.

    Over time it is a low quantile, corrected for its bias, as a signal may come and go. Over
    frequency it is the morphological opening of that: it follows the passband and the skirts of a
    receiver and not what is narrower than a third of the band.
    """
    frames, bins = power.shape
    gain: FloatArray = np.ones(frames)
    least = max(least, _LOWEST * float(power.mean()), 1e-37)
    level = np.maximum(_quantile(power), least)
    density = _opened(level, frames)
    found = _gain(power, density)
    if found is not None:
        gain = found
        level = np.maximum(_quantile(power / gain.astype(np.float32)[:, None]), least)
        density = _opened(level, frames)
    raised, bands = _with_gentle_slopes(density, _steady(power / gain.astype(np.float32)[:, None]))
    return Floor(raised, gain, level, _error(frames, _width(bins)), density, bands)


def _steady(power: PowerArray) -> FloatArray:
    """What (frames, bins) have at each frequency in three quarters of the time, smooth."""
    frames, bins = power.shape
    blocks = min(_BLOCKS, frames)
    whole = power[: frames // blocks * blocks].reshape(blocks, -1, bins)
    width = min(_width(bins), _ENOUGH // whole.shape[1] + 1) | 1  # no wider than it takes
    means = uniform_filter1d(whole.mean(axis=1, dtype=np.float64), width, axis=1, mode="wrap")
    spread = 1 / np.sqrt(whole.shape[1] * width / 2)
    found = np.quantile(means, _QUANTILE, axis=0) * (1 + _QUARTILE * spread)
    return np.asarray(np.maximum(found, 1e-37))


def _with_gentle_slopes(
    density: FloatArray, smooth: FloatArray
) -> tuple[FloatArray, tuple[tuple[int, int], ...]]:
    """A density (bins,) with what rises above it gently, widely and all the time; and its bands.

    So does the noise of a receiver that is not flat, and a weak wide signal; the spectrum alone
    does not tell which.
    """
    bins = len(smooth)
    ratio = uniform_filter1d(smooth / density, max(bins // 32, 3), mode="wrap")
    bands = [
        (low, high)
        for low, high in runs_on_the_circle(ratio > _RISES)
        if high - low >= _WIDE * bins and ratio[np.arange(low, high) % bins].max() < _GENTLE
    ]
    raised = density.copy()
    for low, high in bands:
        places = np.arange(low, high) % bins
        raised[places] = np.maximum(density[places], smooth[places])
    if bands:
        raised = grey_dilation(raised, _width(bins) // 2 | 1, mode="wrap")
    return raised, tuple(bands)


def runs_on_the_circle(mask: np.ndarray) -> list[tuple[int, int]]:
    """The runs of a mask (bins,) around the circle, from low to high, on from its last bin.

    None where all of it is set: it has no end.
    """
    if mask.all() or not mask.any():
        return []
    bins, first = len(mask), int(np.flatnonzero(~mask)[0])
    turned = np.roll(mask, -first).astype(np.int8)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], turned, [0]])))
    pairs = zip((edges[::2] + first).tolist(), (edges[1::2] + first).tolist(), strict=True)
    return [(low % bins, low % bins + high - low) for low, high in pairs]


def _quantile(power: PowerArray) -> FloatArray:
    """The mean of exponentials (frames, bins) over the frames, from their lower quartile."""
    frames = len(power)
    place = max(int(_QUANTILE * frames) - 1, 0)
    found = np.partition(np.ascontiguousarray(power.T), place, axis=1)[:, place]
    expected = np.sum(1 / np.arange(frames - place, frames + 1))
    return np.asarray(found, np.float64) / expected


def _width(bins: int) -> int:
    return max(bins // _SMOOTHED, 4) | 1


def _error(frames: int, width: int) -> float:
    return float(_SPREAD / np.sqrt(frames * max(width / 2, 1)))


def _opened(level: FloatArray, frames: int) -> FloatArray:
    """The part of a level (bins,) that is wider than a third of the band, around the circle."""
    bins = len(level)
    width = _width(bins)
    smooth = uniform_filter1d(np.log(level), width, mode="wrap")
    opened = grey_opening(smooth, max(int(_WIDEST_SIGNAL * bins), 3), mode="wrap")
    # the opening of an estimate lies below it
    near = smooth - opened < 6 * _error(frames, width) + 0.05
    opened += np.log(np.mean(level[near] / np.exp(opened[near])))
    return np.exp(grey_dilation(opened, width, mode="wrap"))


def _gain(power: PowerArray, density: FloatArray) -> FloatArray | None:
    """What the floor of all frequencies is multiplied with over time; None where it is steady."""
    frames, bins = power.shape
    ratio = power / density.astype(np.float32)
    place = max(int(_QUANTILE * bins) - 1, 0)
    level = np.partition(ratio, place, axis=1)[:, place] / -np.log(1 - _QUANTILE)
    width = max(frames // 64, 4) | 1
    if frames < 8 * width:
        return None
    level = uniform_filter1d(level.astype(np.float64), width, mode="reflect")
    smooth = np.log(np.maximum(level, _LOWEST))
    opened = grey_opening(smooth, int(_LONGEST_SIGNAL * frames), mode="reflect")
    if np.ptp(opened) < _LEAST_GAIN + 6 * _error(bins, width):
        return None
    return np.asarray(np.exp(opened - np.median(opened)), np.float64)
