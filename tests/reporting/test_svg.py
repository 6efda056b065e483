"""Drawings put numbers where they belong."""

import numpy as np

from rfmae.reporting.charts.chart import Axis
from rfmae.reporting.page.svg import Frame, markers, polyline, words
from rfmae.reporting.palette import style

FRAME = Frame(200, 100, 20, 30, 10, 15, Axis("", -10, 10), Axis("", 0, 100))


def test_the_ends_of_both_axes_lie_on_the_edges_of_the_field():
    assert FRAME.at([-10, 10], [0, 100]) == [(20, 85), (170, 10)]


def test_a_range_of_one_number_is_no_division_by_nothing():
    frame = Frame(200, 100, 20, 30, 10, 15, Axis("", 5, 5), Axis("", 1, 1))
    assert np.isfinite(frame.at([5.0], [1.0])).all()


def test_words_are_escaped():
    assert "<b>" not in words((0, 0), "<b>&")


def test_marks_are_where_their_places_are():
    assert 'd="M1.0 2.0L3.0 4.0"' in polyline([(1, 2), (3, 4)], "line")
    assert 'stroke-dasharray="7 3"' in polyline([(1, 2), (3, 4)], "line", (7, 3))
    square = markers([(1, 2), (3, 4)], style(1), 2.0)
    assert square.count("M1.0 2.0m") == square.count("M3.0 4.0m") == 1
