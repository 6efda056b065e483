"""Import of arrays and of public data sets, and how networks see them."""

import dataclasses
import math
from dataclasses import asdict
from pathlib import Path

from rfmae.artefacts import CARD_NAME, read_card, refuse_occupied, write_json
from rfmae.datasets.cards import KIND, sealed
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import DatasetError, nearest
from rfmae.imports.copies import label_conflicts
from rfmae.imports.empty_splits import missing_classes
from rfmae.imports.import_plan import (
    Appearance,
    plan_import,
    refuse_bad_rows,
    survey,
    write_import,
)
from rfmae.imports.opening import SourceOptions, open_with
from rfmae.imports.places import places_of
from rfmae.imports.recognition import FORMS, Form, order_note, recognise
from rfmae.imports.sources import Facts, Known
from rfmae.imports.splits import Shares, check_shares
from rfmae.imports.understood import understood
from rfmae.progress import Logged, Progress
from rfmae.records import ImageConfig

_ANY_PHASE = (
    "windows of recordings are taken to have any carrier phase, so that training may turn them; "
    "--known-phase if the receiver was locked to it"
)


def import_dataset(
    source: Path,
    folder: Path | None,
    home: Path,
    *,
    form: str = "auto",
    options: SourceOptions | None = None,
    drop_bad_rows: bool = False,
    shares: Shares = (0.8, 0.1, 0.1),
    seed: int = 0,
    samples_per_symbol: float | None = None,
    looks: Appearance | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Import a public data set into `folder`, or into one of `home` that is named by its content.

    `form` is one of `FORMS`, or "auto": found from the content of the file. `options` say how the
    source is read, cut into windows and divided. Rows with NaN or infinite samples are refused, or
    left out with `drop_bad_rows`. A folder that holds the same import is kept.
    """
    progress = progress or Logged()
    check_shares(shares)
    _check_rate(samples_per_symbol)
    if folder is not None:
        refuse_occupied(folder, replaces=KIND)
    kind = _form(source, form)
    opened = open_with(source, kind, options or SourceOptions())
    extra = (order_note(source),) if kind == "radioml-2018" else ()
    facts = _completed(opened.facts, extra, samples_per_symbol)
    for note in facts.notes:
        progress.note(note)
    known = survey(opened, progress)
    if not drop_bad_rows:
        refuse_bad_rows(facts, known)
    facts = _with_bad_rows(facts, known)
    conflicts = label_conflicts(known, facts.classes, facts.samples)
    for note in conflicts:
        progress.note(note)
    facts = dataclasses.replace(facts, notes=(*facts.notes, *conflicts))
    places = places_of(opened)
    looks = looks or Appearance()
    if looks.any_phase is None and places is not None and places.are_cut:
        looks = dataclasses.replace(looks, any_phase=True)
        progress.note(_ANY_PHASE)
    plan = plan_import(facts, known, shares, seed, looks, places)
    if places is not None:
        progress.note(understood(plan, known, places))
    missing = missing_classes(facts, known, plan.rows, places)
    for note in (*plan.facts.notes[len(facts.notes) :], *missing):
        progress.note(note)
    folder = folder or home / f"{facts.name}-{plan.fingerprint}"
    card = read_card(folder) or {}
    if (card.get("kind"), card.get("fingerprint")) == (KIND, plan.fingerprint):
        progress.note(f"data set {folder} is there already")
        return open_dataset(folder)
    return write_import(opened, plan, folder, progress)


def change_image(dataset: Dataset, image: ImageConfig, any_phase: bool | None = None) -> Dataset:
    """Write other image settings to the card of an imported data set, whose I/Q stays as it is.

    `any_phase` stays where it is None. The fingerprint stays, too: it is that of the examples.
    """
    card = read_card(dataset.folder) or {}
    if card.get("synthetic", True):
        raise DatasetError(
            f"{dataset.folder} was synthesised, and its images are those of its recipe; change "
            "the [image] there and synthesise it again"
        )
    looks = Appearance(image, dataset.any_phase if any_phase is None else any_phase)
    changed = {**card, "image": asdict(image), "any_phase": bool(looks.any_phase)}
    write_json(dataset.folder / CARD_NAME, sealed(changed))
    return open_dataset(dataset.folder)


def _with_bad_rows(facts: Facts, known: Known) -> Facts:
    """The facts, with a note on the rows that are left out."""
    bad = 0 if known.bad is None else int(known.bad.sum())
    if not bad:
        return facts
    note = f"{bad:,} of {len(known):,} rows are left out, for they hold NaN or infinite samples"
    return dataclasses.replace(facts, notes=(*facts.notes, note))


def _form(source: Path, form: str) -> Form:
    if form == "auto":
        return recognise(source)
    for known in FORMS:
        if form == known:
            return known
    raise DatasetError(f"unknown form {form!r}; {nearest(form, ('auto', *FORMS))}")


def _check_rate(samples_per_symbol: float | None) -> None:
    if samples_per_symbol is not None and not 1 <= samples_per_symbol < math.inf:
        raise DatasetError(
            f"samples per symbol must be finite and at least 1, got {samples_per_symbol:g}"
        )


def _completed(facts: Facts, notes: tuple[str, ...], samples_per_symbol: float | None) -> Facts:
    """The facts of a source, completed by the caller's."""
    return dataclasses.replace(
        facts,
        notes=(*facts.notes, *notes),
        samples_per_symbol=samples_per_symbol or facts.samples_per_symbol,
    )
