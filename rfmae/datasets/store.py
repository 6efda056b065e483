"""The data set folder: one HDF5 file for each split, the recipe and the card."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self, TypedDict, TypeVar

import h5py
import numpy as np

from rfmae.artefacts import Card, read_card
from rfmae.datasets.cards import KIND, SIGMF_KIND, DatasetCard, check_seal, dataset_card
from rfmae.datasets.hdf5_columns import HDF5_DAMAGES, column_fault
from rfmae.datasets.layout import Column, columns
from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.datasets.split_writer import SplitWriter
from rfmae.datasets.writing import write_splits
from rfmae.errors import DatasetError, RfmaeError, first_line
from rfmae.plain import value
from rfmae.progress import Logged, Progress
from rfmae.records import (
    IMAGE_ALONE,
    ComplexArray,
    FloatArray,
    ImageConfig,
    IntArray,
    IqBatch,
    IqPairBatch,
    Modality,
    View,
    image_config_from_card,
    modalities_from_card,
)
from rfmae.signal.snr_estimation import SnrEstimator, snr_estimator_from_card
from rfmae.units import SnrReference

__all__ = ["Dataset", "SplitWriter", "open_dataset", "write_dataset"]

_REMEDY = "remove the folder and make the data set again with `rfmae synth`"


class _ReceiverCard(TypedDict):
    waveform: str


class _SourceCard(TypedDict):
    pulse: dict[str, Any]
    receiver: _ReceiverCard


class _RecipeCard(TypedDict):
    """What an estimate of the SNR needs of a recipe."""

    source: _SourceCard


Rows = slice | IntArray
"""Some rows of a split: a slice, or ascending indices."""

_ALL = slice(None)

Values = TypeVar("Values", ComplexArray, FloatArray)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set folder that was checked for completeness.

    An example can be stored in several views, `symbols` and `waveform`; the default is the symbols,
    if they are stored.
    """

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
    def views(self) -> tuple[View, ...]:
        return tuple(self.card["views"])

    @property
    def default_view(self) -> View:
        return "symbols" if "symbols" in self.views else "waveform"

    def samples(self, view: View | None = None) -> int:
        """Length of an example in a view."""
        return int(self._view(view)["samples"])

    def samples_per_symbol(self, view: View | None = None) -> float:
        return float(self._view(view)["samples_per_symbol"])

    def snr_estimator(self, view: View) -> SnrEstimator:
        """How a receiver estimates the SNR of its examples; of a waveform it knows the pulse."""
        if view == "symbols":
            return SnrEstimator()
        recipe = self.card.get("recipe")
        if recipe is None:
            raise DatasetError(
                f"data set {self.name} does not say with which pulse its waveforms were sent, "
                "without which their SNR is not estimated; leave the modality snr out"
            )
        source = value(_RecipeCard, recipe, f"recipe in the card of {self.folder}")["source"]
        return snr_estimator_from_card(
            {
                "samples_per_symbol": self.samples_per_symbol(view),
                "pulse": source["pulse"],
                "filtered": source["receiver"]["waveform"] == "filtered",
            }
        )

    @property
    def has_clean(self) -> bool:
        """Whether every example has its clean twin, as synthetic ones do."""
        return bool(self.card["synthetic"])

    @property
    def is_on_disk(self) -> bool:
        """Whether the folder holds the examples, so that another object may read the same ones."""
        return True

    @property
    def any_phase(self) -> bool:
        """Whether the carrier phase is uniform."""
        return bool(self.card["any_phase"])

    @property
    def image(self) -> ImageConfig:
        return image_config_from_card(self.card["image"])

    def rendered_as(self, image: ImageConfig) -> Self:
        """The same examples with images of another configuration, rendered from the I/Q.

        Raises where a plane is rendered from a view that the data set does not hold.
        """
        lacking = [plane for plane in image.planes if plane.view not in self.views]
        if lacking:
            raise DatasetError(
                f"data set {self.name} holds the {' and '.join(self.views)} of its examples, but "
                f"a plane of the {lacking[0].what} is rendered from the {lacking[0].view}; take a "
                f"network that was trained on planes of the {self.views[0]}"
            )
        return replace(self, card={**self.card, "image": asdict(image)})

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The default modalities of a network; without an entry in the card, the image alone."""
        named = self.card.get("modalities")
        return IMAGE_ALONE if named is None else modalities_from_card(named)

    def examples(self, split: str) -> int:
        return int(self.card["examples"][split])

    def check_clean(self) -> None:
        """Refuse a data set without clean twins where they are needed."""
        if not self.has_clean:
            raise DatasetError(
                f"data set {self.name} holds no clean twins, for it was recorded or imported; "
                "name a synthetic one here, and this one to fine-tune or to measure accuracy"
            )

    def read(self, split: str, rows: Rows = _ALL, view: View | None = None) -> IqPairBatch:
        """Examples of a split and their clean twins, all of them or those of `rows`."""
        self.check_clean()
        observed = self.read_observed(split, rows, view)
        with _opened(self.folder / f"{split}.h5") as file:
            clean = _finite(file[f"{view or self.default_view}/clean"][rows], file.filename)
            return IqPairBatch(observed, clean)

    def read_observed(self, split: str, rows: Rows = _ALL, view: View | None = None) -> IqBatch:
        """The same without the clean twins, half as much to read."""
        samples_per_symbol = self.samples_per_symbol(view)
        with _opened(self.folder / f"{split}.h5") as file:
            return IqBatch(
                iq=_finite(file[f"{view or self.default_view}/observed"][rows], file.filename),
                label=file["label"][rows],
                snr_db=file["snr_db"][rows],
                classes=self.classes,
                samples_per_symbol=samples_per_symbol,
                snr_reference=self.snr_reference,
            )

    def read_views(
        self, split: str, views: Sequence[View], rows: Rows = _ALL
    ) -> dict[View, IqBatch]:
        """The observed I/Q of the same examples in several views."""
        return {view: self.read_observed(split, rows, view) for view in views}

    def labels(self, split: str) -> tuple[IntArray, FloatArray]:
        """Label and SNR of every example of a split, without its I/Q."""
        with _opened(self.folder / f"{split}.h5") as file:
            return file["label"][:], file["snr_db"][:]

    def sampled(self, split: str, rows: Rows = _ALL) -> dict[str, FloatArray]:
        """The random channel effects of each example, by name, each (N,) float32."""
        with _opened(self.folder / f"{split}.h5") as file:
            return {
                name: _finite(file[f"drawn/{name}"][rows], file.filename, "channel effects")
                for name in self.card["drawn"]
            }

    def _view(self, view: View | None) -> dict[str, Any]:
        view = view or self.default_view
        if view not in self.views:
            raise DatasetError(
                f"data set {self.name} holds the {' and '.join(self.views)} of its examples, but "
                f"view {view!r} is required; a recipe stores both with "
                'source.receiver.observe = "both"'
            )
        return dict(self.card["views"][view])


def write_dataset(
    recipe: Recipe,
    folder: Path,
    *,
    workers: int = 1,
    backend: str | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Synthesise every split of a recipe into a folder that appears only when it is complete.

    The files are the same for any number of workers on any backend (see `worker_pool`), and for a
    run that was killed and begun again.
    """
    write_splits(
        recipe,
        folder,
        dataset_card(recipe),
        workers=workers,
        backend=backend,
        scheduler=scheduler,
        progress=progress or Logged(),
    )
    return open_dataset(folder)


def open_dataset(folder: str | Path) -> Dataset:
    """Open a data set folder.

    Args:
        folder: What `rfmae synth` or `rfmae import` wrote.

    Returns:
        The data set: `classes`, `snr_db`, `read_observed(split)`, `read(split)` with clean twins.

    Raises:
        DatasetError: A folder that is missing, incomplete, damaged or of another kind.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> pairs = open_dataset("data").read("test")
        >>> pairs.observed.iq.shape, pairs.clean.dtype, pairs.observed.snr_db[0]
        ((14, 1024), dtype('complex64'), np.float32(20.0))
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetError(f"no data set folder {folder}; make one with `rfmae synth`")
    card = read_card(folder)
    if card is not None and card.get("kind") == SIGMF_KIND:
        raise DatasetError(
            f"{folder} holds SigMF recordings for other programs; make the data set with "
            "`rfmae synth --format hdf5` to use it here"
        )
    if card is None or card.get("kind") != KIND:
        raise DatasetError(f"{folder} is not a data set folder: its card.json is missing or other")
    _check_card(card, folder)
    dataset = Dataset(folder, card)
    for split in SPLITS:
        with _opened(folder / f"{split}.h5") as file:
            _check_split(file, dataset, split)
    return dataset


def _check_card(card: Card, folder: Path) -> None:
    """Refuse a card that does not say what every reader relies on."""
    try:
        check_seal(card, folder)
        known = value(DatasetCard, card, f"the card of {folder}")
        counts = [*(view["samples"] for view in known["views"].values()), len(known["classes"])]
        rates = [view["samples_per_symbol"] for view in known["views"].values()]
        if not rates or min(counts) < 1 or min(rates) <= 0:
            raise DatasetError(f"the card of {folder} must name classes and samples of a view")
        lacking = [split for split in SPLITS if known["examples"].get(split, -1) < 0]
        if lacking:
            raise DatasetError(f"the card of {folder} must count the examples of {lacking[0]}")
    except RfmaeError as error:
        raise DatasetError(f"{error}; {_REMEDY}") from error
    image_config_from_card(known["image"])
    if "modalities" in known:
        modalities_from_card(known["modalities"])


def _finite(values: Values, path: str, what: str = "samples") -> Values:
    if not np.isfinite(values.view(np.float32)).all():
        raise DatasetError(f"{path} holds {what} that are NaN or infinite; {_REMEDY}")
    return values


def _columns_of(dataset: Dataset) -> tuple[Column, ...]:
    samples = {view: dataset.samples(view) for view in dataset.views}
    return columns(samples, dataset.card["drawn"], clean=dataset.has_clean)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """Open for reading; an error of HDF5 becomes one line that names the file."""
    if not path.is_file():
        raise DatasetError(f"{path} is missing; {_REMEDY}")
    try:
        # without HDF5's cache a single row is read, not all of its chunk
        with h5py.File(path, "r", rdcc_nbytes=0) as file:
            yield file
    except HDF5_DAMAGES as error:
        raise DatasetError(
            f"{path} cannot be read as HDF5, it may be truncated ({first_line(error)}); {_REMEDY}"
        ) from error


def _check_split(file: h5py.File, dataset: Dataset, split: str) -> None:
    """The columns that the card promises, each of the right shape."""
    path, rows = dataset.folder / f"{split}.h5", dataset.examples(split)
    stated = [str(file.attrs.get(name)) for name in ("fingerprint", "split")]
    if stated != [dataset.fingerprint, split]:
        raise DatasetError(f"{path} does not belong to the data set {dataset.folder.name}")
    for column in _columns_of(dataset):
        shape = (rows, *column.row_shape)
        if (fault := column_fault(file, column.name)) is not None:
            raise DatasetError(f"{column.name!r} of {path} {fault}; {_REMEDY}")
        item = file.get(column.name)
        held = isinstance(item, h5py.Dataset) and item.shape == shape
        if not held or item.dtype != column.dtype:
            raise DatasetError(f"{path} must hold {rows} rows of {column.name!r}; {_REMEDY}")
    _finite(file["snr_db"][:], str(path), "SNRs")
    label = file["label"][:]
    if rows and not 0 <= label.min() <= label.max() < len(dataset.classes):
        raise DatasetError(
            f"labels in {path} must lie in 0 to {len(dataset.classes) - 1}, "
            f"got {label.min()} to {label.max()}; {_REMEDY}"
        )
