"""Sources of training pairs: what the encoder sees and what the decoder should make of it.

A batch is that of the whole step, whatever the number of processes: each asks for its piece of
it, and all pieces together are the same examples in the same order for any number of them.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from rfmae.datasets.lanes import Lanes
from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.imaging.inputs import named, named_targets, turned
from rfmae.progress import Progress
from rfmae.records import Modality
from rfmae.training.drawing import drawing
from rfmae.training.loaders import InputSplit
from rfmae.training.schedule import ORDER, addressed_generator, random_quarter_turns

_MEASURED = 1024  # examples, for the mean and the deviation of planes
_MEASURED_TOGETHER = 64
_MOST_WORKERS = 8  # threads; more wait for one another


@dataclass(frozen=True, slots=True)
class Pairs:
    """Inputs and their targets by the names of the modalities, float32 on the device.

    Images and folded signals are (N, C, H, W), sequences (N, 2, T).
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))


class PairSource(Protocol):
    """Where training pairs come from."""

    @property
    def examples(self) -> int | None:
        """How many there are; none where they never end."""
        ...

    def pairs(self, step: int, piece: slice = ...) -> Pairs:
        """The rows `piece` of the batch of a step; on any thread."""
        ...

    def sample(self, count: int) -> Iterator[Pairs]:
        """Up to `count` examples of the training law, always the same, in some batches."""
        ...


class StoredPairs:
    """Pairs of one split of a data set: epochs in random order, the odd rest of each left out."""

    def __init__(
        self,
        dataset: Dataset,
        split: str,
        modalities: Sequence[Modality],
        device: torch.device,
        progress: Progress,
        *,
        batch_size: int,
        seed: int,
        turn: bool,
    ) -> None:
        """`turn` turns training pairs by random quarters where every carrier phase is as likely.

        Seed and step decide order and turns.
        """
        self._rows = InputSplit(dataset, split, modalities, device, progress, targets=True)
        self._modalities, self._image = tuple(modalities), dataset.image
        self._device, self._batch_size, self._seed = device, batch_size, seed
        self._turns = turn and dataset.any_phase

    @property
    def examples(self) -> int:
        return len(self._rows)

    def pairs(self, step: int, piece: slice = slice(None)) -> Pairs:
        """The rows `piece` of the batch of a step."""
        rows = epoch_rows(step, self.examples, self._batch_size, self._seed)[piece]
        inputs, targets = self._rows.pairs(rows)
        if not self._turns:
            return Pairs(inputs, targets)
        turns = random_quarter_turns(self._batch_size, self._seed, step)[piece].to(self._device)
        return Pairs(
            turned(inputs, turns, self._image, self._modalities),
            turned(targets, turns, self._image, self._modalities),
        )

    def in_order(self, rows: slice) -> Pairs:
        """Some rows in the order of the file, not turned, for validation."""
        return Pairs(*self._rows.pairs(torch.arange(self.examples)[rows]))

    def sample(self, count: int) -> Iterator[Pairs]:
        """The first examples of the first epoch, not turned."""
        for rows in _epoch_order(0, self.examples, self._seed)[:count].split(_MEASURED_TOGETHER):
            yield Pairs(*self._rows.pairs(rows))


class EndlessPairs:
    """Pairs that are synthesised and drawn as they are needed; no example comes twice.

    They are those of the recipe's own stream, its seed included, and never meet what the same
    recipe stores for validation or test. There are no quarter turns: where every carrier phase is
    as likely as any other, every new example has one of its own.
    """

    examples: int | None = None

    def __init__(
        self,
        recipe: Recipe,
        modalities: Sequence[Modality],
        device: torch.device,
        *,
        batch_size: int,
        workers: int | None = None,
    ) -> None:
        """`workers` threads synthesise; by default as many as there are cores, up to eight."""
        self._recipe, self._modalities = recipe, tuple(modalities)
        self._drawing = drawing(recipe, modalities, device, targets=True)
        self._workers = workers or min(_MOST_WORKERS, os.cpu_count() or 1)
        self._lanes = Lanes(recipe, batch_size, workers=self._workers)

    def pairs(self, step: int, piece: slice = slice(None)) -> Pairs:
        """The rows `piece` of the batch of a step."""
        return self._pairs(self._lanes, step, piece)

    def sample(self, count: int) -> Iterator[Pairs]:
        """One example of each of the first blocks of the stream."""
        blocks = Lanes(self._recipe, count, depth=1, workers=self._workers)
        for first in range(0, count, _MEASURED_TOGETHER):
            yield self._pairs(blocks, 0, slice(first, first + _MEASURED_TOGETHER))

    def _pairs(self, lanes: Lanes, step: int, piece: slice) -> Pairs:
        made = lanes.batch(step, piece)
        views = {view: made.views[view] for view in self._drawing.views}
        room = self._drawing.room(len(made), device=self._drawing.device)
        self._drawing.fill(
            room,
            {view: pairs.observed.iq for view, pairs in views.items()},
            {view: pairs.clean for view, pairs in views.items()},
        )
        return Pairs(named(room, self._modalities), named_targets(room, self._modalities))


def epoch_rows(step: int, examples: int, batch_size: int, seed: int) -> Tensor:
    """Row numbers of the batch of a step: shuffled epochs, the odd rest of each left out."""
    epoch, batch = divmod(step, examples // batch_size)
    order = _epoch_order(epoch, examples, seed)
    return order[batch * batch_size : (batch + 1) * batch_size]


@dataclass(frozen=True, slots=True)
class PlaneStatistics:
    """Mean and deviation of each plane of a modality over many examples."""

    mean: tuple[float, ...]
    deviation: tuple[float, ...]


def plane_statistics(source: PairSource, examples: int = _MEASURED) -> dict[str, PlaneStatistics]:
    """Mean and deviation of the planes of every input, over so many training examples.

    Rounded, so that every process finds the same; a plane that never changes has deviation 1.
    """
    count, means, squares = 0, dict[str, Tensor](), dict[str, Tensor]()
    for pairs in source.sample(examples):
        count += len(pairs)
        for name, values in pairs.inputs.items():
            planes = values.double().transpose(0, 1).flatten(1)
            means[name] = means.get(name, 0) + planes.mean(dim=1) * len(pairs)
            squares[name] = squares.get(name, 0) + planes.square().mean(dim=1) * len(pairs)
    return {name: _statistics(means[name] / count, squares[name] / count) for name in means}


def _statistics(mean: Tensor, mean_square: Tensor) -> PlaneStatistics:
    deviation = (mean_square - mean.square()).clamp_min(0).sqrt()
    deviation = torch.where(deviation > 1e-6 * mean_square.sqrt(), deviation, 1.0)
    return PlaneStatistics(_rounded(mean), _rounded(deviation))


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values.tolist())


@lru_cache(maxsize=2)  # the end of an epoch is prepared beside the beginning of the next
def _epoch_order(epoch: int, examples: int, seed: int) -> Tensor:
    """All rows in the order of an epoch, shuffled once for all its steps."""
    return torch.randperm(examples, generator=addressed_generator(seed, ORDER, epoch))
