"""Tensors in .pt files, read by torch without executing what the file names."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.imports.arrays.lazy_array import Arrays, LazyArray, Place, leaves, of_values, words


def open_torch(path: Path) -> Arrays:
    """The tensors of a file by their keys, mapped where the file is a zip."""
    import torch  # only where a file needs it

    try:
        with warnings.catch_warnings(action="ignore"):  # of damage, which is an error below
            tree = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as problem:  # torch raises errors of several libraries at a damaged file
        raise ValueError(_reason(problem)) from problem
    found: dict[Place, LazyArray] = {}
    for place, value in leaves(tree):
        array = _values(value)
        if array is not None and array.size:
            found[place] = of_values(array)
    return found


def _reason(problem: Exception) -> str:
    if "Unsupported" in str(problem) or "weights_only" in str(problem).lower():
        return "it holds more than tensors, lists and dictionaries; save these alone"
    return f"it is no file of tensors ({type(problem).__name__})"


def _values(value: Any) -> Any:
    if hasattr(value, "detach"):
        plain = value.detach().resolve_conj()
        if str(plain.dtype) == "torch.bfloat16":  # numpy has no such type
            plain = plain.float()
        return plain.numpy()
    if isinstance(value, list | tuple):
        return words(value)
    return np.asarray(value) if isinstance(value, np.ndarray) else None
