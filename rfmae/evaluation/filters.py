"""Classical image denoisers: median filter, non-local means, and the Wiener filter."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft2, rfft2
from scipy.ndimage import correlate1d

from rfmae.evaluation.image_quality import Images
from rfmae.records import FloatArray

_ROUNDING = 1e-12  # of the largest power: what double precision leaves of a difference of sums


def median_filtered(images: Images) -> FloatArray:
    """Every pixel of images (N, C, H, W) replaced by the median of its 3×3 neighbours.

    Images are mirrored at the edge. Sorted columns of three leave three values to choose from
    (Paeth, Graphics Gems 1990).
    """
    filtered: FloatArray = np.empty_like(images)
    for place, planes in enumerate(images):  # one by one: intermediates stay in a core's cache
        filtered[place] = _median_of_nine(planes)
    return filtered


def _median_of_nine(planes: Images) -> FloatArray:
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="symmetric")
    above, here, below = padded[:, :-2], padded[:, 1:-1], padded[:, 2:]
    upper, lower = np.maximum(above, here), np.minimum(above, here)
    among = np.minimum(upper, below)
    least, middle, most = (
        (column[..., :-2], column[..., 1:-1], column[..., 2:])
        for column in (np.minimum(lower, among), np.maximum(lower, among), np.maximum(upper, below))
    )
    greatest_least = np.maximum(np.maximum(least[0], least[1]), least[2])
    least_greatest = np.minimum(np.minimum(most[0], most[1]), most[2])
    return _middle(greatest_least, _middle(*middle), least_greatest)


def _middle(one: FloatArray, other: FloatArray, third: FloatArray) -> FloatArray:
    """The median of three, pixel by pixel."""
    return np.maximum(np.minimum(one, other), np.minimum(np.maximum(one, other), third))


_RADIUS = 2  # of the patches that are compared, 5×5 pixels
_REACH = 3  # largest offset of another patch's centre, in pixels
_FARTHEST = 5.0  # patches at this distance or beyond have no weight
_NEARNESS = np.exp(-0.5 * np.arange(-_RADIUS, _RADIUS + 1) ** 2)  # of a pixel to its patch's centre
_NEARNESS /= _NEARNESS.sum()


def non_local_means(images: Images, strength: float) -> FloatArray:
    """Every pixel of images (N, C, H, W) as a weighted mean of pixels with similar patches.

    Patches of all planes are compared, pixels near their centre most; patches with mean squared
    difference d² weigh exp(−d²/strength²). Images are mirrored at the edge (Buades, Coll and Morel,
    CVPR 2005).
    """
    filtered: FloatArray = np.empty_like(images)
    for place, planes in enumerate(images):  # one by one: intermediates stay in a core's cache
        filtered[place] = _mean_of_similar(planes, strength)
    return filtered


def _mean_of_similar(planes: Images, strength: float) -> FloatArray:
    edges = (_RADIUS, _RADIUS)
    padded = np.pad(planes, ((0, 0), edges, edges), mode="reflect")
    weights: FloatArray = np.ones(planes.shape[1:], planes.dtype)
    sums = planes.copy()
    for down, right in _HALF_OF_ALL_MOVES:
        here, there = _overlap(planes.shape, down, right)
        distance = _distance(padded, here, there) / strength**2
        weight = np.where(distance < _FARTHEST, np.exp(-distance), 0)
        for one, other in ((here, there), (there, here)):  # the distance is symmetric
            weights[one] += weight
            sums[:, *one] += weight * planes[:, *other]
    return sums / weights


_HALF_OF_ALL_MOVES = [
    move for move in product(range(-_REACH, _REACH + 1), repeat=2) if move > (0, 0)
]
"""Down and to the right, in pixels; the others are their opposites."""

Area = tuple[slice, slice]
"""Rows and columns of an image."""


def _overlap(shape: tuple[int, ...], down: int, right: int) -> tuple[Area, Area]:
    """The part of an image (C, H, W) that a move keeps inside it, before and after the move."""
    spans = [
        (slice(max(-by, 0), size - max(by, 0)), slice(max(by, 0), size - max(-by, 0)))
        for by, size in zip((down, right), shape[1:], strict=True)
    ]
    return (spans[0][0], spans[1][0]), (spans[0][1], spans[1][1])


def _distance(padded: Images, here: Area, there: Area) -> FloatArray:
    """Weighted mean squared difference of the patches around two areas, pixel by pixel."""
    difference = np.square(padded[:, *_around(here)] - padded[:, *_around(there)]).mean(axis=0)
    for axis in (0, 1):
        difference = correlate1d(difference, _NEARNESS, axis)
    inside = slice(_RADIUS, -_RADIUS)
    return difference[inside, inside]


def _around(area: Area) -> Area:
    """The part of a padded image that holds all patches around an area."""
    rows, columns = (slice(span.start, span.stop + 2 * _RADIUS) for span in area)
    return rows, columns


_STRENGTHS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)


def fit_non_local_means(pairs: Iterable[tuple[Images, Images]]) -> float:
    """The strength of least squared error over pairs of noisy and clean images."""
    errors = np.zeros(len(_STRENGTHS))
    for noisy, clean in pairs:
        errors += [np.square(non_local_means(noisy, h) - clean).sum() for h in _STRENGTHS]
    return _STRENGTHS[int(errors.argmin())]


@dataclass(frozen=True, slots=True)
class WienerFilter:
    """The shift-invariant linear filter of least squared error.

    With the spectra of the training images it is S_xy/S_xx at every spatial frequency (Wiener
    1949; Gonzalez and Woods, section 5.8), around the mean images. It knows neither class nor
    SNR. Images are continued periodically.
    """

    response: npt.NDArray[np.complex64]  # (C, H, W // 2 + 1)
    mean_noisy: FloatArray  # (C, H, W)
    mean_clean: FloatArray  # (C, H, W)

    def __call__(self, images: Images) -> FloatArray:
        """Images (N, C, H, W), filtered and cut to [0, 1]."""
        spectra = rfft2(images - self.mean_noisy) * self.response
        filtered = irfft2(spectra, s=images.shape[-2:]) + self.mean_clean
        return np.clip(filtered, 0.0, 1.0)


def fit_wiener(pairs: Iterable[tuple[Images, Images]]) -> WienerFilter:
    """The filter of least squared error over pairs of noisy and clean images, batch by batch."""
    examples, sums = 0, _Sums()
    for noisy, clean in pairs:
        examples += len(noisy)
        sums.add(noisy.astype(np.float64), clean.astype(np.float64))
    mean_noisy, mean_clean = sums.noisy / examples, sums.clean / examples
    mean_spectrum = rfft2(mean_noisy)
    power = sums.power / examples - np.abs(mean_spectrum) ** 2
    cross = sums.cross / examples - mean_spectrum.conj() * rfft2(mean_clean)
    # no gain where the noisy images have no power
    held = power > _ROUNDING * power.max(axis=(-2, -1), keepdims=True)
    response = np.where(held, cross / np.where(held, power, 1.0), 0.0)
    return WienerFilter(
        response.astype(np.complex64), mean_noisy.astype(np.float32), mean_clean.astype(np.float32)
    )


class _Sums:
    """Sums over examples of images, of power spectra and of cross spectra."""

    def __init__(self) -> None:
        self.noisy: Any = 0.0
        self.clean: Any = 0.0
        self.power: Any = 0.0
        self.cross: Any = 0.0

    def add(self, noisy: Images, clean: Images) -> None:
        spectra, wanted = rfft2(noisy), rfft2(clean)
        self.noisy += noisy.sum(axis=0)
        self.clean += clean.sum(axis=0)
        self.power += (np.abs(spectra) ** 2).sum(axis=0)
        self.cross += (spectra.conj() * wanted).sum(axis=0)
