"""Conversion of I/Q arrays to real columns and back."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray

Layout = Literal["halves", "interleaved", "in-phase"]
"""Order of the columns of a real array: all I and then all Q, I and Q by turns, or I alone."""


def columns_of(given: Any, layout: Layout) -> Any:
    """Complex (N, T) or real (N, 2, T) as real columns; anything else unchanged."""
    if hasattr(given, "toarray"):  # sparse
        return given
    values: npt.NDArray[Any] = np.asarray(given)
    if not np.iscomplexobj(values) and values.ndim != 3:
        return given
    if layout == "in-phase":
        raise ShapeError(
            'Complex data not supported by layout = "in-phase", where X is I alone, '
            f'got {values.dtype} {values.shape}; write layout = "halves"'
        )
    parts = _parts(values)
    if layout == "halves":
        return np.concatenate(parts, axis=1)
    return np.stack(parts, axis=2).reshape(len(values), -1)


def iq_of(columns: FloatArray, layout: Layout) -> ComplexArray:
    """The I/Q (N, T) of real columns, complex64."""
    if layout == "in-phase":
        return columns.astype(np.complex64)
    if columns.shape[1] % 2:
        raise ShapeError(
            f"a real X must hold as many columns of I as of Q, got {columns.shape[1]} columns "
            f'(n_features = {columns.shape[1]}); where X is I alone, write layout = "in-phase"'
        )
    half = columns.shape[1] // 2
    if layout == "halves":
        in_phase, quadrature = columns[:, :half], columns[:, half:]
    else:
        in_phase, quadrature = columns[:, ::2], columns[:, 1::2]
    return (in_phase + 1j * quadrature).astype(np.complex64)


def _parts(values: npt.NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """I and Q, each (N, T)."""
    if np.iscomplexobj(values) and values.ndim == 2:
        return values.real, values.imag
    if not np.iscomplexobj(values) and values.shape[1] == 2:
        return values[:, 0], values[:, 1]
    raise ShapeError(
        f"X must be complex (N, T), real (N, 2, T) or real (N, columns), got {values.dtype} "
        f"{values.shape}"
    )
