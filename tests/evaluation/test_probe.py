"""Probes of frozen features, against scikit-learn and against theory."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rfmae.errors import ShapeError
from rfmae.evaluation.calibration import negative_log_likelihood
from rfmae.evaluation.probe import (
    NEIGHBOURS,
    STRENGTHS,
    Features,
    linear_probe,
    neighbour_probe,
    probe_answers,
    probe_report,
    probe_temperature,
)

CLASSES, WIDTH = 4, 6
PROBES = (linear_probe, neighbour_probe)


def clouds(count, rng, *, apart=2.0, classes=CLASSES):
    """Gaussian clouds round fixed centres, features of very different scales and offsets."""
    label = np.arange(count) % classes
    centres = apart * np.eye(classes, WIDTH)
    values = centres[label] + rng.standard_normal((count, WIDTH))
    scale = np.array([1e-3, 1.0, 100.0, 1.0, 1e3, 1.0])
    return Features(values * scale + 7 * scale, label, np.where(label % 2, 10.0, 0.0))


def share_right(probe, features):
    return np.mean(probe.name(features.values) == features.label)


# --- outside references


@pytest.mark.parametrize("classes", [2, 4])
def test_the_linear_probe_is_logistic_regression_on_standardised_features(classes, rng):
    train, test = clouds(200, rng, classes=classes), clouds(300, rng, classes=classes)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    expected = theirs.fit(train.values, train.label).predict(test.values)
    found = linear_probe(train, test, strengths=(0.1,)).name(test.values)
    np.testing.assert_array_equal(found, expected)


def test_the_neighbours_are_those_of_scikit_learn(rng):
    train, test = (
        Features(rng.standard_normal((n, WIDTH)), np.arange(n) % 3, np.zeros(n))
        for n in (150, 1100)
    )  # more than are compared at once
    theirs = KNeighborsClassifier(
        9, metric="cosine", algorithm="brute", weights=lambda d: np.exp(-d / 0.07)
    )
    expected = theirs.fit(train.values, train.label).predict(test.values)
    found = neighbour_probe(train, test, neighbours=(9,)).name(test.values)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_of_the_linear_probe_are_those_of_logistic_regression(classes, rng):
    train, test = clouds(200, rng, classes=classes), clouds(50, rng, classes=classes)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    expected = theirs.fit(train.values, train.label).predict_proba(test.values)
    probe = linear_probe(train, test, strengths=(0.1,))
    # both stop where a gradient is 1e-4
    np.testing.assert_allclose(probe.probabilities(test.values, classes), expected, atol=1e-3)


def test_probabilities_of_neighbours_are_the_shares_of_scikit_learns_vote(rng):
    train, test = (
        Features(rng.standard_normal((n, WIDTH)), np.arange(n) % 3, np.zeros(n)) for n in (150, 90)
    )
    theirs = KNeighborsClassifier(
        9, metric="cosine", algorithm="brute", weights=lambda d: np.exp(-d / 0.07)
    )
    expected = theirs.fit(train.values, train.label).predict_proba(test.values)
    probe = neighbour_probe(train, test, neighbours=(9,))
    np.testing.assert_allclose(probe.probabilities(test.values, 3), expected, atol=1e-9)


def test_two_gaussian_clouds_are_reported_apart_as_often_as_can_be(rng):
    train, validation = clouds(4000, rng, classes=2), clouds(400, rng, classes=2)
    test = clouds(20000, rng, classes=2)
    best = norm.cdf(np.sqrt(2))  # two centres 2√2 apart, unit deviation
    # three deviations of 20,000 trials
    assert share_right(linear_probe(train, validation), test) == pytest.approx(best, abs=0.006)


# --- laws


@pytest.mark.parametrize("make", PROBES)
def test_features_that_say_nothing_are_guessed(make, rng):
    sets = [
        Features(rng.standard_normal((n, WIDTH)), np.arange(n) % CLASSES, np.zeros(n))
        for n in (800, 400, 4000)
    ]
    # three deviations of 4,000 trials
    assert share_right(make(*sets[:2]), sets[2]) == pytest.approx(1 / CLASSES, abs=0.021)


def test_the_linear_probe_does_not_mind_units_and_offsets(rng):
    sets = [clouds(n, rng) for n in (200, 100, 300)]
    scale, offset = rng.random(WIDTH) + 0.1, rng.standard_normal(WIDTH)
    turned = [Features(one.values * scale + offset, one.label, one.snr_db) for one in sets]
    plain, other = linear_probe(*sets[:2]), linear_probe(*turned[:2])
    assert plain.strength == other.strength
    np.testing.assert_array_equal(plain.name(sets[2].values), other.name(turned[2].values))


def test_validation_chooses_the_strength_and_the_number_of_neighbours(rng):
    train, validation = clouds(60, rng, apart=1.0), clouds(200, rng, apart=1.0)
    chosen = linear_probe(train, validation)
    for strength in STRENGTHS:
        alone = linear_probe(train, validation, strengths=(strength,))
        assert share_right(alone, validation) <= share_right(chosen, validation)
    near = neighbour_probe(train, validation)
    for count in (*NEIGHBOURS[:-1], len(train)):
        alone = neighbour_probe(train, validation, neighbours=(count,))
        assert share_right(alone, validation) <= share_right(near, validation)


def test_the_report_counts_what_the_probe_names(rng):
    train, test = clouds(200, rng), clouds(160, rng)
    probe = linear_probe(train, test)
    names = tuple("abcd")
    report = probe_report(probe, test, snr_db=(0.0, 10.0), classes=names, snr_reference="symbol")
    assert report.examples_per_snr.tolist() == [80, 80]
    assert report.accuracy == pytest.approx(share_right(probe, test))
    named = probe.name(test.values)
    at_ten = test.snr_db == 10
    assert report.counts[1, 3, 1] == np.count_nonzero(at_ten & (test.label == 3) & (named == 1))


@pytest.mark.parametrize("make", PROBES)
def test_the_most_probable_class_is_the_one_that_is_named(make, rng):
    train, test = clouds(200, rng, apart=1.0), clouds(300, rng, apart=1.0)
    probe = make(train, test)
    said = probe.probabilities(test.values, CLASSES)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(said.argmax(axis=1), probe.name(test.values))


@pytest.mark.parametrize("make", PROBES)
def test_a_temperature_from_validation_makes_the_truth_more_probable_and_moves_no_decision(
    make, rng
):
    train, validation = clouds(40, rng, apart=1.0), clouds(400, rng, apart=1.0)
    probe = make(train, validation)
    found = probe_temperature(probe, validation)
    grid = {"snr_db": (0.0, 10.0), "classes": tuple("abcd"), "snr_reference": "symbol"}
    plain, mended = (
        probe_answers(probe, validation, **grid, temperature=value) for value in (1.0, found)
    )
    assert negative_log_likelihood(mended) <= negative_log_likelihood(plain)
    second, first = np.sort(plain.probabilities, axis=1)[:, -2:].T
    with_distinct_names = first - second > 1e-9  # votes that are equal but for rounding stay so
    assert with_distinct_names.mean() > 0.9
    np.testing.assert_array_equal(
        mended.named[with_distinct_names], plain.named[with_distinct_names]
    )


# --- edges


@pytest.mark.parametrize("level", [0.0, 1e6])
def test_a_feature_that_never_changes_is_ignored(level, rng):
    train, test = clouds(200, rng), clouds(100, rng)

    def with_constant(features):
        constant = np.full((len(features), 1), level + 0.1, np.float32)
        values = np.hstack([features.values, constant])
        return Features(values, features.label, features.snr_db)

    plain = linear_probe(train, test)
    found = linear_probe(with_constant(train), with_constant(test))
    np.testing.assert_array_equal(found.name(with_constant(test).values), plain.name(test.values))


def test_a_class_that_training_lacks_is_never_named(rng):
    train, test = clouds(200, rng), clouds(100, rng)
    without = np.flatnonzero(train.label != 1)
    part = Features(train.values[without], train.label[without], train.snr_db[without])
    for make in PROBES:
        assert set(make(part, test).name(test.values)) == {0, 2, 3}


def test_a_class_that_training_lacks_has_no_probability(rng):
    train, test = clouds(200, rng), clouds(100, rng)
    without = np.flatnonzero(train.label != 1)
    part = Features(train.values[without], train.label[without], train.snr_db[without])
    for make in PROBES:
        said = make(part, test).probabilities(test.values, CLASSES)
        assert said.shape == (100, CLASSES)
        assert not said[:, 1].any()


def test_neighbours_that_are_all_far_still_share_a_whole_vote():
    train = Features(np.array([[1.0, 0.0], [0.9, 0.1]]), np.array([0, 1]), np.zeros(2))
    said = neighbour_probe(train, train).probabilities(np.array([[-1.0, 0.0]]), 2)
    assert said.sum() == pytest.approx(1)


def test_more_neighbours_than_examples_are_all_of_them(rng):
    few = clouds(8, rng)
    assert neighbour_probe(few, few, neighbours=(100,)).neighbours == 8


def test_features_of_no_length_are_named_without_a_warning(rng):
    train = clouds(40, rng)
    assert neighbour_probe(train, train).name(np.zeros((2, WIDTH))).shape == (2,)


@pytest.mark.parametrize("spoilt", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(spoilt):
    with pytest.raises(ShapeError, match="must be finite"):
        Features(np.array([[spoilt]]), np.zeros(1, int), np.zeros(1))


def test_features_without_their_labels_are_refused(rng):
    with pytest.raises(ShapeError, match="must have the same length, got 3, 2 and 3"):
        Features(np.zeros((3, 2)), np.zeros(2, int), np.zeros(3))


def test_one_class_alone_cannot_be_probed(rng):
    one = Features(rng.random((5, 2)), np.ones(5, int), np.zeros(5))
    with pytest.raises(ShapeError, match="at least two classes"):
        linear_probe(one, one)
