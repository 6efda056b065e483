"""The likelihood of a count of points in each pixel: a multinomial over pixels.

The share of a class in a pixel is the mass of its points, noise included, in that cell; everything
outside the image is one more cell. For independent points this is the exact distribution of a
plane of counts. Pixels can only lose information: in the limit of fine pixels it becomes the
distribution of the points. For points that depend on one another it is a composite likelihood.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.sparse import csr_array
from scipy.special import logsumexp, ndtr

from rfmae.imaging.grid import pixel_coordinates
from rfmae.records import ComplexArray, FloatArray

_LEAST_SHARE = 1e-300  # of a pixel: rounding must not make an observation impossible
_LAID = 4096  # points from which on they are binned on a fine grid first
_STEP = 0.1  # of that grid, in standard deviations of the noise

Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PixelGrid:
    """The pixels of an image: `size` by `size` of them between ±`extent` of `unit` each.

    `unit` is the amplitude that is one on the axes: one for absolute units, the rms of
    signal and noise for images in units of it.
    """

    size: int
    extent: float
    unit: float = 1.0

    @property
    def outside(self) -> int:
        """The number of the one cell for all points outside the image."""
        return self.size * self.size

    def cells(self, points: ComplexArray) -> Cells:
        """The cell (N, P) of each point, row by row from the top."""
        scaled = torch.view_as_real(torch.from_numpy(points)).double() / self.unit
        columns, rows = pixel_coordinates(scaled, self.size, self.extent)
        column, row = columns.round().numpy(), rows.round().numpy()
        seen = (column >= 0) & (column < self.size) & (row >= 0) & (row < self.size)
        inside = np.where(seen, row, 0) * self.size + np.where(seen, column, 0)
        return np.where(seen, inside, self.outside).astype(np.int64)

    def shares(self, clean: ComplexArray, noise_power: float) -> FloatArray:
        """Probabilities (size² + 1,) of the cells for points (M,) in circular Gaussian noise.

        Differences of normal distribution functions, exact; of more than a few thousand points
        (simulated ones) each is moved by less than a tenth of the noise first.
        """
        deviation = math.sqrt(noise_power / 2)
        if clean.size <= _LAID:
            across = self._masses(clean.real, deviation)
            up = self._masses(clean.imag, deviation)
            image: FloatArray = up.T[::-1] @ across / clean.size
        else:
            image = self._shares_of_many(clean, deviation)
        inside: FloatArray = np.maximum(image, 0).ravel()
        return np.append(inside, max(1 - float(inside.sum()), 0.0))

    def _masses(self, rail: npt.NDArray[np.floating], deviation: float) -> FloatArray:
        """Mass (M, size) of a normal distribution around each value between neighbouring edges."""
        edges = np.linspace(-self.extent, self.extent, self.size + 1) * self.unit
        distances = (edges - np.asarray(rail, np.float64)[:, None]) / deviation
        lower, upper = distances[:, :-1], distances[:, 1:]
        # far in the upper tail the distribution function has no digits left, in the lower it has
        right = lower > 0
        mass: FloatArray = ndtr(np.where(right, -lower, upper)) - ndtr(
            np.where(right, -upper, lower)
        )
        return mass

    def _shares_of_many(self, clean: ComplexArray, deviation: float) -> FloatArray:
        step = _STEP * deviation
        farthest = float(max(np.abs(clean.real).max(), np.abs(clean.imag).max()))
        half = math.ceil(farthest / step) + 1
        nodes = np.arange(-half, half + 1)
        place = (np.rint(clean.imag / step) + half) * len(nodes) + np.rint(clean.real / step) + half
        laid = np.bincount(place.astype(np.int64).ravel(), minlength=len(nodes) ** 2)
        masses = self._masses(nodes * step, deviation)
        return masses.T[::-1] @ (laid.reshape(len(nodes), -1) / clean.size) @ masses


def log_shares(shares: FloatArray) -> FloatArray:
    """Logarithms of shares, bounded from below."""
    return np.log(np.maximum(shares, _LEAST_SHARE))


def log_likelihoods(cells: Cells, table: FloatArray) -> FloatArray:
    """Sums (N, G) over the points (N, P) of a table (cells, G) of log shares.

    The columns of the table are classes, or phases of one: a product of the counts in each pixel,
    most of which are zero, with the table.
    """
    n, points = cells.shape
    ends = np.arange(n + 1) * points
    counts = csr_array((np.ones(cells.size), cells.ravel(), ends), shape=(n, len(table)))
    scores: FloatArray = counts @ table
    return scores


def log_evidence(
    cells: Cells, grid: PixelGrid, clean: ComplexArray, noise_power: float, turns: FloatArray
) -> FloatArray:
    """Log likelihood (N,) of one class, averaged over equally likely carrier phases `turns` (G,).

    `clean` (M,) are its points without noise at phase zero; a single turn is a known phase.
    """
    tables = [grid.shares(clean * np.exp(2j * np.pi * turn), noise_power) for turn in turns]
    scores = log_likelihoods(cells, np.stack([log_shares(shares) for shares in tables], axis=1))
    evidence: FloatArray = logsumexp(scores, axis=1) - math.log(len(turns))
    return evidence
