"""Equal samples of a source in several places: copies of recordings, and rows of two classes."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from rfmae.imports.sources import Digests, Known, row_digests
from rfmae.imports.splits import groups_of_equals
from rfmae.records import BoolArray, IntArray

_A_COPY = 0.5
"""The share of windows that others hold, too, from which on a recording is a copy: apart from them
it would lose most of what it brings. A few equal windows, such as constant ones, make none."""

_MOST_PAIRS = 3


def with_copies(units: IntArray, digest: Digests) -> IntArray:
    """Numbers (N,) of units, such as recordings, where those that are copies are one."""
    _, unit, windows = np.unique(units, return_inverse=True, return_counts=True)
    shared = np.bincount(unit, _in_several(unit, digest), len(windows)) / windows
    of_copies = np.isin(digest, digest[(shared >= _A_COPY)[unit] & _in_several(unit, digest)])
    # a window that joins nothing gets a number of its own
    alone = np.arange(len(digest), dtype=np.int64)
    _, twin = np.unique(digest, return_inverse=True)
    names = np.where(of_copies, twin, len(digest) + alone).astype(np.uint64)
    return groups_of_equals(names, unit.astype(np.int64))


def _in_several(unit: IntArray, digest: Digests) -> BoolArray:
    """The rows (N,) whose samples another unit holds, too."""
    _, twin = np.unique(digest, return_inverse=True)
    place, _ = _distinct_pairs(twin, unit)
    several: BoolArray = (np.bincount(place) > 1)[twin]
    return several


def _distinct_pairs(one: IntArray, other: IntArray) -> tuple[IntArray, IntArray]:
    """The pairs of whole numbers from 0 that there are, each once, in ascending order."""
    count = int(other.max(initial=0)) + 1
    return np.divmod(np.unique(one.astype(np.int64) * count + other), count)


def label_conflicts(known: Known, classes: Sequence[str], samples: int) -> tuple[str, ...]:
    """A note where the same samples are under several classes; those of zeros alone aside."""
    zeros = row_digests([np.zeros(samples, np.complex64)])[0]
    kept = (known.label >= 0) & (known.digest != zeros)
    if known.bad is not None:
        kept &= ~known.bad
    _, twin = np.unique(known.digest[kept], return_inverse=True)
    place, label = _distinct_pairs(twin, known.label[kept])
    several = np.flatnonzero((np.bincount(place) > 1)[place])
    if not len(several):
        return ()
    held: dict[int, list[str]] = {}
    for row in several:
        held.setdefault(int(place[row]), []).append(classes[int(label[row])])
    counts = Counter(", ".join(each) for each in held.values())
    said = "; ".join(
        f"{_appear(count)} under {text}" for text, count in counts.most_common(_MOST_PAIRS)
    )
    more = len(counts) - _MOST_PAIRS
    return (
        f"the same samples have several labels: {said}"
        f"{f'; and {more} more such groups' if more > 0 else ''}; a network cannot tell these "
        "apart: correct the labels, or unite the classes with --merge",
    )


def _appear(count: int) -> str:
    return f"{count:,} example appears" if count == 1 else f"{count:,} examples appear"
