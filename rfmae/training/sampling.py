"""Which training examples are used, and in which order: budgets, epochs, balance, turns.

Every draw has an address of seed, purpose and step, so that none depends on those before it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError, check_choice
from rfmae.evaluation.classification import nearest_point
from rfmae.records import IntArray
from rfmae.records.label_curve import LABEL_UNITS, LabelUnit

# the purpose of a random draw, a part of its address; 10 is no longer in use
(
    MASKS,
    ORDER,
    WEIGHTS,
    DROPOUT,
    LABELS,
    VALIDATION,
    TURNS,
    NOISE,
    PATHS,
    BALANCE,
) = range(10)
PROBED, RATIOS = 11, 12


def addressed_generator(
    seed: int, purpose: int, index: int, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A generator seeded by its address, so that no draw depends on the draws before it."""
    state = np.random.SeedSequence(seed, spawn_key=(purpose, index)).generate_state(2, np.uint32)
    return torch.Generator(device).manual_seed(int(state[0]) << 31 ^ int(state[1]))


# labels ----------------------------------------------------------------------------------------


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
        if self.unit == "class":
            self._check_rarest(dataset)
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


# order -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SamplingOrder:
    """The order in which labelled rows are shown, and how they are turned, by seed and step.

    Epochs in random order, the incomplete last batch of each left out; or `balanced`, every class
    as often as any other. `turn` turns examples by random quarters, where every carrier phase is as
    likely.
    """

    label: Tensor  # (N,) of the rows
    batch_size: int
    seed: int
    turn: bool
    balanced: bool = False

    def rows(self, step: int, microbatch: slice) -> Tensor:
        """The numbers of the rows of a step."""
        if self.balanced:
            return balanced_rows(step, self.label, self.batch_size, self.seed)[microbatch]
        return epoch_rows(step, len(self.label), self.batch_size, self.seed)[microbatch]

    def turns(self, step: int, microbatch: slice) -> Tensor | None:
        """Quarters by which each of them is turned."""
        if not self.turn:
            return None
        return random_quarter_turns(self.batch_size, self.seed, step)[microbatch]


def sampling_order_of(
    dataset: Dataset,
    rows: Tensor | None,
    *,
    batch_size: int,
    seed: int,
    balanced: bool,
    turn: bool,
) -> SamplingOrder:
    """The order of some training rows of a data set, or of all, and whether they are turned."""
    label = torch.from_numpy(dataset.labels("train")[0]).long()
    label = label if rows is None else label[rows]
    return SamplingOrder(label, batch_size, seed, turn=turn, balanced=balanced)


def epoch_rows(step: int, examples: int, batch_size: int, seed: int) -> Tensor:
    """Row numbers of the batch of a step: shuffled epochs, whole batches alone."""
    epoch, batch = divmod(step, examples // batch_size)
    order = _epoch_order(epoch, examples, seed)
    return order[batch * batch_size : (batch + 1) * batch_size]


@lru_cache(maxsize=2)  # two epochs overlap while batches are prefetched
def _epoch_order(epoch: int, examples: int, seed: int) -> Tensor:
    """All rows in the order of an epoch, shuffled once for all its steps."""
    return torch.randperm(examples, generator=addressed_generator(seed, ORDER, epoch))


# class balance --------------------------------------------------------------------------------


def balanced_rows(step: int, label: Tensor, batch_size: int, seed: int) -> Tensor:
    """Row numbers of a batch in which every class comes equally often, one more or less.

    Classes take turns through all batches; the rows of each come in shuffled epochs of its own.
    """
    classes = label.unique().tolist()
    numbers = range(step * batch_size, (step + 1) * batch_size)
    rows = [torch.nonzero(label == value).flatten() for value in classes]
    chosen = []
    for number in numbers:
        turn, place = divmod(number, len(classes))
        epoch, within = divmod(turn, len(rows[place]))
        order = _class_order(seed, classes[place], epoch, len(rows[place]))
        chosen.append(rows[place][order[within]])
    return torch.stack(chosen)


@lru_cache(maxsize=256)  # of as many classes, this epoch and the next
def _class_order(seed: int, label: int, epoch: int, count: int) -> Tensor:
    generator = addressed_generator(seed, BALANCE, epoch * _MOST_CLASSES + label)
    return torch.randperm(count, generator=generator)


_MOST_CLASSES = 2**16


def random_quarter_turns(n: int, seed: int, step: int) -> Tensor:
    """By how many quarters each of n training images is turned at a step, (n,)."""
    return torch.randint(4, (n,), generator=addressed_generator(seed, TURNS, step))
