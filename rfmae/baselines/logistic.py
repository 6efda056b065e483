"""Multinomial logistic regression on standardised features, as plain arrays."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from rfmae.baselines.standard import Standard
from rfmae.records import FloatArray, IntArray

_STEPS = 300


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of D standardised features for each of M classes."""

    mean: FloatArray  # (D,)
    deviation: FloatArray  # (D,)
    weights: FloatArray  # (D, M)
    bias: FloatArray  # (M,)

    def scores(self, values: FloatArray) -> FloatArray:
        """Logits (N, M) of features (N, D)."""
        return Standard(self.mean, self.deviation)(values) @ self.weights + self.bias


def fit_logistic(values: FloatArray, label: IntArray, *, penalty: float) -> Linear:
    """Regression on features (N, D) and labels (N,) from 0 to M − 1, each of which occurs.

    `penalty` is scikit-learn's C: the larger, the weaker the regularisation.
    """
    standard = Standard.of(values.astype(np.float64))
    found = LogisticRegression(C=penalty, max_iter=_STEPS)
    with warnings.catch_warnings():  # validation measures the result
        warnings.simplefilter("ignore", ConvergenceWarning)
        found.fit(standard(values), label)
    weights, bias = found.coef_.T, found.intercept_
    if len(found.classes_) == 2:  # scikit-learn has the score of the second alone
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.concatenate([-bias, bias]) / 2
    return Linear(standard.mean, standard.deviation, weights, bias)
