"""Counts of points on a polar grid, on which turning the carrier is turning the columns.

So one Fourier transform scores a frame under a signal model at every carrier phase at once.
"""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import fft

from rfmae.records import ComplexArray, FloatArray

Numbers = npt.NDArray[np.float32]

FINE_CELL = 0.15
"""Side of a cell that is small beside the noise, in standard deviations of the noise on a rail."""

_FEWEST_SPOKES, _MOST_SPOKES, _MOST_RINGS = 64, 2048, 512
_TAIL = 4.5  # standard deviations of the noise beyond the farthest point
_NUMBERS = 2**24  # processed at once


@dataclass(frozen=True, slots=True)
class PolarGrid:
    """Rings of one width times spokes; points beyond the last ring count to it."""

    ring: float
    rings: int
    spokes: int

    @classmethod
    def for_noise(cls, es_n0: float, farthest: float, cell: float = FINE_CELL) -> Self:
        """A grid that reaches beyond all points, with cells of so many deviations of the noise."""
        deviation = math.sqrt(0.5 / es_n0)
        reach = farthest + _TAIL * deviation
        ring = max(cell * deviation, reach / _MOST_RINGS)
        around = 2 * math.pi * (farthest + 2 * deviation)
        spokes = 1 << math.ceil(math.log2(around / (cell * deviation)))
        return cls(ring, math.ceil(reach / ring), min(max(spokes, _FEWEST_SPOKES), _MOST_SPOKES))

    @property
    def shape(self) -> tuple[int, int]:
        return self.rings, self.spokes

    @property
    def log_areas(self) -> FloatArray:
        """Logarithm (rings,) of the area of a cell of each ring."""
        radius = (np.arange(self.rings) + 0.5) * self.ring
        areas: FloatArray = np.log(radius * self.ring * (2 * math.pi / self.spokes))
        return areas

    def nodes(self) -> tuple[ComplexArray, FloatArray]:
        """Quadrature points (4, rings, spokes) and their weights over the area of each cell.

        The Gauss points of two by two integrate a cell to the third order.
        """
        half = 0.5 / math.sqrt(3)
        offsets = np.array([(-half, -half), (-half, half), (half, -half), (half, half)])
        radius = (np.arange(self.rings)[None, :] + 0.5 + offsets[:, :1]) * self.ring
        turns = (np.arange(self.spokes)[None, :] + offsets[:, 1:]) / self.spokes
        shares = radius / radius.sum(axis=0)
        return radius[..., None] * np.exp(2j * np.pi * turns)[:, None, :], shares[..., None]

    def cells(self, points: ComplexArray) -> npt.NDArray[np.int64]:
        """The cell of each point, ring by ring; spoke 0 is centred on the I axis."""
        ring = np.minimum((np.abs(points) / self.ring).astype(np.int64), self.rings - 1)
        spoke = np.rint(np.angle(points) * (self.spokes / (2 * math.pi))).astype(np.int64)
        return ring * self.spokes + spoke % self.spokes

    def counts(self, points: ComplexArray) -> Numbers:
        """Points (N, P) counted in the cells (N, rings, spokes)."""
        size = self.rings * self.spokes
        rows = [np.bincount(cells, minlength=size) for cells in self.cells(points)]
        return np.array(rows, np.float32).reshape(-1, *self.shape)

    def chunk(self) -> int:
        """Frames whose counts and their spectra are held at once."""
        return max(1, _NUMBERS // (self.rings * self.spokes))


def scores_at_zero(counts: Numbers, log_density: Numbers) -> FloatArray:
    """Sums (N, C) of log densities (C, rings, spokes) over the points of each frame."""
    return (counts.reshape(len(counts), -1) @ log_density.reshape(len(log_density), -1).T).astype(
        np.float64
    )


def spectra(log_density: Numbers) -> npt.NDArray[np.complex64]:
    """Log densities (C, rings, spokes) transformed along the spokes for `scores_at_all`."""
    return np.ascontiguousarray(fft.rfft(log_density, axis=-1).conj().transpose(2, 1, 0))


def scores_at_all(counts: Numbers, spectrum: npt.NDArray[np.complex64]) -> Numbers:
    """As `scores_at_zero` with the density turned to every spoke, (N, C, spokes)."""
    counted = np.ascontiguousarray(fft.rfft(counts, axis=-1).transpose(2, 0, 1))
    products = (counted @ spectrum).transpose(1, 2, 0)
    return fft.irfft(products, n=counts.shape[-1], axis=-1)
