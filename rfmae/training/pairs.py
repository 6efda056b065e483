"""Sources of training pairs: encoder inputs and decoder targets.

A batch is that of the whole step, for any number of processes: each takes its slice, and all slices
together are the same examples in the same order.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.datasets.stream_mixing import StreamMixer
from rfmae.imaging.network_inputs import named, named_targets
from rfmae.progress import Progress
from rfmae.records import Modality, Synthesised, View, Views
from rfmae.training.loaders import InputSplit
from rfmae.training.rendering import input_renderer
from rfmae.training.schedule import ORDER, addressed_generator, random_quarter_turns

_MOST_WORKERS = 8  # threads; more would wait for one another


@dataclass(frozen=True, slots=True)
class Pairs:
    """Inputs and their targets by the names of the modalities, float32 on the device.

    Images and folded signals are (N, C, H, W), sequences (N, 2, T).
    """

    inputs: dict[str, Tensor]
    targets: dict[str, Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def __getitem__(self, rows: slice) -> "Pairs":
        """Some of the examples."""
        return Pairs(
            {name: values[rows] for name, values in self.inputs.items()},
            {name: values[rows] for name, values in self.targets.items()},
        )


class PairSource(Protocol):
    """Where training pairs come from."""

    @property
    def examples(self) -> int | None:
        """How many there are; none where they never end."""
        ...

    def pairs(self, step: int, microbatch: slice = ...) -> Pairs:
        """The rows `microbatch` of the batch of a step; on any thread."""
        ...


class StoredPairs:
    """Pairs of one split of a data set: epochs in random order, whole batches alone."""

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
        """`turn` turns training pairs by random quarters where the carrier phase is uniform.

        Seed and step determine order and turns.
        """
        self._rows = InputSplit(dataset, split, modalities, device, progress, targets=True)
        self._batch_size, self._seed = batch_size, seed
        self._turns = turn and dataset.any_phase

    @property
    def examples(self) -> int:
        return len(self._rows)

    def pairs(self, step: int, microbatch: slice = slice(None)) -> Pairs:
        """The rows `microbatch` of the batch of a step."""
        rows = epoch_rows(step, self.examples, self._batch_size, self._seed)
        turns = random_quarter_turns(self._batch_size, self._seed, step) if self._turns else None
        return Pairs(
            *self._rows.pairs(rows[microbatch], None if turns is None else turns[microbatch])
        )

    def in_order(self, rows: slice) -> Pairs:
        """Some rows in the order of the file, not turned, for validation."""
        return Pairs(*self._rows.pairs(torch.arange(self.examples)[rows]))


class EndlessPairs:
    """Pairs that are synthesised and rendered as needed; no example comes twice.

    They are those of the recipe's own stream, its seed included, and never the stored examples of
    validation or test. There are no quarter turns: where the carrier phase is uniform, every new
    example has a random one already.
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
        self._modalities = tuple(modalities)
        self._renderer = input_renderer(recipe, modalities, device, targets=True)
        self._mixer = stream_mixer_of(recipe, batch_size, workers)

    def pairs(self, step: int, microbatch: slice = slice(None)) -> Pairs:
        """The rows `microbatch` of the batch of a step."""
        made = self._mixer.batch(step, microbatch)
        parts = self._renderer.parts_of(*views_of(made, self._renderer.views))
        return Pairs(named(parts, self._modalities), named_targets(parts, self._modalities))


def stream_mixer_of(recipe: Recipe, batch_size: int, workers: int | None = None) -> StreamMixer:
    """The endless stream of a recipe; by default a thread for each core, up to eight."""
    return StreamMixer(
        recipe, batch_size, workers=workers or min(_MOST_WORKERS, os.cpu_count() or 1)
    )


def views_of(made: Synthesised, views: Sequence[View]) -> tuple[Views, Views]:
    """I/Q of examples in some views, observed and clean."""
    chosen = {view: made.views[view] for view in views}
    observed: Views = {view: pairs.observed.iq for view, pairs in chosen.items()}
    return observed, {view: pairs.clean for view, pairs in chosen.items()}


def epoch_rows(step: int, examples: int, batch_size: int, seed: int) -> Tensor:
    """Row numbers of the batch of a step: shuffled epochs, whole batches alone."""
    epoch, batch = divmod(step, examples // batch_size)
    order = _epoch_order(epoch, examples, seed)
    return order[batch * batch_size : (batch + 1) * batch_size]


@lru_cache(maxsize=2)  # two epochs overlap while batches are prefetched
def _epoch_order(epoch: int, examples: int, seed: int) -> Tensor:
    """All rows in the order of an epoch, shuffled once for all its steps."""
    return torch.randperm(examples, generator=addressed_generator(seed, ORDER, epoch))
