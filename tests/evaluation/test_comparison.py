"""Two classifiers on the same examples."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest
from simulated import answers_of, calibrated

from rfmae.errors import ShapeError
from rfmae.evaluation.comparison import compare
from rfmae.records import Comparison, holm_adjusted

NAMES = ("one", "other")


def pair(both, first_alone, second_alone, neither):
    """Two classifiers of so many examples of each fate, all of one class."""
    fates = np.repeat([0, 1, 2, 3], [both, first_alone, second_alone, neither])
    label = np.zeros(len(fates), int)
    return [answers_of(np.eye(4)[~np.isin(fates, right) + 0], label) for right in ((0, 1), (0, 2))]


# --- outside references


@pytest.mark.parametrize(("first_alone", "second_alone"), [(9, 2), (5, 5), (0, 6), (21, 8), (1, 0)])
def test_the_p_value_is_that_of_a_fair_coin(first_alone, second_alone, rng):
    found = compare(*pair(50, first_alone, second_alone, 7), NAMES, rng)
    tosses, fewer = first_alone + second_alone, min(first_alone, second_alone)
    tail = sum(comb(tosses, heads) for heads in range(fewer + 1)) / 2**tosses
    assert found.p_value == pytest.approx(min(1.0, 2 * tail), rel=1e-9)
    assert (found.first_alone, found.second_alone) == (first_alone, second_alone)
    assert found.examples == 57 + tosses
    assert found.difference == pytest.approx((first_alone - second_alone) / found.examples)


def test_the_bootstrap_is_as_wide_as_the_normal_law_says(rng):
    found = compare(*pair(600, 200, 120, 80), NAMES, rng)
    deviation = np.sqrt(0.320 - 0.080**2) / np.sqrt(1000)
    # quantiles of 2,000 resamples are good to a tenth of a deviation
    assert found.low == pytest.approx(0.080 - 1.96 * deviation, abs=0.15 * deviation)
    assert found.high == pytest.approx(0.080 + 1.96 * deviation, abs=0.15 * deviation)


def test_equally_good_classifiers_are_called_different_as_often_as_stated(rng):
    """Of 400 pairs with 60 % and 60 % about 5 % have p < 0.05; the exact test has fewer."""
    alarms = 0
    for _ in range(400):
        first, second = rng.random((2, 200)) < 0.6
        fates = [np.sum(first & second), np.sum(first & ~second), np.sum(second & ~first)]
        found = compare(*pair(*fates, 200 - sum(fates)), NAMES, rng)
        alarms += found.p_value < 0.05
    assert 2 <= alarms <= 31  # 3 standard deviations above 20


def message(p_values):
    return [Comparison("one", "other", 9, 1, 1, 0.0, -0.1, 0.1, p_value) for p_value in p_values]


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        # worked by hand: 4·0.005 = 0.02, 3·0.01 = 0.03, 2·0.03 = 0.06, and 0.04 no less than that
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        # p.adjust(c(0.001, 0.01, 0.02, 0.02, 0.9), "holm") in R
        ([0.001, 0.01, 0.02, 0.02, 0.9], [0.005, 0.04, 0.06, 0.06, 0.9]),
        ([0.6, 0.7], [1.0, 1.0]),
        ([0.03], [0.03]),
        ([], []),
    ],
)
def test_p_values_are_corrected_step_by_step(p_values, adjusted):
    pairs = message(p_values)
    found = holm_adjusted(pairs)
    assert [pair.p_adjusted for pair in found] == pytest.approx(adjusted)
    assert [replace(pair, p_adjusted=None) for pair in found] == pairs
    assert holm_adjusted(found) == found


def test_of_many_pairs_of_equals_one_is_seldom_called_different(rng):
    """Of 400 families of ten independent p-values 5 % have one below 0.05, not 40 %."""
    families = rng.random((400, 10))
    least = [min(pair.p_adjusted for pair in holm_adjusted(message(p))) for p in families.tolist()]
    alarms = np.mean(np.array(least) < 0.05)
    assert alarms == pytest.approx(0.049, abs=3 * np.sqrt(0.05 * 0.95 / 400))
    assert np.mean(families.min(axis=1) < 0.05) > 0.3


# --- laws


def test_the_order_of_two_changes_the_sign_alone(rng):
    first, second = calibrated(rng, 300), calibrated(rng, 300)
    second = replace(second, label=first.label)
    forth = compare(first, second, NAMES, np.random.default_rng(1))
    back = compare(second, first, NAMES[::-1], np.random.default_rng(1))
    assert forth.difference == -back.difference
    assert forth.p_value == pytest.approx(back.p_value)
    assert (forth.first, forth.second) == (back.second, back.first)


def test_nobody_differs_from_himself(rng):
    answers = calibrated(rng, 100)
    found = compare(answers, answers, NAMES, rng)
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)


# --- edges


def test_other_examples_cannot_be_compared(rng):
    answers = calibrated(rng, 100)
    others = [
        replace(answers, label=answers.label[::-1]),
        replace(answers, snr_db=answers.snr_db[::-1]),
        replace(answers, classes=answers.classes[::-1]),
        calibrated(rng, 99),
    ]
    for other in others:
        with pytest.raises(ShapeError, match="must have answered the same examples"):
            compare(answers, other, NAMES, rng)


def test_of_no_examples_nothing_is_known(rng):
    nothing = answers_of(np.zeros((0, 4)), np.zeros(0, int))
    found = compare(nothing, nothing, NAMES, rng)
    assert (found.low, found.high, found.p_value) == (-1.0, 1.0, 1.0)
