"""How far probabilities can be believed."""

import json
import math

import numpy as np
import pytest
from simulated import SNR_DB, answers_of, calibrated, softmax
from sklearn.metrics import brier_score_loss, log_loss

from rfmae.errors import ShapeError
from rfmae.evaluation.calibration import (
    brier_score,
    calibration,
    confidence_bins,
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    tempered,
)
from rfmae.records import as_plain, likeliest_temperature

# --- laws


@pytest.mark.parametrize("sharpness", [0.5, 2.0, 6.0])
def test_who_says_what_is_true_has_no_calibration_error(rng, sharpness):
    # of fifteen bins of 2,000 each mean has a standard error of at most 0.5/√2000 = 0.011
    assert expected_calibration_error(calibrated(rng, 30_000, sharpness)) < 0.011


def test_who_is_always_sure_errs_by_how_often_he_is_wrong(rng):
    named, label = rng.integers(4, size=(2, 900))
    answers = answers_of(np.eye(4)[named], label)
    assert expected_calibration_error(answers) == pytest.approx(np.mean(named != label))


def test_the_order_of_examples_does_not_matter(rng):
    answers = calibrated(rng, 500)
    coarse = np.round(answers.probabilities, 1)  # so that many confidences are equal
    coarse /= coarse.sum(axis=1, keepdims=True)
    order = rng.permutation(500)
    shuffled = answers_of(coarse[order], answers.label[order])
    assert expected_calibration_error(shuffled) == pytest.approx(
        expected_calibration_error(answers_of(coarse, answers.label)), abs=1e-12
    )


@pytest.mark.parametrize("examples", [15, 100, 1_001])
def test_bins_hold_as_many_examples_each_by_rising_confidence(examples, rng):
    confidence = rng.random(examples)
    bins = confidence_bins(confidence)
    counts = np.bincount(bins, minlength=15)
    assert counts.max() - counts.min() <= 1
    assert (np.diff(bins[np.argsort(confidence)]) >= 0).all()


def test_equal_confidences_share_a_bin():
    bins = confidence_bins(np.array([0.9] * 10 + [0.4] * 30))
    assert len(set(bins[:10])) == len(set(bins[10:])) == 1
    assert bins[0] > bins[10]


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5, 6.0])
def test_the_temperature_that_was_applied_is_found_again(temperature, rng):
    answers = calibrated(rng, 20_000)
    spoilt = tempered(answers.probabilities, 1 / temperature)
    # the likelihood of 20,000 examples knows the scale of the logits to about a hundredth
    assert fit_temperature(spoilt, answers.label) == pytest.approx(temperature, rel=0.04)


def test_a_fitted_temperature_never_costs_likelihood(rng):
    for sharpness in (0.1, 1.0, 5.0):
        probabilities = softmax(sharpness * rng.normal(size=(40, 4)))
        label = rng.integers(4, size=40)
        mended = tempered(probabilities, fit_temperature(probabilities, label))
        before = negative_log_likelihood(answers_of(probabilities, label))
        assert negative_log_likelihood(answers_of(mended, label)) <= before + 1e-9


def test_a_temperature_changes_no_decision(rng):
    probabilities = softmax(3 * rng.normal(size=(200, 4)))
    for temperature in (0.1, 0.5, 3.0, 20.0):
        mended = tempered(probabilities, temperature)
        assert np.array_equal(mended.argmax(axis=1), probabilities.argmax(axis=1))
        assert mended.sum(axis=1) == pytest.approx(1.0)
    assert tempered(probabilities, 1.0) == pytest.approx(probabilities, abs=1e-12)


# --- outside references


def test_likelihood_and_brier_score_are_those_of_scikit_learn(rng):
    answers = calibrated(rng, 400)
    assert negative_log_likelihood(answers) == pytest.approx(
        log_loss(answers.label, answers.probabilities), rel=1e-9
    )
    # of two classes Brier's sum over classes is twice what scikit-learn has
    pair = softmax(rng.normal(size=(300, 2)))
    label = rng.integers(2, size=300)
    assert brier_score(answers_of(pair, label, classes=("BPSK", "QPSK"))) == pytest.approx(
        2 * brier_score_loss(label, pair[:, 1]), rel=1e-9
    )


def test_the_figures_of_a_uniform_guess_are_known():
    answers = answers_of(np.full((12, 4), 0.25), np.arange(12) % 4)
    assert negative_log_likelihood(answers) == pytest.approx(math.log(4))
    assert brier_score(answers) == pytest.approx(0.75)
    assert expected_calibration_error(answers) == pytest.approx(0.0, abs=1e-12)


# --- edges


def test_every_snr_point_has_figures_of_its_own(rng):
    answers = calibrated(rng, 900)
    found = calibration(answers, temperature=1.5)
    for point, snr_db in enumerate(SNR_DB):
        rows = answers.snr_db == snr_db
        alone = answers_of(answers.probabilities[rows], answers.label[rows])
        assert found.nll_per_snr[point] == pytest.approx(negative_log_likelihood(alone))
        assert found.brier_per_snr[point] == pytest.approx(brier_score(alone))
        assert found.ece_per_snr[point] == pytest.approx(expected_calibration_error(alone))
    assert found.temperature == 1.5


def test_the_bins_that_are_shown_add_up_to_the_error(rng):
    found = calibration(calibrated(rng, 3_000))
    assert len(found.bin_examples) == 15
    shares = found.bin_examples / found.bin_examples.sum()
    assert shares @ np.abs(found.bin_accuracy - found.bin_confidence) == pytest.approx(found.ece)
    assert (found.bin_interval[:, 0] <= found.bin_accuracy).all()
    assert (found.bin_accuracy <= found.bin_interval[:, 1]).all()


def test_nothing_answered_is_still_plain_json():
    found = calibration(answers_of(np.zeros((0, 4)), np.zeros(0, int)))
    assert json.loads(json.dumps(as_plain(found), allow_nan=False))["bin_examples"] == []


def test_an_impossible_truth_costs_much_but_not_everything():
    answers = answers_of([[0.0, 1.0, 0.0, 0.0]], [0])
    assert negative_log_likelihood(answers) == pytest.approx(-math.log(1e-12))


def test_examples_that_are_all_right_say_nothing_of_a_temperature():
    assert fit_temperature(softmax(5 * np.eye(4)), np.arange(4)) == 1.0
    assert fit_temperature(np.full((8, 4), 0.25), np.arange(8) % 4) == 1.0


def test_probabilities_and_scores_are_given_the_same_temperature(rng):
    """Scores that are three times too sure, or a thirtieth as sure as they might be."""
    scores = rng.normal(size=(5_000, 4))
    chances = softmax(scores).cumsum(axis=1)
    label = (rng.random((len(scores), 1)) > chances).sum(axis=1)
    for scale in (3.0, 1 / 30):
        found = fit_temperature(softmax(scale * scores), label)
        assert found == pytest.approx(likeliest_temperature(scale * scores, label), rel=1e-3)
        assert found == pytest.approx(scale, rel=0.1)


def test_who_is_sure_and_wrong_gets_the_highest_temperature():
    assert fit_temperature(softmax(50 * np.eye(4)), (np.arange(4) + 1) % 4) == pytest.approx(
        1000.0, rel=1e-3
    )


@pytest.mark.parametrize(("rows", "labels"), [(0, 0), (3, 2)])
def test_a_temperature_needs_examples_with_labels(rows, labels):
    with pytest.raises(ShapeError, match="fitted to probabilities"):
        fit_temperature(np.full((rows, 4), 0.25), np.zeros(labels, int))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.inf, math.nan])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ShapeError, match="positive and finite"):
        tempered(np.full((1, 4), 0.25), temperature)


def test_no_bins_are_refused():
    with pytest.raises(ShapeError, match="at least 1 bin, got 0"):
        calibration(answers_of([[1.0, 0.0, 0.0, 0.0]], [0]), bins=0)
