"""The linear masked autoencoder: the optimal matrix from visible patches to all patches.

Hidden patches enter as zeros of the centred input, and one matrix W serves every mask. On the mean,
masking then is a Tikhonov term of one block for each patch, and the optimum has a closed form
(Bisulco et al., From Linearity to Non-Linearity: How Masked Autoencoders Capture Spatial
Correlations, ICCV 2025), extended here to noisy inputs, to masks of a fixed count, and to a loss
on hidden patches alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

from rfmae.analysis.moments import Covariances, Moments
from rfmae.errors import ShapeError
from rfmae.records import FloatArray

Support = Literal["masked", "all"]
"""Where the error counts: on hidden patches alone, each from the others, or on all patches."""

RIDGES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Shares of the mean variance of a noisy value, from which held-out moments choose."""


@dataclass(frozen=True, slots=True)
class Visibility:
    """The probability that a patch is visible, and that another one is, given the first."""

    share: float
    share_beside: float


class Masks(Protocol):
    """A distribution of random masks."""

    def among(self, patches: int) -> Visibility:
        """Visibility among a number of patches, all of them or all but one."""
        ...


@dataclass(frozen=True, slots=True)
class CountedMasks:
    """Exactly `visible` patches are visible, drawn uniformly."""

    visible: int

    def among(self, patches: int) -> Visibility:
        if not 1 <= self.visible <= patches:
            raise ShapeError(f"the visible patches must number 1 to {patches}, got {self.visible}")
        beside = (self.visible - 1) / max(patches - 1, 1)
        return Visibility(self.visible / patches, beside)


@dataclass(frozen=True, slots=True)
class BernoulliMasks:
    """Every patch is hidden with probability `ratio`, independently."""

    ratio: float

    def __post_init__(self) -> None:
        if not 0 <= self.ratio < 1:
            raise ShapeError(f"mask ratio must lie in [0, 1), got {self.ratio:g}")

    def among(self, patches: int) -> Visibility:
        return Visibility(1 - self.ratio, 1 - self.ratio)


@dataclass(frozen=True, slots=True)
class LinearMae:
    """One matrix from visible patches to predicted ones."""

    mean_noisy: FloatArray  # (L, P)
    mean_clean: FloatArray  # (L, P)
    weights: FloatArray  # (D, D): noisy down, clean across
    visibility: Visibility
    ridge: float = 0.0

    @property
    def patches(self) -> int:
        return len(self.mean_noisy)

    def predict(self, noisy: FloatArray, hidden: FloatArray) -> FloatArray:
        """Clean patches (N, L, P) from noisy ones, of which those `hidden` (N, L) are ignored.

        Where the error counted on hidden patches alone, only those are valid.
        """
        if noisy.shape[1:] != self.mean_noisy.shape or hidden.shape != noisy.shape[:2]:
            raise ShapeError(
                f"patches must be (N, {self.patches}, {self.mean_noisy.shape[1]}) and hidden "
                f"(N, {self.patches}), got {noisy.shape} and {hidden.shape}"
            )
        seen = np.where(np.asarray(hidden, bool)[..., None], 0.0, noisy - self.mean_noisy)
        predicted = seen.reshape(len(noisy), -1) @ self.weights
        return predicted.reshape(noisy.shape) + self.mean_clean

    def loss(self, moments: Moments) -> FloatArray:
        """Squared error of each patch (L,), summed over its values, mean over examples and masks.

        The examples may be others than those of the fit.
        """
        found = moments.covariances(self.mean_noisy, self.mean_clean)
        seen = shrunk(found, self.visibility)
        gain = self.weights * (2 * found.cross - seen @ self.weights)
        per_patch = gain.sum(axis=0).reshape(self.patches, -1).sum(axis=1)
        return found.clean_power - self.visibility.share * per_patch


def shrunk(covariances: Covariances, visibility: Visibility) -> FloatArray:
    """Second moments (D, D) of the zero-filled noisy input, over the share that is seen.

    Values of one patch are seen together; those of two, less often.
    """
    shrunken = visibility.share_beside * covariances.noisy
    for block in _blocks(covariances.patches, len(shrunken)):
        shrunken[block, block] = covariances.noisy[block, block]
    return shrunken


def linear_mae(
    moments: Moments, masks: Masks, *, support: Support = "masked", ridge: float = 0.0
) -> LinearMae:
    """The optimum over training moments; `ridge` is a share of the mean noisy variance."""
    patches = moments.patches
    visibility = masks.among(patches if support == "all" else patches - 1)
    mean_noisy, mean_clean = moments.mean_noisy, moments.mean_clean
    found = moments.covariances(mean_noisy, mean_clean)
    solve = _from_all if support == "all" else _from_others
    weights = solve(found, _ridged(shrunk(found, visibility), found, ridge))
    return LinearMae(mean_noisy, mean_clean, weights, visibility, ridge)


def held_out_linear_mae(
    moments: Moments,
    held_out: Moments,
    masks: Masks,
    *,
    support: Support = "masked",
    ridges: Sequence[float] = RIDGES,
) -> LinearMae:
    """The optimum with the ridge that loses least on held-out moments.

    A covariance of fewer than some ten examples per value overfits them.
    """
    fitted = (linear_mae(moments, masks, support=support, ridge=ridge) for ridge in ridges)
    return min(fitted, key=lambda one: float(one.loss(held_out).sum()))


@dataclass(frozen=True, slots=True)
class LinearFeatures:
    """The best linear masked autoencoder of a few features, whose error counts on all patches."""

    encoder: FloatArray  # (D, K): zero-filled centred input to features
    decoder: FloatArray  # (K, D)
    eigenvalues: FloatArray  # (K,), descending: what each feature explains of a seen input
    loss: float  # summed over all values


def linear_features(
    moments: Moments, masks: Masks, features: int, *, ridge: float = 0.0
) -> LinearFeatures:
    """Reduced-rank regression from masked noisy to clean patches (Bisulco et al., Theorem 1)."""
    visibility = masks.among(moments.patches)
    found = moments.covariances(moments.mean_noisy, moments.mean_clean)
    seen = _ridged(shrunk(found, visibility), found, ridge)
    weights = _from_all(found, seen)
    explained = found.cross.T @ weights
    size = len(explained)
    values, axes = eigh((explained + explained.T) / 2, subset_by_index=(size - features, size - 1))
    values, axes = values[::-1], axes[:, ::-1]
    loss = float(found.clean_power.sum() - visibility.share * values.sum())
    return LinearFeatures(weights @ axes, axes.T, values, loss)


def _ridged(seen: FloatArray, covariances: Covariances, ridge: float) -> FloatArray:
    if ridge < 0:
        raise ShapeError(f"a ridge must not be negative, got {ridge:g}")
    seen[np.diag_indices_from(seen)] += ridge * np.trace(covariances.noisy) / len(seen)
    return seen


def _from_all(covariances: Covariances, seen: FloatArray) -> FloatArray:
    """Weights of the loss on all patches."""
    weights: FloatArray = cho_solve(_factor(seen), covariances.cross)
    return weights


def _from_others(covariances: Covariances, seen: FloatArray) -> FloatArray:
    """Weights of the loss on hidden patches: each column solves the rows of the other patches.

    The inverse K of all rows serves every patch q, for that of the rows without q is
    K − K[:, q] K[q, q]⁻¹ K[q, :].
    """
    inverse: FloatArray = cho_solve(_factor(seen), np.eye(len(seen)), overwrite_b=True)
    blocks = _blocks(covariances.patches, len(seen))
    others = covariances.cross.copy()
    for own in blocks:
        others[own, own] = 0.0
    weights: FloatArray = inverse @ others
    for own in blocks:
        weights[:, own] -= inverse[:, own] @ np.linalg.solve(inverse[own, own], weights[own, own])
        weights[own, own] = 0.0  # the rest is rounding error
    return weights


def _factor(seen: FloatArray) -> tuple[FloatArray, bool]:
    try:
        factor: tuple[FloatArray, bool] = cho_factor(seen)
    except LinAlgError as error:
        raise ShapeError(
            f"the moments of {len(seen)} noisy values must be of full rank, but they are not; "
            "add more examples or a ridge"
        ) from error
    return factor


def _blocks(patches: int, size: int) -> list[slice]:
    """The rows of each patch."""
    values = size // patches
    return [slice(first, first + values) for first in range(0, size, values)]
