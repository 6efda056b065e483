"""Telling signals that are none of the classes by low confidence."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from rfmae.errors import ShapeError
from rfmae.evaluation.unknowns import open_set


def scikit_learn(known, unknown):
    """AUROC and FPR95 as scikit-learn's curve has them."""
    truth = np.repeat([1, 0], [len(known), len(unknown)])
    scores = np.concatenate([known, unknown])
    false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
    return roc_auc_score(truth, scores), false[np.argmax(true >= 0.95)]


@pytest.mark.parametrize("digits", [1, 2, 12], ids=lambda digits: f"{digits} digits")
@pytest.mark.parametrize("known_examples", [1, 19, 20, 100, 333])
def test_the_figures_are_those_of_scikit_learn(known_examples, digits, rng):
    known = rng.beta(5, 2, known_examples).round(digits)  # few digits make many equal scores
    unknown = rng.beta(3, 3, 217).round(digits)
    found = open_set(known, unknown, "noise")
    auroc, fpr95 = scikit_learn(known, unknown)
    assert found.auroc == pytest.approx(auroc, abs=1e-12)
    assert found.fpr95 == pytest.approx(fpr95, abs=1e-12)
    assert (found.known_examples, found.unknown_examples) == (known_examples, 217)


def test_who_is_surer_of_every_known_example_lets_no_unknown_pass():
    found = open_set(np.linspace(0.6, 1, 40), np.linspace(0.2, 0.5, 30), "noise")
    assert (found.unknown, found.auroc, found.fpr95) == ("noise", 1.0, 0.0)


def test_who_is_as_sure_of_everything_guesses():
    found = open_set(np.full(20, 0.5), np.full(30, 0.5), "noise")
    assert (found.auroc, found.fpr95) == (0.5, 1.0)


def test_rounding_does_not_tell_the_known_from_the_unknown():
    third = np.full(10, 1 / 3)
    found = open_set(third.astype(np.float32), third, "noise")
    assert (found.auroc, found.fpr95) == (0.5, 1.0)


def test_known_and_unknown_the_other_way_round_mirror_the_curve(rng):
    known, unknown = rng.random((2, 50))
    forth, back = open_set(known, unknown, "x"), open_set(unknown, known, "x")
    assert forth.auroc + back.auroc == pytest.approx(1.0)


@pytest.mark.parametrize(
    "wrong", [np.zeros(0), np.zeros((3, 2)), np.array([0.1, np.nan])], ids=["none", "2-D", "NaN"]
)
def test_confidences_that_are_none_are_refused(wrong):
    with pytest.raises(ShapeError, match="confidences of unknown examples"):
        open_set(np.ones(3), wrong, "noise")
    with pytest.raises(ShapeError, match="confidences of known examples"):
        open_set(wrong, np.ones(3), "noise")
