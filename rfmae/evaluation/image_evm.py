"""Error vector magnitude of an image: rms distance of its brightness from the clean points."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rfmae.evaluation.image_quality import Images
from rfmae.records import ComplexArray, FloatArray, ImageConfig

BRIGHTNESS_FLOOR = 0.05  # of the brightest pixel of an image; darker pixels are ignored

_Points = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class SymbolPlane:
    """The plane of an image that shows symbols, and the distances from the clean ones.

    `distance` (N, H, W) is that of each pixel from the nearest clean symbol of the same example,
    over their rms amplitude; NaN where an example has none within the image.
    """

    number: int
    distance: FloatArray


def sharpest_symbols(image: ImageConfig) -> int | None:
    """The number of the plane that shows symbols with the smallest kernel; None without symbols."""
    shown = [place for place, plane in enumerate(image.planes) if plane.what == "symbols"]
    return min(shown, key=lambda place: image.planes[place].half_width, default=None)


def symbol_distances(clean: ComplexArray, image: ImageConfig) -> FloatArray:
    """Distance (N, H, W) of each pixel from the nearest clean symbol (N, K), over their rms.

    The nearest is sought among the pixels that hold symbols, so that it is right to a pixel.
    """
    rms = np.sqrt(np.mean(np.abs(clean.astype(np.complex128)) ** 2, axis=1, keepdims=True))
    unit = np.where(rms > 0, rms, 1.0)
    drawn_at = unit if image.units == "rms" else np.ones_like(unit)
    centres = _pixel_centres(image)
    distances = np.stack([_from_nearest(one, centres, image) for one in clean / drawn_at])
    relative = distances * (drawn_at / unit)[:, :, None]
    return np.where(rms[:, :, None] > 0, relative, np.nan).astype(np.float32)


def evm_percent(images: Images, plane: SymbolPlane) -> FloatArray:
    """Rms distance of the brightness of images (N, C, H, W) from the clean symbols, (N,) in %.

    Each pixel counts by its brightness, those below a twentieth of the brightest not at all; 100 %
    is the rms amplitude of the clean symbols. The reference is the nearest symbol, as for a blind
    receiver (3GPP TS 38.104, annex B, takes the true one). The kernel that draws a symbol counts
    as an error, so a clean image has an EVM above zero. NaN where an image is blank.
    """
    shown = images[:, plane.number].astype(np.float64)
    floor = BRIGHTNESS_FLOOR * shown.max(axis=(1, 2), keepdims=True)
    weight = np.where(shown >= floor, shown, 0.0)
    total = weight.sum(axis=(1, 2))
    squares = (weight * plane.distance**2).sum(axis=(1, 2))
    return 100 * np.sqrt(squares / np.where(total > 0, total, np.nan))


def _pixel_centres(image: ImageConfig) -> _Points:
    """Centres of the pixels (H, W): I grows to the right, Q upwards, the grid is cell-centred."""
    cell = 2 * image.extent / image.size
    along = (np.arange(image.size) + 0.5) * cell - image.extent
    return along[None, :] - 1j * along[:, None]


def _from_nearest(points: _Points, centres: _Points, image: ImageConfig) -> FloatArray:
    """Distance (H, W) from the nearest of the points (K,) of one example."""
    held = _held_points(points, centres, image)
    empty = np.isnan(held)
    if empty.all():
        return np.full(centres.shape, np.nan)
    rows, columns = distance_transform_edt(empty, return_distances=False, return_indices=True)
    return np.abs(centres - held[rows, columns])


def _held_points(points: _Points, centres: _Points, image: ImageConfig) -> _Points:
    """A point of each pixel (H, W) that holds any, NaN elsewhere."""
    held: _Points = np.full(centres.shape, np.nan, np.complex128)
    cell = 2 * image.extent / image.size
    known = points[np.isfinite(points)]
    columns = np.floor((known.real + image.extent) / cell).astype(int)
    rows = np.floor((image.extent - known.imag) / cell).astype(int)
    inside = (columns >= 0) & (columns < image.size) & (rows >= 0) & (rows < image.size)
    held[rows[inside], columns[inside]] = known[inside]
    return held
