"""Figures of an assessment draw every model, every grid and every example."""

from dataclasses import replace

import numpy as np
import pytest
from sample_reports import CLASSES, at_first_point, embedding, grids, sample_report

from rfmae.reporting.assessment_figures import (
    embedding_figure,
    gap_figure,
    reliability_figure,
    risk_figure,
    robustness_figure,
)
from rfmae.reporting.figures import confusion_per_snr_figure


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=3)


def panels(figure):
    return [axes for axes in figure.axes if axes.axison]


def test_every_model_has_its_reliability_with_its_error(report):
    drawn = panels(reliability_figure(report.assessments))
    assert len(drawn) == 3
    for axes, (name, item) in zip(drawn, report.assessments.items(), strict=True):
        assert axes.get_title() == f"{name}\nECE {100 * item.calibration.ece:.1f} %"
        points = axes.lines[1].get_xydata()
        assert points[:, 1] == pytest.approx(item.calibration.bin_accuracy)


def test_the_risk_of_every_model_ends_at_its_errors(report):
    lines = {line.get_label(): line for line in risk_figure(report.assessments).axes[0].lines}
    for name, item in report.accuracy.items():
        assert lines[name].get_ydata()[-1] == pytest.approx(1 - item.accuracy)


def test_the_layers_of_the_gap_reach_the_whole_and_never_more(report):
    gaps = {name: item.gap for name, item in report.assessments.items()}
    for axes in panels(gap_figure(report.accuracy, gaps)):
        tops = [layer.get_paths()[0].vertices[:, 1].max() for layer in axes.collections]
        assert tops[-1] == pytest.approx(1.0)
        assert max(tops) <= 1 + 1e-9


def test_the_gap_of_a_single_point_is_drawn_across_the_panel(report):
    name = "from scratch"
    one, gap = (
        at_first_point(item) for item in (report.accuracy[name], report.assessments[name].gap)
    )
    axes = panels(gap_figure({name: one}, {name: gap}))[0]
    right = axes.collections[0].get_paths()[0].vertices
    assert right[:, 1].max() == pytest.approx(one.accuracy_per_snr[0])
    assert axes.get_xlim() == (right[:, 0].min(), right[:, 0].max()) == (-11, -9)


def test_every_grid_has_a_panel_in_which_its_values_ascend():
    carrier, gain = panels(robustness_figure(grids()))
    assert [text.get_text() for text in gain.get_xticklabels()] == ["-20", "0", "20"]
    assert [line.get_label() for line in carrier.lines][1:] == ["DenoMAE2.0", "from scratch"]
    assert gain.lines[1].get_ydata().tolist() == [0.801, 0.8, 0.799]


def test_every_example_is_on_the_map_twice(rng):
    message = embedding(rng)
    left, right = embedding_figure(message).axes[:2]
    assert sum(len(dots.get_offsets()) for dots in left.collections) == len(message.label)
    assert np.array_equal(right.collections[0].get_offsets(), message.places)
    assert [text.get_text() for text in left.get_legend().get_texts()] == list(CLASSES)


def test_every_snr_has_its_confusion(report):
    drawn = panels(confusion_per_snr_figure(report.accuracy["cumulants"], "cumulants"))
    titles = [axes.get_title() for axes in confusion_axes(report)]
    assert titles == [f"{value:g} dB" for value in report.accuracy["cumulants"].snr_db]
    assert drawn  # the colour bar


def confusion_axes(report):
    figure = confusion_per_snr_figure(report.accuracy["cumulants"], "cumulants")
    return [axes for axes in figure.axes if axes.get_title()]


def test_a_model_without_an_image_has_no_loss_to_one(report):
    gap = replace(report.assessments["cumulants"].gap, image=None, image_loss_per_snr=None)
    axes = panels(gap_figure(report.accuracy, {"cumulants": gap}))[0]
    image = axes.collections[2].get_paths()[0].vertices[:, 1]
    model = axes.collections[1].get_paths()[0].vertices[:, 1]
    assert image.max() == pytest.approx(model.max())
