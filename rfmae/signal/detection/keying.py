"""Bursts that are the marks of one signal, keyed on and off."""

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.detection.burst import Burst, apart, wrapped
from rfmae.signal.detection.noise_floor import Floor
from rfmae.signal.detection.pauses import FALL, PAUSE_WIDTHS
from rfmae.signal.detection.refining import refined
from rfmae.signal.detection.regions import Region
from rfmae.signal.detection.time_frequency import Grid
from rfmae.units import db_to_ratio

_LEAST_MARKS = 3  # in a row
_WIDEST = 0.9  # of the band
_COVERED = 0.5  # of the time of what was found before


def joined_over_pauses(
    iq: ComplexArray, grid: Grid, floor: Floor, found: list[Burst]
) -> list[Burst]:
    """The bursts of (T,), where the marks of on-off keying are one.

    A pause between marks is short against the inverse of the band that all of them occupy. A burst
    alone is as wide as it is short or its symbols are; so what is joined is measured again, and
    divided where the pauses are longer.
    """
    chains = _chains([b for b in found if not b.drift and b.occupied < _WIDEST])
    for chain in chains:
        if len(chain) < _LEAST_MARKS:
            continue
        start, stop = min(b.start for b in chain), max(b.stop for b in chain)
        low, high = _band(chain)
        region = Region(
            max((start - grid.bins) // grid.hop + 1, 0),
            min(stop // grid.hop + 1, grid.frames),
            int(np.floor(low * grid.bins)),
            int(np.ceil(high * grid.bins)) + 1,
            2.0,
        )
        joined = refined(iq, grid, floor, region)
        inside = [b for b in found if _within(b, start, stop, low, high)]
        if len(joined) < len(chain) and _time(joined) > _COVERED * _time(chain):
            gone = set(inside)
            found = [b for b in found if b not in gone] + joined
    return found


def _chains(found: list[Burst]) -> list[list[Burst]]:
    """Bursts of one band and level that follow each other, as far as the marks of keying may."""
    chains: list[list[Burst]] = []
    for burst in sorted(found, key=lambda b: b.start):
        for chain in reversed(chains[-_RECENT:]):
            if _follows(chain[-1], burst):
                chain.append(burst)
                break
        else:
            chains.append([burst])
    return chains


_RECENT = 32  # chains that another mark may belong to


def _follows(one: Burst, other: Burst) -> bool:
    gap = other.start - one.stop
    if gap > PAUSE_WIDTHS * min(one.length, other.length):
        return False
    if apart(one.centre, other.centre) > min(one.occupied, other.occupied) / 2:
        return False
    levels = [float(db_to_ratio(min(b.snr_db, 200.0))) * b.occupied for b in (one, other)]
    return max(levels) < FALL * min(levels)


def _band(chain: list[Burst]) -> tuple[float, float]:
    """The band of marks, as wide as most of them."""
    centre = chain[0].centre
    low = np.median([wrapped(b.low - centre) for b in chain])
    width = np.median([b.occupied for b in chain])
    return float(centre + low), float(centre + low + width)


def _within(burst: Burst, start: int, stop: int, low: float, high: float) -> bool:
    away = apart(burst.centre, (low + high) / 2)
    return start <= burst.start and burst.stop <= stop and away < (high - low) / 2


def _time(bursts: list[Burst]) -> int:
    return sum(burst.length for burst in bursts)
