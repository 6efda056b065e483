"""Looking at things: what a folder or a file is, and pictures of the I/Q in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from rfmae.artefacts import Card, read_card
from rfmae.captures.asked import Asked
from rfmae.captures.reading import Capture, read_capture
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import KIND as DATASET
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import ArtefactError, DatasetError, UnitError, nearest
from rfmae.imports.arrays import ArrayOptions
from rfmae.imports.hisarmod import is_hisarmod
from rfmae.imports.importing import open_source, recognise
from rfmae.records import ComplexArray, View
from rfmae.reporting.figure_files import check_suffix, save_figure
from rfmae.reporting.iq_figures import PICTURES, Excerpt, iq_figure
from rfmae.reporting.sketch import constellation_sketch
from rfmae.units import SNR_REFERENCE_NAMES
from rfmae.workflows.facts import array_facts, capture_facts, dataset_facts, source_facts

ALL = "all"

_OF_WAVEFORMS = ("eye", "psd", "spectrogram")
_FOREIGN = (".pkl", ".dat", ".hdf5", ".h5", ".mat", ".npy", ".npz", ".csv")
_SKETCHED = 4096  # samples of a recording


@dataclass(frozen=True, slots=True)
class Choice:
    """Which example of a data set: the row of a split, or of those of one class and SNR."""

    split: str = "test"
    row: int = 0
    label: str = ""  # empty where any class will do
    snr_db: float = math.nan  # nan where any SNR will do

    @property
    def is_open(self) -> bool:
        """Whether neither a row nor a class nor an SNR was chosen."""
        return self.row == 0 and not self.label and math.isnan(self.snr_db)


FIRST = Choice()
WHOLE = Asked()


@dataclass(frozen=True, slots=True)
class Shown:
    """What something is, and a sketch of it where there is I/Q to sketch."""

    facts: Card
    caption: str = ""
    sketch: list[str] = field(default_factory=list)


# pictures -----------------------------------------------------------------------------------


def plot(
    source: Path,
    out: Path,
    *,
    what: Sequence[str] = ("constellation",),
    choice: Choice = FIRST,
    asked: Asked = WHOLE,
    samples_per_symbol: float | None = None,
) -> Card:
    """Draw an example of a data set folder, or a recording, into a PNG or SVG.

    `what` holds names of pictures, or `all` for those that the source has. `choice` belongs to
    data sets, `asked` to recordings; a sample rate in it puts Hz and seconds on the axes of both.
    """
    check_suffix(out)
    _check_kinds(what)
    if samples_per_symbol is not None and not 1 <= samples_per_symbol < math.inf:
        raise UnitError(f"--samples-per-symbol must be at least 1, got {samples_per_symbol:g}")
    if _what_lies_at(source) == "folder":
        title, views = _example(open_dataset(source), choice, asked, samples_per_symbol)
    else:
        title, views = _recording(source, choice, asked, samples_per_symbol)
    excerpts = {kind: _excerpt(kind, views, source) for kind in _possible(what, views)}
    save_figure(iq_figure(excerpts, title), out)
    return {"figure": str(out), "title": title, "pictures": list(excerpts)}


def _check_kinds(what: Sequence[str]) -> None:
    for kind in what:
        if kind not in (*PICTURES, ALL):
            raise ArtefactError(
                f"no picture of the kind {kind!r} (--what); {nearest(kind, [*PICTURES, ALL])}"
            )
    if not what:
        raise ArtefactError(f"--what names no picture; known: {', '.join([*PICTURES, ALL])}")


def _possible(what: Sequence[str], views: dict[View, Excerpt]) -> tuple[str, ...]:
    """The pictures that were named, each once; `all` are those that the views allow."""
    if ALL not in what:
        return tuple(dict.fromkeys(what))
    waveform = views.get("waveform")
    no_eye = waveform is not None and not waveform.samples_per_symbol > 1
    unseen = _OF_WAVEFORMS if waveform is None else ("eye",) if no_eye else ()
    return tuple(kind for kind in PICTURES if kind not in unseen)


def _excerpt(kind: str, views: dict[View, Excerpt], source: Path) -> Excerpt:
    """The view that a picture shows: symbols are points, everything else is of waveforms."""
    if kind in _OF_WAVEFORMS and "waveform" not in views:
        raise DatasetError(
            f"{kind} needs waveforms, but {source} holds symbols alone, one sample each; "
            'a recipe stores both with source.receiver.observe = "both"'
        )
    first: View = "symbols" if kind == "constellation" else "waveform"
    excerpt = views.get(first) or next(iter(views.values()))
    if kind == "eye" and not excerpt.samples_per_symbol > 1:
        raise UnitError(
            f"an eye needs more than one sample per symbol, and {source} does not say how many; "
            "name --samples-per-symbol"
        )
    return excerpt


def _example(
    dataset: Dataset, choice: Choice, asked: Asked, samples_per_symbol: float | None
) -> tuple[str, dict[View, Excerpt]]:
    """Title and views of one example of a data set."""
    if (asked.datatype, asked.first_sample, asked.count) != (None, 0, None):
        raise DatasetError(
            f"--dtype, --first-sample and --count are for recordings, but {dataset.folder} is a "
            "data set; choose with --split, --class, --snr and --row"
        )
    row = _row(dataset, choice)
    views = {
        view: _view(dataset, choice.split, row, view, asked.sample_rate_hz, samples_per_symbol)
        for view in dataset.views
    }
    return _title(dataset, choice.split, row), views


def _view(
    dataset: Dataset,
    split: str,
    row: int,
    view: View,
    sample_rate_hz: float | None,
    samples_per_symbol: float | None,
) -> Excerpt:
    rows = slice(row, row + 1)
    observed = dataset.read_observed(split, rows, view)
    clean = dataset.read(split, rows, view).clean[0] if dataset.has_clean else _nothing()
    rate = observed.samples_per_symbol
    if view == "waveform":
        rate = samples_per_symbol or (rate if rate > 1 else math.nan)
    return Excerpt(
        iq=observed.iq[0],
        clean=clean,
        # symbols have no time of their own: a rate that is given is that of the samples
        sample_rate_hz=(sample_rate_hz or math.nan) if view == "waveform" else math.nan,
        samples_per_symbol=rate,
    )


def _row(dataset: Dataset, choice: Choice) -> int:
    """The row of the split that a choice means."""
    if choice.split not in SPLITS:
        raise DatasetError(f"no split {choice.split!r}; {nearest(choice.split, SPLITS)}")
    label, snr_db = dataset.labels(choice.split)
    meant = np.ones(len(label), bool)
    if choice.label:
        meant &= label == _class_index(dataset, choice.label)
    if not math.isnan(choice.snr_db):
        meant &= np.isclose(snr_db, choice.snr_db, atol=1e-3)
    rows = np.flatnonzero(meant)
    if not rows.size:
        points = ", ".join(f"{point:g}" for point in dataset.snr_db)
        level = "any SNR" if math.isnan(choice.snr_db) else f"{choice.snr_db:g} dB"
        raise DatasetError(
            f"{dataset.folder} has no example of {choice.label or 'any class'} at {level} in "
            f"{choice.split}; its SNR points are {points} dB"
        )
    if not 0 <= choice.row < len(rows):
        raise DatasetError(
            f"--row must lie in 0 to {len(rows) - 1}, as {len(rows)} examples of {choice.split} "
            f"match, got {choice.row}"
        )
    return int(rows[choice.row])


def _class_index(dataset: Dataset, name: str) -> int:
    upper = [known.upper() for known in dataset.classes]
    if name.upper() not in upper:
        raise DatasetError(
            f"{dataset.folder} has no class {name!r}; {nearest(name, dataset.classes)}"
        )
    return upper.index(name.upper())


def _title(dataset: Dataset, split: str, row: int) -> str:
    """Class, SNR with what it refers to, and where the example stands."""
    batch = dataset.read_observed(split, slice(row, row + 1))
    snr_db = float(batch.snr_db[0])
    reference = SNR_REFERENCE_NAMES[batch.snr_reference]
    level = f"{reference} {snr_db:g} dB" if math.isfinite(snr_db) else "SNR not stated"
    return f"{dataset.classes[int(batch.label[0])]}, {level}, row {row} of {split}, {dataset.name}"


def _recording(
    path: Path, choice: Choice, asked: Asked, samples_per_symbol: float | None
) -> tuple[str, dict[View, Excerpt]]:
    """Title and samples of a recording or a part of it."""
    if not choice.is_open:
        raise ArtefactError(
            f"--class, --snr and --row are for data sets, but {path} is none; "
            "choose with --first-sample and --count"
        )
    if _what_lies_at(path) == "nothing":
        raise ArtefactError(f"no {path}; name a data set folder or a recording")
    if _is_foreign(path, asked):
        raise ArtefactError(
            f"{path} is not in the format of rfmae; run `rfmae import {path}`, "
            "or name --dtype if it is a recording"
        )
    capture = _read(path, asked)
    excerpt = Excerpt(
        iq=capture.iq,
        clean=_nothing(),
        sample_rate_hz=capture.sample_rate_hz,
        samples_per_symbol=samples_per_symbol or math.nan,
        amplitude="amplitude as stored" if capture.datatype[1] == "f" else "full scale 1",
    )
    label = f"{', '.join(capture.labels)}, " if 0 < len(capture.labels) < 4 else ""
    since = f", from sample {asked.first_sample:,}" if asked.first_sample else ""
    rate = f"{capture.sample_rate_hz:,.12g} samples/s"
    return f"{label}{path.name}, {rate}{since}", {"waveform": excerpt}


def _nothing() -> ComplexArray:
    return np.zeros(0, np.complex64)


# what a thing is ----------------------------------------------------------------------------


def show(path: Path, asked: Asked = WHOLE) -> Shown:
    """What a data set, checkpoint, run or report folder is, a recording, or a public data set."""
    lies_there = _what_lies_at(path)
    if lies_there == "file":
        return _shown_file(path, asked)
    card = read_card(path)
    if card is None:
        if lies_there == "folder" and is_hisarmod(path):
            return _shown_source(path)
        raise ArtefactError(f"{path} is no artefact of rfmae: it has no card.json")
    if card.get("kind") == DATASET:
        return _shown_dataset(open_dataset(path))
    return Shown(_with_progress(path, card))


def _with_progress(path: Path, card: Card) -> Card:
    """The card of a run together with how far it went; other cards say all themselves."""
    from rfmae.training.run_folder import KIND, RunFolder  # brings torch, and is rarely needed

    if card.get("kind") != KIND:
        return card
    run = RunFolder(path)
    best = run.best
    return {**card, "steps_done": run.last_step, "best_checkpoint": best and best.name}


def _shown_file(path: Path, asked: Asked) -> Shown:
    if _is_foreign(path, asked):
        return _shown_source(path)
    capture = _read(path, asked)
    sketched = capture.iq[:_SKETCHED]
    caption = f"the first {len(sketched):,} of {len(capture.iq):,} samples"
    return Shown(capture_facts(capture), caption, constellation_sketch(sketched))


def _shown_source(path: Path) -> Shown:
    """A public data set before it is imported; of bare arrays the shapes alone are known."""
    form = recognise(path)
    if form == "arrays":
        return Shown(array_facts(path))
    source = open_source(path, form, ArrayOptions())
    batch = next(source.blocks())
    row = int(np.argmax(batch.snr_db))
    label = batch.classes[int(batch.label[row])]
    caption = f"{label}, {batch.snr_db[row]:g} dB, row {row}"
    return Shown(source_facts(form, source.facts), caption, constellation_sketch(batch.iq[row]))


def _shown_dataset(dataset: Dataset) -> Shown:
    """The clearest example stands for all in the sketch."""
    facts = dataset_facts(dataset)
    split = next((split for split in reversed(SPLITS) if dataset.examples(split)), None)
    if split is None:
        return Shown(facts)
    row = int(np.argmax(np.nan_to_num(dataset.labels(split)[1])))
    iq = dataset.read_observed(split, slice(row, row + 1)).iq
    return Shown(facts, _title(dataset, split, row), constellation_sketch(iq))


def _what_lies_at(path: Path) -> Literal["folder", "file", "nothing"]:
    """A name that the system cannot even be asked for is of nothing."""
    try:
        return "folder" if path.is_dir() else "file" if path.exists() else "nothing"
    except OSError:
        return "nothing"


def _is_foreign(path: Path, asked: Asked) -> bool:
    """Whether a file is of a public data set; one whose sample type is named is a recording."""
    return path.suffix.lower() in _FOREIGN and asked.datatype is None


def _read(path: Path, asked: Asked) -> Capture:
    return read_capture(
        path,
        datatype=asked.datatype,
        sample_rate_hz=asked.sample_rate_hz,
        first_sample=asked.first_sample,
        count=asked.count,
    )
