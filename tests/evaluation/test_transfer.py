"""What a model loses on other data than its own."""

import numpy as np
import pytest
from simulated import answers_of

from rfmae.evaluation.transfer import drop_between, share_right
from rfmae.records import Share


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_that_of_newcombe(first, second, low, high):
    found = drop_between(Share.of(*first), Share.of(*second))
    assert found.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    back = drop_between(Share.of(*second), Share.of(*first))
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))


def test_the_interval_holds_the_truth_as_often_as_it_says(rng):
    hits = rng.binomial(80, [0.7, 0.55], (400, 2)).tolist()
    found = [drop_between(Share.of(one, 80), Share.of(other, 80)) for one, other in hits]
    covered = np.mean([drop.low <= 0.15 <= drop.high for drop in found])
    assert covered == pytest.approx(0.95, abs=0.035)  # three standard deviations


def test_only_examples_of_the_named_classes_count():
    answers = answers_of(np.eye(4)[[0, 1, 2, 0, 3]], [0, 1, 1, 2, 3])
    assert (share_right(answers, ["2PAM"]).hits, share_right(answers, ["2PAM"]).examples) == (1, 2)
    assert share_right(answers, answers.classes).value == pytest.approx(3 / 5)
    assert share_right(answers, []).examples == 0
