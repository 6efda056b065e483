"""The few names of numpy that a pickled array needs, recognised by their spelling.

None of them is imported or called: its effect is computed here, for numbers alone.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rfmae.imports.pickle_values import (
    ArrayDraft,
    ElementType,
    Name,
    ObjectArray,
    PickledArray,
    Refused,
    Text,
)

_MOST_DIMENSIONS = 8
_KNOWN_TYPE = re.compile(r"[<>|=]?(?:[iu][1248]|f[248]|c8|c16|b1|O8?|[SU]\d{1,6})")


@dataclass(frozen=True, slots=True)
class Strings:
    """The file from which strings of a pickle are read."""

    file: BinaryIO
    path: Path

    def characters(self, value: Any) -> str:
        """A string on the stack that is a name of some kind."""
        if not isinstance(value, Text):
            raise Refused("a name is no string")
        return value.load(self.file).decode("latin-1")

    def words(self, text: Any) -> str:
        """A string as it is read by people, of python 2 or 3."""
        if not isinstance(text, Text):
            raise Refused("a name is no string")
        return text.words(self.file)


def known_name(dotted: str) -> Name:
    """A name that an array needs, under that of older versions of numpy."""
    plain = dotted.replace("numpy._core.", "numpy.core.", 1)
    if plain != _ARRAY and plain not in _CALLS:
        raise Refused(f"it imports {dotted!r:.80}, which no array needs")
    return Name(plain)


def call(strings: Strings, name: Any, arguments: Any) -> Any:
    """The value that numpy would return."""
    if not isinstance(name, Name) or name.dotted not in _CALLS:
        raise Refused("it calls what no array needs")
    return _CALLS[name.dotted](strings, *arguments)


def give_state(strings: Strings, target: Any, state: Any) -> None:
    """Complete an element type with its byte order, or an array with its shape and its bytes."""
    if isinstance(target, ElementType):
        _, order, subtype, names, fields, *_ = state
        if (subtype, names, fields) != (None, None, None):
            raise Refused("its elements are records, not numbers")
        target.code = _known_type(strings.characters(order) + target.code.lstrip("<>|="))
    elif isinstance(target, ArrayDraft):
        _, shape, kind, fortran, text = state
        target.made = _described(strings, shape, kind, bool(fortran), text)
    else:
        raise Refused("it sets the state of what is no array")


def _empty_array(strings: Strings, kind: Any, shape: Any, code: Any) -> ArrayDraft:
    if kind != Name(_ARRAY) or shape != (0,) or strings.characters(code) != "b":
        raise Refused("an array is made in an unknown way")
    return ArrayDraft()


def _type(strings: Strings, code: Any, align: Any = 0, copy: Any = 0) -> ElementType:
    return ElementType(_known_type(strings.characters(code)))


def _known_type(code: str) -> str:
    if not _KNOWN_TYPE.fullmatch(code):
        raise Refused(f"its elements are {code!r:.20}, not numbers or words")
    return code


def _scalar(strings: Strings, kind: Any, value: Any) -> int | float | str:
    dtype = _dtype(kind)
    if not isinstance(value, Text) or value.length != dtype.itemsize:
        raise Refused("a number has other bytes than its type")
    number = np.frombuffer(value.load(strings.file), dtype)[0].item()
    if isinstance(number, str | bytes):
        return number if isinstance(number, str) else number.decode("latin-1")
    if not isinstance(number, int | float):
        raise Refused("a number is complex")
    return number


def _encode(strings: Strings, text: Any, encoding: Any) -> Text:
    """Bytes that python 3 wrote as text for an older protocol: one for each character."""
    if not isinstance(text, Text) or strings.characters(encoding) not in ("latin1", "latin-1"):
        raise Refused("bytes are made in an unknown way")
    return text


def _from_buffer(strings: Strings, text: Any, kind: Any, shape: Any, order: Any) -> ArrayDraft:
    fortran = {"C": False, "F": True}[strings.characters(order)]
    return ArrayDraft(_described(strings, shape, kind, fortran, text))


_ARRAY = "numpy.ndarray"

_CALLS: dict[str, Callable[..., Any]] = {
    "numpy.core.multiarray._reconstruct": _empty_array,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy.dtype": _type,
    "_codecs.encode": _encode,
}


def _dtype(kind: Any) -> np.dtype[Any]:
    if not isinstance(kind, ElementType):
        raise Refused("an element type is none")
    return np.dtype(kind.code)


def _described(
    strings: Strings, shape: Any, kind: Any, fortran: bool, text: Any
) -> PickledArray | ObjectArray:
    """An array whose bytes, or objects, are as many as its shape and type make them."""
    dtype = _dtype(kind)
    if not isinstance(shape, tuple):
        raise Refused("an array has no shape")
    if dtype.hasobject and isinstance(text, list) and len(text) == math.prod(shape):
        return ObjectArray(shape, text)
    if not isinstance(text, Text) or dtype.hasobject:
        raise Refused("an array holds objects, not numbers")
    if len(shape) > _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise Refused("an array has no shape")
    if math.prod(shape) * dtype.itemsize != text.length:
        raise Refused(f"an array of shape {shape} has {text.length} bytes")
    return PickledArray(strings.path, text, shape, dtype, fortran)
