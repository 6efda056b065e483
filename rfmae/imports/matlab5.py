"""Arrays of numbers and texts in MAT-files of version 5, which MATLAB wrote before 7.3.

"MAT-File Format", The MathWorks, chapter 1. Structures, cells, objects and sparse matrices are
passed over. Every length is checked against the bytes that are there, so a damaged file is a
`ValueError` and nothing worse.
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
_TEXT_CLASS = 4
_NUMBER_CLASSES = range(6, 16)
_COMPLEX = 0x0800  # a flag of an array
_MOST_DIMENSIONS = 8


class _Element(NamedTuple):
    """A piece of data of one type."""

    kind: int
    data: memoryview


def read_matlab5(path: Path) -> dict[str, Values]:
    """The arrays of a file by name: numbers in the types they are stored in, and rows of texts.

    Complex arrays are complex64 where they are stored in single precision, else complex128. Raises
    `ValueError` where the file is damaged.
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


def _array(data: memoryview, order: str) -> tuple[str, Values] | None:
    """Name and values of a matrix, or nothing for one of another class."""
    parts = list(_elements(data, order))
    if len(parts) < 3 or len(parts[0].data) < 4:
        raise ValueError("an array lacks its flags, its size or its name")
    flags = struct.unpack_from(f"{order}I", parts[0].data)[0]
    kind, is_text = flags & 0xFF, flags & 0xFF == _TEXT_CLASS
    if not is_text and kind not in _NUMBER_CLASSES:
        return None
    shape = tuple(_numbers(parts[1], order).tolist())
    if not 0 < len(shape) <= _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"an array has the size {shape}")
    name = bytes(parts[2].data).decode("latin-1")
    wanted = 4 + bool(flags & _COMPLEX and not is_text)
    if len(parts) < wanted:
        raise ValueError(f"the array {name!r:.40} lacks its values")
    if is_text:
        return name, _texts(_shaped(_codes(parts[3], order), shape, name))
    real = _shaped(_numbers(parts[3], order), shape, name)
    if wanted == 4:
        return name, real
    return name, _complex(real, _shaped(_numbers(parts[4], order), shape, name))


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
