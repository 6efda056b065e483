"""Import of public data sets."""

import dataclasses
import math
from pathlib import Path

from rfmae.artefacts import read_card
from rfmae.datasets.cards import KIND
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import DatasetError, nearest
from rfmae.imports.array_source import ArrayOptions
from rfmae.imports.import_plan import (
    FORMS,
    Appearance,
    Form,
    open_source,
    order_note,
    plan_import,
    recognise,
    survey,
    write_import,
)
from rfmae.imports.sources import Facts
from rfmae.imports.splits import Shares, check_shares
from rfmae.progress import Logged, Progress


def import_dataset(
    source: Path,
    folder: Path | None,
    home: Path,
    *,
    form: str = "auto",
    labels: Path | None = None,
    snr: Path | None = None,
    classes: tuple[str, ...] = (),
    shares: Shares = (0.8, 0.1, 0.1),
    seed: int = 0,
    samples_per_symbol: float | None = None,
    looks: Appearance | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Import a public data set into `folder`, or into one of `home` that is named by its content.

    `form` is one of `FORMS`, or "auto": found from the content of the file. `labels`, `snr` and
    `classes` belong to plain arrays. A folder that holds the same import is kept.
    """
    progress = progress or Logged()
    check_shares(shares)
    _check_rate(samples_per_symbol)
    kind = _form(source, form)
    opened = open_source(source, kind, ArrayOptions(labels, snr, classes))
    extra = (order_note(source),) if kind == "radioml-2018" else ()
    facts = _completed(opened.facts, extra, samples_per_symbol)
    for note in facts.notes:
        progress.note(note)
    plan = plan_import(facts, survey(opened, progress), shares, seed, looks)
    folder = folder or home / f"{facts.name}-{plan.fingerprint}"
    card = read_card(folder) or {}
    if (card.get("kind"), card.get("fingerprint")) == (KIND, plan.fingerprint):
        progress.note(f"data set {folder} is there already")
        return open_dataset(folder)
    return write_import(opened, plan, folder, progress)


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
