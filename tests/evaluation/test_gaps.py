"""Accuracy against the ceilings."""

from dataclasses import replace

import numpy as np
import pytest
from simulated import CLASSES, SNR_DB, answers_of, calibrated, ceiling_of

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import counted
from rfmae.evaluation.gaps import gap, merged

GROUPS = (("BPSK", "2PAM"),)


@pytest.fixture
def report(rng):
    return counted(calibrated(rng, 600))


# --- laws


def test_accuracy_and_both_losses_add_up_to_the_ceiling_of_the_sequence(report):
    ceilings = {
        "sequence": ceiling_of([0.8, 0.9, 1.0]),
        "symbols": ceiling_of([0.7, 0.8, 0.9], "symbols"),
    }
    found = gap(report, ceilings, "symbols")
    whole = report.accuracy_per_snr + found.model_loss_per_snr + found.image_loss_per_snr
    assert whole == pytest.approx([0.8, 0.9, 1.0])
    assert found.image_loss_per_snr == pytest.approx([0.1, 0.1, 0.1])
    assert found.image == "symbols"
    assert found.is_bound


def test_the_ratio_to_a_ceiling_as_high_as_the_accuracy_is_one(report):
    found = gap(report, {"sequence": ceiling_of(report.accuracy_per_snr)}, None)
    assert found.ratio["sequence"] == pytest.approx(1.0)
    assert found.ratio_per_snr["sequence"] == pytest.approx([1.0, 1.0, 1.0])
    assert found.model_loss_per_snr == pytest.approx([0.0, 0.0, 0.0])
    assert found.image_loss_per_snr is None


def test_snr_points_count_by_their_examples():
    # a perfect classifier, nine examples at the first point and one at the last
    answers = answers_of(np.eye(4)[[0] * 10], [0] * 10, [SNR_DB[0]] * 9 + [SNR_DB[2]])
    found = gap(counted(answers), {"sequence": ceiling_of([0.5, 0.1, 1.0])}, None)
    assert found.ratio["sequence"] == pytest.approx(1 / 0.55)


def test_the_accuracy_of_the_bayes_receiver_rises_to_the_merged_ceiling(rng):
    """Two classes that send the same get a half each: of them one in two is named right."""
    answers = calibrated(rng, 30_000, classes=("BPSK", "QPSK", "16QAM"))
    split = answers.probabilities[:, [0, 0, 1, 2]] * [0.5, 0.5, 1, 1]
    label = np.where(answers.label > 0, answers.label + 1, rng.integers(2, size=30_000))
    message = merged(answers_of(split, label), GROUPS)
    assert np.array_equal(message.named, answers.named)
    assert np.array_equal(message.label, answers.label)
    assert message.right.mean() > answers_of(split, label).right.mean() + 0.1


# --- edges


def test_without_groups_merging_changes_nothing(rng):
    answers = calibrated(rng, 50)
    message = merged(answers, ())
    assert message.classes == answers.classes
    assert message.probabilities == pytest.approx(answers.probabilities)
    assert np.array_equal(message.label, answers.label)


def test_a_group_stands_where_its_first_class_stood(rng):
    message = merged(calibrated(rng, 50), (("2PAM", "16QAM"),))
    assert message.classes == ("BPSK", "2PAM/16QAM", "QPSK")


def test_merged_probabilities_are_sums(rng):
    answers = calibrated(rng, 50)
    message = merged(answers, GROUPS)
    assert message.classes == ("BPSK/2PAM", *CLASSES[2:])
    assert message.probabilities[:, 0] == pytest.approx(answers.probabilities[:, :2].sum(axis=1))
    assert message.probabilities[:, 1:] == pytest.approx(answers.probabilities[:, 2:])


def test_where_no_ceiling_is_known_there_is_no_gap(report):
    assert gap(report, {}, None) is None
    assert gap(report, {"symbols": ceiling_of([0.7] * 3, "symbols")}, None) is None


def test_an_image_whose_ceiling_is_unknown_is_held_against_the_sequence(report):
    found = gap(report, {"sequence": ceiling_of([0.9] * 3)}, "trajectory")
    assert found.image is None
    assert found.image_loss_per_snr is None
    assert found.model_loss_per_snr == pytest.approx(0.9 - report.accuracy_per_snr)


def test_of_an_image_alone_the_loss_of_the_image_is_unknown(report):
    found = gap(report, {"symbols": ceiling_of([0.9] * 3, "symbols")}, "symbols")
    assert found.image_loss_per_snr is None
    assert set(found.ratio) == {"symbols"}


@pytest.mark.parametrize(("image", "is_bound"), [("symbols", False), (None, True)])
def test_what_is_only_reached_by_a_reader_is_no_bound(report, image, is_bound):
    ceilings = {
        "sequence": ceiling_of([0.9] * 3),
        "symbols": ceiling_of([0.8] * 3, "symbols", is_bound=False),
    }
    assert gap(report, ceilings, image).is_bound == is_bound


def test_a_ceiling_of_other_points_is_refused(report):
    other = ceiling_of([0.9] * 3, snr_db=(0.0, 1.0, 2.0))
    with pytest.raises(ShapeError, match="must be of the SNR points"):
        gap(report, {"sequence": other}, None)
    sample = replace(ceiling_of([0.9] * 3), snr_reference="sample")
    with pytest.raises(ShapeError, match=r"\(symbol\), got .*\(sample\)"):
        gap(report, {"sequence": sample}, None)
