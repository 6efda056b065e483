"""The content of MAT-files of version 5, which MATLAB wrote before 7.3.

"MAT-File Format", The MathWorks, chapter 1. Objects, functions and sparse matrices are passed over.
Every length is checked against the bytes that are there, so a damaged file is a `ValueError` and
nothing worse.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

_HEADER = 128  # bytes
_ORDERS = {b"IM": "<", b"MI": ">"}
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8",
          13: "u8"}  # fmt: skip
_UTF_8 = 16
_ENCODINGS = {_UTF_8: "utf-8", 17: "utf-16", 18: "utf-32"}
_CELL_CLASS, _STRUCT_CLASS, _TEXT_CLASS = 1, 2, 4
_DEEPEST = 8
_MOST_FIELDS = 4096
_NUMBER_CLASSES = range(6, 16)
_COMPLEX = 0x0800  # a flag of an array
_MOST_DIMENSIONS = 8


class _Element(NamedTuple):
    """A piece of data of one type."""

    kind: int
    data: memoryview


def read_matlab5(path: Path) -> dict[str, Any]:
    """The variables of a file by name.

    Numbers are arrays in the types they are stored in, and complex64 where both parts are in single
    precision, else complex128; texts are arrays of rows; a cell array is a list; a struct is a
    dictionary, and an array of structs one of lists. Raises `ValueError` where the file is damaged.
    """
    content = memoryview(path.read_bytes())
    order = _ORDERS.get(bytes(content[126:128]))
    if order is None:
        raise ValueError("its header states no byte order")
    found = {}
    for element in _elements(content[_HEADER:], order):
        matrix = _unpacked(element, order)
        if matrix.kind == _MATRIX and (named := _array(matrix.data, order)) is not None:
            found[named[0]] = named[1]
    return found


def _elements(data: memoryview, order: str) -> Iterator[_Element]:
    """The elements one after another, each padded to eight bytes unless it is compressed."""
    place = 0
    while place < len(data):
        if len(data) - place < 8:
            raise ValueError("it ends too early")
        kind, n_bytes = struct.unpack_from(f"{order}II", data, place)
        start, step = place + 8, n_bytes
        if kind >> 16:  # up to four bytes stand beside their type
            kind, n_bytes, start, step = kind & 0xFFFF, kind >> 16, place + 4, 0
            if n_bytes > 4:
                raise ValueError("an element has an impossible length")
        if start + n_bytes > len(data):
            raise ValueError("it ends too early")
        yield _Element(kind, data[start : start + n_bytes])
        place += 8 + (step if kind == _COMPRESSED else -(-step // 8) * 8)


def _unpacked(element: _Element, order: str) -> _Element:
    if element.kind != _COMPRESSED:
        return element
    inside = memoryview(zlib.decompress(element.data))
    return next(_elements(inside, order), element)


def _array(data: memoryview, order: str, depth: int = 0) -> tuple[str, Any] | None:
    """Name and value of a matrix, or nothing for one of another class."""
    if not len(data):  # an empty cell
        return "", np.zeros((0, 0))
    parts = list(_elements(data, order))
    if len(parts) < 3 or len(parts[0].data) < 4:
        raise ValueError("an array lacks its flags, its size or its name")
    if depth > _DEEPEST:
        raise ValueError(f"it is nested deeper than {_DEEPEST}")
    flags = struct.unpack_from(f"{order}I", parts[0].data)[0]
    kind = flags & 0xFF
    shape = tuple(_numbers(parts[1], order).tolist())
    if not 0 < len(shape) <= _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"an array has the size {shape}")
    name = bytes(parts[2].data).decode("latin-1")
    if kind == _CELL_CLASS:
        return name, _cells(parts[3:], shape, order, depth)
    if kind == _STRUCT_CLASS:
        return name, _fields(parts[3:], shape, order, depth)
    if kind == _TEXT_CLASS or kind in _NUMBER_CLASSES:
        is_complex = bool(flags & _COMPLEX) and kind != _TEXT_CLASS
        return name, _values(parts[3:], shape, name, order, kind == _TEXT_CLASS, is_complex)
    return None


def _values(
    parts: list[_Element],
    shape: tuple[int, ...],
    name: str,
    order: str,
    is_text: bool,
    is_complex: bool,
) -> Values:
    """Rows of texts, or numbers."""
    if len(parts) < 1 + is_complex:
        raise ValueError(f"the array {name!r:.40} lacks its values")
    if is_text:
        return _texts(_shaped(_codes(parts[0], order), shape, name))
    real = _shaped(_numbers(parts[0], order), shape, name)
    if not is_complex:
        return real
    return _complex(real, _shaped(_numbers(parts[1], order), shape, name))


def _cells(parts: list[_Element], shape: tuple[int, ...], order: str, depth: int) -> list[Any]:
    """The values of a cell array, down its columns."""
    if len(parts) != math.prod(shape):
        raise ValueError(f"a cell array of size {shape} has {len(parts)} cells")
    return [_inner(part, order, depth) for part in parts]


def _fields(
    parts: list[_Element], shape: tuple[int, ...], order: str, depth: int
) -> dict[str, Any]:
    """The fields of a struct; of an array of them a list for each field."""
    if len(parts) < 2 or len(parts[0].data) < 4:
        raise ValueError("a struct lacks its fields")
    (length,) = struct.unpack_from(f"{order}i", parts[0].data)
    written = bytes(parts[1].data)
    if not 0 < length <= 64 or len(written) % length or len(written) > length * _MOST_FIELDS:
        raise ValueError("a struct has impossible names of fields")
    names = [
        written[place : place + length].split(b"\0")[0].decode("latin-1")
        for place in range(0, len(written), length)
    ]
    values, count = parts[2:], math.prod(shape)
    if len(values) != count * len(names):
        raise ValueError(f"a struct of size {shape} has {len(values)} values")
    columns = {
        name: [_inner(part, order, depth) for part in values[place :: len(names)]]
        for place, name in enumerate(names)
    }
    return {name: column[0] for name, column in columns.items()} if count == 1 else dict(columns)


def _inner(part: _Element, order: str, depth: int) -> Any:
    """The value of a matrix inside another; None for one of another class."""
    if part.kind != _MATRIX:
        raise ValueError("a cell or a field is no array")
    named = _array(part.data, order, depth + 1)
    return None if named is None else named[1]


def _numbers(element: _Element, order: str) -> Values:
    if element.kind not in _TYPES:
        raise ValueError(f"an element has the unknown type {element.kind}")
    dtype = np.dtype(order + _TYPES[element.kind])
    if len(element.data) % dtype.itemsize:
        raise ValueError("an element has an impossible length")
    return np.frombuffer(element.data, dtype)


def _codes(element: _Element, order: str) -> Values:
    """The characters of a text as their numbers in Unicode."""
    if element.kind not in _ENCODINGS:
        return _numbers(element, order)
    ending = "" if element.kind == _UTF_8 else {"<": "-le", ">": "-be"}[order]
    text = bytes(element.data).decode(_ENCODINGS[element.kind] + ending)
    return np.array([ord(letter) for letter in text], np.uint32)


def _shaped(values: Values, shape: tuple[int, ...], name: str) -> Values:
    if len(values) != math.prod(shape):
        raise ValueError(f"the array {name!r:.40} of size {shape} has {len(values)} values")
    return values.reshape(shape, order="F")


def _complex(real: Values, imaginary: Values) -> Values:
    single = real.dtype.itemsize == imaginary.dtype.itemsize == 4 and real.dtype.kind == "f"
    values = np.empty(real.shape, np.complex64 if single else np.complex128)
    values.real, values.imag = real, imaginary
    return values


def _texts(codes: Values) -> Values:
    """A row of characters is a text; MATLAB pads the shorter ones with spaces."""
    if not codes.size:
        return np.zeros(codes.shape[:-1] or (1,), "U1")
    try:
        texts = ["".join(map(chr, row)).rstrip() for row in codes.reshape(-1, codes.shape[-1])]
        "".join(texts).encode()  # halves of characters are refused
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError("a text has characters that are none") from error
    return np.array(texts).reshape(codes.shape[:-1] or (1,))
