"""Short bursts of one band, which are named together."""

from collections.abc import Sequence

from rfmae.signal.detection import Burst

SHORT = 400
"""Bandwidth times duration below which a burst holds few symbols."""

_ALIKE = 0.6  # of the bands of two bursts that is shared


def same_band_groups(bursts: Sequence[Burst]) -> list[list[int]]:
    """Numbers of bursts in groups: short ones of one band together, others alone."""
    groups: list[list[int]] = []
    trains: list[tuple[Burst, list[int]]] = []
    for number, burst in enumerate(bursts):
        if not is_short(burst):
            groups.append([number])
            continue
        train = next((group for first, group in trains if alike(first, burst)), None)
        if train is None:
            train = []
            trains.append((burst, train))
            groups.append(train)
        train.append(number)
    return groups


def is_short(burst: Burst) -> bool:
    """Whether a burst holds too few symbols to be named alone as surely as could be."""
    return burst.length * burst.occupied < SHORT


def alike(first: Burst, second: Burst) -> bool:
    """Whether two bands are nearly the same, and neither drifts."""
    shared = min(first.high, second.high) - max(first.low, second.low)
    joined = max(first.high, second.high) - min(first.low, second.low)
    return shared > _ALIKE * joined and first.whole_band == second.whole_band
