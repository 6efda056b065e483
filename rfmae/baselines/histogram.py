"""A 32×32 histogram of the constellation, as features."""

import numpy as np
import numpy.typing as npt

from rfmae.baselines.scale import Scale
from rfmae.records import ComplexArray, FloatArray

CELLS = 32
"""Along each axis."""

_ROWS = 512


def histogram_features(iq: ComplexArray, scale: Scale | None = None) -> FloatArray:
    """log(1 + points) of each cell, (N, 1024), of I/Q (N, T); points outside count at the border.

    Row by row in Q from the bottom, in I from the left. The window reaches from -extent to +extent
    of the scale on both axes; a point on the border of two cells belongs to the upper one.
    """
    scale = scale or Scale()
    counts = [
        _counts(scale.applied(iq[first : first + _ROWS]), scale.extent)
        for first in range(0, len(iq), _ROWS)
    ]
    return np.log1p(np.concatenate(counts)) if counts else np.empty((0, CELLS * CELLS), np.float32)


def _counts(iq: ComplexArray, extent: float) -> FloatArray:
    across, up = (_cell(part, extent) for part in (iq.real, iq.imag))
    example = np.arange(len(iq))[:, None]
    flat = (example * CELLS + up) * CELLS + across
    counts = np.bincount(flat.ravel(), minlength=len(iq) * CELLS * CELLS)
    return counts.reshape(len(iq), CELLS * CELLS).astype(np.float32)


def _cell(values: FloatArray, extent: float) -> npt.NDArray[np.int64]:
    place = np.floor((values.astype(np.float64) + extent) * (CELLS / (2 * extent)))
    return place.clip(0, CELLS - 1).astype(np.int64)
