"""Both pens draw everything that a chart holds, in the same look and at its place."""

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from sample_reports import sample_report

from rfmae.reporting.charts.accuracy_charts import confusion_map, confusion_maps
from rfmae.reporting.charts.chart import Axis, Chart, Panels, Series
from rfmae.reporting.charts.end_labels import end_labels, spread
from rfmae.reporting.charts.report_charts import charts_of
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.heat_figures import confusion_figure, confusion_per_snr_figure
from rfmae.reporting.page.svg_pen import drawn, key
from rfmae.reporting.palette import LIGHT, style


@pytest.fixture(scope="module")
def report():
    return sample_report(per_point=3)


@pytest.fixture(scope="module")
def charts(report):
    return charts_of(report)


def heights(svg, kind):
    """The heights of the first path of a kind as shares of the field, 0 below and 1 above."""
    path = re.search(rf'<path class="{kind}" d="M([^"]+)"', svg)[1].rstrip("Z")
    down = [float(place.split()[1]) for place in path.split("L")]
    total = float(re.search(r'viewBox="0 0 \S+ (\S+)"', svg)[1])
    top = 14 if 'class="wide' in svg else 12
    return np.array([(total - 46 - y) / (total - 46 - top) for y in down])


def one_chart(names, length=4):
    lines = tuple(
        Series(name, range(length), np.full(length, 50.0), style(place))
        for place, name in enumerate(names)
    )
    return Chart("t", Axis("x", 0, length - 1), Axis("y", 0, 100), lines, shape="wide")


# both ---------------------------------------------------------------------------------------


def test_a_line_has_one_colour_and_one_dash_on_the_page_and_in_the_figure(charts):
    for name in ("accuracy", "risk-coverage", "robustness", "denoising"):
        chart = charts[name].charts[0]
        axes = figure_of(Panels("", (chart,))).axes[0]
        found = {line.get_label(): line for line in axes.get_lines()}
        svg = drawn(chart)
        for one in chart.series:
            assert to_hex(found[one.name].get_color()) == LIGHT[one.style.colour]
            assert f'class="line {one.weight} {one.style.colour}"' in svg
            assert found[one.name].is_dashed() == bool(one.style.dash)


def test_both_stand_at_the_values_of_the_chart(charts):
    chart = charts["accuracy"].charts[0]
    line = chart.series[0]
    # a tenth of a pixel of some 300
    assert heights(drawn(chart), "line normal s0") == pytest.approx(line.y / 100, abs=3e-4)
    axes = figure_of(charts["accuracy"]).axes[0]
    found = {line.get_label(): line for line in axes.get_lines()}
    assert np.array_equal(found[line.name].get_ydata(), line.y)


def test_a_point_that_is_not_known_is_left_out_by_both():
    chart = one_chart(["a"])
    gap = replace(chart.series[0], y=np.array([1.0, np.nan, 3.0, 4.0]), bounds=np.ones((4, 2)))
    svg = drawn(replace(chart, series=(gap,)))
    assert "nan" not in svg
    assert len(heights(svg, "line normal s0")) == 3
    FigureCanvasAgg(figure_of(Panels("", (replace(chart, series=(gap,)),)))).draw()


def test_every_chart_of_a_report_is_drawn_by_both(charts):
    for panels in charts.values():
        FigureCanvasAgg(figure_of(panels)).draw()
        for chart in panels.charts:
            svg = drawn(chart)
            assert svg.count("<svg") == svg.count("</svg>") == (2 if chart.shape == "wide" else 1)
            assert not re.search(r"\b(nan|inf)\b", svg)


# names at the ends --------------------------------------------------------------------------


def test_lines_are_named_at_their_ends_on_the_page_and_in_the_figure():
    chart = one_chart(["one", "two"])
    assert ">one</text>" in drawn(chart) and "unlabelled" not in drawn(chart)
    figure = figure_of(Panels("", (chart,)))
    assert [text.get_text() for text in figure.axes[0].texts] == ["one", "two"]
    assert not figure.legends


@pytest.mark.parametrize("names", [["x" * 90], [f"line {n}" for n in range(60)]])
def test_names_that_do_not_fit_are_in_a_legend(names):
    chart = one_chart(names)
    assert end_labels(chart, 370, 15) is None
    assert 'class="wide unlabelled' in drawn(chart)
    (legend,) = figure_of(Panels("", (chart,))).legends
    assert [text.get_text() for text in legend.get_texts()] == names


def test_nothing_of_a_figure_with_names_at_its_ends_is_cut_off(charts):
    figure = figure_of(charts["label-curve"])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.axes[0].get_tightbbox(canvas.get_renderer())
    width, height = canvas.get_width_height()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height


def test_no_two_names_overlap(charts):
    for name in ("accuracy", "label-curve"):
        found = end_labels(charts[name].charts[0], 370, 15)
        blocks = sorted((one.height, 15 * len(one.lines)) for one in found)
        for (low, size), (high, other) in pairwise(blocks):
            assert high - low >= (size + other) / 2 - 1e-9


@pytest.mark.parametrize("count", [1, 2, 5, 12, 40])
def test_labels_stay_inside_and_apart_as_long_as_there_is_room(count, rng):
    for wanted in (np.full(count, 50.0), rng.uniform(10, 300, count), np.linspace(290, 300, count)):
        placed = np.array(spread(wanted.tolist(), 10.0, 300.0, [15.0] * count))
        assert placed.min() >= 10 - 1e-9 and placed.max() <= 300 + 1e-9
        assert np.array_equal(np.argsort(placed, kind="stable"), np.argsort(wanted, kind="stable"))
        apart = np.diff(np.sort(placed))
        assert (apart >= min(15.0, 290 / max(count - 1, 1)) - 1e-6).all()


def test_labels_with_room_stand_where_they_are_wanted():
    assert spread([200, 20, 100], 10, 300, [15] * 3) == pytest.approx([200, 20, 100])


# the page -----------------------------------------------------------------------------------


def test_a_ring_marks_where_five_points_are_lost_and_only_there(charts):
    carrier, gain = charts["robustness"].charts
    assert drawn(carrier).count('class="ring') == 2
    assert "ring" not in drawn(gain)


def test_names_are_escaped_and_found_again_by_the_buttons():
    chart = replace(one_chart(['<b>&"']), shape="map")
    specks = replace(chart, series=(replace(chart.series[0], dots="alone"),))
    assert 'data-name="&lt;b>&amp;&quot;"' in drawn(specks)


def test_the_key_of_a_legend_shows_dash_and_marker():
    lines = one_chart(["a", "b"]).series
    assert "stroke-dasharray" in key(lines[1]) and "dots s1" in key(lines[1])
    assert "line" not in key(replace(lines[0], dots="alone"))


# confusion ----------------------------------------------------------------------------------


def test_a_cell_of_few_examples_is_written_with_its_interval(report):
    counts = report.accuracy["DenoMAE2.0"]
    texts = {text.get_text() for text in confusion_figure(confusion_map(counts, "t")).axes[0].texts}
    assert any("–" in text for text in texts)  # 63 examples of each class
    many = replace(counts, counts=100 * counts.counts)
    texts = [text.get_text() for text in confusion_figure(confusion_map(many, "t")).axes[0].texts]
    assert texts and not any("–" in text for text in texts)


def test_every_snr_has_its_confusion_and_the_outer_ones_name_the_classes(report):
    maps = confusion_maps(report.accuracy["cumulants"])
    figure = confusion_per_snr_figure(maps, "cumulants")
    FigureCanvasAgg(figure).draw()
    assert [axes.get_title() for axes in figure.axes] == [one.title for one in maps]
    named = [axes for axes in figure.axes if axes.yaxis.get_tick_params()["labelleft"]]
    assert len(named) == 3
    assert [text.get_text() for text in named[0].get_yticklabels()] == list(maps[0].names)
