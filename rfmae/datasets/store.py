"""The data set folder: one HDF5 file for each split, the recipe and the card."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rfmae.artefacts import CARD_NAME, Card, read_card, versions, write_json, written_whole
from rfmae.datasets.recipe import SPLITS, Recipe, recipe_to_toml
from rfmae.datasets.synthesis import stream
from rfmae.errors import DatasetError
from rfmae.progress import Progress, Silent
from rfmae.records import (
    ComplexArray,
    FloatArray,
    ImageConfig,
    IntArray,
    IqBatch,
    IqPairBatch,
    image_config_from_card,
)
from rfmae.units import SnrReference

KIND = "dataset"

_WAY_OUT = "remove the folder and make the data set anew with `rfmae synth`"

_CARD_KEYS = {
    "name",
    "fingerprint",
    "classes",
    "snr_db",
    "snr_reference",
    "symbols_per_example",
    "examples",
    "image",
    "recipe",
}

_COLUMNS = ("observed", "clean", "label", "snr_db")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set folder that was checked to be whole."""

    folder: Path
    card: Card

    @property
    def name(self) -> str:
        return str(self.card["name"])

    @property
    def fingerprint(self) -> str:
        return str(self.card["fingerprint"])

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.card["classes"])

    @property
    def snr_db(self) -> tuple[float, ...]:
        return tuple(self.card["snr_db"])

    @property
    def snr_reference(self) -> SnrReference:
        reference: SnrReference = self.card["snr_reference"]
        return reference

    @property
    def symbols_per_example(self) -> int:
        return int(self.card["symbols_per_example"])

    @property
    def any_phase(self) -> bool:
        """Whether every carrier phase is as likely as any other."""
        return bool(self.card["recipe"]["source"]["channel"]["phase_offset"] == "uniform")

    @property
    def image(self) -> ImageConfig:
        return image_config_from_card(self.card["image"])

    def examples(self, split: str) -> int:
        return int(self.card["examples"][split])

    def read(self, split: str, rows: slice | IntArray = slice(None)) -> IqPairBatch:
        """Examples of a split, all of them or those of `rows` (ascending indices)."""
        observed = self.read_observed(split, rows)
        with _opened(self.folder / f"{split}.h5") as file:
            return IqPairBatch(observed, file["clean"][rows])

    def read_observed(self, split: str, rows: slice | IntArray = slice(None)) -> IqBatch:
        """The same without the clean twins, half as much to read."""
        with _opened(self.folder / f"{split}.h5") as file:
            return IqBatch(
                iq=file["observed"][rows],
                label=file["label"][rows],
                snr_db=file["snr_db"][rows],
                classes=self.classes,
                samples_per_symbol=1,
                snr_reference=self.snr_reference,
            )

    def labels(self, split: str) -> tuple[IntArray, FloatArray]:
        """Label and SNR of every example of a split, without its I/Q."""
        with _opened(self.folder / f"{split}.h5") as file:
            return file["label"][:], file["snr_db"][:]


def write_dataset(
    recipe: Recipe, folder: Path, *, workers: int = 1, progress: Progress | None = None
) -> Dataset:
    """Synthesise every split of a recipe into a folder that appears only when it is complete."""
    progress = progress or Silent()
    card = dataset_card(recipe)
    with written_whole(folder) as scratch:
        for split in SPLITS:
            total = recipe.examples(split)
            with progress.stage(f"synthesise {split}", total, "examples") as stage:
                _write_split(recipe, split, scratch / f"{split}.h5", card, stage.advance, workers)
        (scratch / "recipe.toml").write_text(recipe_to_toml(recipe), encoding="utf-8")
        write_json(scratch / CARD_NAME, {**card, "versions": versions()})
    return open_dataset(folder)


def dataset_card(recipe: Recipe) -> Card:
    """What a data set is, in plain JSON; it depends on the recipe alone."""
    return {
        "kind": KIND,
        "name": recipe.name,
        "about": recipe.about,
        "fingerprint": recipe.fingerprint,
        "classes": list(recipe.classes),
        "snr_db": list(recipe.source.channel.snr_db),
        "snr_reference": recipe.source.channel.snr_reference,
        "symbols_per_example": recipe.source.symbols_per_example,
        "examples": {split: recipe.examples(split) for split in SPLITS},
        "image": asdict(recipe.image),
        "recipe": asdict(recipe),
    }


def open_dataset(folder: str | Path) -> Dataset:
    """Open a data set folder, refusing one that is missing, incomplete or damaged."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"no data set folder {folder}; make one with `rfmae synth`")
    card = read_card(folder)
    if card is None or card.get("kind") != KIND:
        raise DatasetError(f"{folder} is not a data set folder: its card.json is missing or other")
    missing = _CARD_KEYS - card.keys()
    if missing:
        raise DatasetError(f"the card of {folder} lacks {min(missing)!r}; {_WAY_OUT}")
    dataset = Dataset(folder, card)
    for split in SPLITS:
        with _opened(folder / f"{split}.h5") as file:
            _check_split(file, dataset, split)
    return dataset


def _write_split(
    recipe: Recipe, split: str, path: Path, card: Card, advance: Any, workers: int
) -> None:
    """One HDF5 file, filled front to back."""
    count, symbols = recipe.examples(split), recipe.source.symbols_per_example
    shapes: dict[str, tuple[tuple[int, ...], Any]] = {
        "observed": ((count, symbols), np.complex64),
        "clean": ((count, symbols), np.complex64),
        "label": ((count,), np.int16),
        "snr_db": ((count,), np.float32),
    }
    with h5py.File(path, "w", libver="latest") as file:
        for name, (shape, dtype) in shapes.items():
            file.create_dataset(name, shape, dtype)
        for key in ("kind", "name", "fingerprint", "snr_reference"):
            file.attrs[key] = card[key]
        file.attrs["split"] = split
        file.attrs["classes"] = list(recipe.classes)
        row = 0
        for pairs in stream(recipe, split, workers=workers):
            rows = slice(row, row + len(pairs))
            for name, values in _columns(pairs).items():
                file[name][rows] = values
            row += len(pairs)
            advance(len(pairs))


def _columns(pairs: IqPairBatch) -> dict[str, ComplexArray | IntArray | FloatArray]:
    observed = pairs.observed
    return dict(
        zip(_COLUMNS, (observed.iq, pairs.clean, observed.label, observed.snr_db), strict=True)
    )


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """Open for reading; whatever HDF5 finds wrong becomes one line that names the file."""
    if not path.is_file():
        raise DatasetError(f"{path} is missing; {_WAY_OUT}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError) as error:
        raise DatasetError(
            f"{path} cannot be read as HDF5, it may be truncated ({_first_line(error)}); {_WAY_OUT}"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].strip("'\"")


def _check_split(file: h5py.File, dataset: Dataset, split: str) -> None:
    path = dataset.folder / f"{split}.h5"
    if file.attrs.get("fingerprint") != dataset.fingerprint or file.attrs.get("split") != split:
        raise DatasetError(f"{path} does not belong to the data set {dataset.folder.name}")
    for name in _COLUMNS:
        if name not in file or len(file[name]) != dataset.examples(split):
            raise DatasetError(
                f"{path} must hold {dataset.examples(split)} rows of {name!r}; {_WAY_OUT}"
            )
