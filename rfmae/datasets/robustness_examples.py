"""Test examples under one impairment at a time that is stronger than in training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.robustness_grids import LINK_GRIDS, STORED_GRIDS, LinkGrid, StoredGrid
from rfmae.datasets.store import Dataset
from rfmae.datasets.synthesis import BLOCK, Block, block_streams
from rfmae.errors import DatasetError, nearest
from rfmae.records import ComplexArray, FloatArray, IntArray, IqBatch, View
from rfmae.signal.link import Link, observe

ALL = "all"

_MOST_POINTS = 11  # of the SNR grid, so that a grid of values takes seconds
_CHUNK = 256  # stored examples at a time

Examples = Mapping[View, IqBatch]
"""The same examples in every view of the data set."""

ExamplesOf = Callable[[float], Iterator[Examples]]
"""The test examples of a value, batch by batch."""


def available_grids(dataset: Dataset) -> tuple[str, ...]:
    """The names of the grids that are available for a data set."""
    recipe = _recipe(dataset)
    made = [name for name, grid in LINK_GRIDS.items() if recipe and len(grid.values(recipe)) > 1]
    whole = dataset.views == ("waveform",)
    stored = [name for name, grid in STORED_GRIDS.items() if whole or not grid.of_waveforms]
    return tuple(dict.fromkeys((*made, *stored)))


def changes_stored(dataset: Dataset, name: str) -> bool:
    """Whether a grid changes stored examples, because none are synthesised for it."""
    return name in STORED_GRIDS and not (name in LINK_GRIDS and _recipe(dataset))


def chosen_grids(dataset: Dataset, names: Sequence[str]) -> tuple[str, ...]:
    """The requested grids, each once; raises `DatasetError` for unavailable ones."""
    available = available_grids(dataset)
    check_grids(names)
    for name in names:
        if name != ALL and name not in available:
            raise DatasetError(
                f"data set {dataset.name} has no grid {name!r}, since its signals cannot be "
                f"synthesised with it; available: {', '.join(available)}"
            )
    return available if ALL in names else tuple(dict.fromkeys(names))


def check_grids(names: Sequence[str]) -> None:
    """Raise `DatasetError` for a name that is no grid's."""
    known = tuple(dict.fromkeys((*LINK_GRIDS, *STORED_GRIDS, ALL)))
    for name in names:
        if name not in known:
            raise DatasetError(f"no robustness grid {name!r}; {nearest(name, known)}")


def _recipe(dataset: Dataset) -> Recipe | None:
    """The recipe for synthesising further examples, if there is one."""
    if not dataset.has_clean:
        return None
    recipe = load_recipe(dataset.folder / "recipe.toml")
    return recipe if recipe.source.kind == "synthetic" else None


def robustness_examples(
    dataset: Dataset, name: str, per_point: int
) -> tuple[LinkGrid | StoredGrid, tuple[float, ...], ExamplesOf]:
    """A grid, its values for this data set, and the test batches of a value."""
    if changes_stored(dataset, name):
        return STORED_GRIDS[name], *_of_stored(dataset, STORED_GRIDS[name], per_point)
    recipe = _recipe(dataset)
    assert recipe is not None  # else the grid would not be available
    return LINK_GRIDS[name], *_of_link(recipe, LINK_GRIDS[name], per_point)


# synthesised examples -----------------------------------------------------------------------


def _of_link(
    recipe: Recipe, grid: LinkGrid, per_point: int
) -> tuple[tuple[float, ...], ExamplesOf]:
    """The values of a grid, and the synthesis of examples for one of them."""
    values = grid.values(recipe)
    links = {value: grid.changed(recipe.link, value) for value in values}
    # the same number of symbols for every value, so that bits and noise are the same
    guard = max(link.guard_symbols for link in links.values())

    def batches(value: float) -> Iterator[Examples]:
        link = links[value]
        mismatch = replace(link.mismatch, least_guard_symbols=guard)
        return _observed(recipe, replace(link, mismatch=mismatch), per_point)

    return values, batches


def _observed(recipe: Recipe, link: Link, per_point: int) -> Iterator[Examples]:
    """Test examples of every class at some SNR points over another link, class by class."""
    points = _some_points(recipe.source.channel.snr_db)
    for label, modulation in enumerate(recipe.modulations):
        seen: dict[View, list[ComplexArray]] = {view: [] for view in recipe.views}
        for block in _blocks(modulation.name, points, per_point):
            streams = block_streams(recipe.seed, block)
            made = observe(modulation, block.snr_db, link, len(block.positions), streams)
            for view, (observed, _) in made.views.items():
                seen[view].append(observed)
        snr_db = np.repeat(np.array(points, np.float32), per_point)
        yield {
            view: _batch(recipe, view, np.concatenate(parts), label, snr_db)
            for view, parts in seen.items()
        }


def _blocks(modulation: str, points: tuple[float, ...], per_point: int) -> Iterator[Block]:
    """The addresses of so many test examples of a modulation at each point."""
    for snr_db in points:
        for first in range(0, per_point, BLOCK):
            yield Block("test", modulation, snr_db, range(first, min(first + BLOCK, per_point)))


def _some_points(snr_db: tuple[float, ...]) -> tuple[float, ...]:
    """Points of a grid from the first to the last, evenly."""
    places = np.linspace(0, len(snr_db) - 1, min(len(snr_db), _MOST_POINTS))
    return tuple(snr_db[int(place)] for place in np.rint(places))


def _batch(recipe: Recipe, view: View, iq: ComplexArray, label: int, snr_db: FloatArray) -> IqBatch:
    return IqBatch(
        iq=iq,
        label=np.full(len(iq), label, np.int16),
        snr_db=snr_db,
        classes=recipe.classes,
        samples_per_symbol=recipe.samples_per_symbol(view),
        snr_reference=recipe.source.channel.snr_reference,
    )


# stored examples ----------------------------------------------------------------------------


def _of_stored(
    dataset: Dataset, grid: StoredGrid, per_point: int
) -> tuple[tuple[float, ...], ExamplesOf]:
    """The values of a grid, and the stored examples changed by one of them."""
    view = dataset.views[0]
    values = grid.values(dataset.samples(view) / dataset.samples_per_symbol(view))
    rows = first_rows(dataset, per_point)

    def batches(value: float) -> Iterator[Examples]:
        for first in range(0, len(rows), _CHUNK):
            observed = dataset.read_views("test", dataset.views, rows[first : first + _CHUNK])
            yield {
                view: replace(batch, iq=grid.changed(batch, value, dataset.image.units))
                for view, batch in observed.items()
            }

    return values, batches


def first_rows(dataset: Dataset, per_point: int | None) -> IntArray:
    """The first test rows of each class and SNR point, ascending, as many as there are, or all."""
    if per_point is None:
        return np.arange(dataset.examples("test"))
    label, snr_db = dataset.labels("test")
    order = np.lexsort((snr_db, label))
    ends = (np.diff(label[order]) != 0) | (np.diff(snr_db[order]) != 0)
    starts = np.flatnonzero(np.r_[True, ends])
    place = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return np.sort(order[place < per_point])
