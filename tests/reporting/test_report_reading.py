"""Records are recovered from their JSON."""

import json
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from sample_reports import sample_report

from rfmae.errors import RfmaeError
from rfmae.plain import record as deserialised_at
from rfmae.records import ImageQuality, OpenSet, SnrReport, as_plain
from rfmae.reporting.report_record import report_of, strict, whole_json


def deserialised(kind, plain):
    return deserialised_at(kind, plain, "report")


def through_json(plain):
    return json.loads(json.dumps(strict(plain), allow_nan=False))


def assert_equal(one, other, path="record"):
    assert type(one) is type(other), path
    if is_dataclass(one):
        for field in fields(one):
            assert_equal(
                getattr(one, field.name), getattr(other, field.name), f"{path}.{field.name}"
            )
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, err_msg=path)
        assert one.dtype.kind == other.dtype.kind, path
    elif isinstance(one, dict):
        assert list(one) == list(other), path
        for name in one:
            assert_equal(one[name], other[name], f"{path}[{name}]")
    elif isinstance(one, tuple):
        assert len(one) == len(other), path
        for place, items in enumerate(zip(one, other, strict=True)):
            assert_equal(*items, f"{path}[{place}]")
    else:
        assert one == other or (one != one and other != other), path


@pytest.mark.parametrize(
    "part", ["accuracy", "ceilings", "assessments", "comparisons", "robustness", "embedding"]
)
def test_every_part_of_a_report_comes_back_as_it_was(part):
    message = getattr(sample_report(per_point=2), part)
    for record in message.values() if isinstance(message, dict) else message:
        assert_equal(deserialised(type(record), through_json(as_plain(record))), record)


def test_a_denoising_report_comes_back_with_what_it_kept():
    record = sample_report(per_point=2).denoising
    assert_equal(deserialised(type(record), through_json(as_plain(record))), record)


def test_numbers_that_json_does_not_know_come_back_as_unknown():
    record = ImageQuality("ssim", "blank", np.array([[1, 0]]), np.array([[np.nan, np.inf]]),
                      np.array([[1.0, 2.0]]))  # fmt: skip
    plain = through_json(as_plain(record))
    assert plain["total"] == [[None, None]]
    assert np.isnan(deserialised(ImageQuality, plain).total).all()


def test_one_number_that_json_does_not_know_comes_back_as_unknown_too():
    plain = through_json(as_plain(OpenSet("noise alone", 0, 0, np.nan, 0.5)))
    assert plain["auroc"] is None
    assert np.isnan(deserialised(OpenSet, plain).auroc)
    assert deserialised(OpenSet, plain).fpr95 == 0.5


def test_what_follows_from_the_records_is_not_read_back():
    whole = through_json(whole_json(sample_report(per_point=2)))
    whole["accuracy"]["cumulants"]["accuracy"] = "wrong"
    assert_equal(
        report_of(whole).accuracy["cumulants"].counts,
        sample_report(per_point=2).accuracy["cumulants"].counts,
    )


def test_parts_that_an_older_report_lacks_are_empty():
    assert report_of({"title": "T", "headline": "H", "provenance": {}}).comparisons == ()


@pytest.mark.parametrize(
    ("path", "odd", "words"),
    [
        (("title",), 3, "report.title must be a text"),
        (("accuracy", "cumulants", "counts"), [[1], [1, 2]], "accuracy.cumulants.counts must be"),
        (("accuracy", "cumulants", "counts"), [["odd"]], "accuracy.cumulants.counts must be"),
        (("accuracy", "cumulants", "snr_reference"), "odd", "snr_reference must be"),
        (("accuracy", "cumulants"), None, "accuracy.cumulants must be a table"),
        (("assessments", "odd"), "from scratch", "assessments.odd must be a table"),
        (("assessments", "cumulants", "calibration", "bin_examples"), [1], "bin_confidence must"),
        (("assessments", "cumulants", "macro_f1_per_snr"), [0.5], "different numbers of SNR"),
        (("embedding", 0, "label"), [99] * 400, "label must index 10 classes"),
        (("gallery", 0, "planes"), 0, "does not hold 0 planes"),
        (("gallery", 0, "clean"), "odd", "is no PNG"),
        (("denoising", "psnr_db", "noisy"), None, "report.denoising.psnr_db.noisy must be"),
    ],
)
def test_what_does_not_fit_is_named_with_its_place(path, odd, words):
    whole = through_json(whole_json(sample_report(per_point=2)))
    inner = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd
    with pytest.raises(RfmaeError, match=words):
        report_of(whole)


def test_a_record_still_refuses_what_does_not_fit():
    plain = as_plain(sample_report(per_point=2).accuracy["cumulants"])
    with pytest.raises(Exception, match="counts must have shape"):
        deserialised(SnrReport, plain | {"classes": ["BPSK"]})
