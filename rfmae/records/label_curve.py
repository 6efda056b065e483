"""A label-efficiency curve: accuracy against the number of labelled examples."""

from dataclasses import dataclass
from typing import Any, Literal

from rfmae.errors import ShapeError
from rfmae.units import SnrReference

LabelUnit = Literal["total", "class", "class-and-snr"]
"""The unit of a label budget."""

LABEL_UNITS: dict[LabelUnit, str] = {
    "total": "labels in all",
    "class": "labels per class",
    "class-and-snr": "labels per class and SNR point",
}
"""In words."""


@dataclass(frozen=True, slots=True)
class LabelPoint:
    """One run: a method, its label budget in the unit of the curve, and its seed."""

    method: str
    budget: int
    seed: int
    hits: tuple[int, ...]  # (S,) of the test examples at each SNR point
    examples: tuple[int, ...]  # (S,)

    def __post_init__(self) -> None:
        if len(self.hits) != len(self.examples) or not sum(self.examples):
            raise ShapeError(
                "a point needs hits and examples of each SNR, "
                f"got {len(self.hits)} and {len(self.examples)}"
            )
        if any(
            not 0 <= hits <= count for hits, count in zip(self.hits, self.examples, strict=True)
        ):
            raise ShapeError(f"hits of {self.method} must be from 0 to the number of examples")
        _check_budget(self.budget)

    @property
    def accuracy(self) -> float:
        return sum(self.hits) / sum(self.examples)


def _check_budget(budget: int) -> None:
    if budget < 1:
        raise ShapeError(f"a budget must be at least one label, got {budget}")


@dataclass(frozen=True, slots=True)
class LabelMean:
    """The mean of a method at a budget over its seeds, with the 95 % interval of that mean.

    `low` and `high` are of Student's t over the seeds; for a single seed they are the Wilson
    interval of its test examples, which does not cover other seeds.
    """

    method: str
    budget: int
    seeds: int
    accuracy: float
    low: float
    high: float
    worst: float  # of the seeds

    def __post_init__(self) -> None:
        _check_budget(self.budget)


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """The difference in accuracy of two methods at a budget, with a 95 % interval."""

    first: str
    second: str
    budget: int
    seeds: int
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Limit:
    """The accuracy of the best receiver on the same test examples, by what it sees.

    Where `is_bound` is false it is a lower bound of the ceiling, reached by one classifier.
    """

    seen: str  # the sequence, or the planes of an image
    accuracy: float
    is_bound: bool

    @property
    def name(self) -> str:
        return f"{'ceiling' if self.is_bound else 'ceiling lower bound'}: {self.seen}"


@dataclass(frozen=True, slots=True)
class LabelCurve:
    """All points of a data set, and the ceilings of its test examples.

    Budgets are in `unit`.
    """

    data_set: str
    classes: tuple[str, ...]
    snr_db: tuple[float, ...]
    snr_reference: SnrReference
    points: tuple[LabelPoint, ...]
    means: tuple[LabelMean, ...]
    ceilings: tuple[Limit, ...]
    provenance: dict[str, Any]
    unit: LabelUnit = "class"

    def __post_init__(self) -> None:
        for point in self.points:
            if len(point.hits) != len(self.snr_db):
                raise ShapeError(
                    f"a point of {point.method} counts at {len(point.hits)} of the "
                    f"{len(self.snr_db)} SNR points of its curve"
                )

    @property
    def methods(self) -> tuple[str, ...]:
        """In the order in which they first come."""
        return tuple(dict.fromkeys(point.method for point in self.points))

    @property
    def budgets(self) -> tuple[int, ...]:
        """Labels in the unit of the curve, ascending."""
        return tuple(sorted({point.budget for point in self.points}))

    def points_of(self, method: str, budget: int) -> tuple[LabelPoint, ...]:
        """The runs of a method at a budget."""
        found = (point for point in self.points if point.method == method)
        return tuple(point for point in found if point.budget == budget)

    def mean(self, method: str, budget: int) -> LabelMean:
        """The mean of a method at a budget."""
        return next(mean for mean in self.of(method) if mean.budget == budget)

    def of(self, method: str) -> tuple[LabelMean, ...]:
        """The means of a method, budgets ascending."""
        own = (mean for mean in self.means if mean.method == method)
        return tuple(sorted(own, key=lambda mean: mean.budget))
