"""Parallel, resumable writing of the split files of a recipe."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import h5py

from rfmae.artefacts import CARD_NAME, Card, check_free_space, disk_errors, versions, write_json
from rfmae.datasets.cards import sealed
from rfmae.datasets.journal import Scratch, check_plan, resumable, scratch_of, sync
from rfmae.datasets.layout import (
    ADDRESS,
    CHUNK_BYTES,
    FORMAT,
    Column,
    Extents,
    columns,
    create_columns,
    find_extents,
    stamp,
)
from rfmae.datasets.recipe import SPLITS, Recipe, recipe_to_toml
from rfmae.datasets.synthesis import (
    BLOCK,
    Block,
    block_count,
    numbered_block,
    synthesise,
)
from rfmae.datasets.workers import Pool, worker_pool
from rfmae.progress import Progress
from rfmae.records import ComplexArray, FloatArray, Synthesised

_TASK_SAMPLES = 2**22
"""Samples of one task: a tenth of a second or more, far longer than the overhead of a task."""

_TASKS_PER_SPLIT = 64
"""Where a split has enough blocks, for an even load and a fine progress display."""


@dataclass(frozen=True, slots=True)
class SplitWork:
    """All that a worker needs to fill any part of one split, small enough to pickle.

    Tasks are numbered and fixed by the recipe: the file is the same in any order of tasks.
    """

    recipe: Recipe
    split: str
    path: Path
    plan: str
    extents: tuple[Extents, ...]

    @property
    def tasks(self) -> int:
        return -(-block_count(self.recipe, self.split) // self._blocks_per_task)

    @property
    def _blocks_per_task(self) -> int:
        recipe = self.recipe
        examples = min(BLOCK, recipe.examples_per_point(self.split))
        by_length = _TASK_SAMPLES // (examples * sum(map(recipe.samples, recipe.views)))
        return max(1, min(by_length, block_count(recipe, self.split) // _TASKS_PER_SPLIT))

    def blocks(self, task: int) -> Iterator[tuple[int, Block]]:
        """The blocks of a task, each with its first row in the file."""
        total, size = block_count(self.recipe, self.split), self._blocks_per_task
        for number in range(task * size, min((task + 1) * size, total)):
            yield numbered_block(self.recipe, self.split, number)

    def examples(self, task: int) -> int:
        return sum(len(block.positions) for _, block in self.blocks(task))


def write_splits(
    recipe: Recipe,
    folder: Path,
    card: Card,
    *,
    workers: int,
    backend: str | None,
    scheduler: str | None,
    progress: Progress,
) -> None:
    """Synthesise every split of a recipe into a folder that appears only when it is complete.

    A run that was killed or interrupted leaves `.NAME.partial` beside the folder, and the next one
    of the same recipe and versions resumes from there. Parallel tasks need no lock: every row has
    its place in the file before the first is made.
    """
    with disk_errors(folder):
        check_free_space(folder, bytes_left(recipe, folder.resolve()))
    with (
        worker_pool(workers, backend, scheduler) as pool,
        resumable(folder, _plan(card)) as scratch,
        _noted(scratch, progress),
    ):
        for split in SPLITS:
            _fill(split_work(recipe, split, card, scratch), scratch, pool, progress)
        (scratch.path / "recipe.toml").write_text(recipe_to_toml(recipe), encoding="utf-8")
        write_json(scratch.path / CARD_NAME, sealed({**card, "versions": versions()}))


def split_work(recipe: Recipe, split: str, card: Card, scratch: Scratch) -> SplitWork:
    """The work of a split, whose file is created first if it is missing."""
    path = scratch.path.absolute() / f"{split}.h5"  # a worker may have another working directory
    table = recipe_columns(recipe)
    if not path.exists():
        _allocate(path, recipe, split, card, table)
    left = [column for column in table if column.name not in ADDRESS]
    return SplitWork(recipe, split, path, scratch.plan, find_extents(path, left))


def fill_task(work: SplitWork, task: int) -> int:
    """Make the examples of a task and write them to their places; returns the task's number."""
    descriptor = os.open(work.path, os.O_WRONLY)
    try:
        check_plan(work.path.parent, work.plan)
        for row, block in work.blocks(task):
            values = _by_column(synthesise(work.recipe, block))
            for extents in work.extents:
                extents.write(descriptor, row, values[extents.column.name])
    finally:
        os.close(descriptor)
    return task


def recipe_columns(recipe: Recipe, *, clean: bool = True) -> tuple[Column, ...]:
    """The columns of every split of a recipe."""
    samples = {view: recipe.samples(view) for view in recipe.views}
    return columns(samples, recipe.drawn_names, clean=clean)


def bytes_left(recipe: Recipe, folder: Path, *, clean: bool = True) -> int:
    """Bytes that a recipe needs on disk, less those that an earlier run has written."""
    n_bytes = sum(column.row_bytes for column in recipe_columns(recipe, clean=clean))
    return n_bytes * sum(map(recipe.examples, SPLITS)) - _bytes_in(scratch_of(folder))


def _bytes_in(folder: Path) -> int:
    """Bytes that a folder takes on disk; holes in its files take none."""
    return sum(512 * item.stat().st_blocks for item in folder.glob("*.h5"))


def _plan(card: Card) -> str:
    """A text that differs wherever one run cannot resume another."""
    settings = [card, versions(), FORMAT, CHUNK_BYTES, _TASK_SAMPLES, _TASKS_PER_SPLIT]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    return f"{card['name']} {card['fingerprint']} {digest[:16]}"


@contextmanager
def _noted(scratch: Scratch, progress: Progress) -> Iterator[None]:
    """Note that a run resumes, and how to resume an interrupted one."""
    if scratch.was_begun:
        progress.note(f"resuming from {scratch.path}")
    try:
        yield
    except (KeyboardInterrupt, OSError):
        if scratch.path.is_dir():
            progress.note(f"{scratch.path} keeps what is done; the same command resumes from there")
        raise


def _fill(work: SplitWork, scratch: Scratch, pool: Pool, progress: Progress) -> None:
    """Do the tasks of a split that are not done yet."""
    total = work.recipe.examples(work.split)
    with progress.stage(f"synthesise {work.split}", total, "examples") as stage:
        for task in scratch.done(work.path):
            stage.advance(work.examples(task))
        waiting = (task for task in range(work.tasks) if not scratch.is_done(work.path, task))
        for task in pool.each(partial(fill_task, work), waiting):
            scratch.add(work.path, task)
            stage.advance(work.examples(task))


def _allocate(
    path: Path, recipe: Recipe, split: str, card: Card, table: tuple[Column, ...]
) -> None:
    """A split file with a place for every row, and the labels and SNRs filled in."""
    beside = path.with_suffix(".creating")
    count = recipe.examples_per_point(split)
    with h5py.File(beside, "w", libver=FORMAT) as file:
        stamp(file, card, split)
        create_columns(file, table, recipe.examples(split), allocated=True)
        row = 0
        for label in range(len(recipe.classes)):
            for snr_db in recipe.source.channel.snr_db:
                file["label"][row : row + count] = label
                file["snr_db"][row : row + count] = snr_db
                row += count
    sync(beside)
    beside.replace(path)  # a file with the name of a split is complete
    sync(path.parent)


def _by_column(made: Synthesised) -> dict[str, FloatArray | ComplexArray]:
    values: dict[str, FloatArray | ComplexArray] = {}
    for name, sampled in made.sampled.items():
        values[f"drawn/{name}"] = sampled
    for view, pairs in made.views.items():
        values[f"{view}/observed"] = pairs.observed.iq
        values[f"{view}/clean"] = pairs.clean
    return values
