"""From posteriors to accuracies."""

import numpy as np
import pytest

from rfmae.theory.posterior_counts import count_posteriors, group_posteriors


def drawn(log_ratio, rng, count=40_000):
    """Frames of two classes N(0, 1) and N(shift, 1), and their log evidence."""
    labels = np.repeat([0, 1], count)
    values = rng.normal(size=2 * count) + labels * log_ratio
    return labels, np.stack([np.zeros(2 * count), log_ratio * values - log_ratio**2 / 2], axis=1)


@pytest.mark.parametrize("shift", [0.1, 0.7, 3.0])
def test_both_estimates_are_the_accuracy_that_the_normal_law_gives(shift, rng):
    from scipy.stats import norm

    labels, evidence = drawn(shift, rng)
    members = np.array([1, 1])
    found = count_posteriors(labels, group_posteriors(evidence, members), members)
    expected = norm.cdf(shift / 2)
    assert abs(found.hit_rate - expected) < 4 * found.hit_error
    assert abs(found.mean_posterior - expected) < 4 * found.posterior_error
    assert found.posterior_error < found.hit_error


def test_classes_of_one_group_share_the_credit(rng):
    labels, evidence = drawn(10.0, rng, count=100)
    members = np.array([3, 1])
    found = count_posteriors(labels, group_posteriors(evidence, members), members)
    # four classes: one is always found, of three one in three
    assert found.hit_rate == pytest.approx((1 / 3 * 3 + 1) / 4, abs=1e-3)
    assert found.mean_posterior == pytest.approx(0.5, abs=1e-3)
    assert found.merged_hit_rate == pytest.approx(1.0, abs=1e-3)
    assert found.merged_mean_posterior == pytest.approx(1.0, abs=1e-3)


def test_an_undecided_receiver_names_the_larger_group_and_the_likelier_class():
    labels, members = np.repeat([0, 1], 50), np.array([3, 1])
    evidence = np.tile([0.0, 0.5], (100, 1))
    posteriors = group_posteriors(evidence, members)
    found = count_posteriors(labels, posteriors, members)
    assert found.merged_hit_rate == pytest.approx(0.75)
    assert found.hit_rate == pytest.approx(0.25)  # always the class that is alone
    np.testing.assert_allclose(posteriors.sum(axis=1), 1)


def test_groups_count_by_their_classes_however_many_frames_they_have(rng):
    members = np.array([1, 1])
    few = count_posteriors(np.array([0, 0, 0, 1]), np.tile([0.9, 0.1], (4, 1)), members)
    assert few.hit_rate == 0.5
    np.testing.assert_array_equal(few.recall, [1, 0])


def test_a_law_that_was_dropped_has_no_posterior():
    posteriors = group_posteriors(np.array([[0.0, -np.inf]]), np.array([1, 2]))
    np.testing.assert_array_equal(posteriors, [[1, 0]])
