"""From occupied cells to regions of time and frequency."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import label

from rfmae.records import FloatArray
from rfmae.signal.detection.cells import Mask
from rfmae.signal.detection.time_frequency import PowerArray

GAP_FRAMES = 4
"""What is empty for no longer is a pause of one burst."""

_GAP_BINS = 3
_DRIFT_FRAMES, _DRIFT_FIT = 8, 0.9  # fewest frames, explained share of a straight line
_WALKS = 1.0  # of its own width: less is no drift
_ALIKE = 0.5  # overlap of bands over the wider one


@dataclass(frozen=True, slots=True)
class Region:
    """A box of a grid: frames from start to stop, bins from low to high, on from the last bin."""

    start: int
    stop: int
    low: int
    high: int
    ratio: float  # mean power over the floor
    slope: float = 0.0  # bins per frame that the band walks

    @property
    def width(self) -> int:
        """In bins."""
        return self.high - self.low


def regions_of(found: Mask, ratio: PowerArray) -> list[Region]:
    """The connected regions of a mask (frames, bins) whose pauses and gaps are closed."""
    bins = found.shape[1]
    pad = 2 * _GAP_BINS
    wide = np.pad(found, ((GAP_FRAMES, GAP_FRAMES), (0, 0)))
    wide = np.concatenate([wide[:, -pad:], wide, wide[:, :pad]], axis=1)
    wide = _closed(_closed(wide, GAP_FRAMES).T, _GAP_BINS).T
    closed = wide[GAP_FRAMES:-GAP_FRAMES, pad:-pad]
    labels, count = label(closed, np.ones((3, 3), np.int8))
    if not count:
        return []
    names = _joined_around(labels, count)
    places = np.flatnonzero(closed)
    owner = names[labels.ravel()[places]]
    order = np.argsort(owner, kind="stable")
    starts = np.flatnonzero(np.diff(owner[order], prepend=-1))
    pieces = np.split(places[order], starts[1:])
    return [_region(piece // bins, piece % bins, ratio) for piece in pieces]


def joined_in_time(regions: list[Region]) -> list[Region]:
    """Regions of the same band that follow each other closely, as one each.

    A weak signal is found in pieces; whether the pause between them is empty is seen later, by its
    own band.
    """
    done: list[Region] = []
    open_: list[Region] = []  # what another may still follow
    for region in sorted(regions, key=lambda region: region.start):
        done += [other for other in open_ if region.start - other.stop > _longest_gap(other)]
        open_ = [other for other in open_ if region.start - other.stop <= _longest_gap(other)]
        for place, other in enumerate(open_):
            longest = min(_longest_gap(region), _longest_gap(other))
            if region.start - other.stop <= longest and _alike(region, other):
                open_[place] = union(other, region)
                break
        else:
            open_.append(region)
    return done + open_


def _longest_gap(region: Region) -> int:
    return max(GAP_FRAMES, (region.stop - region.start) // 2)


def _closed(mask: Mask, gap: int) -> Mask:
    """A mask whose gaps along the first axis are filled, where they are no longer than so much."""
    late = mask.copy()
    for by in range(1, gap + 1):
        late[by:] |= mask[:-by]
    closed = late.copy()
    for by in range(1, gap + 1):
        closed[:-by] &= late[by:]
    return closed


def union(one: Region, other: Region) -> Region:
    """The box around two."""
    areas = [(r.stop - r.start) * r.width for r in (one, other)]
    ratio = (one.ratio * areas[0] + other.ratio * areas[1]) / sum(areas)
    return replace(
        one,
        start=min(one.start, other.start),
        stop=max(one.stop, other.stop),
        low=min(one.low, other.low),
        high=max(one.high, other.high),
        ratio=ratio,
    )


def _alike(one: Region, other: Region) -> bool:
    if one.slope or other.slope:
        return False
    shared = min(one.high, other.high) - max(one.low, other.low)
    return shared > _ALIKE * max(one.width, other.width)


def _joined_around(labels: np.ndarray, count: int) -> np.ndarray:
    """New names of labels, where those that meet at the ends of the band have one."""
    names = np.arange(count + 1)
    left, right = labels[:, 0], labels[:, -1]
    both = (left > 0) & (right > 0)
    for one, other in set(zip(left[both].tolist(), right[both].tolist(), strict=True)):
        a, b = names[one], names[other]
        names[names == max(a, b)] = min(a, b)
    return names


def _region(rows: np.ndarray, columns: np.ndarray, ratio: PowerArray) -> Region:
    bins = ratio.shape[1]
    used = np.unique(columns)
    gaps = np.diff(np.append(used, used[0] + bins))
    first = int(used[(int(gaps.argmax()) + 1) % len(used)])
    columns = (columns - first) % bins + first
    values = ratio[rows, columns % bins].astype(np.float64)
    start, stop = int(rows.min()), int(rows.max()) + 1
    low, high = int(columns.min()), int(columns.max()) + 1
    slope, width = _drift(rows - start, columns - first, np.maximum(values - 1, 0))
    if slope:
        middle = (rows.min() + rows.max()) / 2
        centre = np.average(columns - slope * (rows - middle), weights=np.maximum(values - 1, 1e-9))
        low = round(centre - width / 2)
        high = max(round(centre + width / 2), low + 1)
    return Region(start, stop, low, high, float(values.mean()), slope)


def _drift(rows: np.ndarray, columns: np.ndarray, weights: FloatArray) -> tuple[float, float]:
    """Bins per frame of a band that walks, and its own width; 0 where it stays."""
    count = int(rows.max()) + 1
    extent = float(columns.max() - columns.min() + 1)
    mass = np.bincount(rows, weights, count)
    held = mass > 0
    if held.sum() < _DRIFT_FRAMES:
        return 0.0, extent
    centres = np.bincount(rows, weights * columns, count)[held] / mass[held]
    squares = np.bincount(rows, weights * columns.astype(float) ** 2, count)[held] / mass[held]
    t = np.flatnonzero(held).astype(float)
    slope, start = np.polyfit(t, centres, 1)
    left = np.var(centres - slope * t - start)
    width = float(np.sqrt(12 * max(np.median(squares - centres**2), 0))) + 2
    explained = 1 - left / max(float(np.var(centres)), 1e-12)
    if explained < _DRIFT_FIT or abs(slope) * count < _WALKS * width:
        return 0.0, extent
    return float(slope), width
