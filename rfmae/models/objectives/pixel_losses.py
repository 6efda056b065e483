"""Reconstruction losses of patches."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rfmae.configuration.objective import PixelError

_SMALLEST_VARIANCE = 1e-6
_SMALLEST_SQUARE = 1e-8  # a root has no gradient at zero


def normalised_patches(patches: Tensor) -> Tensor:
    """Every flat patch (N, L, P) to mean 0 and variance 1 (MAE, He et al. 2022)."""
    mean, deviation = patch_statistics(patches)
    return (patches - mean) / deviation


def patch_statistics(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every flat patch, (N, L, 1) each; the deviation is never zero."""
    variance, mean = torch.var_mean(patches, dim=-1, keepdim=True)
    return mean, (variance + _SMALLEST_VARIANCE).sqrt()


def pixel_loss(predicted: Tensor, target: Tensor, error: PixelError = "squared") -> Tensor:
    """Mean error over all values of the patches (N, K, P), in float32.

    The worst examples dominate the mean squared error; with `rms` examples of small error count
    as well, as in a mean PSNR.
    """
    if error == "rms":
        squares = (predicted.float() - target.float()).square().mean(dim=(1, 2))
        return (squares + _SMALLEST_SQUARE).sqrt().mean()
    loss = F.mse_loss if error == "squared" else F.l1_loss
    return loss(predicted.float(), target.float())
