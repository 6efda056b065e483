"""The bursts of a band that a caller names; frequencies in cycles per sample."""

import math
from collections.abc import Sequence
from dataclasses import replace

from rfmae.signal.detection import Burst
from rfmae.signal.detection.burst import apart, wrapped


def told_bursts(
    found: Sequence[Burst], samples: int, centre: float | None, width: float | None
) -> tuple[Burst, ...]:
    """The bursts of a band of a recording of so many samples; those found where none is told.

    Where a whole band is told and nothing was found in it, all of the recording is one burst, whose
    SNR is nan.
    """
    if centre is None and width is None:
        return tuple(found)
    if width is None:
        middle = centre or 0.0
        return tuple(burst for burst in found if apart(burst.centre, middle) <= burst.occupied / 2)
    width = min(width, 1.0)
    if centre is None:
        return tuple(_banded(burst, burst.centre, width) for burst in found)
    inside = [
        _banded(burst, centre, width)
        for burst in found
        if apart(burst.centre, centre) < (burst.occupied + width) / 2
    ]
    return tuple(inside) or (_banded(Burst(0, samples, -0.5, 0.5, math.nan), centre, width),)


def outside_notes(found: Sequence[Burst], told: Sequence[Burst]) -> tuple[str, ...]:
    """A note on bursts that lie outside of the band that is told."""
    count = len(found) - sum(not math.isnan(burst.snr_db) for burst in told)
    bursts = "1 burst lies" if count == 1 else f"{count:,} bursts lie"
    return (f"{bursts} outside of the band that was told",) if count else ()


def _banded(burst: Burst, centre: float, width: float) -> Burst:
    low = wrapped(centre - width / 2)
    return replace(burst, low=low, high=low + width, whole_band=width > 0.9)
