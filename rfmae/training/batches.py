"""Batches of a step: pairs for pre-training, labelled examples for fine-tuning.

Examples are stored, read for each batch, or synthesised endlessly. A batch is that of the whole
step, for any number of processes: each takes its slice, and all slices together are the same
examples in the same order.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rfmae.datasets.augmenting import Augmenter
from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.datasets.stream_mixing import StreamMixer
from rfmae.imaging.network_inputs import named, named_targets, turned_part
from rfmae.progress import Progress
from rfmae.records import Modality, Synthesised, View, Views
from rfmae.training.loaders import InputSplit, read_iq
from rfmae.training.rendering import InputRenderer, input_renderer
from rfmae.training.sampling import SamplingOrder, epoch_rows, random_quarter_turns

# pairs -----------------------------------------------------------------------------------------


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


# labelled examples -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Labelled:
    """Inputs by modality, float32 on the device, and labels (N,) beside them."""

    inputs: dict[str, Tensor]
    label: Tensor

    def __len__(self) -> int:
        return len(self.label)


class LabelledSource(Protocol):
    """Where labelled training examples come from."""

    @property
    def examples(self) -> int | None:
        """How many there are; none where they never end."""
        ...

    def labelled(self, step: int, microbatch: slice = ...) -> Labelled:
        """The rows `microbatch` of the batch of a step; on any thread."""
        ...


class StoredLabels:
    """Labelled rows of a data set, rendered in advance."""

    def __init__(self, rows: InputSplit, order: SamplingOrder, device: torch.device) -> None:
        self._rows, self._order, self._device = rows, order, device

    @property
    def examples(self) -> int:
        return len(self._rows)

    def labelled(self, step: int, microbatch: slice = slice(None)) -> Labelled:
        """The rows `microbatch` of the batch of a step."""
        rows, turns = self._order.rows(step, microbatch), self._order.turns(step, microbatch)
        return Labelled(self._rows.inputs(rows, turns), self._rows.label[rows].to(self._device))


# rendered from I/Q as needed ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LabelledIq:
    """I/Q of examples in their views, clean twins where they are needed, labels (N,)."""

    observed: Views
    clean: Views
    label: Tensor
    turns: Tensor | None = None  # quarters, still to be applied


class IqSource(Protocol):
    """Where labelled I/Q comes from."""

    @property
    def examples(self) -> int | None: ...

    def iq(self, step: int, microbatch: slice) -> LabelledIq:
        """The rows `microbatch` of the batch of a step."""
        ...


class StoredIq:
    """I/Q of training rows of a data set, read for each batch."""

    def __init__(
        self,
        dataset: Dataset,
        rows: Tensor | None,
        order: SamplingOrder,
        input_renderer: InputRenderer,
        *,
        clean: bool,
    ) -> None:
        """`rows`, ascending, are those that the order indexes; none means all."""
        self._rows = torch.arange(dataset.examples("train")) if rows is None else rows
        self._dataset, self._order = dataset, order
        self._views, self._clean = input_renderer.views, clean

    @property
    def examples(self) -> int:
        return len(self._rows)

    def iq(self, step: int, microbatch: slice) -> LabelledIq:
        chosen = self._order.rows(step, microbatch)
        # HDF5 reads rows upwards only
        ascending, back = np.unique(self._rows[chosen].numpy(), return_inverse=True)
        halves = read_iq(self._dataset, "train", ascending, self._views, clean=self._clean)
        observed, clean = ({view: iq[back] for view, iq in half.items()} for half in halves)
        turns = self._order.turns(step, microbatch)
        return LabelledIq(observed, clean, self._order.label[chosen], turns)


class StreamIq:
    """The endless stream of a recipe, with labels.

    It never meets what the same recipe stores for validation or test; no example comes twice.
    """

    examples: int | None = None

    def __init__(
        self,
        recipe: Recipe,
        input_renderer: InputRenderer,
        *,
        batch_size: int,
        workers: int | None = None,
    ) -> None:
        """`workers` threads synthesise; by default as many as there are cores, up to eight."""
        self._mixer, self._views = (
            stream_mixer_of(recipe, batch_size, workers),
            input_renderer.views,
        )

    def iq(self, step: int, microbatch: slice) -> LabelledIq:
        made = self._mixer.batch(step, microbatch)
        observed, clean = views_of(made, self._views)
        return LabelledIq(observed, clean, torch.from_numpy(made.pairs.observed.label).long())


class RenderedLabels:
    """Examples rendered from I/Q batch by batch, augmented before where configured."""

    def __init__(
        self,
        source: IqSource,
        input_renderer: InputRenderer,
        modalities: Sequence[Modality],
        augmenter: Augmenter | None = None,
    ) -> None:
        self._source, self._renderer, self._augmenter = source, input_renderer, augmenter
        self._modalities = tuple(modalities)

    @property
    def examples(self) -> int | None:
        return self._source.examples

    def labelled(self, step: int, microbatch: slice = slice(None)) -> Labelled:
        """The rows `microbatch` of the batch of a step."""
        labelled = self._source.iq(step, microbatch)
        observed = labelled.observed
        if self._augmenter is not None:
            observed = self._augmenter(observed, labelled.clean, step, microbatch)
        parts = self._renderer.parts_of(observed, {})
        if labelled.turns is not None:
            turns, image = labelled.turns.to(self._renderer.device), self._renderer.image
            parts = {part: turned_part(of, turns, image, part) for part, of in parts.items()}
        return Labelled(named(parts, self._modalities), labelled.label.to(self._renderer.device))
