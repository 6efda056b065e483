"""The import of a data set: survey, division into splits, copy."""

import hashlib
import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path

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
from rfmae.imports.empty_splits import refuse_empty
from rfmae.imports.place_splits import divide
from rfmae.imports.places import Places
from rfmae.imports.sources import DataSource, Facts, Known, bad_rows
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

_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Appearance:
    """How imported waveforms are shown to a network, which their files do not say.

    Without an `image`, as the trajectory in three decay kernels of 224 pixels. `any_phase`: every
    carrier phase is equally likely, so that training may turn examples; None where it is not said.
    """

    image: ImageConfig | None = None
    any_phase: bool | None = None

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


def survey(source: DataSource, progress: Progress) -> Known:
    """Label, SNR and digest of every row, in one pass."""
    blocks: list[Known] = []
    with progress.stage(f"survey {source.facts.name}", source.facts.rows, "examples") as stage:
        for block in source.known():
            blocks.append(block)
            stage.advance(len(block))
    bad = [np.zeros(len(block), bool) if block.bad is None else block.bad for block in blocks]
    return Known(
        label=np.concatenate([block.label for block in blocks]),
        snr_db=np.concatenate([block.snr_db for block in blocks]),
        digest=np.concatenate([block.digest for block in blocks]),
        bad=np.concatenate(bad),
    )


def refuse_bad_rows(facts: Facts, known: Known) -> None:
    """Refuse a set in which a sample is no finite number."""
    bad = np.flatnonzero(known.bad) if known.bad is not None else np.zeros(0, np.int64)
    if len(bad):
        row = int(bad[0])
        count = "1 row" if len(bad) == 1 else f"{len(bad):,} rows"
        raise DatasetError(
            f"every sample must be a finite number, but {count} of {len(known):,} of {facts.name} "
            f"{'holds' if len(bad) == 1 else 'hold'} NaN or infinite ones, the first is row {row} "
            f"({facts.classes[int(known.label[row])]} at {known.snr_db[row]:g} dB); "
            "--drop-bad-rows leaves them out"
        )


def plan_import(
    facts: Facts,
    known: Known,
    shares: Shares,
    seed: int,
    looks: Appearance | None = None,
    places: Places | None = None,
) -> ImportPlan:
    """Divide the rows: equal ones together, overlapping windows in groups with gaps.

    Windows of recordings, which have `places`, are divided so that no splits share a sample. Rows
    with a negative label are of classes that were not chosen, and are in no split.

    A set that has its own test split keeps it, and training and validation share the rest in
    proportion; rows of the rest that are equal to one of its test rows are left out.
    """
    check_shares(shares)
    facts, rows = _divided(facts, known, shares, seed, places)
    refuse_empty(facts, known, rows, shares, places)
    left_out = len(known) - sum(map(len, rows.values()))
    rule: Card = {
        "shares": list(shares),
        "seed": seed,
        "own_test_split": _has_own_test(facts, places),
        "windows_per_group": WINDOWS_PER_GROUP if facts.overlapping else None,
        "left_out": left_out,
        "importer": IMPORTER_VERSION,
        **({"windows": asdict(places.windows)} if places is not None else {}),
    }
    snr_db = tuple(float(value) for value in np.unique(known.snr_db[known.label >= 0]))
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


def _divided(
    facts: Facts, known: Known, shares: Shares, seed: int, places: Places | None
) -> tuple[Facts, dict[str, IntArray]]:
    """The rows of each split, and the facts with what is to be noted of the division."""
    if places is not None:
        kept = (known.label >= 0) & (True if known.bad is None else ~known.bad)
        division = divide(places, known, kept, shares, seed)
        facts = replace(facts, notes=(*facts.notes, *division.notes))
        return facts, {split: division.rows(split) for split in SPLITS}
    groups = _groups(facts, known)
    if facts.test_from is None:
        return facts, split_rows(known.label, known.snr_db, shares, seed, groups)
    return facts, _keeping_test(known, shares, seed, groups, facts.test_from)


def _has_own_test(facts: Facts, places: Places | None) -> bool:
    return facts.test_from is not None or (places is not None and "test" in places.own_splits)


def _groups(facts: Facts, known: Known) -> IntArray:
    groups = (
        window_groups(known.label, known.snr_db)
        if facts.overlapping
        else np.arange(len(known), dtype=np.int64)
    )
    if known.bad is not None:
        groups = np.where(known.bad, GAP, groups)
    groups = np.where(known.label < 0, GAP, groups)
    return groups_of_equals(known.digest, groups)


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
    return {**rows, "test": test_from + np.flatnonzero(groups[test_from:] != GAP)}


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
        any_phase=bool(plan.looks.any_phase),
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
                    writer.append(_finite(_rows_of(batch, np.flatnonzero(here == number))))
            first += len(batch)
            stage.advance(len(batch))


def _finite(batch: IqBatch) -> IqBatch:
    """A batch, refused where a sample is no finite number that the survey did not see."""
    bad = np.flatnonzero(bad_rows(batch.iq))
    if len(bad):
        row = int(bad[0])
        raise DatasetError(
            "every sample must be a finite number, but an example of "
            f"{batch.classes[int(batch.label[row])]} at {batch.snr_db[row]:g} dB holds another"
        )
    return batch


def _rows_of(batch: IqBatch, rows: IntArray) -> IqBatch:
    return replace(batch, iq=batch.iq[rows], label=batch.label[rows], snr_db=batch.snr_db[rows])
