"""What of a file of arrays are examples: the I/Q with its axes, the labels and the SNRs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.errors import ARRAY_DAMAGES, DatasetError
from rfmae.imports.arrays.axes import Axes, find_axes
from rfmae.imports.arrays.contents import (
    LABEL_NAMES,
    SNR_NAMES,
    Contents,
    by_key,
    column,
    find_named,
    listed,
)
from rfmae.imports.arrays.keyed_arrays import keys_of
from rfmae.imports.arrays.lazy_array import LazyArray, Place, Values, said
from rfmae.imports.arrays.sample_scaling import Scaling, scaling_of
from rfmae.imports.arrays.snr_columns import read_snrs
from rfmae.imports.arrays.text_columns import read_column, table_column
from rfmae.records import ComplexArray, FloatArray


@dataclass(frozen=True, slots=True)
class ArrayOptions:
    """What a file of arrays does not say by itself.

    `labels` and `snr` are files beside it, the keys name arrays inside it, `axes` is for shapes
    that have several readings, and `first_label`, 0 or 1, is what labels that are numbers begin
    with.
    """

    labels: Path | None = None
    snr: Path | None = None
    classes: tuple[str, ...] = ()
    axes: Axes | None = None
    iq_key: str | None = None
    label_key: str | None = None
    snr_key: str | None = None
    first_label: int | None = None

    def __post_init__(self) -> None:
        if self.first_label not in (None, 0, 1):
            raise DatasetError(f"labels begin with 0 or 1, got --first-label {self.first_label}")


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


def find_labels(arrays: dict[Place, LazyArray]) -> Place | None:
    """The array of labels by its name."""
    return find_named(arrays, LABEL_NAMES)


def sections_of(contents: Contents, options: ArrayOptions) -> list[Section]:
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
    return Section(path, array, axes, name, snrs, f"{_said(place, array, axes)}; labels: the keys")


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
    what = f"{_said(place, array, axes)}; SNR: {snr_said}; labels: {where}"
    return Section(path, array, axes, labels, snr_db, what)


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
        return column(arrays[place]), said(place)
    named = find_labels(arrays)
    if named is None:
        named = _by_shape(arrays, iq)
    if named is None:
        raise DatasetError(
            f"{path} does not state its classes; name a file with --label-file, or an array in it "
            f"with --label-key; it holds {listed(arrays)}"
        )
    others = [said(other) for other in _also_labels(arrays, named)]
    return column(arrays[named]), said(named) + (
        f" ({' and '.join(others)} left alone)" if others else ""
    )


def _also_labels(arrays: dict[Place, LazyArray], named: Place) -> list[Place]:
    """Other arrays that are called as labels are and hold as many."""
    return [
        place
        for place, array in arrays.items()
        if place != named
        and place
        and place[-1].lower() in LABEL_NAMES
        and array.shape[:1] == arrays[named].shape[:1]
    ]


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
    elif (beside := _snrs_beside(options)) is not None:
        values, where = beside, f"{options.labels}"
    else:
        place = (
            by_key(arrays, options.snr_key, "--snr-key", path)
            if options.snr_key
            else find_named(arrays, SNR_NAMES)
        )
        if place is None:
            return None, "unknown"
        values, where = column(arrays[place]), said(place)
    if values.size == 1:
        values = np.repeat(values.ravel(), rows)
    if values.shape != (rows,):
        raise DatasetError(_misfit(where, "snr_db", rows, path, values))
    snr_db = read_snrs(values, where)
    points = np.unique(snr_db)
    if len(points) == 1:
        return snr_db, f"{points[0]:g} dB"
    return snr_db, f"{len(points)} points from {points[0]:g} to {points[-1]:g} dB"


def _snrs_beside(options: ArrayOptions) -> Values | None:
    """The SNRs in the table of the labels, if it has a column of them."""
    if options.labels is None or options.snr_key is not None:
        return None
    return table_column(options.labels, SNR_NAMES)


def _misfit(where: str, what: str, rows: int, path: Path, values: Values) -> str:
    got = values.shape[0] if values.ndim == 1 else values.shape
    return f"{where} must hold {_ONE[what]} for each of the {rows} examples of {path}, got {got}"


_ONE = {"label": "a label", "snr_db": "an SNR in dB"}


def _said(place: Place, array: LazyArray, axes: Axes) -> str:
    scale = scaling_of(array.dtype).said
    return f"{said(place)} {array.shape} as {axes} of {scale or array.dtype}"
