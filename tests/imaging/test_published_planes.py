"""The published rendering against a loop in double precision that follows its description."""

import math

import numpy as np
import pytest
import torch

from rfmae.imaging.decay import decay_planes
from rfmae.imaging.published_planes import published_planes

HALF_WIDTHS = (5, 25, 50)
SIZE, CANVAS, PADDING = 224, 424, 100
ONE_LEVEL = 1 / 255 + 1e-6  # where truncation falls on either side of a whole number


def looped(columns, rows, half_widths):
    """One example as published, in float64: planes (len(half_widths), 224, 224)."""
    planes = []
    for b in half_widths:
        canvas = np.zeros((CANVAS, CANVAS))
        for column, row in zip(columns.astype(np.float64), rows.astype(np.float64), strict=True):
            add_block(canvas, column + PADDING + 0.5, row + PADDING + 0.5, b)
        peak = canvas.max() or 1.0
        planes.append(np.floor(canvas / peak * 255)[PADDING:-PADDING, PADDING:-PADDING] / 255)
    return np.stack(planes)


def add_block(canvas, across, down, b):
    """`across` and `down` count pixels from the canvas's corner; centres lie at j + ½."""
    q, r = np.rint(across), np.rint(down)
    if not (min(q, r) - b > 0 and max(q, r) + b + 1 < CANVAS):
        return
    columns, rows = (np.arange(int(x) - b, int(x) + b + 1) for x in (q, r))
    distance = np.hypot(rows[:, None] + 0.5 - down, columns + 0.5 - across)
    canvas[np.ix_(rows, columns)] += np.exp(-5 / b * distance / math.sqrt(2))


def drawn(columns, rows, half_widths=HALF_WIDTHS):
    columns, rows = map(torch.from_numpy, (columns, rows))
    return published_planes(columns, rows, half_widths, SIZE).numpy()


def assert_as_published(columns, rows, half_widths=HALF_WIDTHS):
    """Off by a level here and there, where a sum lies on a whole number."""
    planes = drawn(columns, rows, half_widths)
    expected = np.stack([looped(c, r, half_widths) for c, r in zip(columns, rows, strict=True)])
    difference = np.abs(planes - expected)
    assert difference.max() < ONE_LEVEL
    # a sum that is off by a part in a thousand crosses a level at a quarter of the pixels at most
    assert np.mean(difference > 1e-6) < 0.25


@pytest.mark.parametrize(("points", "count"), [(1, 6), (4, 3), (1024, 1)])
def test_points_are_drawn_as_published(points, count, rng):
    places = SIZE * (0.5 + 0.3 * rng.standard_normal((2, count, points)))
    assert_as_published(*places.astype(np.float32))


@pytest.mark.parametrize("half_widths", [(1,), (50, 5), (100,)])
def test_other_kernels_are_drawn_as_published(half_widths, rng):
    places = SIZE * (0.5 + 0.2 * rng.standard_normal((2, 2, 6)))
    assert_as_published(*places.astype(np.float32), half_widths)


def test_the_window_stands_up_to_a_pixel_beside_its_point():
    places = np.array([[100.0, 100.4]], np.float32).T  # 100.5 rounds to even, 100.9 to 101
    spans = [[50, 150], [51, 151]]
    for plane, span in zip(drawn(places, places)[:, 2], spans, strict=True):
        lit = plane.nonzero()[0]
        assert [lit.min(), lit.max()] == span


@pytest.mark.parametrize("half_width", HALF_WIDTHS)
def test_a_point_is_dropped_where_its_window_would_touch_the_border_of_the_canvas(half_width):
    first, last = half_width + 1 - PADDING, CANVAS - PADDING - 2 - half_width  # window's centres
    border = np.array([[first - 1], [first], [last], [last + 1]], np.float32) - 0.3
    along = np.concatenate([np.full((4, 1), 112.0, np.float32), border.repeat(9, axis=1)], axis=1)
    across = np.full_like(along, 112.0)
    for planes in (drawn(along, across, (half_width,)), drawn(across, along, (half_width,))):
        # nine points at the border outshine the one inside, unless they are dropped
        assert (planes.max(axis=(1, 2, 3)) == 1).tolist() == [True, False, False, True]
    assert_as_published(along, across, (half_width,))


def test_a_peak_outside_the_image_sets_the_scale():
    columns = np.array([[100.0, *[-20.0] * 9]], np.float32)
    rows = np.full_like(columns, 100.0)
    plane = drawn(columns, rows, (5,))[0, 0]
    assert plane.max() == pytest.approx(28 / 255)  # one point in nine: 255 / 9, truncated


@pytest.mark.parametrize("nowhere", [1e6, -1e6, math.nan, math.inf])
def test_an_example_of_which_nothing_is_seen_is_blank(nowhere):
    places = np.array([[nowhere] * 4, [100.0] * 4], np.float32)
    planes = drawn(places, places)
    assert not planes[0].any()
    assert (planes[1].max(axis=(-2, -1)) == 1).all()


def test_pixels_have_256_levels(rng):
    places = (SIZE * rng.random((2, 2, 50))).astype(np.float32)
    levels = drawn(*places) * 255
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-4)
    assert levels.min() >= 0
    assert levels.max() == 255


def test_on_an_image_that_holds_every_window_little_else_differs(rng):
    places = torch.from_numpy(rng.uniform(60, 160, (2, 2, 400)).astype(np.float32))
    ours = decay_planes(*places, HALF_WIDTHS, SIZE)
    ours /= ours.amax(dim=(-2, -1), keepdim=True)
    published = published_planes(*places, HALF_WIDTHS, SIZE)
    # a level of truncation, and the outermost row of windows: up to e^−3.5 of a point's glow each
    difference = (published - ours).abs()
    assert difference.max() < 0.06
    assert difference.mean() < 1 / 255


def test_examples_do_not_see_each_other(rng):
    places = (SIZE * rng.random((2, 3, 50))).astype(np.float32)
    together = drawn(*places)
    for k, planes in enumerate(together):
        alone = drawn(*places[:, k : k + 1])[0]
        assert np.abs(planes - alone).max() < ONE_LEVEL
