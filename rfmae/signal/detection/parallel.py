"""Regions of the same time: which are parts of one signal, and which signals beside each other."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter1d

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.detection.noise_floor import Floor
from rfmae.signal.detection.regions import GAP_FRAMES, Region, union
from rfmae.signal.detection.time_frequency import Grid, spectrogram
from rfmae.signal.runs import runs_of

_SLACK = 0.1  # of the length: times that are the same
_FEWEST_FRAMES = 48  # for a correlation to be judged
_SURE, _LEAST = 5.0, 0.1  # standard deviations; a correlation that matters
_APART = 2.0  # gap over the wider of two parts, at most
_VALLEY = 0.05  # of the lower side: an empty gap
_NARROWEST = 3  # bins, of a gap
_MOST_FRAMES = 4096
_MOST_PARTS = 64


def regrouped(iq: ComplexArray, grid: Grid, floor: Floor, regions: list[Region]) -> list[Region]:
    """Regions of a grid over (T,), divided at empty gaps and joined where they belong together.

    The tones of FSK are loud in turn, the sidebands of AM together; the powers of independent
    signals do not correlate. Where there is too little time to tell, parts with the same beginning
    and end are one where the gap is no wider than they are.
    """
    parts = [part for region in regions for part in _divided(grid, floor, region)]
    parts.sort(key=lambda part: (part.start, part.low))
    one = 0
    while one < len(parts):
        other = one + 1
        while other < min(len(parts), one + _MOST_PARTS):
            if parts[other].start >= parts[one].stop:
                break
            if _belong(iq, grid, parts[one], parts[other]):
                joined = _unwrapped(parts[one], parts.pop(other), grid.bins)
                parts[one] = union(parts[one], joined)
                other = one + 1  # what was beside it may be no more
            else:
                other += 1
        one += 1
    return parts


def _divided(grid: Grid, floor: Floor, region: Region) -> list[Region]:
    """A region at the empty gaps of its mean spectrum, where it lasts long enough to see them."""
    frames = region.stop - region.start
    if region.slope or frames < _FEWEST_FRAMES or region.width < 3 * _NARROWEST:
        return [region]
    bins = np.arange(region.low, region.high) % grid.bins
    power = grid.power[region.start : region.stop, bins].mean(axis=0, dtype=np.float64)
    gain = float(floor.gain[region.start : region.stop].mean())
    excess = power / (floor.density[bins] * gain) - 1
    least = 4 / np.sqrt(frames) + 3 * floor.error
    edges = [0]
    for gap in runs_of(excess < least):
        left, right = excess[edges[-1] : gap.start], excess[gap.stop :]
        if len(gap) < _NARROWEST or not len(left) or not len(right):
            continue
        lower = min(left.max(), right.max())
        if lower > 2 * least and excess[gap.start : gap.stop].mean() < _VALLEY * lower + least / 2:
            edges += [gap.start, gap.stop]
    edges.append(region.width)
    return [
        replace(region, low=region.low + low, high=region.low + high)
        for low, high in zip(edges[::2], edges[1::2], strict=True)
        if high > low
    ]


def _belong(iq: ComplexArray, grid: Grid, one: Region, other: Region) -> bool:
    if one.slope or other.slope:
        return False
    frames = min(one.stop, other.stop) - max(one.start, other.start)
    longer = max(one.stop - one.start, other.stop - other.start)
    slack = GAP_FRAMES + _SLACK * longer
    together = max(abs(one.start - other.start), abs(one.stop - other.stop)) <= slack
    shorter = min(one.stop - one.start, other.stop - other.start)
    if frames < 1 or not (together or frames > (1 - _SLACK) * shorter >= _FEWEST_FRAMES):
        return False
    other = _unwrapped(one, other, grid.bins)
    gap = max(one.low, other.low) - min(one.high, other.high)
    widest = max(one.width, other.width)
    if gap > _APART * widest + _NARROWEST:
        return False
    if gap < 0:
        return True
    if frames >= _FEWEST_FRAMES:
        return _correlate(iq, grid, one, other, max(gap, 1), together)
    return gap <= widest


def _unwrapped(one: Region, other: Region, bins: int) -> Region:
    """Another region as it lies nearest to one, on the circle of frequencies."""
    turns = round(((one.low + one.high) - (other.low + other.high)) / 2 / bins)
    return replace(other, low=other.low + turns * bins, high=other.high + turns * bins)


def _correlate(
    iq: ComplexArray, grid: Grid, one: Region, other: Region, gap: int, together: bool
) -> bool:
    """Whether the powers of two bands go against each other, or with each other all the time."""
    begin = max(one.start, other.start) * grid.hop
    end = min(min(one.stop, other.stop) * grid.hop + grid.bins, len(iq))
    resolution = max(gap, min(one.width, other.width) // 2)
    frame = int(np.clip(2 ** round(np.log2(4 * grid.bins / resolution)), 16, grid.bins))
    part = iq[begin:end][: _MOST_FRAMES * frame // 2]
    power = spectrogram(part, frame).power
    first, second = (_band_power(power, region, grid.bins) for region in (one, other))
    count = len(first)
    if count < _FEWEST_FRAMES:
        return False
    correlation = float(np.corrcoef(first, second)[0, 1])
    threshold = max(_SURE / np.sqrt(count), _LEAST)
    return correlation < -threshold or (together and correlation > threshold)


def _band_power(power: FloatArray, region: Region, bins: int) -> FloatArray:
    """Power over time of a region's band, without its slow changes, on another grid."""
    ratio = power.shape[1] / bins
    low = int(np.floor(region.low * ratio))
    high = max(int(np.ceil(region.high * ratio)), low + 1)
    found = power[:, np.arange(low, high) % power.shape[1]].sum(axis=1, dtype=np.float64)
    slow = uniform_filter1d(found, min(len(found) // 2, 64) | 1, mode="reflect")
    return np.asarray(found / np.maximum(slow, 1e-300))
