"""Drawings put numbers where they belong."""

import numpy as np
import pytest

from rfmae.reporting.page.svg import Frame, dots, polyline, signed, spread, ticks, words

FRAME = Frame(200, 100, 20, 30, 10, 15, (-10.0, 10.0), (0.0, 100.0))


def test_the_ends_of_both_axes_lie_on_the_edges_of_the_field():
    assert FRAME.at([(-10, 0), (10, 100)]) == [(20, 85), (170, 10)]


def test_a_range_of_one_number_is_no_division_by_nothing():
    frame = Frame(200, 100, 20, 30, 10, 15, (5.0, 5.0), (1.0, 1.0))
    assert np.isfinite(frame.at([(5.0, 1.0)])).all()


@pytest.mark.parametrize(
    ("low", "high", "most"), [(-10, 10, 8), (0, 1, 5), (0.2, 0.9, 4), (3, 3, 5)]
)
def test_ticks_are_round_ascending_and_inside(low, high, most):
    found = ticks(low, high, most)
    assert found == sorted(set(found))
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    assert len(found) <= most + 1


@pytest.mark.parametrize("count", [1, 2, 5, 12, 40])
def test_labels_stay_inside_and_a_line_apart_as_long_as_there_is_room(count, rng):
    for wanted in (np.full(count, 50.0), rng.uniform(10, 300, count), np.linspace(290, 300, count)):
        placed = np.array(spread(wanted.tolist(), 10.0, 300.0))
        assert placed.min() >= 10 - 1e-9 and placed.max() <= 300 + 1e-9
        assert np.array_equal(np.argsort(placed, kind="stable"), np.argsort(wanted, kind="stable"))
        apart = np.diff(np.sort(placed))
        assert (apart >= min(15.0, 290 / max(count - 1, 1)) - 1e-6).all()


def test_labels_with_room_stand_where_they_are_wanted():
    assert spread([200.0, 20.0, 100.0], 10.0, 300.0) == [200.0, 20.0, 100.0]


def test_words_are_escaped():
    assert "<b>" not in words((0, 0), "<b>&")


def test_marks_are_where_their_places_are():
    assert 'd="M1.0 2.0L3.0 4.0"' in polyline([(1, 2), (3, 4)], "line")
    assert 'd="M1.0 2.0h0M3.0 4.0h0"' in dots([(1, 2), (3, 4)], "dots")


def test_a_minus_sign_is_one():
    assert signed(-3.0) == "−3"
