"""A class that lies far below its own ceiling is named, with the SNR points; others are not."""

from dataclasses import replace

import numpy as np
import pytest
from sample_reports import sample_report

from rfmae.records import Ceiling, SnrReport
from rfmae.reporting.ceiling_shortfall import shortfall_notes

SNR_DB = (0.0, 5.0, 10.0)
BEST = np.array([[0.5, 0.6], [0.9, 0.9], [1.0, 1.0]])
EACH = 400


def ceiling(recall=BEST, frames=2000):
    accuracy = recall.mean(axis=1)
    return Ceiling(
        kind="sequence",
        classes=("a", "b"),
        groups=(("a",), ("b",)),
        snr_db=SNR_DB,
        snr_reference="symbol",
        symbols_per_example=64,
        phase="unknown",
        snr="known",
        amplitude="known",
        frames_per_group=frames,
        is_bound=True,
        hit_rate=accuracy,
        mean_posterior=accuracy,
        posterior_error=np.zeros(3),
        merged_hit_rate=accuracy,
        merged_mean_posterior=accuracy,
        recall=recall,
    )


def report(recall):
    hits = np.round(np.asarray(recall) * EACH).astype(int)
    counts = np.zeros((3, 2, 2), int)
    for label in range(2):
        counts[:, label, label] = hits[:, label]
        counts[:, label, 1 - label] = EACH - hits[:, label]
    return SnrReport(counts, SNR_DB, ("a", "b"), "symbol")


def notes(recall, best=None):
    sample = sample_report()
    name, assessment = next(iter(sample.assessments.items()))
    gap = replace(assessment.gap, image=None)
    return shortfall_notes(
        {name: report(recall)},
        {name: replace(assessment, gap=gap)},
        {"sequence": best or ceiling()},
    )


@pytest.mark.parametrize("loss", [0.0, 0.05, 0.09])
def test_classes_near_their_ceiling_are_not_named(loss):
    assert notes(np.maximum(BEST - loss, 0)) == ()


def test_a_class_that_is_far_below_at_one_point_is_named_with_it():
    recall = BEST.copy()
    recall[1, 1] = 0.6
    (note,) = notes(recall)
    assert "b is recognised more than 10 points less often" in note
    assert note.endswith("(sequence) at 5 dB (60 of 90 %)")


def test_a_class_that_is_below_everywhere_is_named_without_points():
    """Twelve points each are no proof at any one of them, and beyond doubt in the mean."""
    (note,) = notes(np.stack([BEST[:, 0], BEST[:, 1] - 0.12], axis=1))
    assert "b is recognised 12 points less often" in note


def test_few_examples_of_the_ceiling_are_no_proof():
    recall = BEST.copy()
    recall[1, 1] = 0.7
    assert notes(recall, ceiling(frames=4)) == ()


def test_ceilings_of_other_classes_or_points_are_not_compared():
    other = replace(ceiling(), classes=("a", "c"), groups=(("a",), ("c",)))
    assert notes(BEST * 0, other) == ()
