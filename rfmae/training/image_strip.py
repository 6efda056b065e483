"""Image strips of pre-training: noisy | visible | reconstruction | clean, row by row."""

import math

import torch
from torch import Tensor

from rfmae.errors import ShapeError

_GAP_PIXELS = 2
_GAP = 0.9  # light
_HIDDEN = 0.5


def strip(noisy: Tensor, visible: Tensor, reconstruction: Tensor, clean: Tensor) -> Tensor:
    """One image (3, H', W') in [0, 1] of images (N, C, H, W): rows are examples.

    The columns are the noisy image, its visible patches, the reconstruction and the clean image.
    `visible` (N, 1, H, W) is one on the pixels of visible patches; hidden ones are grey. Any number
    of planes is shown in colour, and values are clamped to [0, 1].
    """
    _check(noisy, visible, reconstruction, clean)
    predicted = [in_colour(images) for images in (noisy, reconstruction, clean)]
    seen = torch.where(visible.bool(), predicted[0], _HIDDEN)
    columns = torch.stack(
        [predicted[0], seen, predicted[1], predicted[2]], dim=1
    )  # (N, 4, 3, H, W)
    framed = torch.nn.functional.pad(columns, (0, _GAP_PIXELS, 0, _GAP_PIXELS), value=_GAP)
    n, four, colours, height, width = framed.shape
    grid = framed.permute(2, 0, 3, 1, 4).reshape(colours, n * height, four * width)
    return torch.nn.functional.pad(grid, (_GAP_PIXELS, 0, _GAP_PIXELS, 0), value=_GAP)


def in_colour(images: Tensor) -> Tensor:
    """Images (N, C, H, W) as red, green and blue (N, 3, H, W), float32 in [0, 1].

    Three planes are red, green and blue, one is grey; otherwise each has its own hue, and all of
    them together are white.
    """
    values = images.detach().float().nan_to_num().clamp(0, 1)
    mixed = torch.einsum("kc,nkhw->nchw", _hues(images.shape[1]).to(values.device), values)
    return mixed.clamp(0, 1)


def _hues(planes: int) -> Tensor:
    """Colours of planes, (C, 3), evenly around the hue circle; every column sums to one."""
    if planes == 3:
        return torch.eye(3)
    angle = torch.arange(planes)[:, None] / planes - torch.arange(3) / 3
    hues = 1 + torch.cos(2 * math.pi * angle)
    if planes == 1:
        return torch.ones(1, 3)
    return hues / hues.sum(dim=0)


def _check(noisy: Tensor, visible: Tensor, reconstruction: Tensor, clean: Tensor) -> None:
    n, _, height, width = noisy.shape
    if not noisy.shape == reconstruction.shape == clean.shape:
        raise ShapeError(
            "noisy, reconstruction and clean must have one shape (N, C, H, W), got "
            f"{tuple(noisy.shape)}, {tuple(reconstruction.shape)} and {tuple(clean.shape)}"
        )
    if visible.shape != (n, 1, height, width):
        raise ShapeError(
            f"visible must have shape {(n, 1, height, width)}, got {tuple(visible.shape)}"
        )
