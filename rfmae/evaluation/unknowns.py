"""Out-of-distribution detection: signals of no class, detected by low confidence."""

import math

import numpy as np
from scipy.stats import rankdata

from rfmae.errors import ShapeError
from rfmae.records import FloatArray, OpenSet

_PASSING = 0.95  # share of the known that must pass


def open_set(known_confidence: FloatArray, unknown_confidence: FloatArray, name: str) -> OpenSet:
    """AUROC and FPR95 of confidences of known (N,) and of unknown examples (M,).

    Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples,
    ICLR 2017. Confidence may be any score that is higher for the known; it is compared in single
    precision, in which answers are kept, so that rounding cannot separate the two.
    """
    for what, confidence in (("known", known_confidence), ("unknown", unknown_confidence)):
        if confidence.ndim != 1 or not len(confidence) or not np.isfinite(confidence).all():
            raise ShapeError(
                f"the confidences of {what} examples must be finite numbers (N,), at least one, "
                f"got shape {confidence.shape}"
            )
    known, unknown = known_confidence.astype(np.float32), unknown_confidence.astype(np.float32)
    return OpenSet(
        unknown=name,
        known_examples=len(known_confidence),
        unknown_examples=len(unknown_confidence),
        auroc=auroc(known, unknown),
        fpr95=false_positive_rate(known, unknown),
    )


def auroc(known: FloatArray, unknown: FloatArray) -> float:
    """The chance that a known example scores above an unknown one, equal scores counting half.

    From the sum of ranks (Mann, Whitney, Ann. Math. Stat. 18, 1947).
    """
    ranks = rankdata(np.concatenate([known, unknown]))[: len(known)]
    above = ranks.sum() - len(known) * (len(known) + 1) / 2
    return float(above / (len(known) * len(unknown)))


def false_positive_rate(known: FloatArray, unknown: FloatArray, passing: float = _PASSING) -> float:
    """The share of the unknown that reach the highest threshold that a share of the known reach."""
    return float((unknown >= passing_threshold(known, passing)).mean())


def passing_threshold(known: FloatArray, passing: float = _PASSING) -> float:
    """The highest threshold that a share of the known (N,) reach."""
    needed = math.ceil(passing * len(known) - 1e-9)  # 0.95 · 100 is a little above 95
    return float(np.sort(known)[-max(needed, 1)])
