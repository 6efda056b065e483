"""Calibrated posteriors from uncalibrated scores.

Multinomial logistic regression that starts from the scores themselves (Hastie, Tibshirani,
Friedman, The Elements of Statistical Learning, ch. 4.4).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import logsumexp

from rfmae.records import FloatArray, IntArray

_PENALTIES = (1.0, 10.0, 30.0, 100.0)  # the one that predicts held-out frames best is taken
_LEAST_SPREAD = 1e-5  # of the largest principal spread, below which a direction is rounding
_FOLDS = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Features of N frames: blocks of one score for each class, and others."""

    blocks: FloatArray  # (B, N, C)
    features: FloatArray  # (N, F)

    def __len__(self) -> int:
        return len(self.features)

    def part(self, rows: IntArray) -> "Evidence":
        return Evidence(self.blocks[:, rows], self.features[rows])


@dataclass(frozen=True, slots=True)
class Discriminant:
    """Class scores: a weight for each block, and a small linear map of all features."""

    mean: FloatArray  # (D,)
    whitening: FloatArray  # (D, R)
    trust: FloatArray  # (B,)
    weights: FloatArray  # (R + 1, C)
    sharpness: float = 1.0

    def log_posteriors(self, evidence: Evidence) -> FloatArray:
        """(N, C) with the class priors of the fitted frames."""
        white = _with_one((_flat(evidence) - self.mean) @ self.whitening)
        scores = np.tensordot(self.trust, evidence.blocks, 1) + white @ self.weights
        return log_shares(self.sharpness * scores)


def fit(evidence: Evidence, labels: IntArray, weights: FloatArray | None = None) -> Discriminant:
    """Fit a discriminant to frames with class `labels` (N,).

    Each block gets one factor, its trust; the linear map that corrects them is penalised. The
    penalty and the sharpness of the posteriors are chosen by cross-validation. Frames count by
    their `weights` (N,), by default equally.
    """
    weights = np.ones(len(labels)) if weights is None else weights
    fold = np.arange(len(labels)) % _FOLDS  # labels come in runs: every fold has its share
    held_out = [
        _evidence_left_out(evidence, labels, weights, fold, penalty) for penalty in _PENALTIES
    ]
    best = int(np.argmin([_loss(scores, labels, weights) for scores in held_out]))
    sharpness = minimize_scalar(
        lambda log: _loss(np.exp(log) * held_out[best], labels, weights),
        bounds=(-1.5, 0.5),
        method="bounded",
    ).x
    fitted = _fitted(evidence, labels, weights, _PENALTIES[best])
    return replace(fitted, sharpness=float(np.exp(sharpness)))


def log_shares(scores: FloatArray) -> FloatArray:
    """Scores (N, C) normalised so that their exponentials sum to one."""
    normalised: FloatArray = scores - logsumexp(scores, axis=1, keepdims=True)
    return normalised


def _evidence_left_out(
    evidence: Evidence, labels: IntArray, weights: FloatArray, fold: IntArray, penalty: float
) -> FloatArray:
    """Cross-validated log posteriors (N, C): each frame by a fit that has not seen it."""
    posteriors = np.empty(evidence.blocks.shape[1:])
    for number in range(_FOLDS):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        part = evidence.part(train)
        discriminant = _fitted(part, labels[train], weights[train], penalty)
        posteriors[test] = discriminant.log_posteriors(evidence.part(test))
    return posteriors


def _loss(scores: FloatArray, labels: IntArray, weights: FloatArray) -> float:
    """Negative log probability of the true classes, summed."""
    return -float((weights * log_shares(scores)[np.arange(len(labels)), labels]).sum())


def _fitted(
    evidence: Evidence, labels: IntArray, weights: FloatArray, penalty: float
) -> Discriminant:
    flat = _flat(evidence)
    mean, whitening = _whitening(flat, weights)
    white = _with_one((flat - mean) @ whitening)
    blocks, models = evidence.blocks, evidence.blocks.shape[2]
    rows, count = np.arange(len(labels)), len(blocks)

    def loss(parameters: FloatArray) -> tuple[float, FloatArray]:
        trust, linear = parameters[:count], parameters[count:].reshape(-1, models)
        scores = np.tensordot(trust, blocks, 1) + white @ linear
        total = logsumexp(scores, axis=1)
        wrong = np.exp(scores - total[:, None])
        missed = weights * (total - scores[rows, labels])
        value = float(missed.sum() + penalty * np.sum(linear**2))
        wrong[rows, labels] -= 1
        wrong *= weights[:, None]
        slope = [np.tensordot(blocks, wrong, 2), (white.T @ wrong + 2 * penalty * linear).ravel()]
        return value, np.concatenate(slope)

    start = np.zeros(count + white.shape[1] * models)
    start[0] = 1.0
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return Discriminant(mean, whitening, found[:count], found[count:].reshape(-1, models))


def _flat(evidence: Evidence) -> FloatArray:
    """All features side by side (N, D), each block centred over the classes."""
    centred = evidence.blocks - evidence.blocks.mean(axis=2, keepdims=True)
    return np.concatenate([*centred, evidence.features], axis=1)


def _whitening(flat: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean (D,) and a map (D, R) to uncorrelated features of unit spread."""
    total, each = weights.sum(), weights[:, None]
    mean = (each * flat).sum(axis=0) / total
    centred = flat - mean
    scale = np.maximum(np.sqrt((each * (centred * centred)).sum(axis=0) / total), 1e-9)
    _, spread, axes = np.linalg.svd(np.sqrt(each) * (centred / scale), full_matrices=False)
    kept = spread > _LEAST_SPREAD * spread[0]
    return mean, (axes[kept] / scale).T * (np.sqrt(total) / spread[kept])


def _with_one(features: FloatArray) -> FloatArray:
    return np.hstack([features, np.ones((len(features), 1))])
