"""The linear denoiser: ridge regression from whole noisy images to clean ones.

Ridge regression (Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, ch. 3.4.1) by
moments that are summed batch by batch, so that only a batch of images is in memory. Images of many
values are first projected on as many directions as fit into memory, found by a random sketch
(Halko, Martinsson, Tropp, SIAM Review 53, 2011).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh, qr

from rfmae.errors import ShapeError
from rfmae.records import FloatArray

RIDGES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0)
"""Shares of the total variance, as each example has it, from which held-out images choose."""

_MOST_DIRECTIONS = 1024
_MOST_VALUES = 2**25  # of a matrix with a row for each value of an image: 128 MiB in float32
_SKETCH_SEED = 0

Batches = Callable[[], Iterable[tuple[FloatArray, FloatArray]]]
"""Pairs of noisy and clean images (N, ...), iterated again at each call."""


@dataclass(frozen=True, slots=True)
class LinearDenoiser:
    """The directions of projection, the prediction for each, and both means."""

    basis: FloatArray | None  # (D, R), orthonormal; none where every value counts
    weights: FloatArray  # (R, D)
    mean_noisy: FloatArray  # (D,)
    mean_clean: FloatArray  # (D,)
    ridge: float

    def predict(self, noisy: FloatArray) -> FloatArray:
        """Clean images of noisy ones, (M, ...) of as many values as the training images."""
        flat = _flat(noisy)
        if flat.shape[1] != len(self.mean_noisy):
            raise ShapeError(f"images must have {len(self.mean_noisy)} values, got {flat.shape[1]}")
        predicted = _projected(flat - self.mean_noisy, self.basis) @ self.weights + self.mean_clean
        return predicted.reshape(noisy.shape).astype(noisy.dtype)


def linear_denoiser(
    train: Batches,
    held_out: Batches,
    ridges: Sequence[float] = RIDGES,
    directions: int | None = None,
) -> LinearDenoiser:
    """The map of the ridge that errs least on held-out images.

    `directions` defaults to as many as fit, 1,024 at most; with as many as an image has values
    nothing is lost.
    """
    if min(ridges) <= 0:
        raise ShapeError(f"a ridge must be positive, got {min(ridges):g}")
    basis = _basis(train, directions)
    moments = _Moments(basis)
    for noisy, clean in train():
        moments.add(noisy, clean)
    mean_noisy, mean_clean = moments.mean_noisy, moments.mean_clean
    # along these axes the projected images are uncorrelated, and a ridge is a sum
    values, axes = eigh(moments.power)
    values = np.maximum(values, 0.0)
    responses = axes.T @ moments.cross  # (R, D)
    lifts = {ridge: values + ridge * values.sum() / moments.examples for ridge in ridges}
    error = _held_out_error(held_out, basis, axes, responses, mean_noisy, mean_clean)
    best = min(ridges, key=lambda ridge: error(1 / lifts[ridge]))
    weights = (axes / lifts[best]) @ responses
    kept = weights.astype(moments.dtype)  # double precision is for sums
    return LinearDenoiser(basis, kept, mean_noisy, mean_clean, best)


def _held_out_error(
    held_out: Batches,
    basis: FloatArray | None,
    axes: FloatArray,
    responses: FloatArray,
    mean_noisy: FloatArray,
    mean_clean: FloatArray,
) -> Callable[[FloatArray], float]:
    """Squared error of held-out images less their own power, by the share of each response (R,)."""
    power, agreement = np.zeros_like(axes), np.zeros(len(axes))
    for noisy, clean in held_out():
        _check_pair(noisy, clean)
        shown = _projected(_flat(noisy) - mean_noisy, basis) @ axes
        power += shown.T @ shown
        agreement += np.sum(shown * ((_flat(clean) - mean_clean) @ responses.T), axis=0)
    power *= responses @ responses.T
    return lambda shares: float(shares @ power @ shares - 2 * shares @ agreement)


class _Moments:
    """Sums over pairs of images, about the first of them, for precision."""

    def __init__(self, basis: FloatArray | None) -> None:
        self._basis = basis
        self.examples = 0

    def add(self, noisy: FloatArray, clean: FloatArray) -> None:
        """Count a batch."""
        _check_pair(noisy, clean)
        y, x = (_flat(images).astype(np.float64) for images in (noisy, clean))
        if not self.examples:
            self.dtype = noisy.dtype
            self._origin_y, self._origin_x = y[0], x[0]
            self._sum_y, self._sum_x = np.zeros_like(y[0]), np.zeros_like(x[0])
            rank = y.shape[1] if self._basis is None else self._basis.shape[1]
            self._power, self._cross = np.zeros((rank, rank)), np.zeros((rank, x.shape[1]))
        y, x = y - self._origin_y, x - self._origin_x
        shown = _projected(y, self._basis)
        self._sum_y += y.sum(axis=0)
        self._sum_x += x.sum(axis=0)
        self._power += shown.T @ shown
        self._cross += shown.T @ x
        self.examples += len(y)

    @property
    def mean_noisy(self) -> FloatArray:
        return self._origin_y + self._sum_y / self.examples

    @property
    def mean_clean(self) -> FloatArray:
        return self._origin_x + self._sum_x / self.examples

    @property
    def power(self) -> FloatArray:
        """Of the centred projected images, (R, R)."""
        total = self._total
        return self._power - np.outer(total, total) / self.examples

    @property
    def cross(self) -> FloatArray:
        """Of them with the centred clean images, (R, D)."""
        return self._cross - np.outer(self._total, self._sum_x) / self.examples

    @property
    def _total(self) -> FloatArray:
        return _projected(self._sum_y[None], self._basis)[0]


def _basis(train: Batches, directions: int | None) -> FloatArray | None:
    """Orthonormal directions (D, R) of noisy images: those of most power, and of most use."""
    sketch = None
    for noisy, clean in train():
        y, x = (_flat(images).astype(np.float32) for images in (noisy, clean))
        if sketch is None:
            size = y.shape[1]
            rank = min(directions or _MOST_DIRECTIONS, size, max(2, _MOST_VALUES // size))
            if rank == size:
                return None
            sketch = _Sketch(y, x, rank)
        sketch.add(y, x)
    if sketch is None:
        raise ShapeError("a linear denoiser needs training images, got none")
    found: FloatArray = qr(sketch.mixed, mode="economic", overwrite_a=True)[0]
    return found


class _Sketch:
    """Random mixtures (D, R) of the noisy images.

    Half of the mixtures are weighted by the correlation of the noisy images with random images,
    which favours their own large components, and half by that of their clean twins, which favours
    components that predict those.
    """

    def __init__(self, noisy: FloatArray, clean: FloatArray, rank: int) -> None:
        size = noisy.shape[1]
        draws = np.random.default_rng(_SKETCH_SEED)
        self._random = draws.standard_normal((size, rank), np.float32)
        # approximate means suffice: their error is one more direction
        self._mean_noisy, self._mean_clean = noisy.mean(axis=0), clean.mean(axis=0)
        self.mixed: FloatArray = np.zeros((size, rank), np.float32)

    def add(self, noisy: FloatArray, clean: FloatArray) -> None:
        """Mix a batch (N, D) in."""
        y, x = noisy - self._mean_noisy, clean - self._mean_clean
        half = self.mixed.shape[1] // 2
        self.mixed[:, :half] += y.T @ (y @ self._random[:, :half])
        self.mixed[:, half:] += y.T @ (x @ self._random[:, half:])


def _projected(rows: FloatArray, basis: FloatArray | None) -> FloatArray:
    return rows if basis is None else rows @ basis


def _flat(images: FloatArray) -> FloatArray:
    return images.reshape(len(images), -1)


def _check_pair(noisy: FloatArray, clean: FloatArray) -> None:
    if noisy.shape != clean.shape:
        raise ShapeError(
            f"noisy and clean images must have one shape, got {noisy.shape} and {clean.shape}"
        )
