"""One number makes scores believable."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax

from rfmae.records import likeliest_temperature, softened


def drawn(rng, temperature, n=20_000, classes=5):
    """Scores, and labels that are as likely as the scores over a temperature say."""
    scores = 3 * rng.standard_normal((n, classes))
    chances = softmax(scores / temperature, axis=1).cumsum(axis=1)
    return scores, (rng.random((n, 1)) > chances).sum(axis=1)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 7.0])
def test_the_temperature_that_labels_were_drawn_at_is_found(temperature, rng):
    found = likeliest_temperature(*drawn(rng, temperature))
    assert found == pytest.approx(temperature, rel=0.06)  # some 2 % wide, thrice


def test_it_makes_the_labels_most_probable(rng):
    scores, label = drawn(rng, 2.0, n=500)
    best = likeliest_temperature(scores, label)

    def surprise(temperature):
        return -np.log(softened(scores, temperature)[np.arange(len(label)), label]).mean()

    assert surprise(best) <= min(surprise(best * 1.05), surprise(best / 1.05))


@pytest.mark.parametrize("temperature", [0.01, 0.3, 4.0, 300.0])
def test_it_is_where_an_optimiser_finds_the_least_surprise(temperature, rng):
    scores, label = drawn(rng, temperature, n=300)

    def surprise(log_temperature):
        colder = scores / np.exp(log_temperature)
        return np.mean(logsumexp(colder, axis=1) - colder[np.arange(len(label)), label])

    found = minimize_scalar(surprise, bounds=np.log([1e-3, 1e3]), method="bounded")
    assert likeliest_temperature(scores, label) == pytest.approx(np.exp(found.x), rel=1e-3)


def test_probabilities_are_those_of_scipy(rng):
    scores, _ = drawn(rng, 1.0, n=100)
    np.testing.assert_allclose(softened(1e3 * scores, 7.0), softmax(1e3 * scores / 7, axis=1))


def test_a_temperature_changes_no_answer(rng):
    scores, _ = drawn(rng, 1.0, n=100)
    for temperature in (0.1, 1.0, 10.0):
        found = softened(scores, temperature)
        np.testing.assert_allclose(found.sum(axis=1), 1)
        np.testing.assert_array_equal(found.argmax(axis=1), scores.argmax(axis=1))


def test_labels_that_are_always_right_and_always_wrong_have_a_temperature(rng):
    scores, _ = drawn(rng, 1.0, n=100)
    assert likeliest_temperature(scores, scores.argmax(axis=1)) < 0.1
    assert likeliest_temperature(scores, scores.argmin(axis=1)) > 100
