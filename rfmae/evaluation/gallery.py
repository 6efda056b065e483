"""The gallery of a denoising evaluation: selection and size of its images."""

from collections.abc import Sequence

import numpy as np

from rfmae.evaluation.denoise_measures import DenoiseBatch
from rfmae.evaluation.image_quality import psnr_db, ssim
from rfmae.records import FloatArray, GalleryRow, IntArray

_FEWEST_ROWS = 10
_WIDEST_PIXELS = 112


def gallery_places(rows: IntArray) -> IntArray:
    """Some of the rows (M, S, N), cycling through the classes along the SNR axis.

    At least one of every SNR point and ten in all, if there are so many.
    """
    classes, points, examples = rows.shape
    each = min(-(-_FEWEST_ROWS // points), classes * examples)
    step = np.arange(points * each)
    turn = step % each
    # where an SNR point has more rows than classes, the next examples follow
    return rows[step % classes, step // each, turn // classes]


def gallery_row(batch: DenoiseBatch, place: int, true: str) -> GalleryRow:
    """One example of a batch; its PSNR and SSIM are those of the full-size images."""
    one = slice(place, place + 1)
    clean = batch.clean[one]
    noisy, reconstructed = batch.answers["noisy"][one], batch.answers["reconstruction"][one]
    return GalleryRow(
        true=true,
        snr_db=float(batch.snr_db[place]),
        noisy=small_image(noisy[0]),
        reconstructed=small_image(reconstructed[0]),
        clean=small_image(clean[0]),
        psnr_db=(float(psnr_db(noisy, clean)[0]), float(psnr_db(reconstructed, clean)[0])),
        ssim=(float(ssim(noisy, clean)[0]), float(ssim(reconstructed, clean)[0])),
    )


def by_snr(rows: Sequence[GalleryRow]) -> list[GalleryRow]:
    """Rows by ascending SNR."""
    return sorted(rows, key=lambda row: row.snr_db)


def small_image(image: FloatArray) -> FloatArray:
    """Planes (C, H, W) with neighbouring pixels averaged until none is wider than 112."""
    size = image.shape[-1]
    if size <= _WIDEST_PIXELS:
        return image
    edges = np.arange(_WIDEST_PIXELS) * size // _WIDEST_PIXELS
    widths = np.diff([*edges, size])
    sums = np.add.reduceat(np.add.reduceat(image, edges, axis=-1), edges, axis=-2)
    return sums / (widths[:, None] * widths)
