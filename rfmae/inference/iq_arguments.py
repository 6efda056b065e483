"""I/Q arguments: validation, and division into windows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, View

IqLike = npt.ArrayLike | Mapping[View, npt.ArrayLike]
"""I/Q of the one view that a model needs, or of each view by its name."""


def checked_views(
    iq: IqLike, needed: tuple[View, ...], *, dimensions: int
) -> dict[View, ComplexArray]:
    """The I/Q of each view that is needed, checked."""
    if not isinstance(iq, Mapping):
        if len(needed) > 1:
            raise ShapeError(
                f"this model sees {' and '.join(needed)}; "
                'give a mapping with the I/Q of each, {"symbols": …, "waveform": …}'
            )
        return {needed[0]: checked_iq(iq, dimensions=dimensions)}
    missing = [view for view in needed if view not in iq]
    if missing:
        raise ShapeError(f"this model needs the {missing[0]}, got {', '.join(iq)}")
    views = {view: checked_iq(iq[view], dimensions=dimensions) for view in needed}
    if dimensions == 2 and len({len(examples) for examples in views.values()}) > 1:
        raise ShapeError("symbols and waveform must hold the same number of examples")
    return views


def checked_iq(iq: npt.ArrayLike, *, dimensions: int) -> ComplexArray:
    """I/Q as complex64, refusing what is not complex, empty, of another shape or not finite."""
    array: npt.NDArray[Any] = np.asarray(iq)
    shape = "(N, T)" if dimensions == 2 else "(T,)"
    if not np.iscomplexobj(array) or array.ndim != dimensions:
        raise ShapeError(f"iq must be complex of shape {shape}, got {array.dtype} {array.shape}")
    if array.size == 0:
        raise ShapeError(f"iq must hold samples, got shape {array.shape}")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise ShapeError(f"iq must be finite, got {bad} NaN or infinite samples of {array.size}")
    return np.ascontiguousarray(array, np.complex64)


def cut_windows(iq: ComplexArray, length: int) -> ComplexArray:
    """Neighbouring windows (W, length) of a recording (T,); one window where it is shorter.

    The last window ends at the last sample and overlaps the one before as far as needed.
    """
    if len(iq) <= length:
        return iq[None, :]
    starts = [*range(0, len(iq) - length, length), len(iq) - length]
    return np.stack([iq[start : start + length] for start in starts])
