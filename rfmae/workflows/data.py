"""Making data sets and finding artefacts again."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from rfmae.artefacts import CARD_NAME, Card, read_card, versions, write_json, written_whole
from rfmae.datasets.recipe import SPLITS, Recipe, recipe_to_toml
from rfmae.datasets.sigmf_writing import SigmfSplitWriter
from rfmae.datasets.store import KIND as DATASET
from rfmae.datasets.store import (
    SIGMF_KIND,
    Dataset,
    dataset_card,
    open_dataset,
    write_dataset,
)
from rfmae.datasets.synthesis import examples
from rfmae.datasets.writing import check_free_space
from rfmae.errors import ArtefactError, CheckpointError, DatasetError
from rfmae.models.checkpoint import load_checkpoint
from rfmae.progress import Progress, Silent
from rfmae.records import ImageConfig
from rfmae.training.run_folder import KIND as RUN

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

    `backend` and `scheduler` say who does the work (`rfmae.datasets.workers`). SigMF, for other
    programs, is written by one process in order, and what is returned then has a card but no rows
    to read.
    """
    progress = progress or Silent()
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
        check_free_space(recipe, folder, clean=False)
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
                writers[view].append(pairs.observed, made.drawn)
            advance(len(made))


def newest_dataset(home: Path) -> Path:
    """The newest data set among the folders of `home`."""
    return _newest(home, lambda card: card.get("kind") == DATASET, "data set", "rfmae synth")


def newest_run(home: Path, stage: str) -> Path:
    """The newest run of a stage, `pretrain` or `finetune`, among the folders of `home`."""
    return _newest(
        home,
        lambda card: card.get("kind") == RUN and card["config"]["stage"] == stage,
        f"{stage} run",
        f"rfmae {stage}",
    )


def _newest(home: Path, wanted: Callable[[Card], bool], what: str, maker: str) -> Path:
    cards = home.glob(f"*/{CARD_NAME}") if home.is_dir() else ()
    found = [card for card in cards if wanted(read_card(card.parent) or {})]
    if not found:
        raise ArtefactError(f"no {what} in {home}; name its folder or run `{maker}` first")
    return max(found, key=lambda card: card.stat().st_mtime).parent


def dataset_of(model: Path, named: Path | None, home: Path) -> Dataset:
    """The data set that was named, or the one in `home` that a model was trained on."""
    if named is not None:
        return open_dataset(named)
    trained_on = load_checkpoint(model).card["dataset"]
    folder = home / f"{trained_on['name']}-{trained_on['fingerprint']}"
    if not folder.is_dir():
        raise DatasetError(f"{model} was trained on {folder}, which is not there; name --data")
    return open_dataset(folder)


def check_images(dataset: Dataset, image: ImageConfig, model: Path) -> None:
    """Refuse a data set whose images are drawn otherwise than those a model was trained on."""
    if image != dataset.image:
        raise CheckpointError(
            f"{model} was trained on images {image}, but {dataset.folder.name} asks for "
            f"{dataset.image}; pre-train on this data set"
        )
