"""What a denoising test found, as a record: checked when it is made, written as plain JSON."""

import json

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.records import DenoiseReport, ImageQuality, as_plain


def likeness(shape=(2, 3)):
    return ImageQuality(
        "psnr_db", "noisy", np.full(shape, 4), np.full(shape, 80.0), np.full(shape, 1624.0)
    )


def report(**changes):
    values = {
        "snr_db": (0.0, 10.0),
        "snr_reference": "symbol",
        "examples_per_snr": np.array([12, 12]),
        "psnr_db": {"noisy": np.array([20.0, 20.0])},
        "ssim": {"noisy": np.array([0.5, 0.5])},
        "classes": ("A", "B", "C"),
        "likeness": (likeness(),),
    }
    return DenoiseReport(**{**values, **changes})


def test_means_have_the_shape_of_what_is_left():
    item = likeness()
    assert item.per_snr.value.tolist() == [20.0, 20.0]
    assert item.per_class.value.tolist() == [20.0] * 3
    assert item.overall.examples == 24
    assert item.overall.value == 20.0


def test_the_spread_is_that_within_classes():
    # four images of a cell, 20 dB on average, squares 406 on average: a variance of 6·4/3
    half = likeness().cell(0, 0).half
    assert half == pytest.approx(1.959964 * np.sqrt(8 / 4), rel=1e-6)
    apart = ImageQuality("ssim", "noisy", np.full((1, 2), 4), np.array([[0.0, 40.0]]),
                     np.array([[0.0, 400.0]]))  # fmt: skip
    assert apart.overall.half == 0.0  # the two classes differ, their images do not


def test_a_cell_without_images_counts_for_nothing():
    item = likeness()
    item.examples[0, 0] = 0
    item.total[0, 0] = item.squares[0, 0] = 0.0
    assert item.per_snr.examples.tolist() == [8, 12]
    assert item.per_snr.value.tolist() == [20.0, 20.0]
    assert np.isnan(item.cell(0, 0).half)


def test_measures_are_found_by_name_and_answer():
    assert list(report().of("psnr_db")) == ["noisy"]
    assert report().of("ssim") == {}


def test_similarity_of_other_classes_is_refused():
    with pytest.raises(
        ShapeError, match=r"psnr_db of noisy must have shape \(2, 3\), got \(2, 2\)"
    ):
        report(likeness=(likeness((2, 2)),))


def test_a_report_is_plain_json():
    plain = json.loads(json.dumps(as_plain(report())))
    assert plain["likeness"][0]["total"] == [[80.0] * 3] * 2
    assert plain["recognition"] is None
