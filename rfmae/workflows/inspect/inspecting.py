"""Inspection of folders and files, with a text sketch of I/Q or training curves."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rfmae.artefacts import Card, read_card
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import Capture, read_recording, recordings_of
from rfmae.datasets.cards import KIND as DATASET
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import ArtefactError
from rfmae.imports.arrays.array_source import ArrayOptions
from rfmae.imports.hisarmod import is_hisarmod
from rfmae.imports.recognition import open_source, recognise
from rfmae.imports.recordings.listing import holds_recordings, list_recordings
from rfmae.reporting.curve_sketch import run_sketch
from rfmae.reporting.iq_measures import loudest_stretch
from rfmae.reporting.sketch import constellation_sketch
from rfmae.workflows.inspect.bands import Band, within
from rfmae.workflows.inspect.facts import (
    array_facts,
    capture_facts,
    collection_facts,
    dataset_facts,
    listing_facts,
    source_facts,
)
from rfmae.workflows.inspect.runs import is_run, see_run
from rfmae.workflows.inspect.selection import WHOLE, example_title, is_foreign, path_kind

_SKETCHED = 4096  # samples of a recording


@dataclass(frozen=True, slots=True)
class Shown:
    """Facts about an artefact, and a sketch where there is I/Q or a run's curves."""

    facts: Card
    caption: str = ""
    sketch: list[str] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)  # the sketch in ASCII, if there is one


def show(path: Path, read_options: ReadOptions = WHOLE, band: Band | None = None) -> Shown:
    """Facts about a data set, checkpoint, run, report, recording, or public data set.

    Of a recording the loudest stretch is sketched, of a band where one is named.
    """
    kind = path_kind(path)
    if kind == "file":
        return _shown_file(path, read_options, band)
    if band is not None:
        raise ArtefactError(f"--band is for recordings, but {path} is none")
    card = read_card(path)
    if card is None:
        if kind == "folder" and (is_hisarmod(path) or holds_recordings(path)):
            return _shown_source(path)
        raise ArtefactError(f"{path} is no artefact of rfmae: it has no card.json")
    if card.get("kind") == DATASET:
        return _shown_dataset(open_dataset(path))
    return _shown_run(path) if is_run(path) else Shown(card)


def _shown_run(path: Path) -> Shown:
    """The progress of a run, and its curves."""
    seen = see_run(path)
    best = f"; best checkpoint: step {seen.best_step:,}" if seen.best_step else ""
    return Shown(
        seen.facts,
        f"training curves{best}",
        run_sketch(seen.quantities),
        run_sketch(seen.quantities, plain=True),
    )


def _shown_file(path: Path, read_options: ReadOptions, band: Band | None) -> Shown:
    foreign = is_foreign(path, read_options)
    recordings = () if foreign else recordings_of(path)
    if band is not None and len(recordings) != 1:
        raise ArtefactError(f"--band is for one recording, but {path} is none")
    if foreign:
        return _shown_source(path)
    if len(recordings) > 1:
        captures = [read_recording(each, read_options) for each in recordings]
        return Shown(collection_facts(path, captures))
    capture = read_recording(recordings[0], read_options)
    facts = capture_facts(capture)
    if band is not None:
        facts["band"] = str(band)
        capture = within(capture, band)
    part = loudest_stretch(capture.iq, _SKETCHED)
    return Shown(facts, _stretch_words(capture, part, band), constellation_sketch(capture.iq[part]))


def _stretch_words(capture: Capture, part: slice, band: Band | None) -> str:
    """Which samples a sketch shows, and when they are."""
    total = len(capture.iq)
    of_band = "" if band is None else f" of the band {band}"
    if part.stop - part.start == total:
        return f"all {total:,} samples{of_band}"
    first, last = (sample / capture.sample_rate_hz for sample in (part.start, part.stop - 1))
    return (
        f"samples {part.start:,} to {part.stop - 1:,} of {total:,}{of_band}, the loudest: "
        f"{first:.6g} to {last:.6g} s"
    )


def _shown_source(path: Path) -> Shown:
    """A public data set before its import; of plain arrays only the shapes are known."""
    form = recognise(path)
    if form == "arrays":
        return Shown(array_facts(path))
    if form == "recordings":
        return Shown(listing_facts(path, list_recordings(path, ReadOptions())))
    source = open_source(path, form, ArrayOptions())
    batch = next(source.blocks())
    row = int(np.argmax(batch.snr_db))
    label = batch.classes[int(batch.label[row])]
    caption = f"{label}, {batch.snr_db[row]:g} dB, row {row}"
    return Shown(source_facts(form, source.facts), caption, constellation_sketch(batch.iq[row]))


def _shown_dataset(dataset: Dataset) -> Shown:
    """The sketch shows the example of the highest SNR."""
    facts = dataset_facts(dataset)
    split = next((split for split in reversed(SPLITS) if dataset.examples(split)), None)
    if split is None:
        return Shown(facts)
    row = int(np.argmax(np.nan_to_num(dataset.labels(split)[1])))
    iq = dataset.read_observed(split, slice(row, row + 1)).iq
    return Shown(facts, example_title(dataset, split, row), constellation_sketch(iq))
