"""The Bayes accuracy of the published DenoMAE2.0 data, and of the same signals at unit power.

Of its ten classes 4ASK and 4PAM have the same distribution and so have CPFSK and GFSK: no
classifier can be right on more than 80 %. Points are independent, the carrier phase is known
(its slope and jitter are left out), the noise is white with the power of the class over the SNR,
and nothing is normalised: amplitudes are part of the observation. GMSK counts as uniform on
the circle; it makes eight points where the others make one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from scipy.special import i0e, logsumexp

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.impairments import Streams
from rfmae.signal.noise import circular_gaussian
from rfmae.signal.published_signals import PUBLISHED
from rfmae.theory.frames import Frames
from rfmae.theory.memoryless import LinearModel
from rfmae.theory.pixel_counts import PixelGrid, log_likelihoods, log_shares
from rfmae.units import db_to_ratio

WINDOW = PixelGrid(size=224, extent=2.5)
"""The pixels of the published images."""

CANVAS = PixelGrid(size=424, extent=2.5 * 424 / 224)
"""The canvas of the published images; points beyond the window still blur into it."""

SYMBOLS = 1024
_RING = np.exp(2j * np.pi * np.arange(720) / 720)  # approximates a circle on the pixel grid

Seen = Literal["points", "canvas", "window", "shares"]


@dataclass(frozen=True, slots=True)
class PublishedModel:
    """One distribution: its classes and its points; a circle has no list of points."""

    classes: tuple[str, ...]
    points: tuple[complex, ...]
    is_circle: bool = False

    @property
    def power(self) -> float:
        return 1.0 if self.is_circle else float(np.mean(np.square(np.abs(self.points))))

    def noise_power(self, snr_db: float) -> float:
        return self.power * db_to_ratio(-snr_db)

    def draw(self, count: int, symbols: int, snr_db: float, streams: Streams) -> ComplexArray:
        """Frames (count, symbols)."""
        draws = streams("points")
        if self.is_circle:
            sent = np.exp(2j * np.pi * draws.random((count, symbols)))
        else:
            sent = np.array(self.points)[draws.integers(len(self.points), size=(count, symbols))]
        noise = circular_gaussian(sent.size, streams("noise")).reshape(sent.shape)
        frames: ComplexArray = sent + np.sqrt(self.noise_power(snr_db)) * noise
        return frames

    def log_likelihood(self, frames: ComplexArray, snr_db: float) -> FloatArray:
        """Log likelihood (N,) of the points of frames (N, K)."""
        noise = self.noise_power(snr_db)
        if self.is_circle:
            radius = np.abs(frames)
            exponents: FloatArray = np.log(i0e(2 * radius / noise)) - np.square(radius - 1) / noise
            return exponents.sum(axis=1) - frames.shape[1] * np.log(np.pi * noise)
        symbols = torch.from_numpy(frames).to(torch.complex128)
        held = Frames(symbols, symbols[:, :0], symbols[:, :0], 1, 1 / noise)
        ratio = LinearModel(self.points).log_ratio(held, torch.zeros(len(frames), 1)).numpy()[:, 0]
        noise_alone = np.square(np.abs(frames)).sum(axis=1) / noise
        likelihood: FloatArray = ratio - noise_alone - frames.shape[1] * np.log(np.pi * noise)
        return likelihood

    def log_pixels(self, grid: PixelGrid, snr_db: float, *, count_seen: bool) -> FloatArray:
        """Log shares of the pixels of a grid, and of everything outside.

        Where the number of points is not observed, shares are among the pixels inside alone.
        """
        clean = _RING if self.is_circle else np.array(self.points)
        shares = grid.shares(clean, self.noise_power(snr_db))
        if not count_seen:
            shares = np.append(shares[:-1] / shares[:-1].sum(), 1.0)
        return log_shares(shares)


def published_models(*, unit_power: bool = False) -> tuple[PublishedModel, ...]:
    """The eight distributions of the ten classes, or the seven that are left at unit power.

    At unit power OQPSK, which differs from DQPSK by its radius alone, has the same distribution.
    """
    merged: dict[tuple[complex, ...], list[str]] = {}
    for name, row in PUBLISHED.items():
        points = np.array(row.points, np.complex128)
        if unit_power and len(points):
            points = points / np.sqrt(np.mean(np.square(np.abs(points))))
        key = tuple(sorted((complex(p) for p in np.round(points, 9) + 0.0), key=_by_rails))
        merged.setdefault(key, []).append(name)
    return tuple(PublishedModel(tuple(names), key, not key) for key, names in merged.items())


def published_ceiling_at(
    snr_db: float,
    *,
    streams: Streams,
    seen: Seen = "points",
    unit_power: bool = False,
    count_leak: bool = True,
    symbols: int = SYMBOLS,
    frames_per_class: int = 400,
) -> tuple[IntArray, FloatArray]:
    """Labels (n,) of simulated frames and posteriors (n, models) of `published_models`.

    The classifier sees all points (`points`), or the counts in the pixels of the published
    canvas and the number outside it (`canvas`: no published image shows more), or the same of the
    window (`window`: only points inside it, not the blur from beyond the edge), or the shares of
    the window's pixels alone (`shares`: the window without a scale). With the `count_leak` GMSK is
    never confused with another class; without it every class has `symbols` points. Priors are
    proportional to the number of classes of each distribution. `streams` are those of one SNR.
    """
    models = published_models(unit_power=unit_power)
    labels = np.repeat(np.arange(len(models)), frames_per_class)
    circle = np.array([model.is_circle for model in models])
    evidence = np.zeros((len(labels), len(models)))
    for label, model in enumerate(models):
        if not (count_leak and model.is_circle):
            frames = model.draw(frames_per_class, symbols, snr_db, _streams_of(model, streams))
            evidence[labels == label] = log_scores(models, frames, snr_db, seen)
    evidence += np.log([len(model.classes) for model in models])
    if count_leak:
        evidence[circle[labels][:, None] != circle] = -np.inf
    return labels, np.exp(evidence - logsumexp(evidence, axis=1, keepdims=True))


def log_scores(
    models: Sequence[PublishedModel], frames: ComplexArray, snr_db: float, seen: Seen
) -> FloatArray:
    """Log likelihoods (N, models) of frames (N, K), up to a constant of each frame."""
    if seen == "points":
        return np.stack([model.log_likelihood(frames, snr_db) for model in models], axis=1)
    grid = CANVAS if seen == "canvas" else WINDOW
    tables = [model.log_pixels(grid, snr_db, count_seen=seen != "shares") for model in models]
    return log_likelihoods(grid.cells(frames), np.stack(tables, axis=1))


def _by_rails(point: complex) -> tuple[float, float]:
    return point.real, point.imag


def _streams_of(model: PublishedModel, streams: Streams) -> Streams:
    return lambda purpose: streams(f"{model.classes[0]} {purpose}")
