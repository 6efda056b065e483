"""Bursts with pauses that something weaker runs through, as the carrier of a receiver."""

from dataclasses import replace

import numpy as np

from rfmae.records import FloatArray
from rfmae.signal.detection.cells import Mask
from rfmae.signal.detection.noise_floor import Floor
from rfmae.signal.detection.regions import GAP_FRAMES, Region, regions_of
from rfmae.signal.detection.time_frequency import Grid, PowerArray
from rfmae.signal.runs import runs_of

FALL = 10.0
"""Power of a burst over that of a pause in it."""

PAUSE_WIDTHS = 64
"""Shortest pause, over the inverse of the bandwidth: keying has runs of some thirty zeros."""

_EDGE = GAP_FRAMES + 3  # frames beside a burst: those that it reaches into, and what refining sees
_FAR_ABOVE = 10**1.5  # power of a burst over that of the noise


def divided_at_pauses(
    cells: Mask, grid: Grid, floor: Floor, ratio: PowerArray, regions: list[Region]
) -> list[Region]:
    """Regions (frames, bins) without their pauses, and those of what is occupied in these."""
    quiet = np.zeros(cells.shape, np.bool_)
    done: list[Region] = []
    for region in regions:
        loud = _loud_runs(grid, floor, region)
        done += [replace(region, start=run.start, stop=run.stop) for run in loud]
        bins = np.arange(region.low, region.high) % grid.bins
        for pause in _between(region, loud):
            quiet[pause.start : pause.stop, bins] = cells[pause.start : pause.stop, bins]
    return done + (regions_of(quiet, ratio) if quiet.any() else [])


def level_of(values: FloatArray) -> float:
    """The level that half of the energy of powers is above, whatever the pauses."""
    ordered = np.sort(values)
    energy = np.cumsum(ordered)
    return float(ordered[min(int(np.searchsorted(energy, energy[-1] / 2)), len(ordered) - 1)])


def _loud_runs(grid: Grid, floor: Floor, region: Region) -> list[range]:
    """The frames of a region's bursts: all of it, where none stands far above what is left."""
    frames = range(region.start, region.stop)
    longest = max(GAP_FRAMES, PAUSE_WIDTHS * grid.bins / region.width / grid.hop)
    if region.slope or len(frames) < longest:
        return [frames]
    bins = np.arange(region.low, region.high) % grid.bins
    power = grid.power[frames.start : frames.stop, bins].mean(axis=1, dtype=np.float64)
    noise = floor.density[bins].mean() * floor.gain[frames.start : frames.stop]
    level = level_of(np.maximum(power - noise, 0))
    if level < _FAR_ABOVE * noise.max():
        return [frames]
    loud = runs_of(power - noise > level / FALL, longest)
    return [range(frames.start + run.start, frames.start + run.stop) for run in loud]


def _between(region: Region, loud: list[range]) -> list[range]:
    """The frames of a region before, between and after its bursts, clear of their edges."""
    starts = [region.start, *(run.stop + _EDGE for run in loud)]
    stops = [*(run.start - _EDGE for run in loud), region.stop]
    pairs = zip(starts, stops, strict=True)
    return [range(one, other) for one, other in pairs if other - one > GAP_FRAMES]
