"""Means over seeds are those of scipy's t interval; a single seed falls back on its examples."""

import numpy as np
import pytest
from scipy import stats

from rfmae.errors import ShapeError
from rfmae.evaluation.label_means import label_difference, label_mean, label_means
from rfmae.records.label_curve import LabelPoint


def points(*accuracies, method="probe", budget=5):
    """Runs of so many right of a hundred test examples at each of two SNR points."""
    return [
        LabelPoint(method, budget, seed, (hits, hits), (100, 100))
        for seed, hits in enumerate(accuracies)
    ]


def test_the_interval_is_that_of_students_t():
    mean = label_mean(points(60, 66, 75))
    values = np.array([0.60, 0.66, 0.75])
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert (mean.low, mean.high) == pytest.approx((low, high))
    assert (mean.accuracy, mean.worst, mean.seeds) == (pytest.approx(0.67), 0.60, 3)


def test_no_interval_leaves_what_is_possible():
    mean = label_mean(points(2, 98))
    assert (mean.low, mean.high) == (0.0, 1.0)


def test_a_single_seed_has_the_wilson_interval_of_its_examples():
    mean = label_mean(points(70))
    outside = stats.binomtest(140, 200).proportion_ci(method="wilson")
    assert (mean.low, mean.high) == pytest.approx((outside.low, outside.high))


def test_seeds_that_agree_have_no_width():
    mean = label_mean(points(70, 70, 70))
    assert (mean.low, mean.high) == pytest.approx((0.7, 0.7))


def test_methods_and_budgets_are_kept_apart():
    runs = points(10, 20) + points(30, budget=10) + points(40, 50, 60, method="knn")
    found = [(mean.method, mean.budget, mean.seeds) for mean in label_means(runs)]
    assert found == [("probe", 5, 2), ("probe", 10, 1), ("knn", 5, 3)]


def test_a_point_without_examples_is_none():
    with pytest.raises(ShapeError, match="needs hits and examples"):
        LabelPoint("probe", 1, 0, (0,), (0,))


def test_a_difference_is_that_of_the_runs_of_a_seed():
    first, second = points(60, 66, 75), points(50, 60, 62, method="scratch")
    found = label_difference(first, second)
    values = np.array([0.10, 0.06, 0.13])
    low, high = stats.t.interval(0.95, 2, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.difference == pytest.approx(values.mean())
    assert (found.first, found.second, found.budget, found.seeds) == ("probe", "scratch", 5, 3)


def test_runs_are_paired_by_seed_and_not_by_order():
    first, second = points(60, 66, 75), points(50, 60, 62, method="scratch")
    assert label_difference(first, second[::-1]) == label_difference(first, second)


def test_the_difference_of_single_runs_has_the_width_of_two_shares():
    found = label_difference(points(70), points(50, method="scratch"))
    half = stats.norm.ppf(0.975) * np.sqrt(0.7 * 0.3 / 200 + 0.5 * 0.5 / 200)
    assert (found.low, found.high) == pytest.approx((0.2 - half, 0.2 + half))
