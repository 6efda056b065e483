"""Planes exactly as the published DenoMAE2.0 generator renders them, with its deviations.

They differ from `decay_planes` in four ways: the window is up to a pixel off its point; a point
whose window is not wholly on the padded canvas is dropped; the peak that scales a plane is that of
the whole canvas, so that it may be outside the image; and pixels are truncated, not rounded, to 8
bits.
"""

import torch
from torch import Tensor

from rfmae.imaging.decay import Glow, point_sums

PUBLISHED_SIZE = 224
_PADDING = 100  # pixels on every side of the canvas: twice the widest kernel
_LEVELS = 255


@torch.no_grad()
def published_planes(
    columns: Tensor, rows: Tensor, half_widths: tuple[int, ...], size: int
) -> Tensor:
    """Planes (N, len(half_widths), size, size) of points at columns and rows (N, P), in pixels.

    Whole numbers are pixel centres, and `size` is 224, for which the kernels are stated. A plane
    is divided by its maximum over the canvas and truncated to multiples of 1/255, float32 from 0
    to 1; where every point is dropped it is blank (the original divides by zero there). At most
    one level of 255 off a sum in double precision. Kernels of up to 100 pixels fit the canvas.
    """
    columns, rows = columns.float() + _PADDING, rows.float() + _PADDING
    planes = [_plane(columns, rows, half_width, size) for half_width in half_widths]
    return torch.stack(planes, dim=1)


def _plane(columns: Tensor, rows: Tensor, half_width: int, size: int) -> Tensor:
    """Plane (N, size, size) of points in pixels of the canvas."""
    side = size + 2 * _PADDING
    kept = _is_kept(columns, half_width, side) & _is_kept(rows, half_width, side)
    glow = Glow((half_width,), side, shift=0.5, overlaps=False)
    canvas = point_sums(torch.where(kept, columns, torch.nan), rows, glow)[:, 0]
    peak = canvas.amax(dim=(-2, -1), keepdim=True)
    visible = slice(_PADDING, _PADDING + size)
    shares = canvas[:, visible, visible] / torch.where(peak > 0, peak, 1.0)
    return (shares * _LEVELS).floor_().div_(_LEVELS)


def _is_kept(coordinates: Tensor, half_width: int, side: int) -> Tensor:
    """Whether the window, centred as published, is clear of the canvas's outermost pixels."""
    centre = (coordinates + 0.5).round()
    return (centre - half_width > 0) & (centre + half_width + 1 < side)
