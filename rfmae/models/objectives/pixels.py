"""How well clean patches were painted."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

Error = Literal["squared", "absolute"]

_SMALLEST_VARIANCE = 1e-6


def normalised_patches(patches: Tensor) -> Tensor:
    """Every flat patch (N, L, P) to mean 0 and variance 1 (MAE, He et al. 2022)."""
    mean, deviation = patch_statistics(patches)
    return (patches - mean) / deviation


def patch_statistics(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every flat patch, (N, L, 1) each; a flat one keeps a deviation."""
    variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
    return mean, (variance + _SMALLEST_VARIANCE).sqrt()


def pixel_loss(painted: Tensor, target: Tensor, error: Error = "squared") -> Tensor:
    """Mean error over all values of the patches (N, K, P), in float32."""
    loss = F.mse_loss if error == "squared" else F.l1_loss
    return loss(painted.float(), target.float())
