"""The figure about pre-training draws the numbers of its curve, in words that need no glossary."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import made_up_ceiling
from made_up_curve import made_up_curve, made_up_difference
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rfmae.records import wilson_interval
from rfmae.reporting.overview_figures import overview_figure


@pytest.fixture(scope="module")
def curve():
    return made_up_curve()


@pytest.fixture(scope="module")
def figure(curve):
    ceiling = made_up_ceiling(
        np.array([0.5, 0.8, 1.0]),
        classes=curve.classes,
        snr_db=curve.snr_db,
        kind="sequence",
        is_bound=True,
        posterior_error=np.zeros(3),
    )
    return overview_figure(curve, made_up_difference(curve), {"sequence": ceiling})


def lines_of(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_the_left_side_holds_every_mean_against_labels(figure, curve):
    line = lines_of(figure.axes[0])["the same network from scratch"]
    assert list(line.get_xdata()) == [1, 10, 100]
    assert list(line.get_ydata()) == [mean.accuracy for mean in curve.of("scratch")]


def test_the_right_side_holds_the_mean_of_the_runs_at_each_snr(figure):
    line = lines_of(figure.axes[1])["pre-trained, fine-tuned"]
    # 57 of a hundred by the first seed, one more by each other, two more at each SNR
    assert list(line.get_ydata()) == pytest.approx([0.58, 0.60, 0.62])


def test_its_shade_is_the_interval_of_the_test_examples(figure):
    corners = figure.axes[1].collections[0].get_paths()[0].vertices
    first = corners[corners[:, 0] == -10.0][:, 1]
    expected = wilson_interval(np.array(58.0), np.array(100))
    assert (first.min(), first.max()) == pytest.approx(tuple(expected))


def test_the_ceiling_is_a_line_and_nobody_gets_beyond(figure):
    line = lines_of(figure.axes[1])["ceiling of the signal, SNR known"]
    assert list(line.get_ydata()) == [0.5, 0.8, 1.0]
    assert "above the ceiling" in [text.get_text() for text in figure.axes[1].texts]


def test_the_difference_is_written_where_it_is(figure, curve):
    difference = made_up_difference(curve)
    message = [text for text in figure.axes[0].texts if "points" in text.get_text()]
    (text,) = message
    assert text.get_text().startswith(f"+{100 * difference.difference:.1f} points")


def test_nothing_is_written_over_the_edge(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    for axes in figure.axes:
        box = axes.get_tightbbox(canvas.get_renderer())
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height


def test_a_curve_without_ceilings_of_one_snr_can_be_drawn():
    curve = made_up_curve(snr_db=(5.0,), seeds=1)
    figure = overview_figure(curve, made_up_difference(curve), {})
    FigureCanvasAgg(figure).draw()
    assert "By noise level" in figure.axes[1].get_title()


def test_the_network_is_held_to_who_is_not_told_the_snr_either(curve):
    def ceiling(kind, snr):
        return replace(
            made_up_ceiling(
                np.full(3, 0.7),
                classes=curve.classes,
                snr_db=curve.snr_db,
                kind=kind,
                is_bound=False,
                posterior_error=np.zeros(3),
            ),
            snr=snr,
        )

    known = {"symbols, SNR known": ceiling("symbols", "known")}
    both = {"symbols, SNR unknown": ceiling("symbols", "unknown"), **known}
    for ceilings, name in (
        (both, "lower bound of the ceiling of its images"),
        (known, "lower bound of the ceiling of its images, SNR known"),
    ):
        figure = overview_figure(curve, made_up_difference(curve), ceilings)
        drawn = [label for label in lines_of(figure.axes[1]) if "lower bound" in label]
        assert drawn == [name]
