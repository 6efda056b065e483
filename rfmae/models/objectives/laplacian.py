"""The masked Laplacian loss, which compares edges within hidden patches."""

from typing import Literal

import torch
from torch import Tensor

from rfmae.errors import ShapeError
from rfmae.models.patches import PatchGrid

Support = Literal["hidden", "ring", "interior"]
"""Which pixels are scored; see `masked_laplacian_loss`."""


def masked_laplacian_loss(
    predicted: Tensor, clean: Tensor, hidden: Tensor, *, support: Support = "hidden", patch: int = 0
) -> Tensor:
    """Mean |Laplacian| of the error where pixels are hidden, in float32.

    Images are (N, C, H, W) or sequences (N, C, T), both in the units of the clean ones; `hidden`
    marks the hidden pixels, (N, 1, H, W) or (N, 1, T). The error counts as zero elsewhere, so that
    predictions of visible pixels never matter.

    Support: the pixels that are `hidden`; the `ring`, these and the visible ones that touch them;
    or the `interior`, hidden pixels all of whose neighbours lie in the same `patch`.
    """
    hidden = hidden.bool()
    error = (predicted.float() - clean.float()).where(hidden, 0.0)
    scored = _scored(hidden, support, patch).float()
    roughness = (laplacian(error).abs() * scored).sum()
    return roughness / (error.shape[1] * scored.sum()).clamp(min=1)


def laplacian(images: Tensor) -> Tensor:
    """Second differences over all sides but the first two, added; edges are replicated.

    In two dimensions that is the five-point Laplacian.
    """
    total = torch.zeros_like(images)
    for side in range(2, images.ndim):
        edged = _replicated(images, side)
        count = images.shape[side]
        total = total + edged.narrow(side, 0, count) + edged.narrow(side, 2, count) - 2 * images
    return total


def hidden_pixels(hidden: Tensor, grid: PatchGrid) -> Tensor:
    """True at every pixel of a hidden patch, (N, 1, H, W) or (N, 1, T), from patches (N, L)."""
    pixels = hidden.view(len(hidden), 1, *grid.counts)
    for side in range(2, pixels.ndim):
        pixels = pixels.repeat_interleave(grid.patch, dim=side)
    return pixels


def _replicated(images: Tensor, side: int) -> Tensor:
    """One more value at both ends of a side, the same as its neighbour."""
    count = images.shape[side]
    ends = images.narrow(side, 0, 1), images.narrow(side, count - 1, 1)
    return torch.cat([ends[0], images, ends[1]], dim=side)


def _scored(hidden: Tensor, support: Support, patch: int) -> Tensor:
    if support == "hidden":
        return hidden
    if support == "ring":
        return _with_neighbours(hidden)
    if support == "interior":
        return hidden & _interior(hidden, patch)
    raise ShapeError(f"support must be 'hidden', 'ring' or 'interior', got {support!r}")


def _with_neighbours(hidden: Tensor) -> Tensor:
    """Hidden pixels and those that share a side with one."""
    scored = hidden
    for side in range(2, hidden.ndim):
        edged, count = _replicated(hidden, side), hidden.shape[side]
        scored = scored | edged.narrow(side, 0, count) | edged.narrow(side, 2, count)
    return scored


def _interior(hidden: Tensor, patch: int) -> Tensor:
    """Pixels at no border of their patch, (1, 1, H, W) or (1, 1, T)."""
    if patch < 3:
        raise ShapeError(
            f"support 'interior' needs patches of at least 3 pixels, got {patch}; "
            "take support 'hidden'"
        )
    inside = torch.ones(1, 1, device=hidden.device, dtype=torch.bool)
    for count in hidden.shape[2:]:
        within = torch.arange(count, device=hidden.device) % patch
        inside = inside[..., None] & (within > 0) & (within < patch - 1)
    return inside
