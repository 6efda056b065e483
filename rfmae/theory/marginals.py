"""Marginal densities of single points of a plane, for each class.

Independent symbols without noise are the alphabet. Everything else (continuous phases, staggered
rails, samples between symbol instants, products of neighbours) is simulated at a fixed seed:
without noise, which is then added exactly by a convolution; with noise where the points are
products.
"""

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from scipy import fft
from scipy.ndimage import map_coordinates

from rfmae.imaging.density import splatted
from rfmae.records import ComplexArray, FloatArray, Units
from rfmae.signal.modulations import Modulation, find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory.memoryless import LinearModel, NoiseModel
from rfmae.theory.points import matched_outputs, plane_points
from rfmae.theory.polar import Numbers, PolarGrid
from rfmae.theory.signal_models import signal_model_of

_FRAMES, _SYMBOLS = 256, 512  # that simulated marginals are made of
_ROUNDS = {"differential": 8, "differential-trajectory": 2}  # of noise for each frame without it
_STEP, _MARGIN = 0.1, 7.0  # of the convolved map, in standard deviations of the noise
_LEAST = 1e-13  # of the largest density: where the transform's rounding ends
_PRIOR = 0.5  # pseudo-count of every cell of a simulated map (Jeffreys)


@dataclass(frozen=True, slots=True)
class PointSource:
    """The source of the points: a modulation on a link."""

    modulation: Modulation
    pulse: Pulse
    samples_per_symbol: int

    @property
    def alphabet(self) -> ComplexArray | None:
        """Constellation points of independent symbols; None where symbols are not independent."""
        model = signal_model_of(self.modulation, self.pulse, self.samples_per_symbol)
        if isinstance(model, NoiseModel):
            return np.zeros(1, np.complex64)
        if isinstance(model, LinearModel) and model.own_turn == 0:
            return np.array(model.points, np.complex64)
        return None

    def clean_points(self, what: str) -> ComplexArray:
        """Points (any number,) without noise that a plane of symbols or a trajectory shows."""
        alphabet = self.alphabet if what == "symbols" else None
        if alphabet is not None:
            return alphabet
        return simulated(self, math.inf, what == "trajectory").ravel()

    def noisy_products(self, what: str, es_n0: float) -> Iterator[ComplexArray]:
        """Points (N, P) that a differential plane shows, batch by batch."""
        every_sample = what.endswith("trajectory")
        clean = simulated(self, math.inf, every_sample)
        noise_only = PointSource(find_modulation("NOISE"), self.pulse, self.samples_per_symbol)
        noise = simulated(noise_only, 1.0, every_sample)
        stride = self.samples_per_symbol if every_sample else 1
        for turn in range(_ROUNDS[what]):
            observed = clean + np.float32(math.sqrt(1 / es_n0)) * np.roll(noise, turn, axis=0)
            yield plane_points(observed, what, stride)


def in_units(points: ComplexArray, units: Units, es_n0: float) -> ComplexArray:
    """Points (N, P) scaled to the rms of symbols with noise, where the unit is the rms.

    In units of its own rms a frame carries no information on its power; the scale is a convention.
    """
    if units == "absolute":
        return points
    rms = np.sqrt(np.mean(np.square(np.abs(points)), axis=1, keepdims=True))
    scaled: ComplexArray = points * (np.float32(math.sqrt(1 + 1 / es_n0)) / rms)
    return scaled


def log_density(
    source: PointSource, what: str, es_n0: float, grid: PolarGrid, units: Units = "absolute"
) -> Numbers:
    """Log density (rings, spokes) of a point of `symbols` or `trajectory`, mean over each cell."""
    nodes, shares = grid.nodes()
    clean, noise_power = source.clean_points(what), 1 / es_n0
    if units == "rms":
        gain = (1 + noise_power) / (np.mean(np.square(np.abs(clean))) + noise_power)
        clean, noise_power = clean * np.float32(math.sqrt(gain)), float(noise_power * gain)
    density = np.exp(_NoisyMap.of(clean, 1 / noise_power).log_at(nodes))
    return np.log(np.sum(shares * density, axis=0)).astype(np.float32)


def log_product_shares(
    source: PointSource, what: str, es_n0: float, grid: PolarGrid, units: Units = "absolute"
) -> Numbers:
    """Log probabilities (rings, spokes) of the cells, for products after `rooted`."""
    seen = np.full(grid.shape, _PRIOR)
    for points in source.noisy_products(what, es_n0):
        seen += grid.counts(rooted(points, units, es_n0).reshape(1, -1))[0]
    return np.log(seen / seen.sum()).astype(np.float32)


def rooted(products: ComplexArray, units: Units, es_n0: float) -> ComplexArray:
    """Products (N, P) with the square root of their amplitude, on the scale of their factors."""
    amplitude: FloatArray = np.maximum(np.abs(products), np.float32(1e-12))
    factors: ComplexArray = (products / np.sqrt(amplitude)).astype(np.complex64)
    if units == "absolute":
        return factors
    # the rms of products is that of the squares of these
    rms = np.mean(np.square(np.square(np.abs(factors))), axis=1, keepdims=True) ** 0.25
    scaled: ComplexArray = factors * (np.float32(math.sqrt(1 + 1 / es_n0)) / rms)
    return scaled


@lru_cache(maxsize=64)
def simulated(source: PointSource, es_n0: float, every_sample: bool) -> ComplexArray:
    """Matched-filter outputs (N, T) of known phase, from a fixed seed."""

    def streams(purpose: str) -> np.random.Generator:
        name = zlib.crc32(source.modulation.name.encode())
        return np.random.default_rng([name, zlib.crc32(purpose.encode())])

    return matched_outputs(
        source.modulation,
        source.pulse,
        source.samples_per_symbol,
        _SYMBOLS,
        es_n0,
        _FRAMES,
        streams,
        every_sample=every_sample,
        phase="known",
    )


@dataclass(frozen=True, slots=True)
class _NoisyMap:
    """Log density of points with noise on a square grid of nodes."""

    log_density: FloatArray  # (G, G), I along the rows
    origin: float  # the I and Q of node (0, 0)
    step: float

    @classmethod
    def of(cls, clean: ComplexArray, es_n0: float) -> "_NoisyMap":
        deviation = math.sqrt(0.5 / es_n0)
        step = _STEP * deviation
        extent = float(max(np.abs(clean.real).max(), np.abs(clean.imag).max()))
        extent += _MARGIN * deviation
        nodes = fft.next_fast_len(math.ceil(2 * extent / step) + 2, real=True)
        laid = _laid_on_nodes((clean.real + extent) / step, (clean.imag + extent) / step, nodes)
        turns = [fft.fftfreq(nodes), fft.rfftfreq(nodes)]
        blur = [np.exp(-0.5 * (2 * np.pi * deviation / step * f) ** 2) for f in turns]
        noisy = fft.irfft2(fft.rfft2(laid) * blur[0][:, None] * blur[1], s=(nodes, nodes))
        noisy /= step**2
        return cls(np.log(np.maximum(noisy, _LEAST * noisy.max())), -extent, step)

    def log_at(self, points: ComplexArray) -> FloatArray:
        """Log density by cubic splines between the nodes; constant beyond the outermost ones."""
        places = np.stack([points.real, points.imag])
        places = (places - self.origin) / self.step
        return map_coordinates(self.log_density, places, order=3, mode="nearest")


def _laid_on_nodes(
    across: npt.NDArray[np.floating], up: npt.NDArray[np.floating], nodes: int
) -> FloatArray:
    """Shares (nodes, nodes) of points, each divided among the four nodes around it."""
    columns, rows = (torch.from_numpy(place.astype(np.float64))[None] for place in (up, across))
    laid: FloatArray = splatted(columns, rows, nodes)[0].numpy()
    return laid / across.size
