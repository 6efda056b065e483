"""A question is fair: luck is rarely called a leak, and what names the class always."""

import numpy as np
import pytest
from scipy import stats

from rfmae.errors import ShapeError
from rfmae.evaluation.leak_tests import (
    LEVEL,
    LeakFeatures,
    chance_test,
    guessing,
    guessing_beside_snr,
    is_leak,
    named_by,
    shuffled_control,
    snr_errors,
)
from rfmae.records.audit_report import TOLERANCE_DB
from rfmae.units import db_to_ratio

CLASSES = 5


def labels(count):
    return np.tile(np.arange(CLASSES), count // CLASSES)


def features(values, label, snr_db=None):
    values = values if values.ndim == 2 else values[:, None]
    return LeakFeatures(values, label, np.zeros(len(label)) if snr_db is None else snr_db)


def outcome_of(train, test, rng):
    """The test of a question, alone."""
    hits = np.count_nonzero(named_by(train, test, rng) == test.label)
    return chance_test(int(hits), len(test.label), guessing(test.label), 1)


def p_values_of_nothing(ask, runs=20):
    """What a question says, again and again, where there is nothing to be found."""
    return np.array([ask(np.random.default_rng(seed)) for seed in range(runs)])


def test_luck_alone_keeps_its_p_values_above_the_line_of_chance():
    def ask(rng):
        train, test = (features(rng.normal(size=(200, 2)), labels(200)) for _ in range(2))
        return outcome_of(train, test, rng).p_value

    found = p_values_of_nothing(ask)
    # of 20 runs six below 0.05 come once in 3000 times, even of an exact test
    assert np.count_nonzero(found < 0.05) <= 5
    assert found.min() > LEVEL


@pytest.mark.parametrize("apart", [0.0, 10.0], ids=["one cloud", "a cloud for each class"])
def test_shuffled_labels_are_at_chance_however_the_examples_lie(apart):
    def ask(rng):
        train, test = (
            features(labels(300)[:, None] * apart + rng.normal(size=(300, 4)), labels(300))
            for _ in range(2)
        )
        found = shuffled_control(train, test, rng)
        assert found.right > 0.9 or not apart
        return chance_test(found.hits, found.examples, 1 / CLASSES, 1).p_value

    found = p_values_of_nothing(ask)
    assert np.count_nonzero(found < 0.05) <= 5
    assert found.min() > LEVEL


def test_what_names_one_class_of_many_is_a_leak(rng):
    def seen():
        return features(np.where(labels(500) == 2, 1.0, 0.0) + 0 * labels(500), labels(500))

    test = outcome_of(seen(), seen(), rng)
    assert test.accuracy == pytest.approx(0.4, abs=1e-9)  # its own, and one of the four others
    assert is_leak(test)
    assert test.low < test.accuracy < test.high


def test_what_names_the_class_at_one_snr_alone_is_seen_by_who_knows_the_snr(rng):
    snr_db = np.repeat([0.0, 10.0], 250)
    label = labels(500)

    def seen():
        noise = rng.normal(size=500)
        return features(np.where(snr_db == 10, label, noise), label, snr_db).beside_snr()

    test = outcome_of(seen(), seen(), rng)
    assert test.accuracy > 0.55
    assert is_leak(test)


@pytest.mark.parametrize(("examples", "chance"), [(50, 0.1), (400, 0.25), (3000, 1 / 24)])
@pytest.mark.parametrize("tests", [1, 9])
def test_the_noticeable_accuracy_is_just_what_is_called_a_leak(examples, chance, tests):
    least = round(chance_test(0, examples, chance, tests).noticeable * examples)
    assert is_leak(chance_test(least, examples, chance, tests))
    assert not is_leak(chance_test(least - 1, examples, chance, tests))


def test_the_p_value_is_that_of_the_exact_binomial_test_times_the_tests():
    outside = stats.binomtest(40, 200, 0.15, alternative="greater").pvalue
    assert chance_test(40, 200, 0.15, 3).p_value == pytest.approx(3 * outside, rel=1e-12)
    assert chance_test(0, 200, 0.15, 3).p_value == 1


def test_few_examples_cannot_be_called_a_leak_even_if_all_are_hit():
    test = chance_test(6, 6, 1 / 3, 8)
    assert test.noticeable > 1
    assert not is_leak(test)


def test_guessing_takes_the_most_frequent_class():
    label = np.array([0, 0, 0, 1, 1, 1])
    snr_db = np.array([0.0, 0, np.nan, 0, np.nan, np.nan])
    assert guessing(label) == 0.5
    assert guessing_beside_snr(label, snr_db) == pytest.approx(4 / 6)


def test_suspects_that_do_not_fit_their_labels_are_refused():
    with pytest.raises(ShapeError, match="must have the same length"):
        LeakFeatures(np.zeros((3, 1)), np.zeros(2, int), np.zeros(2))
    with pytest.raises(ShapeError, match="not empty"):
        LeakFeatures(np.zeros((0, 1)), np.zeros(0, int), np.zeros(0))


def measured_errors(rng, off_db, spread=0.1):
    """Errors of SNRs of two groups of 200, one of them off by so much."""
    stated = np.repeat(db_to_ratio(np.array([0.0, 10.0])), 200)
    off = np.repeat(db_to_ratio(np.array([0.0, off_db])), 200)
    measured = stated * off * (1 + spread * rng.normal(size=400))
    groups = {"right": np.arange(200), "suspect": np.arange(200, 400)}
    return snr_errors(measured, stated, 1000, groups)


@pytest.mark.parametrize("off_db", [-3.0, -0.6, 0.6, 3.0])
def test_an_snr_that_is_off_is_found_in_its_group_alone(rng, off_db):
    errors = measured_errors(rng, off_db)
    assert errors.mean_db[1] == pytest.approx(off_db, abs=0.1)
    assert errors.wrong.tolist() == [False, True]


@pytest.mark.parametrize("off_db", [0.0, 0.8 * TOLERANCE_DB, -0.8 * TOLERANCE_DB])
def test_an_snr_within_the_tolerance_is_right(rng, off_db):
    assert not measured_errors(rng, off_db).wrong.any()


def test_what_cannot_be_measured_well_is_not_called_wrong(rng):
    # 0.6 dB off, but examples scatter by their own size ten times over
    assert not measured_errors(rng, 0.6, spread=10.0).wrong.any()


def test_groups_of_two_say_nothing_of_an_snr(rng):
    ratios = np.ones(4)
    errors = snr_errors(ratios, ratios, 100, {"two": np.array([0, 1]), "four": np.arange(4)})
    assert errors.names == ("four",)
