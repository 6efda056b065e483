"""The figures of a denoising test show what was measured."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.records import DenoiseReport, GalleryRow, ImageQuality, Recognition, SnrReport
from rfmae.reporting.charts.denoising_charts import quality_panels, recognition_panels
from rfmae.reporting.gallery_figure import draw_strip, strip_rows

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


def lines_of(report, place=0):
    return {one.name: one for one in quality_panels(report).charts[place].series}


def test_each_measure_has_a_chart_with_a_line_for_each_answer(report):
    charts = quality_panels(report).charts
    assert [chart.title for chart in charts] == ["PSNR in dB", "SSIM", "EVM in %"]
    for chart in charts:
        lines = {line.name: line for line in chart.series}
        assert lines["reconstruction"].y.tolist() == [30.0, 31.0, 32.0]
        assert len(lines) == 3
        assert chart.x.title == "Es/N0 in dB"


@pytest.mark.parametrize("other_way", ["unmasked", "mask average"])
def test_no_two_answers_of_eval_denoise_look_alike(report, other_way):
    names = ("reconstruction", other_way, "noisy", "median", "non-local means", "Wiener",
             "linear optimum", "class mean", "blank", "clean", "an unheard-of answer")  # fmt: skip
    kept = tuple(likeness("psnr_db", name, 20.0) for name in names)
    lines = lines_of(replace(report, likeness=kept))
    assert len({line.style for line in lines.values()}) == len(names)
    assert lines["reconstruction"].style.colour != lines["clean"].style.colour


def test_an_answer_looks_the_same_in_measures_and_in_recognition(report):
    counts = np.ones((3, 1, 1), int)
    reports = {
        name: SnrReport(counts, SNR_DB, ("A",), "symbol")
        for name in ("noisy", "reconstruction", "clean")
    }
    (chart,) = recognition_panels(Recognition("a run", reports, ())).charts
    for name in ("noisy", "reconstruction"):
        assert {one.name: one.style for one in chart.series}[name] == lines_of(report)[name].style


def test_the_bands_are_the_intervals(report):
    half = report.of("psnr_db")["reconstruction"].per_snr.half[0]
    assert half > 0.3
    assert lines_of(report)["reconstruction"].bounds[0] == pytest.approx([30 - half, 30 + half])


def test_what_was_never_trained_does_not_set_the_scale(report):
    huge = likeness("evm_percent", "unmasked", 4_000.0)
    chart = quality_panels(replace(report, likeness=(*report.likeness, huge))).charts[2]
    assert chart.y.high < 100
    assert np.isnan({one.name: one for one in chart.series}["unmasked"].y).all()
    assert [note.text for note in chart.notes] == ["off the scale: unmasked"]


def test_a_report_of_means_alone_is_drawn_without_bands(report):
    charts = quality_panels(replace(report, likeness=())).charts
    assert [chart.title for chart in charts] == ["PSNR in dB", "SSIM"]
    assert len(charts[0].series) == 3
    assert all(line.bounds is None for line in charts[0].series)


def test_recognition_is_drawn_as_accuracy_per_snr():
    counts = np.array([[[3, 7], [0, 0]], [[6, 4], [0, 0]], [[9, 1], [0, 0]]])
    reports = {"noisy": SnrReport(counts, SNR_DB, ("A", "B"), "symbol")}
    panels = recognition_panels(Recognition("a run", reports, ()))
    assert panels.charts[0].series[0].y.tolist() == [30, 60, 90]
    assert "a run on 30 test examples" in panels.title


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
