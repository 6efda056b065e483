"""Plain arrays answer as scikit-learn's own objects do."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from rfmae.baselines.forest import Forest, fit_forest
from rfmae.baselines.logistic import fit_logistic
from rfmae.baselines.standard import Standard
from rfmae.baselines.support_vectors import fit_support_vectors
from rfmae.errors import CheckpointError


def blobs(rng, classes, n=240, features=6):
    """Overlapping clouds of features of very unlike size."""
    label = np.arange(n) % classes
    centres = rng.standard_normal((classes, features))
    values = centres[label] + 0.8 * rng.standard_normal((n, features))
    return values * np.logspace(-2, 2, features) + 3, label


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_the_machine_decides_as_scikit_learns_does(classes, rng):
    values, label = blobs(rng, classes)
    new_values, _ = blobs(rng, classes, n=100)
    machine = SVC(C=10.0, gamma=0.2, decision_function_shape="ovo")
    theirs = make_pipeline(StandardScaler(), machine).fit(values, label)
    found = fit_support_vectors(values, label, penalty=10.0, gamma=0.2)
    decisions = found.decisions(Standard.of(values)(new_values))
    expected = theirs.decision_function(new_values)
    if classes == 2:  # one number, for the second class
        expected = -expected[:, None]
    np.testing.assert_allclose(decisions, expected, atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_a_class_has_the_log_odds_of_all_its_pairs(classes, rng):
    values, label = blobs(rng, classes)
    found = fit_support_vectors(values, label, penalty=10.0, gamma=0.2)
    decisions = found.decisions(Standard.of(values)(values))
    odds = np.zeros((len(values), classes, classes))
    for pair, (first, second) in enumerate(combinations(range(classes), 2)):
        odds[:, first, second], odds[:, second, first] = decisions[:, pair], -decisions[:, pair]
    certainty = -np.log1p(np.exp(-odds)) * (1 - np.eye(classes))
    np.testing.assert_allclose(found.scores(values), certainty.sum(axis=2), atol=1e-9)


@pytest.mark.parametrize("classes", [2, 5])
def test_the_forest_votes_as_scikit_learns_does(classes, rng):
    values, label = blobs(rng, classes)
    new_values, _ = blobs(rng, classes, n=3000)  # more than one chunk
    theirs = RandomForestClassifier(7, min_samples_leaf=2, max_leaf_nodes=1024, random_state=3).fit(
        values, label
    )
    found = fit_forest(values, label, least_leaf=2, seed=3, trees=7).scores(new_values)
    shares = np.exp(found) - 0.5 / 7
    np.testing.assert_allclose(shares, theirs.predict_proba(new_values), atol=1e-9)


@pytest.mark.parametrize("classes", [2, 5])
def test_the_regression_says_as_scikit_learns_does(classes, rng):
    values, label = blobs(rng, classes)
    new_values, _ = blobs(rng, classes, n=50)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    theirs.fit(values, label)
    found = np.exp(fit_logistic(values, label, penalty=0.1).scores(new_values))
    shares = found / found.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, theirs.predict_proba(new_values), atol=1e-6)


def test_a_feature_that_never_changes_carries_no_information(rng):
    values, label = blobs(rng, 3)
    values[:, 2] = 0.1  # rounding would give it a deviation of 1e-17
    moved = values.copy()
    moved[:, 2] += 5
    model = fit_support_vectors(values, label, penalty=1.0, gamma=0.1)
    np.testing.assert_array_equal(model.scores(moved), model.scores(values))
    assert np.isfinite(Standard.of(values)(moved)).all()


def test_chunks_of_kernel_values_leave_no_seam(rng, monkeypatch):
    values, label = blobs(rng, 3)
    model = fit_support_vectors(values, label, penalty=1.0, gamma=0.1)
    whole = model.scores(values)
    monkeypatch.setattr("rfmae.baselines.support_vectors._NUMBERS", 5 * len(model.vectors))
    np.testing.assert_allclose(model.scores(values), whole, atol=1e-12)


def test_a_forest_that_leads_in_circles_is_refused(rng):
    values, label = blobs(rng, 2)
    grown = fit_forest(values, label, least_leaf=5, seed=0, trees=2)
    inner = int(np.flatnonzero(grown.left >= 0)[0])
    for wrong in (0, len(grown.left)):
        left = grown.left.copy()
        left[inner] = wrong
        with pytest.raises(CheckpointError, match="from every node to a later one"):
            Forest(grown.roots, left, grown.right, grown.feature, grown.threshold, grown.shares)
