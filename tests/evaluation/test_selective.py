"""Answering only where confidence is high."""

import json

import numpy as np
import pytest
from simulated import SNR_DB, answers_of, calibrated

from rfmae.errors import ShapeError
from rfmae.evaluation.selective import risk_coverage, selective
from rfmae.records import as_plain


def message(right, confidence):
    """Answers of two classes that are right or wrong with a confidence above a half."""
    confidence = np.asarray(confidence, float)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    return answers_of(probabilities, 1 - np.asarray(right, int), classes=("BPSK", "QPSK"))


# --- laws


def test_answering_everything_risks_what_accuracy_leaves(rng):
    answers = calibrated(rng, 700)
    coverage, risk = risk_coverage(answers)
    assert coverage[-1] == 1.0
    assert risk[-1] == pytest.approx(1 - answers.right.mean())
    assert (np.diff(coverage) > 0).all()


def test_the_curve_is_that_of_sorting_by_confidence(rng):
    answers = calibrated(rng, 300)
    order = np.argsort(-answers.confidence)
    wrong = ~answers.right[order]
    _, risk = risk_coverage(answers)
    assert risk == pytest.approx(wrong.cumsum() / np.arange(1, 301))
    assert selective(answers).aurc == pytest.approx((wrong.cumsum() / np.arange(1, 301)).mean())


def test_no_order_of_the_same_answers_beats_wrong_ones_last(rng):
    right = rng.random(200) < 0.7
    ascending = np.linspace(0.55, 0.95, 200)
    oracle = selective(message(np.sort(right), ascending))
    reverse = selective(message(np.sort(right)[::-1], ascending))
    for _ in range(5):
        aurc = selective(message(rng.permutation(right), ascending)).aurc
        assert oracle.aurc <= aurc <= reverse.aurc


def test_the_risk_of_a_calibrated_classifier_rises_with_coverage(rng):
    found = selective(calibrated(rng, 30_000))
    thick = found.coverage > 0.1  # below, few examples and much chance
    # a risk of 3,000 examples is off by 0.01 at most
    assert np.diff(found.risk[thick]).min() > -0.01
    assert found.risk[thick][0] < found.risk[-1]


@pytest.mark.parametrize("target", [0.5, 0.8, 0.95, 1.0])
def test_what_is_covered_reaches_the_target_and_more_would_not(target, rng):
    answers = calibrated(rng, 2_000)
    covered = selective(answers, target).coverage_at_target
    coverage, risk = risk_coverage(answers)
    assert covered in {0.0, *coverage.tolist()}
    assert (1 - risk[coverage == covered] >= target - 1e-12).all()
    assert (1 - risk[coverage > covered] < target).all()


# --- edges


def test_equal_confidences_enter_together():
    answers = message([1, 1, 1, 0, 0], [0.9, 0.9, 0.7, 0.7, 0.7])
    coverage, risk = risk_coverage(answers)
    assert coverage.tolist() == [0.4, 1.0]
    assert risk.tolist() == [0.0, 0.4]
    # two examples enter at no risk and three at 0.4
    assert selective(answers).aurc == pytest.approx(3 * 0.4 / 5)
    assert selective(answers).coverage_at_target == 0.4


def test_accuracy_of_just_the_target_is_enough():
    assert selective(message([1] * 19 + [0], np.linspace(0.9, 0.6, 20))).coverage_at_target == 1.0


def test_who_is_never_right_covers_nothing():
    found = selective(message([0, 0, 0], [0.9, 0.8, 0.7]))
    assert found.coverage_at_target == 0.0
    assert found.aurc == 1.0


def test_every_snr_point_has_its_own_coverage():
    probabilities = (
        np.tile([0.9, 0.1, 0.0, 0.0], (6, 1)) + np.outer(np.arange(6), [-1, 1, 0, 0]) / 99
    )
    answers = answers_of(probabilities, [0, 0, 0, 3, 3, 3], np.repeat(SNR_DB, 2))
    assert selective(answers).coverage_at_target_per_snr.tolist() == [1.0, 0.5, 0.0]


def test_the_curve_that_is_kept_is_short_and_has_both_ends(rng):
    answers = calibrated(rng, 5_000)
    found = selective(answers)
    coverage, risk = risk_coverage(answers)
    assert len(found.coverage) == len(found.risk) <= 200
    assert (found.coverage[0], found.coverage[-1]) == (coverage[0], 1.0)
    assert set(zip(found.coverage, found.risk, strict=True)) <= set(
        zip(coverage, risk, strict=True)
    )


def test_nothing_answered_is_still_plain_json():
    found = selective(answers_of(np.zeros((0, 4)), np.zeros(0, int)))
    assert json.loads(json.dumps(as_plain(found), allow_nan=False))["coverage"] == []


@pytest.mark.parametrize("target", [0.0, 1.1, np.nan])
def test_a_target_that_is_no_accuracy_is_refused(target):
    with pytest.raises(ShapeError, match="target accuracy must lie"):
        selective(message([1], [0.9]), target)
