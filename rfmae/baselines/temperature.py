"""From scores to probabilities: one temperature, fitted where the classifier did not learn.

Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from rfmae.records import FloatArray, IntArray

_LEAST, _LARGEST = math.log(1e-3), math.log(1e3)


def softened(scores: FloatArray, temperature: float) -> FloatArray:
    """Probabilities (N, M) of scores (N, M) over a temperature."""
    return softmax(scores / temperature, axis=1)


def fit_score_temperature(scores: FloatArray, label: IntArray) -> float:
    """The temperature from 0.001 to 1,000 that makes labels (N,) most probable."""
    own = np.arange(len(label)), label

    def surprise(log_temperature: float) -> float:
        colder = scores / math.exp(log_temperature)
        return float(np.mean(logsumexp(colder, axis=1) - colder[own]))

    found = minimize_scalar(surprise, bounds=(_LEAST, _LARGEST), method="bounded")
    return math.exp(float(found.x))
