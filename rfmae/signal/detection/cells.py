"""Which cells of time and frequency hold more than noise, at a stated false-alarm rate."""

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from rfmae.records import FloatArray
from rfmae.signal.detection.noise_floor import Floor
from rfmae.signal.detection.time_frequency import Grid, PowerArray, blackman_harris
from rfmae.units import db_to_ratio

Mask = npt.NDArray[np.bool_]

_STEP = 4  # from a size of averages to the next, along time and frequency
_LEAST = float(db_to_ratio(1.0))  # a margin for what the floor is not
_ERRORS = 3.0  # standard deviations of the floor
_BLOCK = 64  # bins whose correlation is taken as it is
_STRONG = 10**2.5  # over the floor: what may be seen beside its own band
_BESIDE = 8  # bins


def occupied_cells(
    grid: Grid, floor: Floor, false_alarm_rate: float, explained: Mask | None = None
) -> Mask:
    """The cells (frames, bins) that stand above the floor, alone or in averages of many.

    Averages over boxes of 1, 4, 16, ... frames and bins each meet the threshold that noise exceeds
    anywhere at the false-alarm rate. What a small box explains is no part of larger ones, nor what
    is `explained` (frames, bins) already of any.
    """
    ratio = floor.over(grid.power)
    ratio -= _splatter(ratio)
    if explained is not None:
        ratio[explained] = 1
    found = np.zeros(ratio.shape, np.bool_)
    sizes = box_sizes(*ratio.shape)
    tests = sum((len(ratio) // a) * (ratio.shape[1] // b) for a, b in sizes)
    rest = ratio
    for a, b in sizes:
        threshold = box_threshold(a, b, false_alarm_rate / tests, floor.error, grid.bins)
        above = box_means(rest, a, b) > threshold
        if not above.any():
            continue
        cells = np.repeat(np.repeat(above, a, axis=0), b, axis=1)
        found[: len(cells)] |= cells
        rest = np.where(_widened(found), np.float32(1), ratio)
    return found


def _widened(mask: Mask) -> Mask:
    """A mask (frames, bins) with what lies two bins beside it."""
    wide = mask.copy()
    for by in (1, 2):
        wide[:, by:] |= mask[:, :-by]
        wide[:, :-by] |= mask[:, by:]
    return wide


def box_sizes(frames: int, bins: int) -> list[tuple[int, int]]:
    """Frames and bins of the boxes, from the smallest on."""
    along = [_STEP**k for k in range(int(math.log(max(frames, 1), _STEP) + 1e-9) + 1)]
    across = [_STEP**k for k in range(int(math.log(max(bins, 1), _STEP) + 1e-9) + 1)]
    return sorted(((a, b) for a in along for b in across), key=lambda size: size[0] * size[1])


def box_means(ratio: PowerArray, a: int, b: int) -> PowerArray:
    """Means over whole boxes of a frames and b bins."""
    frames, bins = ratio.shape
    whole = ratio[: frames // a * a]
    if a > 1:
        whole = whole.reshape(-1, a, bins).mean(axis=1)
    if b > 1:
        whole = whole.reshape(len(whole), -1, b).mean(axis=2)
    return np.asarray(whole)


def box_threshold(a: int, b: int, probability: float, error: float, bins: int = 0) -> float:
    """What the mean of a box of noise over a floor with a relative error exceeds so rarely.

    A box of all `bins` closes the circle of frequencies.
    """
    return max(_quantile(a, b, probability, b == bins <= _BLOCK) * (1 + _ERRORS * error), _LEAST)


@cache
def _quantile(a: int, b: int, probability: float, circle: bool) -> float:
    """The upper quantile of the mean of a frames and b correlated bins of unit noise.

    A sum of exponentials of different means, by the saddle point of its distribution (Lugannani,
    Rice, Adv. Appl. Prob. 12(2), 1980).
    """
    block = min(b, _BLOCK)
    means = np.linalg.eigvalsh(_correlation(block, circle)) / block
    means = means[means > 1e-6 * means[-1]]
    count = a * (b // block)
    means /= means.sum() * count
    low, high = 0.0, 1 / means[-1]
    for _ in range(80):
        middle = (low + high) / 2
        value, tail = _tail(middle, means, count)
        if tail > probability:
            low = middle
        else:
            high = middle
    return value


def _tail(s: float, means: FloatArray, count: int) -> tuple[float, float]:
    """A value, and the probability of more, at a saddle point s."""
    rest = 1 - s * means
    value = count * float(np.sum(means / rest))
    log_moment = -count * float(np.sum(np.log(rest)))
    root = math.sqrt(max(2 * (s * value - log_moment), 1e-300))
    slope = s * math.sqrt(count * float(np.sum((means / rest) ** 2)))
    normal = math.exp(-(root**2) / 2) / math.sqrt(2 * math.pi)
    return value, math.erfc(root / math.sqrt(2)) / 2 + normal * (1 / slope - 1 / root)


@cache
def _correlation(bins: int, circle: bool) -> FloatArray:
    """Of the amplitudes of neighbouring bins under the window, (bins, bins)."""
    energy = np.asarray(blackman_harris(1024), np.float64) ** 2
    by_distance = np.abs(np.fft.fft(energy))
    places = np.arange(bins)
    distance = np.abs(places[:, None] - places)
    if circle:
        distance = np.minimum(distance, bins - distance)
    return np.asarray(by_distance[distance])


def _splatter(ratio: PowerArray) -> PowerArray:
    """What strong signals that begin or end within a frame leave at other frequencies.

    A step spreads as 1 / (π·distance)² of its power, distances in bins.
    """
    strong = np.flatnonzero(ratio.max(axis=1) > _STRONG)
    spread = np.zeros((len(ratio) if len(strong) else 1, ratio.shape[1]), np.float32)
    if not len(strong):
        return spread
    bins = ratio.shape[1]
    distance = np.minimum(np.arange(bins), bins - np.arange(bins)).astype(np.float64)
    kernel = np.where(distance >= _BESIDE, 1 / (np.pi * np.maximum(distance, 1)) ** 2, 0)
    response = np.fft.rfft(kernel)
    before, after = np.maximum(strong - 1, 0), np.minimum(strong + 1, len(ratio) - 1)
    steps = np.maximum(np.abs(ratio[strong] - ratio[before]), np.abs(ratio[strong] - ratio[after]))
    steps[steps < _STRONG / 10] = 0
    beside = np.fft.irfft(np.fft.rfft(steps, axis=1) * response, bins, axis=1)
    for place in (before, strong, after):
        np.maximum.at(spread, place, 2 * np.maximum(beside, 0).astype(np.float32))
    return spread
