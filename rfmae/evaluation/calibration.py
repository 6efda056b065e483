"""Calibration of class probabilities: errors, scores and temperature scaling."""

import math

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import (
    Answers,
    Calibration,
    FloatArray,
    IntArray,
    likeliest_temperature,
    softened,
    wilson_interval,
)

BINS = 15

_LEAST_PROBABILITY = 1e-12  # a true class of probability zero costs 27.6 nats, not infinity


def calibration(
    answers: Answers, bins: int = BINS, temperature: float | None = None
) -> Calibration:
    """Calibration errors of all answers and at every SNR point; zero for a point without any.

    `temperature` is only recorded: it is applied to the probabilities already.
    """
    points = [answers.at(point) for point in range(len(answers.grid_db))]
    edges = confidence_bins(answers.confidence, bins)
    counts = np.bincount(edges)
    filled = counts > 0
    counts = counts[filled]
    hits = np.bincount(edges, answers.right)[filled]
    return Calibration(
        ece=expected_calibration_error(answers, bins),
        nll=negative_log_likelihood(answers),
        brier=brier_score(answers),
        ece_per_snr=np.array([expected_calibration_error(item, bins) for item in points]),
        nll_per_snr=np.array([negative_log_likelihood(item) for item in points]),
        brier_per_snr=np.array([brier_score(item) for item in points]),
        bin_confidence=np.bincount(edges, answers.confidence)[filled] / counts,
        bin_accuracy=hits / counts,
        bin_interval=wilson_interval(hits, counts),
        bin_examples=counts,
        temperature=temperature,
    )


def confidence_bins(confidence: FloatArray, bins: int = BINS) -> IntArray:
    """The bin number of each example (N,): bins of equal mass, by rising confidence.

    Equal confidences share a bin, so that some may be empty; the order of examples is irrelevant.
    """
    if bins < 1:
        raise ShapeError(f"calibration needs at least 1 bin, got {bins}")
    less_confident = np.searchsorted(np.sort(confidence), confidence, side="left")
    return less_confident * bins // max(len(confidence), 1)


def expected_calibration_error(answers: Answers, bins: int = BINS) -> float:
    """Mean distance of accuracy from confidence over bins of equal mass, weighted by examples.

    Nixon et al., Measuring Calibration in Deep Learning, CVPR Workshops 2019. Of N examples in B
    bins a perfect classifier has an error of about √(B/N)·E√(p(1 − p))·√(2/π), not zero.
    """
    if not len(answers):
        return 0.0
    edges = confidence_bins(answers.confidence, bins)
    excess = np.bincount(edges, answers.right.astype(float) - answers.confidence)
    return float(np.abs(excess).sum() / len(answers))


def negative_log_likelihood(answers: Answers) -> float:
    """Mean −ln of the probability of the true class, in nats; clipped at 1e-12 from below."""
    if not len(answers):
        return 0.0
    true = answers.probabilities[np.arange(len(answers)), answers.label]
    return float(-np.log(np.maximum(true.astype(float), _LEAST_PROBABILITY)).mean())


def brier_score(answers: Answers) -> float:
    """Mean squared distance of the probabilities from the truth, from 0 to 2.

    Summed over classes as in Brier, Monthly Weather Review 78 (1950).
    """
    if not len(answers):
        return 0.0
    truth = np.eye(len(answers.classes))[answers.label]
    return float(np.square(answers.probabilities - truth).sum(axis=1).mean())


def fit_temperature(probabilities: FloatArray, label: IntArray) -> float:
    """The temperature of least negative log-likelihood, for probabilities (N, M), labels (N,).

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017: one number that divides the
    logits and changes no decision (see `likeliest_temperature`). It is 1 where all examples are
    right, since the likelihood then has no maximum.
    """
    if len(label) == 0 or probabilities.shape[:1] != label.shape:
        raise ShapeError(
            f"a temperature is fitted to probabilities (N, M) and labels (N,), "
            f"got {probabilities.shape} and {label.shape}"
        )
    logits = _log(probabilities)
    if (logits[np.arange(len(label)), label] >= logits.max(axis=1)).all():
        return 1.0  # the likelihood would rise without bound
    return likeliest_temperature(logits, label)


def tempered(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Probabilities (N, M) whose logits are divided by a temperature."""
    if not 0 < temperature < math.inf:
        raise ShapeError(f"a temperature must be positive and finite, got {temperature:g}")
    return softened(_log(probabilities), temperature)


def _log(probabilities: FloatArray) -> FloatArray:
    return np.log(np.maximum(probabilities.astype(float), _LEAST_PROBABILITY))
