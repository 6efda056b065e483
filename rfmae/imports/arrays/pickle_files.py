"""Arrays in pickles: a dictionary of arrays, nested or not, read without executing anything."""

from pathlib import Path
from typing import Any

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.arrays.lazy_array import (
    Arrays,
    LazyArray,
    Place,
    along,
    leaves,
    of_values,
    text_of,
    words,
)
from rfmae.imports.pickle_values import PickledArray
from rfmae.imports.unpickling import read_pickle


def open_pickle(path: Path) -> Arrays:
    """The arrays of a pickle by their keys; a key of several parts is a place of as many names."""
    found: dict[Place, LazyArray] = {}
    for place, value in leaves(read_pickle(path)):
        array = _lazy(value)
        if array is not None:
            found[place] = array
    if not found:
        raise DatasetError(f"{path} must be a pickle of arrays, but holds none")
    return found


def _lazy(value: Any) -> LazyArray | None:
    if isinstance(value, PickledArray):
        if value.dtype.kind in "SU":
            return of_values(text_of(value.read()))
        return LazyArray(
            value.shape or (1,),
            value.dtype,
            lambda axis, first, last: value.read().reshape(value.shape or 1)[
                along(axis, first, last)
            ],
        )
    held = value if isinstance(value, np.ndarray) else None
    if isinstance(value, list | tuple):
        held = words(value)
    return None if held is None else of_values(held)
