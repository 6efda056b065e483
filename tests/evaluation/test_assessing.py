"""All measures of one classifier together."""

import json

import numpy as np
import pytest
from simulated import CLASSES, SNR_DB, answers_of, calibrated, ceiling_of

from rfmae.evaluation.assessing import assess, bands
from rfmae.evaluation.classification import counted
from rfmae.records import as_plain

CEILINGS = {
    "sequence": ceiling_of([0.8, 0.9, 1.0]),
    "symbols": ceiling_of([0.7, 0.8, 0.9], "symbols"),
}
GROUPS = (("BPSK", "2PAM"),)


def assessed(answers, ceilings=CEILINGS, image="symbols", groups=GROUPS):
    return assess(answers, ceilings=ceilings, image=image, groups=groups, temperature=None)


def test_a_perfect_classifier_is_perfect_in_every_respect():
    label = np.arange(48) % 4
    found = assessed(answers_of(np.eye(4)[label], label, np.repeat(SNR_DB, 16)))
    assert found.macro_f1 == found.merged.value == 1.0
    assert found.macro_f1_per_snr.tolist() == found.merged_per_snr.tolist() == [1.0] * 3
    assert found.confusions == ()
    assert found.calibration.ece == found.calibration.brier == found.selective.aurc == 0.0
    assert found.selective.coverage_at_target == 1.0
    assert found.gap.ratio["sequence"] == pytest.approx(1 / 0.9)


def test_bands_part_the_examples(rng):
    report = counted(calibrated(rng, 601))
    found = bands(report, CEILINGS)
    assert [(band.from_db, band.to_db) for band in found] == [(x, x) for x in SNR_DB]
    assert sum(band.accuracy.examples for band in found) == 601
    assert sum(band.accuracy.hits for band in found) == report.hits_per_snr.sum()
    assert [band.ceiling["symbols"] for band in found] == pytest.approx([0.7, 0.8, 0.9])


def test_the_ceiling_of_a_band_counts_points_by_their_examples():
    grid = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    answers = answers_of(
        np.eye(4)[[0] * 8], [0] * 8, [0, 0, 0, 1, 2, 3, 4, 5], CLASSES, grid_db=grid
    )
    ceiling = ceiling_of([0.4, 0.8, 0.5, 0.7, 1, 1], snr_db=grid)
    found = bands(counted(answers), {"sequence": ceiling})
    assert [band.ceiling["sequence"] for band in found] == pytest.approx([0.5, 0.6, 1.0])


def test_an_assessment_is_plain_json_with_examples_and_without(rng):
    nothing = answers_of(np.zeros((0, 4)), np.zeros(0, int))
    for answers in (calibrated(rng, 100), nothing):
        plain = json.loads(json.dumps(as_plain(assessed(answers)), allow_nan=False))
        assert set(plain["gap"]["ratio"]) == {"sequence", "symbols"}


def test_without_ceilings_all_but_the_gap_is_reported(rng):
    found = assessed(calibrated(rng, 100), ceilings={}, image=None, groups=())
    assert found.gap is None
    assert found.bands[0].ceiling == {}
    assert found.merged.value == pytest.approx(
        sum(band.accuracy.hits for band in found.bands) / 100
    )
