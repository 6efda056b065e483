"""The predictions of a classifier on an evaluation set."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records.iq import FloatArray, IntArray
from rfmae.units import SnrReference

_SUM_TOLERANCE = 1e-3  # probabilities may come in half precision


@dataclass(frozen=True, slots=True)
class Answers:
    """Class probabilities of N examples, with the true labels.

    `snr_db` is that of each example, `grid_db` the SNR points of the report; `label` indexes
    `classes`. Rows of classifiers evaluated on the same examples correspond, so that they can be
    compared example by example.
    """

    probabilities: FloatArray  # (N, M)
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)
    classes: tuple[str, ...]
    grid_db: tuple[float, ...]
    snr_reference: SnrReference

    def __post_init__(self) -> None:
        expected = (len(self.label), len(self.classes))
        if self.probabilities.shape != expected:
            raise ShapeError(
                f"class probabilities must have shape {expected}, got {self.probabilities.shape}"
            )
        if self.snr_db.shape != self.label.shape:
            raise ShapeError(f"snr_db must have shape {self.label.shape}, got {self.snr_db.shape}")
        values = self.probabilities
        if not np.isfinite(values).all() or values.min(initial=0.0) < 0:
            raise ShapeError("class probabilities must be finite and not negative")
        sums = values.sum(axis=1)
        if np.abs(sums - 1).max(initial=0.0) > _SUM_TOLERANCE:
            worst = float(sums[np.abs(sums - 1).argmax()])
            raise ShapeError(
                f"the probabilities of an example must sum to 1, got {worst:.4g}; "
                "give probabilities, not scores"
            )

        if self.label.size and not 0 <= self.label.min() <= self.label.max() < len(self.classes):
            raise ShapeError(
                f"labels must index {len(self.classes)} classes, "
                f"got {self.label.min()} to {self.label.max()}"
            )

    def __len__(self) -> int:
        return len(self.label)

    def at(self, point: int) -> "Answers":
        """The answers to the examples of one SNR point."""
        rows = self.point == point
        return replace(
            self,
            probabilities=self.probabilities[rows],
            label=self.label[rows],
            snr_db=self.snr_db[rows],
        )

    @property
    def named(self) -> IntArray:
        """The most probable class of each example, (N,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> FloatArray:
        """The probability of the most probable class, (N,)."""
        return self.probabilities.max(axis=1)

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Whether each example was classified correctly, (N,)."""
        return self.named == self.label

    @property
    def point(self) -> IntArray:
        """The number of the SNR point that each example belongs to, (N,)."""
        return np.abs(self.snr_db[:, None] - np.array(self.grid_db)).argmin(axis=1)
