"""Arrays of a file by their place in it, read slab by slab."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]

Place = tuple[str, ...]
"""The names that lead to an array: of groups, fields or keys; empty where a file is one array."""


@dataclass(frozen=True, slots=True)
class LazyArray:
    """An array whose slabs along an axis are read on demand.

    `slab(axis, first, last)` reads the indices from `first` to before `last` of one axis.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    slab: Callable[[int, int, int], Values]

    @property
    def kind(self) -> str:
        """The kind of its numpy type, such as "c" of complex numbers and "U" of text."""
        return self.dtype.kind

    def all(self) -> Values:
        return self.slab(0, 0, self.shape[0])


Arrays = Mapping[Place, LazyArray]


def of_values(values: Values) -> LazyArray:
    """An array that is in memory, or mapped there."""
    if not values.ndim:
        values = values.reshape(1)
    return LazyArray(
        values.shape,
        values.dtype,
        lambda axis, first, last: np.array(values[along(axis, first, last)]),
    )


def along(axis: int, first: int, last: int) -> tuple[slice, ...]:
    """An index that selects a slab."""
    return (*(slice(None),) * axis, slice(first, last))


def words(values: Sequence[Any]) -> Values | None:
    """Words or numbers of a list as an array; None where it holds something else.

    >>> words([b"QPSK", "BPSK "])
    array(['QPSK', 'BPSK'], dtype='<U4')
    """
    if not values:
        return None
    if all(isinstance(value, str | bytes) for value in values):
        return np.array([_text(value) for value in values])
    if all(isinstance(value, bool | int | float | np.number) for value in values):
        return np.array(values)
    return None


def text_of(values: Values) -> Values:
    """Fixed-length bytes as text, and text without the blanks that padded it."""
    if values.dtype.kind == "S":
        return np.array([_text(value) for value in values.ravel()]).reshape(values.shape)
    return np.char.strip(values) if values.dtype.kind == "U" else values


def _text(value: str | bytes) -> str:
    if isinstance(value, bytes):
        value = value.rstrip(b"\0").decode("utf-8", errors="replace")
    return value.strip().strip("\0")


def leaves(tree: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """The values of nested dictionaries and lists, each with its place."""
    if isinstance(tree, Mapping):
        for key, item in tree.items():
            yield from leaves(item, (*place, *_names(key)))
    elif isinstance(tree, list | tuple) and words(tree) is None:
        for number, item in enumerate(tree):
            yield from leaves(item, (*place, str(number)))
    else:
        yield place, tree


def _names(key: Any) -> Place:
    if isinstance(key, tuple):
        return tuple(name for part in key for name in _names(part))
    return (_text(key) if isinstance(key, str | bytes) else f"{key:g}",)


def said(place: Place) -> str:
    """A place in words, such as "train/X"."""
    return "/".join(place) or "the array"
