"""Arrays in MATLAB files before version 7.3: structs are opened, cells of words become words."""

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from rfmae.imports.arrays.lazy_array import Arrays, Place, Values, leaves, of_values, text_of, words


def open_matlab(path: Path) -> Arrays:
    """The arrays of a file by their variable, and by field where that is a struct."""
    tree = {
        name: _plain(value)
        for name, value in scipy.io.loadmat(path).items()
        if not name.startswith("__")
    }
    found: dict[Place, Values] = {}
    for place, value in leaves(tree):
        values = words(value) if isinstance(value, list) else value
        if isinstance(values, np.ndarray) and values.size and values.dtype.kind in "iufcbU":
            found[place] = text_of(values)
    return {place: of_values(values) for place, values in found.items()}


def _plain(value: Any) -> Any:
    """Structs as dictionaries and cells as lists."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.names:
        return _struct(value)
    if value.dtype == object:
        return _cell(value)
    return value


def _struct(value: Values) -> Any:
    """A struct as its fields; an array of structs as a list for each field."""
    assert value.dtype.names is not None
    if value.size == 1:
        return {name: _plain(value[name].item()) for name in value.dtype.names}
    return {name: _cell(value[name]) for name in value.dtype.names}


def _cell(value: Values) -> Any:
    """A cell array: words, numbers, arrays of one shape as one array, or a list of the rest."""
    items = [_plain(item) for item in value.ravel()]
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
