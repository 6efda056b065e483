"""The import of a public data set: recognition, survey, division into splits, copy."""

import hashlib
import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import h5py
import numpy as np

from rfmae.artefacts import (
    CARD_NAME,
    Card,
    check_free_space,
    versions,
    write_json,
    written_whole,
)
from rfmae.datasets.cards import imported_card, sealed
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import Dataset, SplitWriter, open_dataset
from rfmae.errors import DatasetError
from rfmae.imports.array_files import array_form
from rfmae.imports.array_source import ArrayFile, ArrayOptions
from rfmae.imports.hisarmod import HisarMod, is_hisarmod
from rfmae.imports.radioml import RadioMl2016
from rfmae.imports.radioml2018 import RadioMl2018, check_class_order
from rfmae.imports.sources import DataSource, Facts, Known
from rfmae.imports.splits import (
    GAP,
    WINDOWS_PER_GROUP,
    Shares,
    check_shares,
    groups_of_equals,
    split_rows,
    window_groups,
)
from rfmae.progress import Progress
from rfmae.records import ImageConfig, IntArray, IqBatch

IMPORTER_VERSION = 1
"""Increased by every change that brings other rows or values of the same source."""

Form = Literal["radioml-2016", "radioml-2018", "hisarmod", "arrays"]
FORMS: tuple[Form, ...] = ("radioml-2016", "radioml-2018", "hisarmod", "arrays")

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Appearance:
    """How imported waveforms are shown to a network, which their files do not say.

    Without an `image`, as the trajectory in three decay kernels of 224 pixels. `any_phase`: every
    carrier phase is equally likely, so that training may turn examples.
    """

    image: ImageConfig | None = None
    any_phase: bool = False

    def __post_init__(self) -> None:
        for plane in () if self.image is None else self.image.planes:
            if plane.view != "waveform":
                raise DatasetError(
                    f"imported examples are waveforms, but a plane of the {plane.what} is rendered "
                    "from symbols; name a recipe with planes of the trajectory, such as radio-24"
                )

    @property
    def settings(self) -> Card:
        """What differs from an import without any, for the fingerprint."""
        shown = {} if self.image is None else {"image": asdict(self.image)}
        return {**shown, **({"any_phase": True} if self.any_phase else {})}


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Which rows of a source go to which split."""

    facts: Facts
    rows: dict[str, IntArray]  # ascending, by split
    snr_db: tuple[float, ...]
    fingerprint: str
    rule: Card  # how the rows were divided, in plain JSON
    looks: Appearance


def recognise(path: Path) -> Form:
    """The kind of data set at a path, by its content."""
    if path.is_dir():
        if is_hisarmod(path):
            return "hisarmod"
        raise DatasetError(f"{path} is a folder, but none of HisarMod2019.1; name a file in it")
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    if array_form(path) is not None:
        return "arrays"
    if h5py.is_hdf5(path):
        return "radioml-2018"
    with path.open("rb") as file:
        beginning = file.read(1)
    if beginning in (b"\x80", b"(", b"}"):  # how a pickled dictionary begins
        return "radioml-2016"
    raise DatasetError(
        f"{path} is none of the known kinds: a pickle of RadioML 2016, the HDF5 file of RadioML "
        "2018.01A, the folder of HisarMod2019.1, or .npy, .npz or .mat with labels"
    )


def open_source(path: Path, form: Form, options: ArrayOptions) -> DataSource:
    """Open a data set of a kind; only plain arrays need labels, SNRs and classes as options."""
    if form == "arrays":
        return ArrayFile(path, options)
    given = [name for name in ("labels", "snr", "classes") if getattr(options, name)]
    if given:
        raise DatasetError(f"{path} has its own labels, SNRs and classes; leave out --{given[0]}")
    return _OPENERS[form](path)


_OPENERS: dict[Form, Callable[[Path], DataSource]] = {
    "radioml-2016": RadioMl2016,
    "radioml-2018": RadioMl2018,
    "hisarmod": HisarMod,
}


def order_note(path: Path) -> str:
    """A note on the class order of a RadioML 2018.01A file, verified from its signals.

    A file whose signals are in the order of the wrong list is refused.
    """
    order = check_class_order(path)
    if order.verdict == "published":
        raise DatasetError(
            f"the signals of {path} are in the order of the published list, not in that of the "
            "set; bring the columns of Y into the order of the set"
        )
    if order.verdict == "correct":
        return "the order of the classes was proven from the signals"
    return (
        "the order of the classes could not be proven from the signals; that of the set was taken"
    )


def survey(source: DataSource, progress: Progress) -> Known:
    """Label, SNR and digest of every row, in one pass."""
    blocks: list[Known] = []
    with progress.stage(f"survey {source.facts.name}", source.facts.rows, "examples") as stage:
        for block in source.known():
            blocks.append(block)
            stage.advance(len(block))
    return Known(
        *(
            np.concatenate([getattr(block, name) for block in blocks])
            for name in ("label", "snr_db", "digest")
        )
    )


def plan_import(
    facts: Facts, known: Known, shares: Shares, seed: int, looks: Appearance | None = None
) -> ImportPlan:
    """Divide the rows: equal ones together, overlapping windows in groups with gaps.

    A set that has its own test split keeps it, and training and validation share the rest in
    proportion; rows of the rest that are equal to one of its test rows are left out.
    """
    check_shares(shares)
    groups = _groups(facts, known)
    if facts.test_from is None:
        rows = split_rows(known.label, known.snr_db, shares, seed, groups)
    else:
        rows = _keeping_test(known, shares, seed, groups, facts.test_from)
    for split in SPLITS:
        if not len(rows[split]):
            raise DatasetError(
                f"split {split} would be empty with shares {shares} of {len(known)} examples of "
                f"{facts.name}; give it a larger share, or more examples"
            )
    left_out = len(known) - sum(map(len, rows.values()))
    rule: Card = {
        "shares": list(shares),
        "seed": seed,
        "own_test_split": facts.test_from is not None,
        "windows_per_group": WINDOWS_PER_GROUP if facts.overlapping else None,
        "left_out": left_out,
        "importer": IMPORTER_VERSION,
    }
    snr_db = tuple(float(value) for value in np.unique(known.snr_db))
    looks = looks or Appearance()
    fingerprint = _fingerprint(facts, known, {**rule, **looks.settings})
    return ImportPlan(facts, rows, snr_db, fingerprint, rule, looks)


def write_import(source: DataSource, plan: ImportPlan, folder: Path, progress: Progress) -> Dataset:
    """Copy the rows of a source into a folder that appears only when it is complete."""
    card = _card(plan)
    check_free_space(folder, _n_bytes(plan))
    with written_whole(folder) as scratch:
        _copy(source, plan, card, scratch, progress)
        write_json(scratch / CARD_NAME, sealed({**card, "versions": versions()}))
    return open_dataset(folder)


def _groups(facts: Facts, known: Known) -> IntArray:
    windows = window_groups(known.label, known.snr_db) if facts.overlapping else None
    return groups_of_equals(known.digest, windows)


def _keeping_test(
    known: Known, shares: Shares, seed: int, groups: IntArray, test_from: int
) -> dict[str, IntArray]:
    train, validation, _ = shares
    if train + validation <= 0:
        raise DatasetError(f"the set has its own test split; name shares of the rest, got {shares}")
    rest = (train / (train + validation), validation / (train + validation), 0.0)
    mine = np.where(
        np.isin(known.digest[:test_from], known.digest[test_from:]), GAP, groups[:test_from]
    )
    rows = split_rows(known.label[:test_from], known.snr_db[:test_from], rest, seed, mine)
    return {**rows, "test": np.arange(test_from, len(known))}


def _fingerprint(facts: Facts, known: Known, rule: Card) -> str:
    """Eight hex digits of all that shapes the files: the content of every row and the rule."""
    settings = {
        "name": facts.name,
        "classes": facts.classes,
        "samples": facts.samples,
        "samples_per_symbol": facts.samples_per_symbol,
        **rule,
    }
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for values, kind in ((known.digest, "<u8"), (known.label, "<i2"), (known.snr_db, "<f4")):
        digest.update(values.astype(kind).tobytes())
    return digest.hexdigest()[:8]


def _card(plan: ImportPlan) -> Card:
    facts = plan.facts
    source: Card = {
        "rows": facts.rows,
        "notes": list(facts.notes),
        "scaling": "none: samples are as in the file",
    }
    return imported_card(
        name=facts.name,
        about=facts.about,
        classes=facts.classes,
        snr_db=plan.snr_db,
        samples_per_symbol=facts.samples_per_symbol,
        samples=facts.samples,
        examples={split: len(rows) for split, rows in plan.rows.items()},
        source=source,
        splits=plan.rule,
        fingerprint=plan.fingerprint,
        image=plan.looks.image,
        any_phase=plan.looks.any_phase,
    )


def _n_bytes(plan: ImportPlan) -> int:
    return np.dtype(np.complex64).itemsize * plan.facts.samples * sum(map(len, plan.rows.values()))


def _copy(
    source: DataSource, plan: ImportPlan, card: Card, scratch: Path, progress: Progress
) -> None:
    """One pass over the source, each row to the end of its split."""
    split_of_row = np.full(plan.facts.rows, _NOWHERE, np.int8)
    for number, split in enumerate(SPLITS):
        split_of_row[plan.rows[split]] = number
    with ExitStack() as stack:
        writers = [
            stack.enter_context(
                SplitWriter(
                    scratch / f"{split}.h5",
                    split=split,
                    card=card,
                    samples={"waveform": plan.facts.samples},
                )
            )
            for split in SPLITS
        ]
        stage = stack.enter_context(
            progress.stage(f"import {plan.facts.name}", plan.facts.rows, "examples")
        )
        first = 0
        for batch in source.blocks():
            here = split_of_row[first : first + len(batch)]
            for number, writer in enumerate(writers):
                if (here == number).any():
                    writer.append(_rows_of(batch, np.flatnonzero(here == number)))
            first += len(batch)
            stage.advance(len(batch))


def _rows_of(batch: IqBatch, rows: IntArray) -> IqBatch:
    return replace(batch, iq=batch.iq[rows], label=batch.label[rows], snr_db=batch.snr_db[rows])
