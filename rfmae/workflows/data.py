"""Synthesis of data sets from recipes."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from rfmae.artefacts import (
    CARD_NAME,
    Card,
    check_free_space,
    read_card,
    versions,
    write_json,
    written_whole,
)
from rfmae.captures.sigmf_writing import SigmfSplitWriter
from rfmae.datasets.cards import KIND as DATASET
from rfmae.datasets.cards import SIGMF_KIND, dataset_card
from rfmae.datasets.recipe import SPLITS, Recipe, recipe_to_toml
from rfmae.datasets.store import Dataset, open_dataset, write_dataset
from rfmae.datasets.synthesis import examples
from rfmae.datasets.writing import bytes_left
from rfmae.progress import Logged, Progress

Form = Literal["hdf5", "sigmf"]


def synth(
    recipe: Recipe,
    folder: Path,
    *,
    workers: int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    form: Form = "hdf5",
    progress: Progress | None = None,
) -> Dataset:
    """Synthesise a recipe into a data set folder; one that holds the same recipe is kept.

    `backend` and `scheduler` choose the workers (`rfmae.datasets.workers`). SigMF, for other
    programs, is written by one process in order; the returned data set then has a card but no
    rows to read.
    """
    progress = progress or Logged()
    card = read_card(folder)
    kind = DATASET if form == "hdf5" else SIGMF_KIND
    same = {"kind": kind, "fingerprint": recipe.fingerprint}
    if card is not None and {key: card.get(key) for key in same} == same:
        dataset = open_dataset(folder) if form == "hdf5" else Dataset(folder, card)
        progress.note(f"data set {folder} is there already")
        return dataset
    if form == "sigmf":
        return _write_sigmf(recipe, folder, progress)
    return write_dataset(
        recipe, folder, workers=workers, backend=backend, scheduler=scheduler, progress=progress
    )


def _write_sigmf(recipe: Recipe, folder: Path, progress: Progress) -> Dataset:
    """One recording for each split and view, an annotation for each example."""
    card = {**dataset_card(recipe), "kind": SIGMF_KIND}
    with written_whole(folder) as scratch:
        check_free_space(folder, bytes_left(recipe, folder, clean=False))
        for split in SPLITS:
            total = recipe.examples(split)
            with progress.stage(f"synthesise {split}", total, "examples") as stage:
                _write_sigmf_split(recipe, split, scratch, card, stage.advance)
        (scratch / "recipe.toml").write_text(recipe_to_toml(recipe), encoding="utf-8")
        write_json(scratch / CARD_NAME, {**card, "versions": versions()})
    return Dataset(folder, card)


def _write_sigmf_split(
    recipe: Recipe, split: str, folder: Path, card: Card, advance: Callable[[int], None]
) -> None:
    with ExitStack() as stack:
        writers = {
            view: stack.enter_context(
                SigmfSplitWriter(
                    folder,
                    split,
                    sample_rate_hz=recipe.samples_per_symbol(view),  # one symbol a second
                    card=card,
                    view=view,
                )
            )
            for view in recipe.views
        }
        for made in examples(recipe, split):
            for view, pairs in made.views.items():
                writers[view].append(pairs.observed, made.sampled)
            advance(len(made))
