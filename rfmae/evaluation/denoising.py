"""PSNR and SSIM of single images, and a report of them at every SNR."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import correlate1d

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import nearest_point
from rfmae.records import DenoiseReport, FloatArray, IntArray
from rfmae.units import SnrReference, ratio_to_db

Images = npt.NDArray[np.floating[Any]]

_BEST_PSNR_DB = 100.0  # of two equal images, whose ratio has no end
_SSIM_SIGMA = 1.5
_SSIM_REACH = 5  # the 11×11 window of Wang et al.
_SSIM_K1, _SSIM_K2 = 0.01, 0.03


def psnr_db(images: Images, clean: Images) -> FloatArray:
    """Peak signal-to-noise ratio of each image (N, C, H, W) against its clean one, data range 1.

    At most 100 dB, which stands for equal images.
    """
    error = np.mean((images.astype(np.float64) - clean) ** 2, axis=(1, 2, 3))
    return np.minimum(ratio_to_db(1.0 / np.maximum(error, 1e-30)), _BEST_PSNR_DB)


def ssim(images: Images, clean: Images) -> FloatArray:
    """Structural similarity of each image (N, C, H, W), the mean over its planes, data range 1.

    Gaussian window of deviation 1.5 on 11×11 pixels, population covariance and the border of five
    pixels left out: Wang et al., IEEE Trans. Image Processing 13 (2004), as scikit-image has it.
    """
    if min(images.shape[-2:]) <= 2 * _SSIM_REACH:
        raise ShapeError(f"SSIM needs images above 10×10 pixels, got {images.shape[-2:]}")
    x, y = images.astype(np.float64), clean.astype(np.float64)
    mean_x, mean_y = _windowed(x), _windowed(y)
    var_x, var_y = _windowed(x * x) - mean_x**2, _windowed(y * y) - mean_y**2
    covariance = _windowed(x * y) - mean_x * mean_y
    c1, c2 = _SSIM_K1**2, _SSIM_K2**2
    likeness = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    )
    inner = slice(_SSIM_REACH, -_SSIM_REACH)
    return likeness[:, :, inner, inner].mean(axis=(1, 2, 3))


def _windowed(images: Images) -> Images:
    steps = np.arange(-_SSIM_REACH, _SSIM_REACH + 1)
    window = np.exp(-(steps**2) / (2 * _SSIM_SIGMA**2))
    window /= window.sum()
    along_rows = correlate1d(images, window, axis=-1, mode="reflect")
    smoothed: Images = correlate1d(along_rows, window, axis=-2, mode="reflect")
    return smoothed


@dataclass(frozen=True, slots=True)
class DenoiseBatch:
    """Images (N, C, H, W) of one batch: what was seen, what is true, and every answer to it."""

    clean: Images
    answers: dict[str, Images]
    snr_db: FloatArray


@dataclass(slots=True)
class _Sums:
    psnr_db: dict[str, FloatArray] = field(default_factory=dict)
    ssim: dict[str, FloatArray] = field(default_factory=dict)


def evaluate_denoising(
    batches: Iterable[DenoiseBatch],
    *,
    snr_db: tuple[float, ...],
    snr_reference: SnrReference,
    advance: Callable[[int], None] = lambda _: None,
) -> DenoiseReport:
    """Means over single images, per SNR point, of every answer."""
    counts: IntArray = np.zeros(len(snr_db), np.int64)
    sums = _Sums()
    for batch in batches:
        point = nearest_point(batch.snr_db, snr_db)
        counts += np.bincount(point, minlength=len(snr_db))
        for name, images in batch.answers.items():
            for total, values in (
                (sums.psnr_db, psnr_db(images, batch.clean)),
                (sums.ssim, ssim(images, batch.clean)),
            ):
                added = np.bincount(point, values, minlength=len(snr_db))
                total[name] = total.get(name, np.zeros(len(snr_db))) + added
        advance(len(batch.clean))
    shares = np.maximum(counts, 1)
    return DenoiseReport(
        snr_db=snr_db,
        snr_reference=snr_reference,
        examples_per_snr=counts,
        psnr_db={name: total / shares for name, total in sums.psnr_db.items()},
        ssim={name: total / shares for name, total in sums.ssim.items()},
    )
