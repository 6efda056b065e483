"""Arrays in HDF5 files of any layout, and in those of MATLAB 7.3, which are HDF5 inside."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rfmae.datasets.hdf5_columns import column_fault
from rfmae.imports.arrays.lazy_array import (
    Arrays,
    LazyArray,
    Place,
    Values,
    along,
    of_values,
    text_of,
    words,
)

_PARTS = (("real", "imag"), ("r", "i"), ("re", "im"), ("I", "Q"), ("i", "q"))
"""Names of the two fields of a complex number, of MATLAB, h5py and others."""

_HIDDEN = ("#refs#", "#subsystem#")  # of MATLAB


def open_hdf5(path: Path) -> Arrays:
    """The arrays of a file; such as are stored in other files are refused."""
    with h5py.File(path, "r") as file:
        _refuse_links(file)
        return {_place(item): _lazy(path, item) for item in _datasets(file)}


def open_matlab_73(path: Path) -> Arrays:
    """The arrays of a MATLAB file: axes in MATLAB's order, cells and characters as words."""
    with h5py.File(path, "r") as file:
        found = {_place(item): _of_matlab(path, file, item) for item in _datasets(file)}
    return {place: array for place, array in found.items() if array is not None}


def _refuse_links(group: h5py.Group) -> None:
    """Refuse names that lead elsewhere, which a visit of the file would pass over."""
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(
                f"the name {name} in it is a link to another place; copy what it names here"
            )
        item = group.get(name)
        if isinstance(item, h5py.Group):
            _refuse_links(item)


def _datasets(file: h5py.File) -> list[h5py.Dataset]:
    held: list[h5py.Dataset] = []

    def visit(name: str, item: Any) -> None:
        inside = isinstance(item, h5py.Dataset) and not name.startswith(_HIDDEN)
        if inside and item.shape and 0 not in item.shape:
            held.append(item)

    file.visititems(visit)
    for item in held:
        if (fault := column_fault(file, item.name.strip("/"))) is not None:
            raise ValueError(f"{item.name} {fault}")
    return held


def _place(item: h5py.Dataset) -> Place:
    return tuple(item.name.strip("/").split("/"))


def _lazy(path: Path, item: h5py.Dataset) -> LazyArray:
    if h5py.check_string_dtype(item.dtype) is not None:
        return of_values(_strings(item))
    if item.dtype.hasobject:
        raise ValueError(f"{item.name} holds objects, not numbers or words")
    name, parts = item.name, _complex_fields(item.dtype)

    def slab(axis: int, first: int, last: int) -> Values:
        with h5py.File(path, "r") as file:  # a handle is never shared between processes
            return _joined(file[name][along(axis, first, last)], parts)

    return LazyArray(item.shape, _dtype(item.dtype, parts), slab)


def _of_matlab(path: Path, file: h5py.File, item: h5py.Dataset) -> LazyArray | None:
    kind = item.attrs.get("MATLAB_class", b"")
    if kind == b"cell":
        values = _cell(file, item)
        return None if values is None else of_values(values)
    if kind == b"char":
        return of_values(_characters(item))
    if item.dtype.hasobject:
        return None
    turned = _lazy(path, item)
    ndim = len(turned.shape)
    return LazyArray(
        turned.shape[::-1],
        turned.dtype,
        lambda axis, first, last: turned.slab(ndim - 1 - axis, first, last).T,
    )


def _cell(file: h5py.File, item: h5py.Dataset) -> Values | None:
    """The words or numbers of a cell array."""
    held: list[Any] = []
    for reference in item[()].ravel():
        value = file[reference] if reference else None
        if not isinstance(value, h5py.Dataset):
            return None
        if value.attrs.get("MATLAB_class", b"") == b"char":
            held.append("".join(_characters(value)))
        elif value.size == 1:
            held.append(value[()].item())
        else:
            return None
    return words(held)


def _characters(item: h5py.Dataset) -> Values:
    """A matrix of characters as a word for each of its rows."""
    codes = np.atleast_2d(item[()].T if item.ndim > 1 else item[()])
    return np.array(["".join(map(chr, row)).strip() for row in codes.tolist()])


def _strings(item: h5py.Dataset) -> Values:
    values = item.asstr(errors="replace")[()] if item.dtype.hasobject else item[()]
    if values.dtype.hasobject:
        return np.array([str(value).strip() for value in values.ravel()]).reshape(values.shape)
    return text_of(values)


def _complex_fields(dtype: np.dtype[Any]) -> tuple[str, str] | None:
    return next((names for names in _PARTS if dtype.names == names), None)


def _dtype(dtype: np.dtype[Any], parts: tuple[str, str] | None) -> np.dtype[Any]:
    if parts is None:
        return dtype
    inner = dtype[parts[0]]
    return np.dtype(np.complex128 if inner == np.float64 else np.complex64)


def _joined(values: Values, parts: tuple[str, str] | None) -> Values:
    if parts is None:
        return values
    joined = np.empty(values.shape, _dtype(values.dtype, parts))
    joined.real, joined.imag = (
        values[parts[0]],
        values[parts[1]],
    )  # a sum would mix NaN and infinity
    return joined
