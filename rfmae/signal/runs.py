"""The runs of a mask: stretches where it is set, one after the other."""

import numpy as np
import numpy.typing as npt


def runs_of(mask: npt.NDArray[np.bool_], pause: float = 0) -> list[range]:
    """The runs of a mask (T,), joined over pauses that are no longer than so much."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    if not len(starts):
        return []
    apart = starts[1:] - stops[:-1] > pause
    firsts = starts[np.concatenate([[True], apart])]
    lasts = stops[np.concatenate([apart, [True]])]
    return [range(int(a), int(b)) for a, b in zip(firsts, lasts, strict=True)]


def longest_run(mask: npt.NDArray[np.bool_]) -> range:
    """The first of the longest runs of a mask (T,), empty where none of it is set."""
    return max(runs_of(mask), key=len, default=range(0))
