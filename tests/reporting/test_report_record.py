"""The account and the report are two forms of one thing."""

import json

import numpy as np
import pytest
from sample_reports import sample_report

from rfmae.reporting.report_record import report_json, report_of, whole_json

_ADDED = ("assessments", "comparisons", "robustness", "embedding", "gallery", "ceilings")


@pytest.fixture(scope="module")
def record():
    return json.loads(json.dumps(whole_json(sample_report(per_point=2)), allow_nan=False))


def test_the_account_of_a_report_that_was_read_is_the_account(record):
    assert json.loads(json.dumps(whole_json(report_of(record)))) == record


def test_pictures_are_in_the_account_that_is_kept_but_not_in_the_one_that_is_printed(record):
    assert len(record["gallery"]) == 21
    assert "gallery" not in report_json(sample_report(per_point=2))


def test_an_account_of_an_older_make_is_read_for_what_it_tells(record):
    old = {name: item for name, item in record.items() if name not in _ADDED}
    old["denoising"] = {
        name: old["denoising"][name]
        for name in ("snr_db", "snr_reference", "examples_per_snr", "psnr_db", "ssim")
    }
    report = report_of(old)
    assert report.assessments == {}
    assert report.comparisons == report.robustness == report.embedding == report.gallery == ()
    assert report.denoising.psnr_db["noisy"][0] == pytest.approx(6.0)
    assert report.accuracy["cumulants"].examples == 420


def test_comparisons_of_an_older_make_have_no_corrected_p_value(record):
    pairs = [dict(pair) for pair in record["comparisons"]]
    for pair in pairs:
        del pair["p_adjusted"]
    report = report_of({**record, "comparisons": pairs})
    assert [pair.p_adjusted for pair in report.comparisons] == [None, None]
    assert [pair.p_value for pair in report.comparisons] == [p["p_value"] for p in pairs]


def test_a_report_that_is_reported_again_keeps_the_versions_that_it_was_made_with(record):
    record["provenance"]["versions"] = {"rfmae": "0.0.1"}
    assert report_json(report_of(record))["provenance"]["versions"] == {"rfmae": "0.0.1"}


def test_pictures_come_back_in_their_place(record):
    row = report_of(record).gallery[0]
    expected = sample_report(per_point=2).gallery[0]
    assert (row.true, row.snr_db, row.psnr_db) == (expected.true, -10.0, (12.3, 21.4))
    for name in ("noisy", "reconstructed", "clean"):
        # an image has 256 shades
        assert np.abs(getattr(row, name) - getattr(expected, name)).max() <= 0.5 / 255 + 1e-6
