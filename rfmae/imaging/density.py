"""Point densities on the pixel grid: histogram counts, or bilinear splatting."""

import math
from typing import Literal

import torch
from torch import Tensor

_LARGEST = 255  # of an unsigned byte
_BLOCK_BITS = 8  # pixels are counted together in blocks of 256
_CHUNK_BYTES = 2_000_000  # fits the cache of a core, and keeps the calls few
_BYTES_PER_POINT = 12


def counts(columns: Tensor, rows: Tensor, size: int) -> Tensor:
    """Points in each pixel, uint8 (N, size, size), of columns and rows (N, P) in pixels.

    The cells of numpy.histogram2d: a pixel holds its left and upper edges, the last ones also the
    far edges of the image. More than 255 points in a pixel count as 255; points outside, and
    those that are not finite, do not count.
    """
    images = columns.new_empty((len(columns), size * size), dtype=torch.uint8)
    chunk = max(1, _CHUNK_BYTES // (size * size + _BYTES_PER_POINT * columns.shape[1]))
    parts = (whole.split(chunk) for whole in (images, columns, rows))
    for some, some_columns, some_rows in zip(*parts, strict=True):
        _count(some, *_cells(some_columns, some_rows, size))
    return images.view(-1, size, size)


def splatted(columns: Tensor, rows: Tensor, size: int) -> Tensor:
    """Points splatted bilinearly on pixels (N, size, size), from columns and rows (N, P).

    Each point is shared by the four pixels whose centres surround it, so the image is a
    continuous function of it: the gradient with respect to columns and rows is exact, except on the
    line between two centres. Shares beyond the outermost centres are lost.
    Differentiable, in the precision of the coordinates.
    """
    seen = (columns > -1) & (columns < size) & (rows > -1) & (rows < size)
    columns, rows = torch.where(seen, columns, 0.0), torch.where(seen, rows, 0.0)
    left, top = columns.floor(), rows.floor()
    right_share, bottom_share = columns - left, rows - top
    top_share = torch.where(seen, 1 - bottom_share, 0.0)
    bottom_share = torch.where(seen, bottom_share, 0.0)
    side = size + 2  # a frame of one pixel takes the shares outside of the image
    node = torch.add(left.int(), top.int(), alpha=side).long() + (side + 1)
    density = columns.new_zeros(len(columns), side * side)
    density.scatter_add_(1, node, top_share * (1 - right_share))
    density.scatter_add_(1, node + 1, top_share * right_share)
    density.scatter_add_(1, node + side, bottom_share * (1 - right_share))
    density.scatter_add_(1, node + side + 1, bottom_share * right_share)
    return density.view(-1, side, side)[:, 1:-1, 1:-1]


def log_density(density: Tensor, normalise: Literal["peak", "points"], points: int) -> Tensor:
    """Images (N, size, size) in [0, 1]: the logarithm of 1 + density over that of its largest.

    The largest is the peak of each image, or the density of all `points` on one pixel. A blank
    density stays blank, with finite gradients.
    """
    logarithm = density.log1p()
    if normalise == "points":
        return logarithm / math.log1p(max(points, 1))
    peak = logarithm.amax(dim=(-2, -1), keepdim=True)
    return logarithm / torch.where(peak > 0, peak, 1.0)


def _cells(columns: Tensor, rows: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Flat pixel (N, P) of each point, and whether it is inside; some pixel where it is not."""
    # relative to the edge, so that the integer part is a pixel
    right, down = columns.float() + 0.5, rows.float() + 0.5
    near_right, near_down = right.clamp(0, size), down.clamp(0, size)
    beyond = right.sub_(near_right).view(torch.int32) | down.sub_(near_down).view(torch.int32)
    column, row = (near.int().clamp_(0, size - 1) for near in (near_right, near_down))
    return column.add_(row, alpha=size).long(), beyond.logical_not()  # no bit set: inside


def _count(images: Tensor, cell: Tensor, inside: Tensor) -> None:
    """Fill images (N, pixels) of bytes; in wider integers where a byte might overflow."""
    one = inside.view(torch.uint8)
    if images.is_cpu and _fits_bytes(cell, one, images.shape[1]):
        images.zero_().scatter_add_(1, cell, one)
    else:
        wide = torch.zeros_like(images, dtype=torch.int32).scatter_add_(1, cell, one.int())
        images.copy_(wide.clamp_(max=_LARGEST))


def _fits_bytes(cell: Tensor, one: Tensor, pixels: int) -> bool:
    """Whether no block of pixels, hence no pixel, holds more points than a byte can count."""
    if cell.shape[1] <= _LARGEST:
        return True
    blocks = cell.new_zeros((len(cell), (pixels >> _BLOCK_BITS) + 1), dtype=torch.int32)
    blocks.scatter_add_(1, cell >> _BLOCK_BITS, one.int())
    return bool((blocks <= _LARGEST).all())
