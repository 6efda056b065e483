"""A support vector machine with radial kernel (Cortes and Vapnik 1995), as plain arrays.

It is fitted by scikit-learn and kept as numbers alone, so that a saved one executes nothing when it
is opened and predicts the same under any version.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import log_expit
from sklearn.svm import SVC

from rfmae.baselines.standard import Standard
from rfmae.records import FloatArray, IntArray

_CACHE_MEGABYTES = 500
_NUMBERS = 2**23  # of kernel values at once


@dataclass(frozen=True, slots=True)
class SupportVectors:
    """V support vectors of D standardised features and a decision for each pair of M classes."""

    mean: FloatArray  # (D,)
    deviation: FloatArray  # (D,)
    vectors: FloatArray  # (V, D), standardised
    coefficients: FloatArray  # (V, M·(M−1)/2)
    intercepts: FloatArray  # (M·(M−1)/2,), positive for the first class of a pair
    gamma: FloatArray  # (): of exp(−gamma·|x − v|²)
    classes: IntArray  # (): M

    def scores(self, values: FloatArray) -> FloatArray:
        """Log-likelihoods up to a constant (N, M) of features (N, D), as the pairs have them.

        A decision counts as the log-odds of a pair, and the score of a class is the sum over its
        pairs, as if they were independent (Hastie and Tibshirani, Annals of Statistics 26(2), 1998,
        couple them consistently). Votes would be whole numbers, which cannot be calibrated by a
        temperature.
        """
        standard = Standard(self.mean, self.deviation)(values)
        rows = max(1, _NUMBERS // max(1, len(self.vectors)))
        parts = np.split(standard, range(rows, len(standard), rows))
        return np.concatenate([self._scores(self.decisions(part)) for part in parts])

    def decisions(self, standard: FloatArray) -> FloatArray:
        """The decision of each pair (N, M·(M−1)/2), above 0 for its first class."""
        return self._kernel(standard) @ self.coefficients + self.intercepts

    def _scores(self, decisions: FloatArray) -> FloatArray:
        scores = np.zeros((len(decisions), int(self.classes)))
        for pair, (first, second) in enumerate(combinations(range(int(self.classes)), 2)):
            scores[:, first] += log_expit(decisions[:, pair])
            scores[:, second] += log_expit(-decisions[:, pair])
        return scores

    def _kernel(self, standard: FloatArray) -> FloatArray:
        squares = np.square(standard).sum(axis=1)[:, None] + np.square(self.vectors).sum(axis=1)
        distance = squares - 2 * standard @ self.vectors.T
        return np.exp(-self.gamma * distance.clip(0))


def fit_support_vectors(
    values: FloatArray, label: IntArray, *, penalty: float, gamma: float
) -> SupportVectors:
    """The machine of features (N, D) and labels (N,) from 0 to M − 1, each of which occurs."""
    standard = Standard.of(values)
    found = SVC(C=penalty, gamma=gamma, cache_size=_CACHE_MEGABYTES)
    found.fit(standard(values), label)
    classes = len(found.classes_)
    sign = -1.0 if classes == 2 else 1.0  # of two classes scikit-learn decides for the second
    return SupportVectors(
        standard.mean,
        standard.deviation,
        found.support_vectors_,
        sign * _pairwise(found.dual_coef_, found.n_support_),
        sign * found.intercept_,
        np.array(gamma),
        np.array(classes),
    )


def _pairwise(dual: FloatArray, counts: IntArray) -> FloatArray:
    """A column for each pair of classes, from what libsvm packs into M − 1 rows.

    Its vectors are sorted by class, and row r of those of class c belongs to the pair of c with
    the r-th of the other classes.
    """
    classes, ends = len(counts), np.cumsum(counts)
    of_class = [slice(end - count, end) for end, count in zip(ends, counts, strict=True)]
    pairs = [*combinations(range(classes), 2)]
    coefficients = np.zeros((dual.shape[1], len(pairs)))
    for pair, (first, second) in enumerate(pairs):
        coefficients[of_class[first], pair] = dual[second - 1, of_class[first]]
        coefficients[of_class[second], pair] = dual[first, of_class[second]]
    return coefficients
