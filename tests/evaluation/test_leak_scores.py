"""Scores of classes that are alike pass, and a class that is moved is named, with its size."""

import numpy as np
import pytest

from rfmae.evaluation.leak_scores import LEAST_ROWS, ClassSums, noticeable_size, standing_out

CLASSES, PLACES = 5, 64


def sums_of(scores, label):
    sums = ClassSums(CLASSES, scores.shape[1])
    for part in np.array_split(np.arange(len(label)), 7):
        sums.add(label[part], scores[part])
    return sums


@pytest.fixture
def label():
    return np.repeat(np.arange(CLASSES), 60)


def test_sums_are_those_of_all_rows_whatever_the_pieces(rng, label):
    scores = rng.random((len(label), PLACES))
    count, mean, error = sums_of(scores, label).of(range(CLASSES))
    for c in range(CLASSES):
        mine = scores[label == c]
        assert mean[c] == pytest.approx(mine.mean(axis=0))
        assert error[c] == pytest.approx(mine.var(axis=0, ddof=1) / 60)
    assert count.ravel().tolist() == [60] * CLASSES


def test_p_values_of_classes_that_are_alike_are_no_smaller_than_chance(rng, label):
    """At a level of 5 % no more than chance allows of 200 sets, spreads of their own or not."""
    spread = np.array([0.02, 0.1, 0.3, 1.0, 1.0])[label, None]
    found = [
        standing_out(
            sums_of(spread * (rng.random((len(label), 8)) - 0.5), label), range(CLASSES), level=0.05
        )
        for _ in range(200)
    ]
    assert sum(one.p_value < 0.05 for one in found) <= 18  # 99 % of chance


def test_the_class_and_the_place_are_named(rng, label):
    scores = rng.random((len(label), PLACES))
    scores[label == 3, 17] += 0.5
    found = standing_out(sums_of(scores, label), range(CLASSES), level=1e-3)
    assert (found.label, found.place) == (3, 17)
    assert found.p_value < 1e-9
    assert found.difference == pytest.approx(0.5, abs=0.12)
    assert found.places.tolist() == [17]


def test_what_is_just_noticeable_is_found_half_of_the_time(rng, label):
    least = standing_out(sums_of(rng.random((300, PLACES)), label), range(CLASSES), level=1e-3)
    hits = 0
    for _ in range(40):
        scores = rng.random((300, PLACES))
        scores[label == 1, 5] += least.noticeable
        hits += standing_out(sums_of(scores, label), range(CLASSES), level=1e-3).p_value < 1e-3
    assert 8 <= hits <= 32


def test_a_constant_score_of_a_class_is_certain_and_none_is_no_error(label):
    scores = np.zeros((len(label), 2))
    scores[label == 2, 1] = 1
    found = standing_out(sums_of(scores, label), range(CLASSES), level=1e-3)
    assert (found.label, found.place) == (2, 1)
    assert found.p_value == 0
    assert standing_out(sums_of(np.zeros((300, 2)), label), range(CLASSES), level=1e-3).p_value == 1


def test_a_class_of_few_examples_is_left_out(rng):
    label = np.repeat([0, 1, 2], [40, LEAST_ROWS - 1, 40])
    scores = rng.random((len(label), 4))
    scores[label == 1] = 1
    assert standing_out(sums_of(scores, label), (0, 1, 2), level=1e-3).p_value > 1e-3
    assert standing_out(sums_of(scores, label), (0, 1), level=1e-3) is None


def test_a_size_is_where_its_gain_is():
    assert noticeable_size(lambda power: power / 4, 0.01) == pytest.approx(0.04)
    assert noticeable_size(lambda power: 0.0, 0.1) == pytest.approx(1000)  # never: the largest
