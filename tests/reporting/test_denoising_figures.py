"""The figures of a denoising test show what was measured."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.records import DenoiseReport, GalleryRow, ImageQuality, Recognition, SnrReport
from rfmae.reporting.denoising_figures import (
    denoising_figures,
    draw_denoising,
    draw_recognition,
    draw_strip,
    strip_rows,
)

SNR_DB = (0.0, 5.0, 10.0)


def likeness(measure, answer, level):
    """Nine images of every point and class, as far apart as ±1."""
    counts = np.full((3, 2), 9)
    values = level + np.arange(3)[:, None] * np.ones((3, 2))
    return ImageQuality(measure, answer, counts, 9 * values, 9 * (values**2 + 1))


@pytest.fixture
def report():
    levels = {"reconstruction": 30.0, "noisy": 10.0, "an unheard-of answer": 20.0}
    kept = [
        likeness(measure, name, level)
        for measure in ("psnr_db", "ssim", "evm_percent")
        for name, level in levels.items()
    ]
    return DenoiseReport(
        SNR_DB,
        "symbol",
        np.array([18, 18, 18]),
        {name: level + np.arange(3) for name, level in levels.items()},
        {name: level + np.arange(3) for name, level in levels.items()},
        ("A", "B"),
        tuple(kept),
    )


def row(place, planes=3):
    image = np.full((planes, 12, 12), 0.5)
    return GalleryRow(f"class {place}", float(place), image, image, image, (10.0, 20.0), (0.1, 0.9))


def shown_axes(figure):
    return [axes for axes in figure.axes if axes.axison]


def test_each_measure_has_a_panel_with_a_line_for_each_answer(report):
    panels = shown_axes(draw_denoising(report))
    assert [axes.get_ylabel() for axes in panels] == ["PSNR in dB", "SSIM", "EVM in %"]
    for axes in panels:
        lines = {line.get_label(): line.get_ydata().tolist() for line in axes.get_lines()}
        assert lines["reconstruction"] == [30.0, 31.0, 32.0]
        assert len(lines) == 3
        assert axes.get_xlabel() == "Es/N0 in dB"


def test_no_two_answers_share_a_colour(report):
    lines = shown_axes(draw_denoising(report))[0].get_lines()
    assert len({line.get_color() for line in lines}) == 3


@pytest.mark.parametrize("other_way", ["unmasked", "mask average"])
def test_no_two_answers_of_eval_denoise_share_a_colour(report, other_way):
    names = ("reconstruction", other_way, "noisy", "median", "non-local means", "Wiener",
             "linear optimum", "class mean", "blank", "clean")  # fmt: skip
    kept = tuple(likeness("psnr_db", name, 20.0) for name in names)
    lines = shown_axes(draw_denoising(replace(report, likeness=kept)))[0].get_lines()
    assert len({line.get_color() for line in lines}) == len(names)


def test_the_bands_are_the_intervals(report):
    axes = shown_axes(draw_denoising(report))[0]
    half = report.of("psnr_db")["reconstruction"].per_snr.half[0]
    band = axes.collections[0].get_paths()[0].vertices
    assert half > 0.3
    at_first = band[band[:, 0] == SNR_DB[0], 1]
    assert at_first.min() == pytest.approx(30 - half)
    assert at_first.max() == pytest.approx(30 + half)


def test_a_report_of_means_alone_is_drawn_without_bands(report):
    panels = shown_axes(draw_denoising(replace(report, likeness=())))
    assert [axes.get_ylabel() for axes in panels] == ["PSNR in dB", "SSIM"]
    assert len(panels[0].get_lines()) == 3
    assert not panels[0].collections


def test_recognition_is_drawn_as_accuracy_per_snr():
    counts = np.array([[[3, 7], [0, 0]], [[6, 4], [0, 0]], [[9, 1], [0, 0]]])
    reports = {"noisy": SnrReport(counts, SNR_DB, ("A", "B"), "symbol")}
    (axes,) = draw_recognition(Recognition("a run", reports, ())).axes
    assert axes.get_lines()[0].get_ydata().tolist() == [0.3, 0.6, 0.9]
    assert "a run on 30 test examples" in axes.get_title()


def test_the_strip_shows_three_pictures_of_each_example_and_names_it():
    axes = shown_axes(draw_strip([row(place) for place in range(3)]))
    assert len(axes) == 9
    assert axes[0].get_ylabel() == "class 0, 0 dB"
    assert axes[1].get_xlabel() == "PSNR 20.0 dB   SSIM 0.90"


def test_the_strip_shows_ten_examples_from_the_first_to_the_last():
    rows = [row(place) for place in range(21)]
    shown = strip_rows(rows)
    assert len(shown) == 10
    assert (shown[0].true, shown[-1].true) == ("class 0", "class 20")
    assert len(shown_axes(draw_strip(rows))) == 30


@pytest.mark.parametrize("planes", [1, 2, 3, 6])
def test_images_of_any_number_of_planes_are_shown(planes):
    (shown,) = draw_strip([row(0, planes)]).axes[0].images
    assert shown.get_array().shape == ((12, 12, 3) if planes >= 3 else (12, 12))


def test_figures_are_made_of_what_there_is(report):
    assert list(denoising_figures(report, ())) == ["denoising"]
    assert list(denoising_figures(report, [row(0)])) == ["denoising", "strip"]
