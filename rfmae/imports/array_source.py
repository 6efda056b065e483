"""I/Q in plain array files, with labels and SNRs beside it or in the same file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.array_files import LazyArray, Values, open_arrays, read_column
from rfmae.imports.class_names import checked_names
from rfmae.imports.name_checks import ROWS
from rfmae.imports.sources import (
    BLOCK_ROWS,
    Facts,
    Known,
    batch_of,
    interleaved,
    known_of,
)
from rfmae.records import ComplexArray, FloatArray, IntArray, IqBatch

_IQ_NAMES = ("iq", "x", "data", "signals", "samples", "data_save")
_LABEL_NAMES = ("label", "labels", "class", "classes", "modulation", "y")
_SNR_NAMES = ("snr_db", "snr", "snrs", "z")
_MOST_SNRS = 200
_LARGEST_DB = 300

Layout = Literal["complex", "iq-first", "iq-last"]
"""Complex (N, T), or real with I and Q on the middle axis (N, 2, T) or on the last (N, T, 2)."""


@dataclass(frozen=True, slots=True)
class ArrayOptions:
    """Metadata that a plain array file lacks."""

    labels: Path | None = None
    snr: Path | None = None
    classes: tuple[str, ...] = ()


class ArrayFile:
    """A .npy, .npz or .mat file of examples, all of the same length."""

    def __init__(self, path: str | Path, options: ArrayOptions | None = None) -> None:
        options = options or ArrayOptions()
        self._path = Path(path)
        if not self._path.is_file():
            raise DatasetError(f"no file {path}")
        arrays = open_arrays(self._path)
        self._iq = _find_iq(self._path, arrays)
        self._layout = layout_of(self._path, self._iq)
        rows = self._iq.shape[0]
        self._label, given = _labels(self._path, arrays, options, rows)
        self._snr_db, notes = _snrs(self._path, arrays, options, rows)
        classes, said = checked_names(given, self._clearest(given))
        self.facts = Facts(
            name=_dashed(self._path.stem),
            about=f"Examples of {self._path.name}, imported as they are.",
            classes=classes,
            rows=rows,
            samples=self._iq.shape[2 if self._layout == "iq-first" else 1],
            samples_per_symbol=1.0,
            notes=(*notes, *_rounded(self._iq), *said),
        )

    def _clearest(self, classes: Sequence[str]) -> dict[str, ComplexArray]:
        """Some examples (N, T) of each class that has any, of its highest SNR."""
        found = {}
        for label, name in enumerate(classes):
            rows = np.flatnonzero(self._label == label)
            rows = rows[self._snr_db[rows] == self._snr_db[rows].max(initial=-np.inf)]
            read = [_as_complex(self._iq.rows(row, row + 1), self._layout) for row in rows[:ROWS]]
            if read:
                found[name] = np.nan_to_num(np.concatenate(read))  # others are refused with a row
        return found

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        for first in range(0, self.facts.rows, BLOCK_ROWS):
            last = min(first + BLOCK_ROWS, self.facts.rows)
            iq = _as_complex(self._iq.rows(first, last), self._layout)
            label, snr_db = self._label[first:last], self._snr_db[first:last]
            yield batch_of(iq, label, snr_db, self.facts, self._path)


def layout_of(path: Path, iq: LazyArray) -> Layout:
    """The axes of I and Q in an array, refused where its shape is ambiguous."""
    shape, kind = iq.shape, iq.dtype.kind
    if kind == "c" and len(shape) == 2 and all(shape):
        return "complex"
    if kind in "iuf" and len(shape) == 3 and all(shape):
        first, last = shape[1] == 2, shape[2] == 2
        if first != last:
            return "iq-first" if first else "iq-last"
    raise DatasetError(
        f"I/Q must be complex (N, T) or real (N, 2, T) or (N, T, 2), got {iq.dtype} {shape} "
        f"in {path}"
    )


def _as_complex(values: Values, layout: Layout) -> ComplexArray:
    with np.errstate(over="ignore"):  # an infinite value is refused with its row
        if layout == "complex":
            return values.astype(np.complex64)
        return interleaved(values, axis=1 if layout == "iq-first" else 2)


def _rounded(iq: LazyArray) -> tuple[str, ...]:
    if iq.dtype in (np.complex128, np.float64):
        return (f"samples were rounded from {iq.dtype} to single precision",)
    return ()


def _find_iq(path: Path, arrays: dict[str, LazyArray]) -> LazyArray:
    """The only array that can be I/Q, or that of a usual name among several."""
    candidates = {
        name: array
        for name, array in arrays.items()
        if array.dtype.kind == "c" or len(array.shape) == 3
    }
    if len(candidates) == 1:
        return next(iter(candidates.values()))
    named = _find(candidates, _IQ_NAMES)
    if named is None:
        held = ", ".join(f"{name or 'one'} {array.shape}" for name, array in arrays.items())
        raise DatasetError(
            f"{path} must hold one array of I/Q, complex (N, T) or real (N, 2, T) or (N, T, 2), "
            f"or call it iq; it holds {held or 'none'}"
        )
    return named


def _find(arrays: dict[str, LazyArray], names: Sequence[str]) -> LazyArray | None:
    by_name = {name.lower(): array for name, array in arrays.items()}
    return next((by_name[name] for name in names if name in by_name), None)


def _labels(
    path: Path, arrays: dict[str, LazyArray], options: ArrayOptions, rows: int
) -> tuple[IntArray, tuple[str, ...]]:
    """Label of every row, and the classes as they are named."""
    column = _column(path, arrays, options.labels, _LABEL_NAMES, rows)
    if column is None:
        raise DatasetError(f"{path} does not state its classes; name a file with --label-file")
    if column.dtype.kind == "U":
        return _named_labels(path, column, options.classes)
    if not options.classes:
        raise DatasetError(f"the labels of {path} are numbers; name the classes with --classes")
    label = column.astype(np.int64)
    if (label != column).any() or not 0 <= label.min() <= label.max() < len(options.classes):
        raise DatasetError(
            f"labels must be whole numbers from 0 to {len(options.classes) - 1}, the places in "
            f"--classes, got {column.min():g} to {column.max():g}"
        )
    return label, options.classes


def _named_labels(
    path: Path, names: Values, classes: tuple[str, ...]
) -> tuple[IntArray, tuple[str, ...]]:
    found = {str(name) for name in np.unique(names)}
    unknown = found - {*classes} if classes else set()
    if unknown:
        raise DatasetError(
            f"the labels of {path} name {min(unknown)!r}, which is none of --classes "
            f"{', '.join(classes)}"
        )
    classes = classes or tuple(sorted(found))
    place = {name: index for index, name in enumerate(classes)}
    return np.array([place[str(name)] for name in names], np.int64), classes


def _snrs(
    path: Path, arrays: dict[str, LazyArray], options: ArrayOptions, rows: int
) -> tuple[FloatArray, tuple[str, ...]]:
    """SNR of every row; where none is known all are stored as 0 dB, with a note."""
    column = _column(path, arrays, options.snr, _SNR_NAMES, rows)
    if column is None:
        return np.zeros(rows, np.float32), ("no SNR is known: all examples are stored as 0 dB",)
    if column.dtype.kind == "U" or not (np.abs(column) <= _LARGEST_DB).all():
        raise DatasetError(f"the SNRs of {path} must be numbers up to {_LARGEST_DB} dB")
    points = len(np.unique(column))
    if points > _MOST_SNRS:
        raise DatasetError(
            f"the SNRs of {path} have {points} values, more than {_MOST_SNRS}; "
            "round them to a grid, such as whole decibels"
        )
    return column.astype(np.float32), ()


def _column(
    path: Path,
    arrays: dict[str, LazyArray],
    beside: Path | None,
    names: tuple[str, ...],
    rows: int,
) -> Values | None:
    """One value for each row, from the given file or from an array in the same file."""
    inside = _find(arrays, names)
    if beside is None and inside is None:
        return None
    column = read_column(beside, names) if beside is not None else _ravelled(inside)
    if column.shape != (rows,):
        raise DatasetError(
            f"{beside or path} must hold a {names[0]} for each of the {rows} examples of {path}, "
            f"got {column.shape[0] if column.ndim == 1 else column.shape}"
        )
    return column


def _ravelled(array: LazyArray | None) -> Values:
    assert array is not None
    values = array.all()
    return values.ravel() if values.ndim == 2 and 1 in values.shape else values


def _dashed(stem: str) -> str:
    """A file's name as the name of a data set."""
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in stem.lower()
    )
    return "-".join(word for word in plain.split("-") if word) or "arrays"
