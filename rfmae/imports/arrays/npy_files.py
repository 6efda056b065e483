"""Arrays in .npy and .npz files, mapped or read forwards, so that none has to fit in memory."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from rfmae.imports.arrays.lazy_array import Arrays, LazyArray, Place, Values, of_values, words
from rfmae.imports.unpickling import unpickled

_LOCAL_HEADER = 30  # bytes before the name of a member
_AT_ONCE = 2**22
_LENGTHS = 26  # where the lengths of its name and of its extra field are stated


def open_npy(path: Path) -> Arrays:
    """The one array of a file, mapped."""
    with path.open("rb") as file:
        shape, fortran, dtype = _header(file)
        if dtype.hasobject:
            return {(): of_values(_words_of(file, path, shape))}
        offset = file.tell()
    return {(): of_values(_mapped(path, offset, shape, fortran, dtype))}


def open_npz(path: Path) -> Arrays:
    """The arrays of a zip: mapped where they are stored as they are, else read forwards."""
    found: dict[Place, LazyArray] = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.filename.endswith(".npy"):
                place = tuple(member.filename.removesuffix(".npy").split("/"))
                found[place] = _member(path, archive, member)
    return found


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> LazyArray:
    with archive.open(member) as file:
        shape, fortran, dtype = _header(file)
        if dtype.hasobject:
            return of_values(_words_of(file, path, shape))
        offset = file.tell()
        if 0 in shape or not shape or fortran:
            return of_values(_whole(file, shape, fortran, dtype))
    if member.compress_type == zipfile.ZIP_STORED:
        mapped = _mapped(path, _start(path, member) + offset, shape, fortran, dtype)
        return LazyArray(shape, dtype, _Checked(path, member.filename, of_values(mapped)).slab)
    return LazyArray(shape, dtype, _Inflated(path, member.filename, offset, shape, dtype).slab)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"version {version} of .npy is unknown")
    return readers[version](file)


def _mapped(
    path: Path, offset: int, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]
) -> Values:
    if 0 in shape or not shape:
        with path.open("rb") as file:
            file.seek(offset)
            return _whole(file, shape, fortran, dtype)
    return np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")


def _whole(file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]) -> Values:
    values = np.frombuffer(file.read(), dtype)
    return values.reshape(shape, order="F" if fortran else "C")


def _start(path: Path, member: zipfile.ZipInfo) -> int:
    """The first byte of the content of a member that is stored as it is."""
    with path.open("rb") as file:
        file.seek(member.header_offset + _LENGTHS)
        name, extra = struct.unpack("<HH", file.read(4))
    return member.header_offset + _LOCAL_HEADER + name + extra


def _words_of(file: IO[bytes], path: Path, shape: tuple[int, ...]) -> Values:
    """An array of objects that are words or numbers; a pickle is read, and none of it executed."""
    held = unpickled(file.read(), path)
    values = held if isinstance(held, np.ndarray) else None
    if values is None and isinstance(held, list | tuple):
        values = words(held)
    if values is None or isinstance(held, Mapping):
        raise ValueError(f"an array of objects {shape} must hold words or numbers")
    return values.reshape(shape)


class _Checked:
    """An array that is stored as it is, whose checksum is verified before any is read."""

    def __init__(self, path: Path, name: str, array: LazyArray) -> None:
        self._path, self._name, self._array = path, name, array
        self._is_checked = False

    def slab(self, axis: int, first: int, last: int) -> Values:
        if not self._is_checked:
            with zipfile.ZipFile(self._path) as archive, archive.open(self._name) as file:
                while file.read(_AT_ONCE):  # raises at the end where the checksum is another
                    pass
            self._is_checked = True
        return self._array.slab(axis, first, last)


class _Inflated:
    """A compressed array, which is read forwards; a step back begins again."""

    def __init__(
        self, path: Path, name: str, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self._path, self._name, self._offset = path, name, offset
        self._shape, self._dtype = shape, dtype
        self._row_bytes = dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        self._file: IO[bytes] | None = None
        self._row = 0

    def slab(self, axis: int, first: int, last: int) -> Values:
        if axis:
            return self._rows(0, self._shape[0])[(*(slice(None),) * axis, slice(first, last))]
        return self._rows(first, last)

    def _rows(self, first: int, last: int) -> Values:
        file = self._at(first)
        content = file.read((last - first) * self._row_bytes)
        self._row = last
        return np.frombuffer(content, self._dtype).reshape(last - first, *self._shape[1:]).copy()

    def _at(self, row: int) -> IO[bytes]:
        if self._file is None or row < self._row:
            archive = zipfile.ZipFile(self._path)
            self._file = archive.open(self._name)
            self._file.read(self._offset)
            self._row = 0
        while self._row < row:
            step = min(row - self._row, max(1, 2**20 // max(self._row_bytes, 1)))
            self._file.read(step * self._row_bytes)
            self._row += step
        return self._file
