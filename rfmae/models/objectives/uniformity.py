"""Uniformity losses, which spread representations over the sphere against collapse."""

import math
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from rfmae.errors import ShapeError

_SHORTEST = 1e-12


def uniformity_loss(vectors: Tensor, t: float = 2.0) -> Tensor:
    """ln of the mean of exp(−t·d²) over all pairs of B vectors (B, D), in float32.

    d is the distance of two directions, so that the length of a vector does not matter (Wang and
    Isola 2020, section 4.1.2). Zero where all coincide; −4B/(B − 1) at least for t = 2. With
    more leading axes, the mean over them.
    """
    count = vectors.shape[-2]
    if count < 2:
        raise ShapeError(f"uniformity needs at least 2 vectors, got {count}; take larger batches")
    with torch.autocast(vectors.device.type, enabled=False):
        exponents = -t * _squared_distances(_directions(vectors.float()))
    itself = torch.eye(count, dtype=torch.bool, device=vectors.device)
    pairs = exponents.masked_fill(itself, -math.inf).flatten(-2)
    return (pairs.logsumexp(-1) - math.log(count * (count - 1))).mean()


def image_uniformity(tokens: Tensor, t: float = 2.0) -> Tensor:
    """Uniformity across images: of the mean tokens of (N, V, D), over all processes."""
    return uniformity_loss(gathered(tokens.float().mean(dim=1)), t)


def token_uniformity(tokens: Tensor, t: float = 2.0) -> Tensor:
    """Uniformity of the tokens inside each image of (N, V, D), the mean over images.

    Uniformity across images does not detect a collapse of the tokens within an image.
    """
    return uniformity_loss(tokens, t)


def gathered(rows: Tensor) -> Tensor:
    """The concatenated rows (N, D) of all processes, with gradient; N must be the same.

    Without gradients, as in validation, each process keeps its own rows: processes may have
    different numbers of batches there, which would be a deadlock.
    """
    alone = not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1
    if alone or not torch.is_grad_enabled():
        return rows
    return _Gathering.apply(rows)


class _Gathering(torch.autograd.Function):
    """Gradients of a loss that every process computes alike, from the same gathered rows.

    Then the gradient of a row is the same everywhere, and the sum over processes is a product
    without communication. Averaged over processes it is the gradient of that one loss.
    """

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        ctx.rows = len(rows)
        parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        own = gradient.narrow(0, dist.get_rank() * ctx.rows, ctx.rows)
        return own * dist.get_world_size()


def _directions(vectors: Tensor) -> Tensor:
    """Vectors of length one; one of length zero has no direction and stays."""
    length = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return vectors / length.where(length > _SHORTEST, 1.0)


def _squared_distances(vectors: Tensor) -> Tensor:
    """Between all of (…, B, D), (…, B, B)."""
    squares = vectors.square().sum(dim=-1)
    products = vectors @ vectors.transpose(-2, -1)
    return squares[..., :, None] + squares[..., None, :] - 2 * products
