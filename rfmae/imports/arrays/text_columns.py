"""A column of labels or SNRs beside the I/Q: .npy, .json, .csv or .txt."""

import csv
import json
from pathlib import Path

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_files import array_form, open_arrays
from rfmae.imports.arrays.lazy_array import Values, text_of


def read_column(path: Path, names: tuple[str, ...]) -> Values:
    """Numbers or words of each example (N,), or a matrix (N, K) with a column for each class.

    A table has a header, one of whose columns is called as one of `names`.
    """
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    if array_form(path) == "npy":
        values = text_of(open_arrays(path)[()].all())
    elif path.suffix == ".json":
        values = _json_column(path)
    elif path.suffix in (".csv", ".txt"):
        values = _text_column(path, names)
    else:
        raise DatasetError(f"{path} must be a .npy, .json, .csv or .txt file")
    if values.ndim not in (1, 2) or values.dtype.kind not in "iufbU":
        raise DatasetError(
            f"{path} must hold one number or word for each example, "
            f"got {values.dtype} {values.shape}"
        )
    return values.ravel() if 1 in values.shape else values


def table_column(path: Path, names: tuple[str, ...]) -> Values | None:
    """A column of a table by its heading; None where there is no table or no such column."""
    if path.suffix not in (".csv", ".txt") or not path.is_file():
        return None
    with path.open(encoding="utf-8", newline="", errors="replace") as file:
        header = [word.strip().lower() for word in next(csv.reader(file), [])]
    if len(header) < 2 or not {*names} & {*header}:
        return None
    return _text_column(path, names)


def _json_column(path: Path) -> Values:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise DatasetError(f"{path} cannot be read as JSON: {problem}") from problem
    if not isinstance(content, list) or not all(
        type(item) in (int, float, str) for item in content
    ):
        raise DatasetError(f"{path} must hold a JSON list of numbers or of names")
    return _numbers_or_words([str(item) for item in content])


def _text_column(path: Path, names: tuple[str, ...]) -> Values:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            rows = [row for row in csv.reader(file) if row]
        except (UnicodeDecodeError, csv.Error) as problem:
            raise DatasetError(f"{path} cannot be read as text: {problem}") from problem
    header = [word.strip().lower() for word in rows[0]] if rows else []
    column = next((header.index(name) for name in names if name in header), None)
    if column is None and len(header) > 1:
        matrix = _matrix(rows)
        if matrix is None:
            raise DatasetError(
                f"{path} has {len(header)} columns; its first line must name one of them "
                f"{' or '.join(names)}, or all must be numbers, one column for each class"
            )
        return matrix
    if any(len(row) != len(header) for row in rows):
        raise DatasetError(f"every line of {path} must have {len(header)} columns")
    kept = rows if column is None else rows[1:]
    return _numbers_or_words([row[column or 0].strip() for row in kept])


def _matrix(rows: list[list[str]]) -> Values | None:
    """The numbers of a table without a header; None where it holds others."""
    try:
        return np.array([[float(word) for word in row] for row in rows])
    except ValueError:
        return None


def _numbers_or_words(words: list[str]) -> Values:
    for kind in (np.int64, np.float64):
        try:
            return np.array(words).astype(kind)
        except (ValueError, OverflowError):
            continue
    return np.array(words)
