"""The values in a pickle of arrays: strings that stay in the file, element types, arrays."""

import codecs
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

Spelling = Literal["raw", "quoted", "utf-8", "raw-unicode-escape"]
"""How a string is written: as its bytes, as python 2 prints it, or as text of those code points."""


class Refused(Exception):
    """Raised at content that a dictionary of arrays does not need."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string somewhere in the file: `n_bytes` as it is written, `length` of characters."""

    offset: int
    n_bytes: int
    length: int
    spelling: Spelling

    def load(self, file: BinaryIO) -> bytes:
        """The string as bytes, one for each character; the file position is unchanged."""
        here = file.tell()
        file.seek(self.offset)
        written = file.read(self.n_bytes)
        file.seek(here)
        return decoded(written, self.spelling)

    def words(self, file: BinaryIO) -> str:
        """The string as text."""
        if self.spelling in ("raw", "quoted"):
            return self.load(file).decode("latin-1")
        here = file.tell()
        file.seek(self.offset)
        written = file.read(self.n_bytes)
        file.seek(here)
        return written.decode(self.spelling)


def decoded(written: bytes, spelling: Spelling) -> bytes:
    """The bytes of a string in its spelling."""
    if spelling == "raw":
        return written
    if spelling == "quoted":
        return _unescaped(written)
    return written.decode(spelling).encode("latin-1")


def _unescaped(written: bytes) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # python 2 wrote no escape that python 3 warns of
        try:
            inside: bytes = codecs.escape_decode(written)[0]
        except Warning as problem:
            raise Refused("a string has an unknown escape") from problem
    return inside


@dataclass(frozen=True, slots=True)
class PickledArray:
    """An array inside a pickle that is read on demand."""

    path: Path
    text: Text
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    def read(self) -> npt.NDArray[Any]:
        with self.path.open("rb") as file:
            values = np.frombuffer(self.text.load(file), self.dtype)
        return values.reshape(self.shape, order="F" if self.fortran else "C")


@dataclass(frozen=True, slots=True)
class Name:
    """A name that the pickle would import; it is never imported here."""

    dotted: str


@dataclass(slots=True)
class ElementType:
    """The type of an array's elements, whose byte order may still be to come."""

    code: str


@dataclass(frozen=True, slots=True)
class ObjectArray:
    """An array of Python objects, of which only words and numbers are taken."""

    shape: tuple[int, ...]
    items: list[Any]


def of_objects(array: ObjectArray, items: list[Any]) -> npt.NDArray[Any]:
    """The array of some words or of some numbers."""
    if all(isinstance(item, str) for item in items) or all(
        isinstance(item, bool | int | float) for item in items
    ):
        return np.array(items).reshape(array.shape)
    raise Refused("an array holds objects, not words or numbers")


@dataclass(slots=True)
class ArrayDraft:
    """An array whose state may still be to come."""

    made: PickledArray | ObjectArray | None = None
