"""Where the examples of a source lie in recordings: what splits must not share."""

from dataclasses import dataclass

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.errors import DatasetError
from rfmae.records import IntArray

NO_SPLIT = -1
"""The split of an example that its authors gave none."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How long stretches are cut: examples of `samples`, each `hop` after the one before."""

    samples: int
    hop: int

    def __post_init__(self) -> None:
        if self.samples < 1 or self.hop < 1:
            raise DatasetError(
                f"--samples and --hop are whole numbers from 1, got {self.samples} and {self.hop}"
            )

    def starts(self, length: int) -> IntArray:
        """The first samples of the whole windows in a stretch, counted from its own first."""
        return np.arange(0, length - self.samples + 1, self.hop, dtype=np.int64)

    def __str__(self) -> str:
        hop = "" if self.hop == self.samples else f", one every {self.hop:,}"
        return f"windows of {self.samples:,} samples{hop}"


@dataclass(frozen=True, slots=True)
class Places:
    """The place of every example (N,): its recording, the stretch of it, and its first sample.

    A stretch is what one label holds for, such as an annotation. `split` is the split that the
    authors of a set gave it, or NO_SPLIT.
    """

    recording: IntArray
    stretch: IntArray
    first: IntArray
    split: IntArray
    windows: Windows
    stretches_are: str = "recordings"  # what their number is called
    are_cut: bool = True  # of recordings; otherwise each is an example by itself

    def __len__(self) -> int:
        return len(self.first)

    @property
    def own_splits(self) -> tuple[str, ...]:
        """The splits that the authors made."""
        return tuple(name for number, name in enumerate(SPLITS) if (self.split == number).any())


def places_of(source: object) -> Places | None:
    """Where the examples of a source lie, if they are cut from recordings."""
    found = getattr(source, "places", None)
    return found if isinstance(found, Places) else None


def split_number(name: str) -> int:
    """The number of a split by its name, NO_SPLIT of none."""
    return SPLITS.index(name) if name else NO_SPLIT
