"""Sources of labelled training batches: stored, read for each batch, or synthesised endlessly.

A batch is that of the whole step, for any number of processes (see `pairs`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rfmae.datasets.augmenting import Augmenter
from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.imaging.network_inputs import named, turned_part
from rfmae.records import Modality, Views
from rfmae.training.loaders import InputSplit, read_iq
from rfmae.training.pairs import epoch_rows, stream_mixer_of, views_of
from rfmae.training.rendering import InputRenderer
from rfmae.training.schedule import BALANCE, addressed_generator, random_quarter_turns


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
