"""Label budgets: how many training labels are used, and which, the same for every method."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError, check_choice
from rfmae.evaluation.classification import nearest_point
from rfmae.records import IntArray
from rfmae.records.label_curve import LABEL_UNITS, LabelUnit
from rfmae.training.schedule import LABELS, addressed_generator

_OPTIONS: dict[LabelUnit, str] = {
    "total": "labels",
    "class": "labels_per_class",
    "class-and-snr": "labels_per_class_and_snr",
}
"""The key of each unit in settings, cards and command-line options."""


@dataclass(frozen=True, slots=True)
class LabelBudget:
    """A number of labels in all, per class, or per class and SNR point; none means all.

    The last is the unit of Mod-CL (arXiv 2605.11875).
    """

    count: int | None = None
    unit: LabelUnit = "total"

    def __post_init__(self) -> None:
        check_choice("unit of labels", self.unit, LabelUnit)
        if self.count is not None and self.count < 1:
            raise TrainingError(f"{_OPTIONS[self.unit]} must be at least 1, got {self.count}")

    @classmethod
    def of(
        cls,
        labels: int | None = None,
        labels_per_class: int | None = None,
        labels_per_class_and_snr: int | None = None,
    ) -> Self:
        """The budget of the one argument that is given; more than one is refused."""
        counts = (labels, labels_per_class, labels_per_class_and_snr)
        given = [
            cls(count, unit)
            for unit, count in zip(_OPTIONS, counts, strict=True)
            if count is not None
        ]
        if len(given) > 1:
            raise TrainingError(f"{' and '.join(map(str, given))} are given; leave out all but one")
        return given[0] if given else cls()

    def __str__(self) -> str:
        return "all labels" if self.count is None else f"{self.count:,} {LABEL_UNITS[self.unit]}"

    @property
    def options(self) -> dict[str, Any]:
        """The budget as an entry of settings and cards; empty for all labels."""
        return {} if self.count is None else {_OPTIONS[self.unit]: self.count}

    def total(self, dataset: Dataset) -> int | None:
        """How many labels of a data set are used; none means all.

        Raises `TrainingError` where the training split has fewer. I/Q is not read.
        """
        if self.count is None:
            return None
        classes = len(dataset.classes)
        if self.unit == "class-and-snr":
            self._check_rarest(dataset)
            return self.count * classes * len(dataset.snr_db)
        total = self.count * (classes if self.unit == "class" else 1)
        check_labels(total, classes, dataset.examples("train"))
        return total

    def rows(self, dataset: Dataset, seed: int) -> Tensor | None:
        """Ascending rows of the training examples whose labels are used; none means all.

        Of one seed, those of a larger budget of a unit hold those of a smaller one.
        """
        total = self.total(dataset)
        if total is None:
            return None
        groups = torch.from_numpy(label_groups(dataset, self.unit))
        return labelled_subset(groups, total, addressed_generator(seed, LABELS, 0))

    def _check_rarest(self, dataset: Dataset) -> None:
        rarest, name = rarest_group(dataset, self.unit)
        if self.count is not None and self.count > rarest:
            raise TrainingError(
                f"{self} are requested, but the rarest, {name}, has {rarest} training examples; "
                "take fewer, or all of them"
            )


def check_labels(labels: int, classes: int, examples: int) -> None:
    """Refuse fewer labels than classes and more than there are training examples."""
    if not classes <= labels <= examples:
        raise TrainingError(
            f"labels must lie between the {classes} classes and the {examples} training examples, "
            f"got {labels}"
        )


def label_groups(dataset: Dataset, unit: LabelUnit) -> IntArray:
    """The group (N,) of each training example; a budget takes equally many of each group.

    That is its class, or class·S + SNR point where both count. Raises where an SNR is not known.
    """
    label, snr_db = dataset.labels("train")
    if unit != "class-and-snr":
        return label
    grid = dataset.snr_db
    if not (np.isfinite(snr_db).all() and np.isfinite(grid).all()):
        raise TrainingError(
            f"labels per class and SNR point need the SNR of every example, but {dataset.folder} "
            "does not state it; take labels per class"
        )
    cells: IntArray = label.astype(np.int64) * len(grid) + nearest_point(snr_db, grid)
    return cells


def rarest_group(dataset: Dataset, unit: LabelUnit) -> tuple[int, str]:
    """How many training examples the rarest class has, or class at an SNR point, and its name."""
    classes, grid = dataset.classes, dataset.snr_db
    points = len(grid) if unit == "class-and-snr" else 1
    counts = np.bincount(label_groups(dataset, unit), minlength=len(classes) * points)
    place, point = divmod(int(counts.argmin()), points)
    where = f" at {grid[point]:g} dB" if unit == "class-and-snr" else ""
    return int(counts.min()), f"{classes[place]}{where}"


def labelled_subset(group: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Row numbers of `count` examples, the same number of each group (one more for the first).

    Groups are classes, or classes at SNR points. Of one seed, those of a larger count hold those
    of a smaller one that all groups share.
    """
    order = torch.randperm(len(group), generator=generator)
    groups, sizes = group.unique(return_counts=True)
    share, rest = divmod(count, len(groups))
    wanted = [share + (place < rest) for place in range(len(groups))]
    for size, taken in zip(sizes.tolist(), wanted, strict=True):
        if taken > size:
            raise TrainingError(
                f"{taken} labels of each class are requested, but the rarest has {sizes.min()} "
                "training examples; take fewer, or all of them"
            )
    chosen = [
        order[group[order] == value][:taken]
        for value, taken in zip(groups.tolist(), wanted, strict=True)
    ]
    return torch.cat(chosen).sort().values
