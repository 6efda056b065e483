"""A source with all that a caller says of it: reading, cutting, own splits, classes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_source import ArrayOptions
from rfmae.imports.class_choice import ClassChoice, Merge
from rfmae.imports.joined_sources import JoinedSources
from rfmae.imports.recognition import Form, open_source
from rfmae.imports.recordings.listing import holds_recordings, list_splits
from rfmae.imports.recordings.recording_source import RecordingSource
from rfmae.imports.row_windows import RowWindows
from rfmae.imports.sources import DataSource, dashed_name


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What a caller says of a source beside its path and its kind.

    `own` are files or folders that are a split by themselves, by its name. `classes` of `arrays`
    are the names of numbers where labels are numbers, and else those that are chosen.
    """

    arrays: ArrayOptions = field(default_factory=ArrayOptions)
    reading: ReadOptions = field(default_factory=ReadOptions)
    samples: int | None = None
    hop: int | None = None
    own: Mapping[str, Path] = field(default_factory=dict)
    merges: tuple[Merge, ...] = ()

    def __post_init__(self) -> None:
        for name in ("samples", "hop"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise DatasetError(f"--{name} must be a whole number from 1, got {value}")

    @property
    def unstated_rates(self) -> ReadOptions:
        """The options of reading, where a rate need not be known: a data set keeps none."""
        return replace(self.reading, rate_unstated_hz=math.nan)

    @property
    def unmerged_classes(self) -> tuple[str, ...]:
        """The classes as a file has them: for one that is made by a merge, its parts."""
        parts = {merge.name: merge.parts for merge in self.merges}
        return tuple(part for name in self.arrays.classes for part in parts.get(name, (name,)))


def open_with(path: Path, form: Form, options: SourceOptions) -> DataSource:
    """Open a source of a kind, and cut, join and choose as a caller says."""
    opened = _recordings(path, options) if form == "recordings" else _joined(path, form, options)
    if options.arrays.classes or options.merges:
        return ClassChoice(opened, options.arrays.classes, options.merges)
    return opened


def _recordings(path: Path, options: SourceOptions) -> DataSource:
    given = [name for name in ("labels", "snr", "axes") if getattr(options.arrays, name)]
    if given:
        raise DatasetError(
            f"{path} holds recordings, which have no --label-file, --snr-file or --axes; name a "
            "table with columns file, label and snr instead"
        )
    _refuse_hop_alone(options)
    listing = list_splits(path, options.own, options.unstated_rates)
    name = dashed_name(path.resolve().name.split(".")[0], "recordings")
    return RecordingSource(name, listing, options.unstated_rates, options.samples, options.hop)


def _joined(path: Path, form: Form, options: SourceOptions) -> DataSource:
    if replace(options.reading, rate_unstated_hz=None) != ReadOptions():
        raise DatasetError(
            "--dtype, --rate, --channel and --analytic are for recordings, but "
            f"{path} holds examples; leave them out"
        )
    opened = _cut(path, form, options)
    if not options.own:
        return opened
    if form != "arrays":
        raise DatasetError(f"{path} has its own splits; leave out --test and --validation")
    for split, other in options.own.items():
        _refuse_other_kind(path, split, other)
    own = {split: _cut(other, form, options) for split, other in options.own.items()}
    return JoinedSources(opened, own)


def _cut(path: Path, form: Form, options: SourceOptions) -> DataSource:
    _refuse_hop_alone(options)
    classes = options.unmerged_classes if form == "arrays" else ()
    arrays = replace(options.arrays, classes=classes)
    opened = open_source(path, form, arrays)
    if options.samples is None or options.samples == opened.facts.samples:
        return opened
    return RowWindows(opened, options.samples, options.hop)


def _refuse_hop_alone(options: SourceOptions) -> None:
    if options.hop is not None and options.samples is None:
        raise DatasetError("--hop is for windows of --samples; name both")


def _refuse_other_kind(path: Path, split: str, other: Path) -> None:
    if other.is_dir() or (other.is_file() and holds_recordings(other)):
        raise DatasetError(
            f"--{split} must be of the same kind as {path}, a file of arrays, but {other} holds "
            "recordings or is a folder; name a file of arrays"
        )
