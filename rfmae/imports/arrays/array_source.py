"""Examples in array files: what is in them is found, said, and read in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from rfmae.errors import ARRAY_DAMAGES, DatasetError
from rfmae.imports.arrays.array_files import open_arrays
from rfmae.imports.arrays.axes import Axes, find_axes
from rfmae.imports.arrays.contents import (
    LABEL_NAMES,
    SNR_NAMES,
    Contents,
    by_key,
    by_split,
    class_names,
    column,
    find_named,
    listed,
    with_pairs,
)
from rfmae.imports.arrays.keyed_arrays import keys_of
from rfmae.imports.arrays.label_columns import Labels, read_labels
from rfmae.imports.arrays.lazy_array import LazyArray, Place, Values, said
from rfmae.imports.arrays.sample_scaling import Scaling, scaling_of
from rfmae.imports.arrays.snr_columns import read_snrs
from rfmae.imports.arrays.text_columns import read_column
from rfmae.imports.class_names import checked_names
from rfmae.imports.name_checks import ROWS
from rfmae.imports.sources import Facts, Known, batch_of, known_of, rows_at_once
from rfmae.records import ComplexArray, FloatArray, IntArray, IqBatch

_NO_SNR = "no SNR is known: all examples are stored as 0 dB"
_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class ArrayOptions:
    """What a file of arrays does not say by itself.

    `labels` and `snr` are files beside it, the keys name arrays inside it, and `axes` is for
    shapes that have several readings.
    """

    labels: Path | None = None
    snr: Path | None = None
    classes: tuple[str, ...] = ()
    axes: Axes | None = None
    iq_key: str | None = None
    label_key: str | None = None
    snr_key: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Examples of one array with their labels and SNRs."""

    path: Path
    array: LazyArray
    axes: Axes
    labels: Values | str  # (N,), (N, K), or one name for all
    snr_db: FloatArray | None  # (N,)
    said: str

    @property
    def rows(self) -> int:
        return self.array.shape[self.axes.examples]

    @property
    def samples(self) -> int:
        return self.array.shape[self.axes.samples]

    @property
    def scaling(self) -> Scaling:
        return Scaling() if "AP" in self.axes.names else scaling_of(self.array.dtype)

    def read(self, first: int, last: int) -> ComplexArray:
        """Some examples (n, T)."""
        try:
            slab = self.array.slab(self.axes.examples, first, last)
        except ARRAY_DAMAGES as problem:
            raise DatasetError(
                f"{self.path} cannot be read: it is damaged ({problem})"
            ) from problem
        return self.axes.complex_rows(self.scaling(slab))


class ArrayFile:
    """Examples of one length in a file of arrays, with the splits that it has."""

    def __init__(self, path: str | Path, options: ArrayOptions | None = None) -> None:
        options = options or ArrayOptions()
        self._path = Path(path)
        arrays = with_pairs(open_arrays(self._path))
        parts = {} if options.iq_key else by_split(arrays)
        if parts and (options.labels or options.snr):
            raise DatasetError(
                f"{path} has the splits {', '.join(parts)}; name one array with --iq-key to use "
                "labels or SNRs from another file"
            )
        held = {
            split: _sections(Contents(self._path, parts[split]), options)
            for split in _SPLITS
            if split in parts
        } or {"": _sections(Contents(self._path, arrays), options)}
        self._sections = [section for sections in held.values() for section in sections]
        self._first = [0, *accumulate(section.rows for section in self._sections)]
        _check_lengths(self._path, self._sections)
        given = options.classes or class_names(arrays, None if parts else find_labels(arrays))
        labels = _labels(self._sections, given)
        self._label = np.concatenate([each.label for each in labels])
        self._snr_db = np.concatenate(
            [
                np.zeros(section.rows, np.float32) if section.snr_db is None else section.snr_db
                for section in self._sections
            ]
        )
        classes, notes = checked_names(labels[0].classes, self._clearest(labels[0].classes))
        self.facts = Facts(
            name=_dashed(self._path.stem),
            about=f"Examples of {self._path.name}, imported as they are.",
            classes=classes,
            rows=len(self._label),
            samples=self._sections[0].samples,
            samples_per_symbol=1.0,
            notes=(*self._understood(labels), *self._cautions(), *notes),
            test_from=_test_from(held),
        )

    def _understood(self, labels: Sequence[Labels]) -> tuple[str, ...]:
        """One line for each kind of array: axes, type, scale, labels and SNRs."""
        lines = dict.fromkeys(
            f"read {section.said}; labels: {each.said}"
            for section, each in zip(self._sections, labels, strict=True)
        )
        if len(lines) <= len(_SPLITS):
            return tuple(lines)
        first = self._sections[0]
        return (
            f"read {len(self._sections)} arrays such as {first.said}; classes and SNRs by their "
            "keys",
        )

    def _cautions(self) -> tuple[str, ...]:
        first = self._sections[0]
        notes = []
        if all(section.snr_db is None for section in self._sections):
            notes.append(_NO_SNR)
        if first.array.dtype in (np.complex128, np.float64):
            notes.append(f"samples were rounded from {first.array.dtype} to single precision")
        return tuple(notes)

    def _clearest(self, classes: Sequence[str]) -> dict[str, ComplexArray]:
        """Some examples (N, T) of each class that has any, of its highest SNR."""
        chosen: dict[int, IntArray] = {}
        for label in range(len(classes)):
            rows = np.flatnonzero(self._label == label)
            chosen[label] = rows[self._snr_db[rows] == self._snr_db[rows].max(initial=-np.inf)][
                :ROWS
            ]
        order = np.sort(np.concatenate([*chosen.values()])) if chosen else np.zeros(0, np.int64)
        read = {int(row): self._row(int(row)) for row in order}  # forwards, as a zip is read
        return {
            classes[label]: np.nan_to_num(np.concatenate([read[int(row)] for row in rows]))
            for label, rows in chosen.items()
            if len(rows)
        }

    def _row(self, row: int) -> ComplexArray:
        number = int(np.searchsorted(self._first, row, side="right")) - 1
        first = row - self._first[number]
        return self._sections[number].read(first, first + 1)

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        for section, start in zip(self._sections, self._first, strict=False):
            most = rows_at_once(section.samples)
            for first in range(0, section.rows, most):
                last = min(first + most, section.rows)
                here = slice(start + first, start + last)
                iq = section.read(first, last)
                yield batch_of(iq, self._label[here], self._snr_db[here], self.facts)


def find_labels(arrays: dict[Place, LazyArray]) -> Place | None:
    """The array of labels by its name."""
    return find_named(arrays, LABEL_NAMES)


def _sections(contents: Contents, options: ArrayOptions) -> list[Section]:
    """The examples of a file or of one of its splits; several arrays where keys name classes."""
    if options.labels is None and options.label_key is None and options.iq_key is None:
        keyed = _keyed(contents, options)
        if keyed:
            return keyed
    return [_one_array(contents, options)]


def _keyed(contents: Contents, options: ArrayOptions) -> list[Section]:
    iq = contents.iq
    keys = keys_of(iq) if find_labels(dict(contents.arrays)) is None else None
    if keys is None or len({key.name for key in keys.values()}) < 2:
        return []
    order = sorted(keys, key=lambda place: (keys[place].name, keys[place].snr_db or 0.0, place))
    return [
        _of_key(contents.path, place, iq[place], keys[place].name, keys[place].snr_db, options)
        for place in order
    ]


def _of_key(
    path: Path,
    place: Place,
    array: LazyArray,
    name: str,
    snr_db: float | None,
    options: ArrayOptions,
) -> Section:
    axes = find_axes(array, (), options.axes, f"{said(place)} of {path}")
    rows = array.shape[axes.examples]
    snrs = None if snr_db is None else np.full(rows, snr_db, np.float32)
    return Section(path, array, axes, name, snrs, _said(place, array, axes))


def _one_array(contents: Contents, options: ArrayOptions) -> Section:
    path, arrays = contents.path, dict(contents.arrays)
    place = (
        by_key(arrays, options.iq_key, "--iq-key", path) if options.iq_key else contents.the_iq()
    )
    array = arrays[place]
    labels, where = _label_values(contents, place, options)
    axes = find_axes(
        array, _fitting(array, labels, where), options.axes, f"{said(place)} of {path}"
    )
    rows = array.shape[axes.examples]
    if labels.ndim == 2 and labels.shape[0] != rows:
        labels = labels.T
    if labels.shape[0] != rows or labels.ndim > 2:
        raise DatasetError(_misfit(where, "label", rows, path, labels))
    snr_db, snr_said = _snr_values(contents, options, rows)
    return Section(
        path, array, axes, labels, snr_db, f"{_said(place, array, axes)}; SNR: {snr_said}"
    )


def _fitting(array: LazyArray, labels: Values, where: str) -> tuple[int, ...]:
    """The sizes of the axes that the labels fit; the first axis where they fit none."""
    counts = labels.shape[:1] if labels.ndim == 1 else labels.shape
    fitting = tuple(count for count in counts if count in array.shape)
    return fitting[:1]


def _label_values(contents: Contents, iq: Place, options: ArrayOptions) -> tuple[Values, str]:
    """The column of labels as it is written, and where it is."""
    if options.labels is not None:
        return read_column(options.labels, LABEL_NAMES), str(options.labels)
    arrays, path = dict(contents.arrays), contents.path
    if options.label_key is not None:
        place = by_key(arrays, options.label_key, "--label-key", path)
        return column(arrays[place]), f"{said(place)} of {path}"
    named = find_labels(arrays)
    if named is None:
        named = _by_shape(arrays, iq)
    if named is None:
        raise DatasetError(
            f"{path} does not state its classes; name a file with --label-file, or an array in it "
            f"with --label-key; it holds {listed(arrays)}"
        )
    return column(arrays[named]), f"{said(named)} of {path}"


def _by_shape(arrays: dict[Place, LazyArray], iq: Place) -> Place | None:
    """The only other array with a word or a whole number for each example."""
    shape = arrays[iq].shape
    found = [
        place
        for place, array in arrays.items()
        if place != iq
        and array.kind in "iuUSb"
        and max(array.shape) in shape
        and sum(size > 1 for size in array.shape) == 1
        and not (place and place[-1].lower() in SNR_NAMES)
    ]
    return found[0] if len(found) == 1 else None


def _snr_values(
    contents: Contents, options: ArrayOptions, rows: int
) -> tuple[FloatArray | None, str]:
    arrays, path = dict(contents.arrays), contents.path
    if options.snr is not None:
        values, where = read_column(options.snr, SNR_NAMES), str(options.snr)
    else:
        place = (
            by_key(arrays, options.snr_key, "--snr-key", path)
            if options.snr_key
            else find_named(arrays, SNR_NAMES)
        )
        if place is None:
            return None, "unknown"
        values, where = column(arrays[place]), f"{said(place)} of {path}"
    if values.size == 1:
        values = np.repeat(values.ravel(), rows)
    if values.shape != (rows,):
        raise DatasetError(_misfit(where, "snr_db", rows, path, values))
    snr_db = read_snrs(values, where)
    points = np.unique(snr_db)
    if len(points) == 1:
        return snr_db, f"{points[0]:g} dB"
    return snr_db, f"{len(points)} points from {points[0]:g} to {points[-1]:g} dB"


def _misfit(where: str, what: str, rows: int, path: Path, values: Values) -> str:
    got = values.shape[0] if values.ndim == 1 else values.shape
    return f"{where} must hold a {what} for each of the {rows} examples of {path}, got {got}"


def _labels(sections: Sequence[Section], classes: tuple[str, ...]) -> list[Labels]:
    """The labels of all sections as places in one list of classes."""
    named = [
        _with_labels(section) if isinstance(section.labels, str) else section
        for section in sections
    ]
    found = [
        read_labels(np.asarray(section.labels), classes, f"the labels of {section.path}")
        for section in named
    ]
    others = {name for each in found for name in each.classes} - {*classes}
    union = (*classes, *sorted(others))
    return [_in_list(each, union) for each in found]


def _with_labels(section: Section) -> Section:
    """A section whose one name is written for each of its rows."""
    return replace(section, labels=np.full(section.rows, section.labels))


def _in_list(labels: Labels, classes: tuple[str, ...]) -> Labels:
    place = np.array([classes.index(name) for name in labels.classes], np.int64)
    return Labels(place[labels.label], classes, labels.said)


def _check_lengths(path: Path, sections: Sequence[Section]) -> None:
    lengths = {section.samples for section in sections}
    if len(lengths) > 1:
        raise DatasetError(
            f"all examples of {path} must have one length, got {min(lengths)} and {max(lengths)} "
            "samples"
        )


def _test_from(held: dict[str, list[Section]]) -> int | None:
    if "test" not in held:
        return None
    before = [
        section for split, sections in held.items() if split != "test" for section in sections
    ]
    return sum(section.rows for section in before)


def _said(place: Place, array: LazyArray, axes: Axes) -> str:
    scale = scaling_of(array.dtype).said
    return f"{said(place)} {array.shape} as {axes} of {scale or array.dtype}"


def _dashed(stem: str) -> str:
    """A file's name as the name of a data set."""
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in stem.lower()
    )
    return "-".join(word for word in plain.split("-") if word) or "arrays"
