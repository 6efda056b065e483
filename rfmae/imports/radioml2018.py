"""RadioML 2018.01A: one HDF5 file of 20 GB, read in blocks of rows.

T. J. O'Shea, T. Roy and T. C. Clancy, "Over-the-Air Deep Learning Based Radio Signal
Classification", IEEE J. Sel. Topics Signal Process. 12 (2018).
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from rfmae.datasets.hdf5_columns import HDF5_DAMAGES, column_fault
from rfmae.errors import DatasetError, first_line
from rfmae.imports.class_order import (
    CLASSES,
    PUBLISHED_CLASSES,
    ClassOrder,
    traits_of,
)
from rfmae.imports.sources import (
    BLOCK_ROWS,
    Facts,
    Known,
    batch_of,
    interleaved,
    known_of,
    standard_names,
)
from rfmae.records import FloatArray, IntArray, IqBatch

_SAMPLES = 1024
_EXAMPLES = 2_555_904
_SNR_DB = tuple(float(snr) for snr in range(-20, 31, 2))
_PROOF_ROWS = 16  # of each class; the traits are medians over them
_CLASS_LISTS = ("classes-fixed.json", "classes.txt")


class RadioMl2018:
    """The set with its classes in the order of its signals."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        rows = _checked_rows(self._path)
        self.facts = Facts(
            name="radioml-2018-01a",
            about="RadioML 2018.01A by DeepSig, CC BY-NC-SA 4.0, imported as it is.",
            classes=standard_names(CLASSES),
            rows=rows,
            samples=_SAMPLES,
            samples_per_symbol=8.0,
            notes=(*_notes_on_order(self._path), *_notes_on_rows(rows)),
        )

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        with _opened(self._path) as file:
            for first in range(0, self.facts.rows, BLOCK_ROWS):
                rows = slice(first, min(first + BLOCK_ROWS, self.facts.rows))
                label, snr_db = _address(file, rows)
                iq = interleaved(file["X"][rows], axis=2)
                yield batch_of(iq, label, snr_db, self.facts)


def is_radioml_2018(path: Path) -> bool:
    """Whether an HDF5 file holds the arrays of the set, or of some of its rows.

    Labels that are whole numbers are taken for those of the set where the highest is the last of
    its classes; of others nobody knows the names.
    """
    try:
        _checked_rows(path)
        with _opened(path) as file:
            return file["Y"].shape[1:] == (len(CLASSES),) or (
                int(np.max(file["Y"][()])) == len(CLASSES) - 1
            )
    except (DatasetError, TypeError, ValueError):
        return False


def check_class_order(path: str | Path, rows_per_class: int = _PROOF_ROWS) -> ClassOrder:
    """Verify the order of the classes from rows of the highest SNR in the file."""
    path = Path(path)
    _checked_rows(path)
    # rows that are NaN or huge are refused by their number, when all are read
    with _opened(path) as file, np.errstate(all="ignore"):
        highest = float(np.max(file["Z"][:]))
        found = _rows_at(file, highest, rows_per_class)
        return ClassOrder(
            highest,
            tuple(
                traits_of(interleaved(file["X"][rows], axis=2)) if len(rows) else None
                for rows in found
            ),
        )


def class_list_beside(path: str | Path) -> tuple[str, tuple[str, ...]] | None:
    """Name and content of the class list beside the file, if there is one."""
    for name in _CLASS_LISTS:
        beside = Path(path).with_name(name)
        if beside.is_file():
            return name, _class_list(beside)
    return None


def _class_list(path: Path) -> tuple[str, ...]:
    """The quoted names, from JSON or a printed python list; nothing is evaluated."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".json":
        try:
            return tuple(str(name) for name in json.loads(text))
        except (ValueError, TypeError, RecursionError) as problem:
            raise DatasetError(f"{path} must be a JSON list of class names") from problem
    return tuple(re.findall(r"'([^']*)'", text)) or tuple(text.split())


def _notes_on_order(path: Path) -> tuple[str, ...]:
    beside = class_list_beside(path)
    if beside is None or beside[1] == CLASSES:
        return ()
    name, classes = beside
    if classes == PUBLISHED_CLASSES:
        return (f"{name} beside it is in the published order, which is wrong and was not used",)
    return (f"{name} beside it is in an unknown order and was not used",)


def _notes_on_rows(rows: int) -> tuple[str, ...]:
    if rows == _EXAMPLES:
        return ()
    return (f"the file holds {rows} of the {_EXAMPLES} examples of the whole set",)


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except HDF5_DAMAGES as problem:
        raise DatasetError(
            f"{path} cannot be read as HDF5, it may be cut ({first_line(problem)})"
        ) from problem


def _checked_rows(path: Path) -> int:
    """How many rows the file has, where it has the three arrays of the set."""
    with _opened(path) as file:
        missing = {"X", "Y", "Z"} - file.keys()
        if missing:
            raise DatasetError(f"{path} must hold X, Y and Z, but has no {min(missing)}")
        for name in "XYZ":
            fault = column_fault(file, name)
            if fault is None and not _is_numbers(file[name]):
                fault = "holds no numbers"
            if fault is not None:
                raise DatasetError(f"{path} must hold numbers in X, Y and Z, but {name} {fault}")
        shapes = {name: file[name].shape for name in "XYZ"}
        rows = shapes["Y"][0] if shapes["Y"] else 0
        for name, legal in _legal_shapes(rows).items():
            if shapes[name] not in legal or not rows:
                words = " or ".join(map(str, legal))
                raise DatasetError(f"{name} of {path} must have shape {words}, got {shapes[name]}")
        if file["X"].dtype.kind != "f":
            raise DatasetError(f"X of {path} must be of floats, got {file['X'].dtype}")
        for name in "YZ":
            if file[name].dtype.kind not in "iufb":
                raise DatasetError(f"{name} of {path} must be numbers, got {file[name].dtype}")
        return int(rows)


def _legal_shapes(rows: int) -> dict[str, tuple[tuple[int, ...], ...]]:
    """The published shapes first, then those of copies that people made."""
    return {
        "X": ((rows, _SAMPLES, 2),),
        "Y": ((rows, len(CLASSES)), (rows,), (rows, 1)),
        "Z": ((rows, 1), (rows,)),
    }


def _is_numbers(item: h5py.Dataset | h5py.Group) -> bool:
    return isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf"


def _address(file: h5py.File, rows: slice) -> tuple[IntArray, FloatArray]:
    """Label and SNR of some rows."""
    snr_db = file["Z"][rows].astype(np.float32).reshape(-1)
    if not np.isin(snr_db, _SNR_DB).all():
        raise DatasetError(
            f"Z of {file.filename} must hold the SNRs −20, −18, … 30 dB; one of rows {rows.start} "
            f"to {rows.stop - 1} is another"
        )
    stated = file["Y"][rows]
    is_one_hot = stated.ndim == 2 and stated.shape[1] > 1
    return (_of_one_hot if is_one_hot else _of_numbers)(file.filename, stated, rows), snr_db


def _of_one_hot(path: str, one_hot: npt.NDArray[Any], rows: slice) -> IntArray:
    """Each row of Y with one 1 and no other number but 0."""
    if not (((one_hot == 0) | (one_hot == 1)).all() and (one_hot.sum(axis=1) == 1).all()):
        raise DatasetError(
            f"every row of Y in {path} must hold a single 1; one of rows {rows.start} to "
            f"{rows.stop - 1} does not"
        )
    return one_hot.argmax(axis=1)


def _of_numbers(path: str, numbers: npt.NDArray[Any], rows: slice) -> IntArray:
    label = numbers.reshape(-1)
    if not np.isin(label, np.arange(len(CLASSES))).all():
        raise DatasetError(
            f"Y in {path} must hold whole numbers from 0 to {len(CLASSES) - 1}; one of rows "
            f"{rows.start} to {rows.stop - 1} is another"
        )
    return label.astype(np.int64)


def _rows_at(file: h5py.File, snr_db: float, count: int) -> list[IntArray]:
    """The first rows of each class at an SNR, no more than `count`."""
    found: list[list[int]] = [[] for _ in CLASSES]
    total, step = len(file["Y"]), 2**16
    for first in range(0, total, step):
        label, snrs = _address(file, slice(first, min(first + step, total)))
        for row in np.flatnonzero(snrs == snr_db):
            rows = found[int(label[row])]
            if len(rows) < count:
                rows.append(first + int(row))
    return [np.array(rows, np.int64) for rows in found]
