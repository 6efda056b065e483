"""Labels of examples from numbers, names or one-hot rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.errors import DatasetError, nearest
from rfmae.imports.arrays.lazy_array import Values
from rfmae.plain import shown
from rfmae.records import IntArray

_MOST_NAMED = 12  # in an error


@dataclass(frozen=True, slots=True)
class Labels:
    """The label of each example, the classes that they index, and how they were written."""

    label: IntArray  # (N,)
    classes: tuple[str, ...]
    said: str


def read_labels(
    values: Values, classes: tuple[str, ...], what: str, first: int | None = None
) -> Labels:
    """Labels from names (N,), numbers (N,) from 0 or 1, or one-hot rows (N, K).

    Args:
        values: The column. Names stand for themselves, numbers and columns for `classes`.
        classes: The names; where the labels are names, further ones follow.
        what: The column, for errors.
        first: What numbers begin with, 0 or 1; None where they tell it themselves.
    """
    if values.dtype.kind not in "iufbU" or not values.size:
        raise DatasetError(f"{what} must be numbers or words, got {values.dtype} {values.shape}")
    if len({*classes}) < len(classes):
        raise DatasetError(f"the classes must have different names, got {_listed(classes)}")
    if values.ndim == 2:
        return _of_one_hot(values, classes, what)
    if values.dtype.kind == "U":
        return _of_names(values, classes, what)
    return _of_numbers(values, classes, what, first)


def is_one_hot(values: Values) -> bool:
    """Whether all numbers of a matrix are 0 or 1."""
    return values.dtype.kind in "iufb" and bool(((values == 0) | (values == 1)).all())


def _of_names(names: Values, classes: tuple[str, ...], what: str) -> Labels:
    if (names == "").any():
        row = int(np.flatnonzero(names == "")[0])
        raise DatasetError(f"{what} hold no name in row {row}; name every class")
    found, label = np.unique(names, return_inverse=True)
    odd = [name for name in found.tolist() if not name.isprintable()]
    if odd:
        raise DatasetError(f"{what} hold {shown(odd[0])}, which is no name of a class")
    others = sorted({*found.tolist()} - {*classes})
    absent = [name for name in classes if name not in found]
    if absent and others:
        near = nearest(absent[0], found.tolist())
        raise DatasetError(f"{what} have no {absent[0]!r}, which --classes names; {near}")
    classes = (*classes, *others)
    places = np.array([classes.index(name) for name in found.tolist()], np.int64)
    return Labels(places[label], classes, "names")


def _of_numbers(values: Values, classes: tuple[str, ...], what: str, first: int | None) -> Labels:
    label = _whole(values, what)
    lowest, highest = int(label.min()), int(label.max())
    if not classes:
        count = len(np.unique(label))
        raise DatasetError(
            f"{what} are {count} numbers from {lowest} to {highest}; name the "
            "classes with --classes, in the order of the numbers"
        )
    if first == 1 or (first is None and lowest >= 1 and highest == len(classes)):
        return _within(Labels(label - 1, classes, "numbers from 1"), what)
    if first is None and 1 <= lowest <= highest < len(classes):
        raise DatasetError(
            f"{what} are numbers from {lowest} to {highest}, which may count {len(classes)} "
            "classes from 0 or from 1; say which with --first-label"
        )
    if not 0 <= lowest <= highest < len(classes):
        raise DatasetError(
            f"labels must be whole numbers from 0 to {len(classes) - 1} or from 1 to "
            f"{len(classes)}, the places in --classes {_listed(classes)}, got {lowest} to "
            f"{highest} in {what}"
        )
    return Labels(label, classes, "numbers from 0")


def _within(labels: Labels, what: str) -> Labels:
    if labels.label.min() < 0 or labels.label.max() >= len(labels.classes):
        raise DatasetError(
            f"{what} must lie in 1 to {len(labels.classes)}, as they begin with 1, got "
            f"{labels.label.min() + 1} to {labels.label.max() + 1}"
        )
    return labels


def _whole(values: Values, what: str) -> IntArray:
    numbers = values.astype(np.float64)
    whole = np.isfinite(numbers) & (numbers == np.round(numbers)) & (np.abs(numbers) < 2**53)
    if not whole.all():
        row = int(np.flatnonzero(~whole)[0])
        raise DatasetError(
            f"labels must be whole numbers, names or one-hot rows, got {values[row]} in row {row} "
            f"of {what}"
        )
    return values.astype(np.int64)


def _of_one_hot(values: Values, classes: tuple[str, ...], what: str) -> Labels:
    count = (values == 1).sum(axis=1)
    wrong = (count != 1) | ((values != 0) & (values != 1)).any(axis=1)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        held = f"{count[row]} ones" if is_one_hot(values[row]) else "other numbers than 0 and 1"
        raise DatasetError(
            f"each row of {what} {values.shape} must hold a single 1, but row {row} holds {held}; "
            "leave such rows out"
        )
    columns = values.shape[1]
    if not classes:
        raise DatasetError(
            f"{what} has {columns} columns, one for each class; name them with --classes"
        )
    if columns != len(classes):
        raise DatasetError(
            f"{what} has {columns} columns, one for each class, but --classes names "
            f"{len(classes)}: {_listed(classes)}"
        )
    return Labels((values == 1).argmax(axis=1).astype(np.int64), classes, "one-hot rows")


def _listed(classes: Sequence[str]) -> str:
    more = len(classes) - _MOST_NAMED
    return ", ".join(classes[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
