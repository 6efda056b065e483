"""The best affine map from a whole noisy image to its clean twin, learnt from examples.

Ridge regression in its dual form (Hastie, Tibshirani, Friedman, The Elements of Statistical
Learning, ch. 18.3.5): its cost grows with the number of examples squared, and only in proportion
to the number of pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from rfmae.errors import ShapeError
from rfmae.records import FloatArray

RIDGES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1.0, 3.0, 10.0)
"""Shares of the total variance, as each example has it, from which held-out images choose."""

_COLUMNS = 4096  # values that are held in double precision at once


@dataclass(frozen=True, slots=True)
class LinearDenoiser:
    """Weights of the training examples, which are kept as they are."""

    noisy: FloatArray  # (N, D) training examples
    clean: FloatArray  # (N, D)
    inverse: FloatArray  # (N, N)
    ridge: float

    def predict(self, noisy: FloatArray) -> FloatArray:
        """Clean images of noisy ones, (M, ...) of as many values as the training images."""
        flat = noisy.reshape(len(noisy), -1)
        if flat.shape[1] != self.noisy.shape[1]:
            raise ShapeError(f"images must have {self.noisy.shape[1]} values, got {flat.shape[1]}")
        shares = _likeness(flat, self.noisy, self.noisy.mean(axis=0)) @ self.inverse
        rest = 1 - shares.sum(axis=1, keepdims=True)  # of the mean
        painted = shares.astype(self.clean.dtype) @ self.clean + rest * self.clean.mean(axis=0)
        return painted.reshape(noisy.shape)


def linear_denoiser(
    noisy: FloatArray,
    clean: FloatArray,
    held_out_noisy: FloatArray,
    held_out_clean: FloatArray,
    ridges: Sequence[float] = RIDGES,
) -> LinearDenoiser:
    """The map of the ridge that errs least on held-out images; all images are (N, ...)."""
    if noisy.shape != clean.shape or held_out_noisy.shape != held_out_clean.shape:
        raise ShapeError(
            f"noisy and clean images must have one shape, got {noisy.shape} and {clean.shape}, "
            f"held out {held_out_noisy.shape} and {held_out_clean.shape}"
        )
    y, x = _flat(noisy), _flat(clean)
    held_y, held_x = _flat(held_out_noisy), _flat(held_out_clean)
    mean_y, mean_x = y.mean(axis=0), x.mean(axis=0)
    values, axes = eigh(_likeness(y, y, mean_y))
    asked = _likeness(held_y, y, mean_y) @ axes
    answers = axes.T @ _likeness(x, x, mean_x) @ axes
    truth = _likeness(held_x, x, mean_x) @ axes

    def error(ridge: float) -> float:
        """Squared error of the held-out images less their own power, without painting one."""
        shares = asked / _lifted(values, ridge)
        return float(np.sum(shares * (shares @ answers - 2 * truth)))

    best = min(ridges, key=error)
    inverse = (axes / _lifted(values, best)) @ axes.T
    return LinearDenoiser(y, x, inverse, best)


def _flat(images: FloatArray) -> FloatArray:
    return images.reshape(len(images), -1)


def _lifted(values: FloatArray, ridge: float) -> FloatArray:
    """Eigenvalues with the ridge added, a share of their mean."""
    if ridge <= 0:
        raise ShapeError(f"a ridge must be positive, got {ridge:g}")
    return np.maximum(values, 0.0) + ridge * values.mean()


def _likeness(rows: FloatArray, others: FloatArray, mean: FloatArray) -> FloatArray:
    """Inner products (M, N) of centred rows, in double precision but never all of it at once."""
    total = np.zeros((len(rows), len(others)))
    for first in range(0, rows.shape[1], _COLUMNS):
        part = slice(first, first + _COLUMNS)
        middle = mean[part].astype(np.float64)
        total += (rows[:, part] - middle) @ (others[:, part] - middle).T
    return total
