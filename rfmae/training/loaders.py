"""Data set splits as inputs of a network: rendered once or for each batch, scaled, prefetched."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import Generic, Self, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset, Rows
from rfmae.imaging.network_inputs import named, named_targets, turned_part
from rfmae.models.patches import PatchGrid
from rfmae.models.rings import HarmonicGrid
from rfmae.progress import Progress, Silent
from rfmae.records import Modality, View, Views, needed_views, snr_view
from rfmae.training.rendering import Described, input_renderer

_READ_TOGETHER = 1024
_LARGEST_CACHE_BYTES = 2**32  # of a computer's memory, for each split
_GPU_SHARE = 3  # a third of the free memory, so that training and validation leave a third


class InputSplit:
    """The network inputs of one split of a data set, by row number.

    A split that is cached whole is rendered once and shared among all objects that read it. All
    values are in half precision, eleven bits, whether cached (on the GPU that trains, if there is
    one) or rendered again for each batch: the size of memory does not change a number.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: str,
        modalities: Sequence[Modality],
        device: torch.device,
        progress: Progress,
        *,
        targets: bool = False,
        rows: Tensor | None = None,
    ) -> None:
        """All rows of the split, or only those of `rows`, ascending, which then count from zero.

        `targets` renders the targets as well.
        """
        self._dataset, self._split, self._device = dataset, split, device
        self._modalities = tuple(modalities)
        self._renderer = input_renderer(dataset, modalities, device, targets=targets)
        if self._renderer.needs_clean:
            dataset.check_clean()
        labels, _ = dataset.labels(split)
        label = torch.from_numpy(labels.astype(np.int64))
        self._rows = torch.arange(len(label)) if rows is None else rows
        self.label = label[self._rows]
        self._kept: dict[Modality, Tensor] = {}
        if 2 * len(self) * self._renderer.values <= _cache_bytes(device):
            self._kept = self._shared(progress)

    def __len__(self) -> int:
        return len(self.label)

    def inputs(self, rows: Tensor, turns: Tensor | None = None) -> dict[str, Tensor]:
        """Encoder inputs of some rows, by modality: (N, C, H, W) or (N, 2, T), float32.

        `turns` (N,) are quarters by which each carrier phase is advanced.
        """
        return named(self._parts(rows, turns), self._modalities)

    def pairs(
        self, rows: Tensor, turns: Tensor | None = None
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Inputs of some rows and their targets, by the names of the modalities, float32."""
        parts = self._parts(rows, turns)
        return named(parts, self._modalities), named_targets(parts, self._modalities)

    def _parts(self, rows: Tensor, turns: Tensor | None) -> dict[Modality, Tensor]:
        """All rendered parts of some rows, on the device."""
        if self._kept:
            parts = {part: kept[rows.to(kept.device)] for part, kept in self._kept.items()}
        else:
            parts = self._rendered(rows)
        if turns is not None:  # in half precision, half as much to move
            image = self._renderer.image
            parts = {
                part: turned_part(values, turns.to(values.device), image, part)
                for part, values in parts.items()
            }
        return {part: values.to(self._device, torch.float32) for part, values in parts.items()}

    def _all_rendered(self, progress: Progress) -> dict[Modality, Tensor]:
        memory = _memory_of(self._device)
        buffers = self._renderer.empty_parts(len(self), torch.float16, device=memory)
        with progress.stage(f"render {self._split}", len(self), "examples") as stage:
            for first in range(0, len(self), _READ_TOGETHER):
                observed, clean = self._iq(self._rows[first : first + _READ_TOGETHER].numpy())
                self._renderer.fill(buffers, observed, clean, first, stage.advance)
        return buffers

    def _shared(self, progress: Progress) -> dict[Modality, Tensor]:
        """The same, from the cache of another object where there is one, or into that cache."""
        keys = {part: self._key(part) for part in self._renderer.parts}
        held = {part: _HELD.get(key) for part, key in keys.items()}
        found = {part: values for part, values in held.items() if values is not None}
        if len(found) == len(keys):
            return (
                found
                if self._is_whole
                else {part: values[self._rows.to(values.device)] for part, values in found.items()}
            )
        rendered = self._all_rendered(progress)
        if self._is_whole and self._dataset.is_on_disk:
            _HELD.update({keys[part]: values for part, values in rendered.items()})
        return rendered

    @property
    def _is_whole(self) -> bool:
        return len(self) == self._dataset.examples(self._split)

    def _key(self, part: Modality) -> tuple[object, ...]:
        input_renderer, dataset = self._renderer, self._dataset
        where = (dataset.folder.resolve(), dataset.fingerprint, self._split)
        return (*where, part, input_renderer.image, str(_memory_of(self._device)))

    def _rendered(self, rows: Tensor) -> dict[Modality, Tensor]:
        # HDF5 reads rows upwards only
        ascending, back = np.unique(self._rows[rows].numpy(), return_inverse=True)
        parts = self._renderer.parts_of(*self._iq(ascending), torch.float16)
        order = torch.from_numpy(back).to(self._device)
        return {part: values[order] for part, values in parts.items()}

    def _iq(self, rows: Rows) -> tuple[Views, Views]:
        input_renderer = self._renderer
        return read_iq(
            self._dataset, self._split, rows, input_renderer.views, clean=input_renderer.needs_clean
        )


_HELD: WeakValueDictionary[tuple[object, ...], Tensor] = WeakValueDictionary()
"""Whole splits, part by part, that any `InputSplit` holds."""


def read_iq(
    dataset: Dataset, split: str, rows: Rows, views: Sequence[View], *, clean: bool
) -> tuple[Views, Views]:
    """Observed I/Q of some rows in some views, and their clean twins if `clean`."""
    if not clean:
        return {view: dataset.read_observed(split, rows, view).iq for view in views}, {}
    both = {view: dataset.read(split, rows, view) for view in views}
    observed: Views = {view: pairs.observed.iq for view, pairs in both.items()}
    return observed, {view: pairs.clean for view, pairs in both.items()}


def _memory_of(device: torch.device) -> torch.device:
    """Where rendered examples are cached for a device."""
    return device if device.type == "cuda" else torch.device("cpu")


def _cache_bytes(device: torch.device) -> int:
    """How many bytes of that memory one split may take."""
    if device.type != "cuda":
        return _LARGEST_CACHE_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return free // _GPU_SHARE


def image_card(source: Described, modalities: Sequence[Modality] | None = None) -> Card:
    """How inputs are rendered and from how much I/Q, which inference must do alike.

    `modalities` defaults to those of the source.
    """
    modalities = source.modalities if modalities is None else modalities
    views, seen = needed_views(modalities, source.image), snr_view(modalities)
    return {
        "image": asdict(source.image),
        "modalities": [asdict(modality) for modality in modalities],
        "samples": {view: source.samples(view) for view in views},
        "samples_per_symbol": source.samples_per_symbol(views[-1]),
        **({} if seen is None else {"snr_estimator": asdict(source.snr_estimator(seen))}),
    }


# scale of the inputs ---------------------------------------------------------------------------


_MEASURED = 1024  # training examples, evenly through the classes and SNR points
_TOGETHER = 64

Grid = TypeVar("Grid", PatchGrid, HarmonicGrid, PatchGrid | HarmonicGrid)

Moments = tuple[Tensor, Tensor]
"""Mean and mean square of every number of a modality over the examples, float64."""


def scaled_grids(
    dataset: Dataset,
    modalities: Sequence[Modality],
    grids: tuple[Grid, ...],
    device: torch.device,
) -> tuple[Grid, ...]:
    """The grids with the scale of their inputs, measured on training examples of a data set."""
    count = dataset.examples("train")
    rows = torch.linspace(0, count - 1, min(count, _MEASURED)).round().long()
    split = InputSplit(dataset, "train", modalities, device, Silent(), rows=rows)
    found = moments(split.inputs(part) for part in torch.arange(len(split)).split(_TOGETHER))
    return tuple(grid.scaled_by(*found[grid.name]) for grid in grids)


def moments(batches: Iterable[Mapping[str, Tensor]]) -> dict[str, Moments]:
    """Moments of every input (N, ...), by modality, each (...)."""
    count, means, squares = 0, dict[str, Tensor](), dict[str, Tensor]()
    for inputs in batches:
        count += len(next(iter(inputs.values())))
        for name, values in inputs.items():
            values = values.double()
            means[name] = means.get(name, 0) + values.sum(dim=0)
            squares[name] = squares.get(name, 0) + values.square().sum(dim=0)
    return {name: (means[name].cpu() / count, squares[name].cpu() / count) for name in means}


# prefetching -----------------------------------------------------------------------------------


Batch = TypeVar("Batch")

PREPARED = 2  # batches: one in progress while another is ready


class Prefetcher(Generic[Batch]):
    """Makes batches in order on one thread, ahead of the training loop.

    `make` is called with 0, 1, … up to `count`; as it depends on nothing else, `ahead`
    changes no batch. An error of `make` is raised where its batch would have been taken.
    """

    def __init__(
        self, make: Callable[[int], Batch], count: int, device: torch.device, ahead: int = PREPARED
    ) -> None:
        """Prepare `ahead` batches; with none, each is made when it is taken."""
        self._make, self._device = make, device
        self._numbers = iter(range(count))
        self._pool = ThreadPoolExecutor(1, "feed") if ahead else None
        self._ready: deque[Future[Batch]] = deque()
        self._waited_s = 0.0
        for _ in range(ahead):
            self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def take(self) -> Batch:
        """The next batch."""
        started = time.perf_counter()
        try:
            return self._next()
        finally:
            self._waited_s += time.perf_counter() - started

    def waited_s(self) -> float:
        """Seconds that `take` has waited since the last call.

        On a GPU that still has work queued it is more than the GPU itself was idle.
        """
        waited, self._waited_s = self._waited_s, 0.0
        return waited

    def _next(self) -> Batch:
        if self._pool is None:
            return self._made(next(self._numbers))
        batch = self._ready.popleft().result()
        self._prepare()
        return batch

    def _prepare(self) -> None:
        number = next(self._numbers, None)
        if number is not None and self._pool is not None:
            self._ready.append(self._pool.submit(self._made, number))

    def _made(self, number: int) -> Batch:
        # both are settings of a thread, not of the process
        if self._device.type == "cuda":
            torch.cuda.set_device(self._device)
        with torch.no_grad():
            return self._make(number)


def in_steps(
    batch: Callable[[int, slice], Batch], first: int, last: int, microbatches: list[slice]
) -> tuple[Callable[[int], Batch], int]:
    """A function from number to piece of the steps `first` to before `last`, and their count."""

    def make(number: int) -> Batch:
        step, turn = divmod(number, len(microbatches))
        return batch(first + step, microbatches[turn])

    return make, (last - first) * len(microbatches)
