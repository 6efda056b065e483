"""Safe reading of arrays in .npy, .npz and .mat files, and of columns in text files."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from rfmae.datasets.hdf5_columns import column_fault
from rfmae.errors import ARRAY_DAMAGES, DatasetError, first_line
from rfmae.imports.matlab5 import read_matlab5

Values = npt.NDArray[Any]

_MATLAB_5 = b"MATLAB 5.0 MAT-file"
_MATLAB_73 = b"MATLAB 7.3 MAT-file"
_MAGIC = {
    b"\x93NUMPY": "npy",
    b"PK\x03\x04": "npz",
    _MATLAB_5: "mat",
    _MATLAB_73: "mat 7.3",
}


@dataclass(frozen=True, slots=True)
class LazyArray:
    """An array whose rows are read on demand."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: Callable[[int, int], Values]

    def all(self) -> Values:
        return self.rows(0, self.shape[0])


def array_form(path: Path) -> str | None:
    """The kind of array file, by its first bytes."""
    with path.open("rb") as file:
        beginning = file.read(len(_MATLAB_73))
    return next((form for magic, form in _MAGIC.items() if beginning.startswith(magic)), None)


def open_arrays(path: Path) -> dict[str, LazyArray]:
    """The arrays of a file by name; that of a .npy file has the name "".

    A .npy file and a .mat of version 7.3 stay on the disk, a .npz and an older .mat are read whole.
    """
    form = array_form(path)
    if form is None:
        raise DatasetError(f"{path} must be a .npy, .npz or .mat file, but begins otherwise")
    try:
        return _OPENERS[form](path)
    except ARRAY_DAMAGES as problem:
        raise DatasetError(f"{path} cannot be read: {first_line(problem):.160}") from problem


def read_column(path: Path, names: tuple[str, ...]) -> Values:
    """One value for each example of a .npy, .json, .csv or .txt file: numbers or words.

    A table has a header, one of whose columns is called as one of `names`.
    """
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    if array_form(path) == "npy":
        values = open_arrays(path)[""].all()
    elif path.suffix == ".json":
        values = _json_column(path)
    elif path.suffix in (".csv", ".txt"):
        values = _text_column(path, names)
    else:
        raise DatasetError(f"{path} must be a .npy, .json, .csv or .txt file")
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    if values.ndim != 1 or values.dtype.kind not in "iufU":
        raise DatasetError(
            f"{path} must hold one number or word for each example, "
            f"got {values.dtype} {values.shape}"
        )
    return values


def _open_npy(path: Path) -> dict[str, LazyArray]:
    return {"": _in_memory(np.load(path, mmap_mode="r", allow_pickle=False))}


def _open_npz(path: Path) -> dict[str, LazyArray]:
    with np.load(path, allow_pickle=False) as arrays:
        held = {name: arrays[name] for name in arrays.files}  # another file of a zip is bytes
    return {name: _in_memory(item) for name, item in held.items() if isinstance(item, np.ndarray)}


def _open_mat(path: Path) -> dict[str, LazyArray]:
    return {name: _in_memory(values) for name, values in read_matlab5(path).items()}


def _in_memory(values: Values) -> LazyArray:
    if not values.ndim or values.dtype.hasobject:
        raise ValueError(f"an array must have rows of numbers, got {values.dtype} {values.shape}")
    return LazyArray(values.shape, values.dtype, lambda first, last: np.array(values[first:last]))


def _open_mat_73(path: Path) -> dict[str, LazyArray]:
    with h5py.File(path, "r") as file:
        arrays = {
            name: item
            for name, item in file.items()
            if isinstance(item, h5py.Dataset) and item.shape and not item.dtype.hasobject
        }
        for name in arrays:
            if (fault := column_fault(file, name)) is not None:
                raise ValueError(f"{name!r} {fault}")
        return {name: _transposed(path, name, item) for name, item in arrays.items()}


def _transposed(path: Path, name: str, item: h5py.Dataset) -> LazyArray:
    """An array of MATLAB, whose axes HDF5 holds in the opposite order."""
    complex_parts = item.dtype.names == ("real", "imag")
    dtype = np.dtype(np.complex64) if complex_parts else item.dtype

    def rows(first: int, last: int) -> Values:
        with h5py.File(path, "r") as file:  # a handle is never shared between processes
            values = file[name][..., first:last].T
        if not complex_parts:
            return values
        iq = np.empty(values.shape, np.complex64)
        iq.real, iq.imag = values["real"], values["imag"]
        return iq

    return LazyArray(item.shape[::-1], dtype, rows)


_OPENERS: dict[str, Callable[[Path], dict[str, LazyArray]]] = {
    "npy": _open_npy,
    "npz": _open_npz,
    "mat": _open_mat,
    "mat 7.3": _open_mat_73,
}


def _json_column(path: Path) -> Values:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise DatasetError(f"{path} cannot be read as JSON: {problem}") from problem
    if not isinstance(content, list) or not all(
        type(item) in (int, float, str) for item in content
    ):
        raise DatasetError(f"{path} must hold a JSON list of numbers or of names")
    return _numbers_or_words([str(item) for item in content])


def _text_column(path: Path, names: tuple[str, ...]) -> Values:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            rows = [row for row in csv.reader(file) if row]
        except (UnicodeDecodeError, csv.Error) as problem:
            raise DatasetError(f"{path} cannot be read as text: {problem}") from problem
    header = [word.strip().lower() for word in rows[0]] if rows else []
    column = next((header.index(name) for name in names if name in header), None)
    if column is None and len(header) > 1:
        raise DatasetError(
            f"{path} has {len(header)} columns; its first line must name one of them "
            f"{' or '.join(names)}"
        )
    if any(len(row) != len(header) for row in rows):
        raise DatasetError(f"every line of {path} must have {len(header)} columns")
    kept = rows if column is None else rows[1:]
    return _numbers_or_words([row[column or 0].strip() for row in kept])


def _numbers_or_words(words: list[str]) -> Values:
    for kind in (np.int64, np.float64):
        try:
            return np.array(words).astype(kind)
        except (ValueError, OverflowError):
            continue
    return np.array(words)
