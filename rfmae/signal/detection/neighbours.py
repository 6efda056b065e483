"""Bursts beside stronger ones: which are signals of their own, and which what these leave."""

import numpy as np

from rfmae.signal.detection.burst import Burst, apart
from rfmae.signal.detection.noise_floor import Floor
from rfmae.units import db_to_ratio

IMPULSE = 100
"""Samples; what is shorter is an impulse."""

_REGROWTH = 6.0  # bandwidths
_COVERED = 0.5  # of the time and of the band
_RANGE = 10**3.0  # power of a burst over that of what it leaves beside it
_NEAR_RANGE = 10**2.0  # and in its neighbourhood
_FEW = 1024  # values of a band
_LOBE_RANGE = 10.0  # and in pieces next to it
_SAME_RANGE = 10**1.5  # and as long as it is there


def without_copies(found: list[tuple[Burst, float]]) -> list[Burst]:
    """The bursts that no stronger one covers, and that are not what one of them spills over."""
    found = [pair for pair in found if not _is_impulse(pair[0])]
    found.sort(key=lambda pair: pair[1], reverse=True)
    starts = np.array([burst.start for burst, _ in found])
    stops = np.array([burst.stop for burst, _ in found])
    kept = np.zeros(len(found), np.bool_)
    for place, (burst, power) in enumerate(found):
        near = (starts < burst.stop + IMPULSE) & (stops > burst.start - IMPULSE) & kept
        kept[place] = not any(
            covers(other, burst) or _spills(other, stronger / max(power, 1e-300), burst)
            for other, stronger in (found[k] for k in np.flatnonzero(near))
        )
    return [burst for (burst, _), keep in zip(found, kept, strict=True) if keep]


def _is_impulse(burst: Burst) -> bool:
    """Whether a burst is short, or a train of such: not much longer, and weaker than the noise."""
    values = burst.length * burst.occupied
    return burst.length < IMPULSE or (values > IMPULSE / 2 and values < _FEW and burst.snr_db < 0)


def power_of(burst: Burst, floor: Floor) -> float:
    """Mean power of a burst, in units of the recording."""
    bins = len(floor.density)
    places = np.arange(
        round(burst.low * bins), max(round(burst.high * bins), 1 + round(burst.low * bins))
    )
    density = float(floor.density[places % bins].mean())
    return density * burst.occupied * float(db_to_ratio(min(burst.snr_db, 200.0)))


def _spills(strong: Burst, ratio: float, weak: Burst) -> bool:
    """Whether a burst so many times weaker is what a strong one leaves beside its band.

    More is left where that begins and ends, and beside it by an amplifier, in pieces.
    """
    if ratio > _RANGE and _meets(strong, weak, IMPULSE):
        return True
    away = apart(strong.centre, weak.centre)
    near = away - weak.occupied / 2 < _REGROWTH * strong.occupied
    if ratio > _SAME_RANGE and near and _same_times(strong, weak):
        return True
    beside = away - (weak.occupied + strong.occupied) / 2 < strong.occupied
    if ratio > _LOBE_RANGE and beside and _meets(strong, weak) and weak.length < strong.length / 2:
        return True
    if ratio < _NEAR_RANGE or 2 * weak.length > strong.length:
        return False
    around = range(weak.start - IMPULSE, weak.stop + IMPULSE)
    if strong.start in around or strong.stop in around:
        return True
    return _meets(strong, weak) and near


def _same_times(one: Burst, other: Burst) -> bool:
    """Whether two bursts begin and end together, and not with the recording alone."""
    slack = IMPULSE + one.length // 50
    return (
        one.start > 0
        and abs(one.start - other.start) < slack
        and abs(one.stop - other.stop) < slack
    )


def _meets(one: Burst, other: Burst, slack: int = 0) -> bool:
    """Whether most of the time of another lies within that of one, and its edges of so much."""
    time = min(one.stop + slack, other.stop) - max(one.start - slack, other.start)
    return time > _COVERED * other.length


def covers(one: Burst, other: Burst) -> bool:
    """Whether most of the time and of the band of another lies within one."""
    if not _meets(one, other):
        return False
    away = apart(one.centre, other.centre)
    shared = min((one.occupied + other.occupied) / 2 - away, one.occupied, other.occupied)
    return shared > _COVERED * other.occupied
