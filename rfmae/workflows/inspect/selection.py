"""Selection of an example of a data set, or of a part of a recording."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from rfmae.captures.containers import container_kind, is_npy
from rfmae.captures.npy import is_recording
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import read_recording
from rfmae.captures.record import Capture
from rfmae.captures.sigmf_archives import ARCHIVES
from rfmae.captures.standard_input import STANDARD_INPUT
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import ArtefactError, DatasetError, nearest
from rfmae.records import ComplexArray, View
from rfmae.reporting.iq_excerpt import Excerpt, Mark
from rfmae.units import SNR_REFERENCE_NAMES
from rfmae.workflows.inspect.bands import Band, centre_of, within

_FOREIGN = (".pkl", ".hdf5", ".h5", ".mat", ".npz", ".csv")


@dataclass(frozen=True, slots=True)
class Choice:
    """An example of a data set: the row of a split, or among those of one class and SNR."""

    split: str = "test"
    row: int = 0
    label: str = ""  # empty for any class
    snr_db: float = math.nan  # nan for any SNR

    @property
    def is_open(self) -> bool:
        """Whether neither a row nor a class nor an SNR was chosen."""
        return self.row == 0 and not self.label and math.isnan(self.snr_db)


FIRST = Choice()
WHOLE = ReadOptions()


def excerpts_of(
    source: Path,
    choice: Choice,
    read_options: ReadOptions,
    samples_per_symbol: float | None,
    band: Band | None = None,
) -> tuple[str, dict[View, Excerpt]]:
    """Title and views of one example of a data set folder, or of a recording, of one band alone."""
    if path_kind(source) == "folder":
        if band is not None:
            raise DatasetError(f"--band is for recordings, but {source} is a data set")
        return example_excerpts(open_dataset(source), choice, read_options, samples_per_symbol)
    return recording_excerpts(source, choice, read_options, samples_per_symbol, band)


def example_excerpts(
    dataset: Dataset, choice: Choice, read_options: ReadOptions, samples_per_symbol: float | None
) -> tuple[str, dict[View, Excerpt]]:
    """Title and views of one example of a data set."""
    if replace(read_options, sample_rate_hz=None) != WHOLE:
        raise DatasetError(
            "--dtype, --first-sample, --count, --channel and --analytic are for recordings, but "
            f"{dataset.folder} is a data set; choose with --split, --class, --at-snr and --row"
        )
    row = _row(dataset, choice)
    views = {
        view: _view(
            dataset, choice.split, row, view, read_options.sample_rate_hz, samples_per_symbol
        )
        for view in dataset.views
    }
    return example_title(dataset, choice.split, row), views


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
        # symbols have no time axis: a given rate is that of the samples
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
            f"--row must be in 0 to {len(rows) - 1}, as {len(rows)} examples of {choice.split} "
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


def example_title(dataset: Dataset, split: str, row: int) -> str:
    """Class, SNR with its reference, and row of the example."""
    batch = dataset.read_observed(split, slice(row, row + 1))
    snr_db = float(batch.snr_db[0])
    reference = SNR_REFERENCE_NAMES[batch.snr_reference]
    level = f"{reference} {snr_db:g} dB" if math.isfinite(snr_db) else "SNR not stated"
    return f"{dataset.classes[int(batch.label[0])]}, {level}, row {row} of {split}, {dataset.name}"


def recording_excerpts(
    path: Path,
    choice: Choice,
    read_options: ReadOptions,
    samples_per_symbol: float | None,
    band: Band | None = None,
) -> tuple[str, dict[View, Excerpt]]:
    """Title and samples of a recording or a part of it, with what it marks in them."""
    if not choice.is_open:
        raise ArtefactError(
            f"--class, --at-snr and --row are for data sets, but {path} is none; "
            "choose with --first-sample and --count"
        )
    if path_kind(path) == "nothing":
        raise ArtefactError(f"no {path}; name a data set folder or a recording")
    if is_foreign(path, read_options):
        raise ArtefactError(
            f"{path} is not in the format of rfmae; run `rfmae import {path}`, "
            "or name --dtype if it is a recording"
        )
    capture = read_recording(path, read_options)
    amplitude = "amplitude as stored" if capture.datatype[1] == "f" else "full scale 1"
    if band is not None:
        whole, capture = capture, within(capture, band)
        if samples_per_symbol is not None:
            samples_per_symbol *= capture.sample_rate_hz / whole.sample_rate_hz
    excerpt = excerpt_of(capture, samples_per_symbol or math.nan, amplitude)
    label = f"{', '.join(capture.labels)}, " if 0 < len(capture.labels) < 4 else ""
    since = f", from sample {read_options.first_sample:,}" if read_options.first_sample else ""
    rate = f"{capture.sample_rate_hz:,.12g} samples/s"
    of_band = "" if band is None else f", band {band}"
    return f"{label}{path.name}, {rate}{since}{of_band}", {"waveform": excerpt}


def excerpt_of(
    capture: Capture, samples_per_symbol: float, amplitude: str, marks: tuple[Mark, ...] = ()
) -> Excerpt:
    """What is drawn of a recording: its samples, frequencies of its radio, its annotations."""
    centre_hz = centre_of(capture)
    stated = (
        Mark(each.start, each.count, each.low_hz, each.high_hz, each.label)
        for each in capture.annotations
    )
    return Excerpt(
        iq=capture.iq,
        clean=_nothing(),
        sample_rate_hz=capture.sample_rate_hz,
        samples_per_symbol=samples_per_symbol,
        amplitude=amplitude,
        centre_hz=0.0 if math.isnan(centre_hz) else centre_hz,
        marks=(*stated, *marks),
    )


def _nothing() -> ComplexArray:
    return np.zeros(0, np.complex64)


def path_kind(path: Path) -> Literal["folder", "file", "nothing"]:
    """The kind of a path; a name that is invalid for the system is "nothing"."""
    if path == STANDARD_INPUT:
        return "file"
    try:
        return "folder" if path.is_dir() else "file" if path.exists() else "nothing"
    except OSError:
        return "nothing"


def is_foreign(path: Path, read_options: ReadOptions) -> bool:
    """Whether a file is of a public data set; with a named sample type it is a recording."""
    if read_options.datatype is not None or path.name.endswith(ARCHIVES):
        return False
    if path == STANDARD_INPUT:
        return False
    if path.stat().st_size and is_npy(path):
        return not (read_options.analytic or is_recording(path))
    return path.suffix.lower() in _FOREIGN or container_kind(path) is not None
