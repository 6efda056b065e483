"""What a model loses on other data than its own."""

import math
from collections.abc import Collection

import numpy as np

from rfmae.records import Answers, Drop, Share


def share_right(answers: Answers, classes: Collection[str]) -> Share:
    """How many examples of some classes are classified correctly, over all answers."""
    rows = np.isin(np.array(answers.classes)[answers.label], list(classes))
    return Share.of(int(answers.right[rows].sum()), int(rows.sum()))


def drop_between(home: Share, elsewhere: Share) -> Drop:
    """The accuracy at home less that elsewhere, with its 95 % interval.

    The examples are independent, and the bounds follow from those of both Wilson intervals
    (Newcombe, Statistics in Medicine 17, 1998, method 10).
    """
    difference = home.value - elsewhere.value
    below = math.hypot(home.value - home.low, elsewhere.high - elsewhere.value)
    above = math.hypot(home.high - home.value, elsewhere.value - elsewhere.low)
    return Drop(home, difference, difference - below, difference + above)
