"""What a plane shows: for now the symbols, one point each, in units of their rms amplitude."""

import torch
from torch import Tensor

from rfmae.errors import ShapeError


def symbol_points(iq: Tensor) -> Tensor:
    """Points (N, K, 2) of I/Q (N, K): I and Q over the rms amplitude of each example.

    The points of an example without any power lie at infinity, where nobody sees them.
    """
    if iq.ndim != 2 or not iq.is_complex():
        raise ShapeError(f"iq must be complex of shape (N, K), got {iq.dtype} {tuple(iq.shape)}")
    points = torch.view_as_real(iq).float()
    rms = points.square().sum(-1).mean(-1).sqrt()[:, None, None]
    return torch.where(rms > 0, points / rms, _NOWHERE)


_NOWHERE = 1e6  # rms amplitudes; finite, so that it still counts as a pixel index
