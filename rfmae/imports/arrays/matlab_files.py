"""Arrays in MATLAB files before version 7.3: structs are opened, cells of words become words."""

from pathlib import Path
from typing import Any

import numpy as np

from rfmae.imports.arrays.lazy_array import Arrays, Place, Values, leaves, of_values, text_of, words
from rfmae.imports.matlab5 import read_matlab5


def open_matlab(path: Path) -> Arrays:
    """The arrays of a file by their variable, and by field where that is a struct."""
    found: dict[Place, Values] = {}
    for place, value in leaves(_plain(read_matlab5(path))):
        values = words(value) if isinstance(value, list) else value
        if isinstance(values, np.ndarray) and values.size and values.dtype.kind in "iufcbU":
            found[place] = text_of(values)
    return {place: of_values(values) for place, values in found.items()}


def _plain(value: Any) -> Any:
    """Cell arrays of words, of numbers or of arrays of one shape as one array."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return _cell([_plain(item) for item in value]) if isinstance(value, list) else value


def _cell(items: list[Any]) -> Any:
    arrays = [item for item in items if isinstance(item, np.ndarray)]
    if len(arrays) < len(items) or not items:
        return items
    if all(item.dtype.kind == "U" for item in arrays):
        return ["".join(item.ravel()) for item in arrays]
    if all(item.size == 1 for item in arrays):
        return [item.item() for item in arrays]
    if len({item.shape for item in arrays}) == 1 and all(a.dtype.kind in "iufc" for a in arrays):
        return np.stack(arrays)
    return items
