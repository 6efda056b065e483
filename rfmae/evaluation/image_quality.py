"""Image quality of single images: PSNR, foreground PSNR and SSIM."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rfmae.errors import ShapeError
from rfmae.records import FloatArray
from rfmae.units import ratio_to_db

Images = npt.NDArray[np.floating[Any]]

FOREGROUND_SHARE = 0.1  # of the brightest pixel of a clean plane

_BEST_PSNR_DB = 100.0  # of two equal images, whose ratio is infinite
_SSIM_SIGMA = 1.5
_SSIM_REACH = 5  # the 11×11 window of Wang et al.
_SSIM_K1, _SSIM_K2 = 0.01, 0.03
_PIXELS_AT_ONCE = 600_000  # so that the intermediates of SSIM stay in a core's cache
_PIXELS_AT_ONCE_ELSEWHERE = 40_000_000


def psnr_db(images: Images, clean: Images) -> FloatArray:
    """Peak signal-to-noise ratio of each image (N, C, H, W) against its clean one, data range 1.

    At most 100 dB, the value for equal images.
    """
    error = np.mean((images.astype(np.float64) - clean) ** 2, axis=(1, 2, 3))
    return _peak_ratio_db(error)


def foreground_psnr_db(images: Images, clean: Images) -> FloatArray:
    """PSNR over the foreground alone: pixels above a tenth of the brightest of their clean plane.

    An image whose clean twin is blank has no foreground; its value is NaN.
    """
    shown = clean > FOREGROUND_SHARE * clean.max(axis=(2, 3), keepdims=True)
    squares = np.where(shown, (images.astype(np.float64) - clean) ** 2, 0.0)
    pixels = shown.sum(axis=(1, 2, 3))
    error = squares.sum(axis=(1, 2, 3)) / np.maximum(pixels, 1)
    return np.where(pixels > 0, _peak_ratio_db(error), np.nan)


def _peak_ratio_db(error: FloatArray) -> FloatArray:
    return np.minimum(ratio_to_db(1.0 / np.maximum(error, 1e-30)), _BEST_PSNR_DB)


def ssim(images: Images, clean: Images, device: str = "cpu") -> FloatArray:
    """Structural similarity of each image (N, C, H, W), the mean over its planes, data range 1.

    Gaussian window of deviation 1.5 on 11×11 pixels, population covariance and the border of five
    pixels left out: Wang et al., IEEE Trans. Image Processing 13 (2004), as in scikit-image.
    """
    return ssim_of_answers({"": images}, clean, device)[""]


def ssim_of_answers(
    answers: Mapping[str, Images], clean: Images, device: str = "cpu"
) -> dict[str, FloatArray]:
    """SSIM of several answers to the same clean images, whose moments are computed once."""
    if min(clean.shape[-2:]) <= 2 * _SSIM_REACH:
        raise ShapeError(f"SSIM needs images above 10×10 pixels, got {clean.shape[-2:]}")
    found: dict[str, FloatArray] = {name: np.empty(len(clean)) for name in answers}
    for rows in _cuts(clean.shape, device):
        y = _double(clean[rows], device)
        mean_y = _windowed(y)
        for name, images in answers.items():
            quality = _ssim(_double(images[rows], device), y, mean_y)
            found[name][rows] = quality.cpu().numpy()
    return found


def _ssim(x: Tensor, y: Tensor, mean_y: Tensor) -> Tensor:
    """SSIM (N,) of images in double precision; the two variances are needed as a sum alone."""
    mean_x = _windowed(x)
    mean_xy, squares = mean_x * mean_y, mean_x * mean_x + mean_y * mean_y
    variances = _windowed(x * x + y * y) - squares
    covariance = _windowed(x * y) - mean_xy
    c1, c2 = _SSIM_K1**2, _SSIM_K2**2
    quality = (2 * mean_xy + c1) * (2 * covariance + c2) / ((squares + c1) * (variances + c2))
    return quality.mean(dim=(1, 2, 3))


def _windowed(images: Tensor) -> Tensor:
    """The Gaussian window at every place where it fits on the image."""
    return _windowed_along(_windowed_along(images, dim=-1), dim=-2)


def _windowed_along(images: Tensor, dim: int) -> Tensor:
    """A sum of shifted images: where these stay in the cache, no convolution is faster."""
    taps, length = _gaussian_taps(), images.shape[dim] - 2 * _SSIM_REACH
    smoothed = images.narrow(dim, _SSIM_REACH, length) * taps[_SSIM_REACH]
    for place in range(_SSIM_REACH):
        for start in (place, 2 * _SSIM_REACH - place):
            smoothed.add_(images.narrow(dim, start, length), alpha=taps[place])
    return smoothed


def _gaussian_taps() -> list[float]:
    steps = np.arange(-_SSIM_REACH, _SSIM_REACH + 1)
    window = np.exp(-(steps**2) / (2 * _SSIM_SIGMA**2))
    return [float(tap) for tap in window / window.sum()]


def _double(images: Images, device: str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(images)).to(device).double()


def _cuts(shape: tuple[int, ...], device: str) -> Iterator[slice]:
    pixels = _PIXELS_AT_ONCE if device == "cpu" else _PIXELS_AT_ONCE_ELSEWHERE
    together = max(1, pixels // int(np.prod(shape[1:])))
    return (slice(first, first + together) for first in range(0, shape[0], together))
