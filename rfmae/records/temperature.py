"""Temperature scaling: one number that divides all scores and calibrates them.

Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017.
"""

import math

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records.iq import FloatArray, IntArray

_LEAST, _LARGEST = math.log(1e-3), math.log(1e3)
_HALVINGS = 40  # of the interval: a relative precision of 10⁻¹¹


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that divides no scores: zero, negative, NaN or infinite."""
    if not 0 < temperature < math.inf:
        raise ShapeError(f"a temperature must be positive and finite, got {temperature:g}")


def softened(scores: FloatArray, temperature: float) -> FloatArray:
    """Softmax (N, M) of scores (N, M) over a temperature."""
    colder = scores / temperature
    odds: FloatArray = np.exp(colder - colder.max(axis=1, keepdims=True))
    shares: FloatArray = odds / odds.sum(axis=1, keepdims=True)
    return shares


def likeliest_temperature(scores: FloatArray, label: IntArray) -> float:
    """The temperature from 0.001 to 1,000 that makes labels (N,) most probable.

    The likelihood is concave in 1/T, and its slope is the score of the label less the expected
    score: where the expected score is larger, the scores are overconfident. Where all labels have
    the highest score, the result is the least temperature.
    """
    scores = scores.astype(float)
    above = scores - np.take_along_axis(scores, label[:, None], axis=1)
    low, high = _LEAST, _LARGEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if (softened(scores, math.exp(middle)) * above).sum() > 0:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)
