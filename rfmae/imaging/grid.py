"""The pixel grid: from I/Q coordinates to pixel coordinates.

The grid is cell-centred: pixel (row, column) covers one cell of the plane, I grows to the right and
Q upwards, so row 0 is the top. A quarter turn of the points is a quarter turn of the grid.
"""

import torch
from torch import Tensor


def pixel_coordinates(points: Tensor, size: int, extent: float) -> tuple[Tensor, Tensor]:
    """Columns and rows (N, P), in pixels, of points (N, P, 2) on axes from −extent to extent.

    Whole numbers are the centres of pixels, so that the image reaches from −0.5 to size − 0.5.
    """
    pixels_per_unit = size / (2 * extent)
    centre = torch.tensor(size / 2 - 0.5)  # half a pixel: the grid is cell-centred
    columns = torch.add(centre, points[..., 0], alpha=pixels_per_unit)
    return columns, torch.sub(centre, points[..., 1], alpha=pixels_per_unit)
