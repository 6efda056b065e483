"""Sums of decaying kernels against a loop in double precision, and the laws of sums."""

import math

import numpy as np
import pytest
import torch

from rfmae.imaging.decay import Glow, decay_planes, point_sums

HALF_WIDTHS = (5, 25, 50)
STATED = 1e-3  # the error as decay_planes states it
FLOAT32 = 2e-6  # rounding of sums and of their Fourier transform


def looped(columns, rows, half_widths, size):
    """The definition, point by point in float64: planes (len(half_widths), size, size)."""
    planes = np.zeros((len(half_widths), size, size))
    for column, row in zip(columns.astype(np.float64), rows.astype(np.float64), strict=True):
        for plane, b in zip(planes, half_widths, strict=True):
            reach = max(1, round(b * size / 224))
            down, across = (window(x, reach, size) for x in (row, column))
            distance = np.hypot(down[:, None] - row, across - column) * 224 / size
            plane[np.ix_(down, across)] += np.exp(-5 / b * distance / math.sqrt(2))
    return planes


def window(coordinate, reach, size):
    """The pixels about the nearest one that the image has."""
    nearest = round(coordinate)
    return np.arange(max(0, nearest - reach), max(0, min(size, nearest + reach + 1)))


def scattered(count, points, size, rng):
    """Columns and rows (count, points): clouds, some of it outside of the image."""
    places = size * (0.5 + 0.3 * rng.standard_normal((2, count, points)))
    return places.astype(np.float32)


def drawn(columns, rows, size, half_widths=HALF_WIDTHS):
    columns, rows = (torch.from_numpy(x.copy()) for x in (columns, rows))
    planes = decay_planes(columns, rows, half_widths, size)
    return planes.numpy().astype(np.float64)


def assert_close(actual, expected, tolerance):
    """Every plane is within that part of its maximum, of a point's own where only fringes show."""
    peak = expected.max(axis=(-2, -1), keepdims=True)
    error = np.abs(actual - expected) / np.maximum(peak, 1.0)
    assert error.max() < tolerance


def assert_exact(columns, rows, size, half_widths=HALF_WIDTHS):
    expected = [looped(c, r, half_widths, size) for c, r in zip(columns, rows, strict=True)]
    assert_close(drawn(columns, rows, size, half_widths), np.stack(expected), STATED)


# --- the definition


@pytest.mark.parametrize("points", [1, 4, 16])
@pytest.mark.parametrize("size", [24, 32, 63, 64, 112, 113, 224])
def test_a_few_points_are_drawn_as_defined(size, points, rng):
    assert_exact(*scattered(6, points, size, rng), size)


@pytest.mark.parametrize(("size", "count"), [(32, 3), (64, 3), (224, 1)])
def test_a_long_frame_is_drawn_as_defined(size, count, rng):
    assert_exact(*scattered(count, 1024, size, rng), size)


@pytest.mark.parametrize("size", [32, 64, 224])
def test_a_point_anywhere_in_its_pixel_is_drawn_as_defined(size):
    offsets = np.linspace(-0.5, 0.5, 5, dtype=np.float32)
    places = np.stack(np.meshgrid(offsets, offsets)).reshape(2, -1, 1) + size // 2 + 1e-3
    assert_exact(*places.astype(np.float32), size)


@pytest.mark.parametrize("size", [64, 224])
@pytest.mark.parametrize("half_widths", [(1,), (6,), (100,), (50, 5, 25), (4, 5)])
def test_every_half_width_is_drawn_as_defined(half_widths, size, rng):
    assert_exact(*scattered(3, 5, size, rng), size, half_widths)


@pytest.mark.parametrize("size", [32, 64, 224])
def test_the_border_is_crossed_by_windows_and_by_nothing_else(size):
    reach = round(50 * size / 224)
    borders = [-reach - 1, -reach, 0, size, size - 1 + reach, size + reach]
    along, middle = np.array(borders, np.float32)[:, None], np.full((6, 1), size / 3, np.float32)
    assert_exact(along, middle, size)
    assert_exact(middle, along, size)
    assert_exact(along, along[::-1], size)


@pytest.mark.parametrize("size", [32, 64, 224])
def test_pixels_that_no_window_reaches_are_exactly_zero(size, rng):
    columns, rows = scattered(4, 3, size, rng)
    expected = [looped(c, r, HALF_WIDTHS, size) for c, r in zip(columns, rows, strict=True)]
    np.testing.assert_array_equal(drawn(columns, rows, size) == 0, np.stack(expected) == 0)


@pytest.mark.parametrize("size", [32, 64, 224])
def test_a_thousand_points_in_one_place_light_nothing_beyond_their_window(size):
    places = np.full((1, 1024), size // 4 + 0.3, np.float32)
    one, many = drawn(places[:, :1], places[:, :1], size), drawn(places, places, size)
    np.testing.assert_array_equal(many == 0, one == 0)
    assert_close(many, 1024 * one, 5e-5)  # a thousand additions, each rounded


# --- laws


@pytest.mark.parametrize("size", [32, 64, 224])
def test_glow_adds_up(size, rng):
    columns, rows = scattered(2, 40, size, rng)
    together = drawn(columns, rows, size)
    halves = [drawn(columns[:, half], rows[:, half], size) for half in np.s_[:25, 25:]]
    assert_close(sum(halves), together, FLOAT32)


@pytest.mark.parametrize("size", [32, 63, 64, 224])
def test_a_mirrored_or_turned_cloud_gives_a_mirrored_or_turned_image(size, rng):
    columns, rows = scattered(2, 40, size, rng)
    upright = drawn(columns, rows, size)
    for turned, expected in [
        (drawn(size - 1 - columns, rows, size), upright[..., ::-1]),
        (drawn(columns, size - 1 - rows, size), upright[..., ::-1, :]),
        (drawn(rows, columns, size), upright.swapaxes(-1, -2)),
    ]:
        assert_close(turned, expected, 1e-5)  # size − 1 − column rounds in its seventh digit


@pytest.mark.parametrize("size", [32, 64, 224])
def test_a_cloud_moved_by_whole_pixels_gives_a_moved_image(size, rng):
    columns, rows = scattered(2, 40, size, rng)
    columns, rows = np.round(columns * 8) / 8 + 1 / 16, np.round(rows * 8) / 8 + 1 / 16  # exact
    still, moved = drawn(columns, rows, size), drawn(columns + 3, rows - 2, size)
    assert_close(moved[..., :-2, 3:], still[..., 2:, :-3], FLOAT32)


def test_the_order_of_the_points_does_not_matter(rng):
    columns, rows = scattered(2, 200, 64, rng)
    backwards = drawn(columns[:, ::-1].copy(), rows[:, ::-1].copy(), 64)
    assert_close(backwards, drawn(columns, rows, 64), FLOAT32)


@pytest.mark.parametrize("size", [32, 64, 224])
def test_examples_do_not_see_each_other(size, rng):
    columns, rows = scattered(5, 60, size, rng)
    columns[1], rows[2] = np.nan, 1e6
    together = drawn(columns, rows, size)
    for k, planes in enumerate(together):
        alone = drawn(columns[k : k + 1], rows[k : k + 1], size)[0]
        assert_close(planes, alone, FLOAT32)


def test_as_many_examples_as_do_not_fit_the_cache_are_drawn_as_one_by_one(rng):
    columns, rows = scattered(300, 8, 32, rng)
    all_at_once = drawn(columns, rows, 32)
    assert_close(all_at_once[-1], drawn(columns[-1:], rows[-1:], 32)[0], FLOAT32)
    assert_close(all_at_once[150], drawn(columns[150:151], rows[150:151], 32)[0], FLOAT32)


# --- edges


@pytest.mark.parametrize("nowhere", [1e6, -1e6, 1e30, math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("size", [32, 224])
def test_points_nowhere_give_blank_planes_and_leave_others_alone(nowhere, size, rng):
    columns, rows = scattered(1, 4, size, rng)
    assert not drawn(np.full_like(columns, nowhere), rows, size).any()
    assert not drawn(columns, np.full_like(rows, nowhere), size).any()
    more = [np.append(x, np.float32([[nowhere]]), axis=1) for x in (columns, rows)]
    assert_close(drawn(*more, size), drawn(columns, rows, size), FLOAT32)


@pytest.mark.parametrize("shape", [(0, 16), (3, 0), (0, 0)])
def test_no_examples_and_no_points_give_no_glow(shape):
    none = torch.zeros(shape)
    planes = decay_planes(none, none, HALF_WIDTHS, 64)
    assert planes.shape == (shape[0], 3, 64, 64)
    assert planes.dtype == torch.float32
    assert not planes.any()


def test_double_precision_is_drawn_in_single_and_the_points_are_left_as_they_are(rng):
    columns, rows = map(torch.from_numpy, scattered(2, 20, 64, rng))
    kept = columns.clone(), rows.clone()
    single = decay_planes(columns, rows, HALF_WIDTHS, 64)
    double = decay_planes(columns.double(), rows.double(), HALF_WIDTHS, 64)
    assert double.dtype == torch.float32
    torch.testing.assert_close(double, single)
    assert torch.equal(columns, kept[0]) and torch.equal(rows, kept[1])


def test_what_inference_mode_worked_out_serves_outside_of_it_too():
    half_widths = (23, 41)  # of no other test
    places = torch.full((1, 1), 20.2)
    with torch.inference_mode():
        inside = decay_planes(places, places, half_widths, 64).clone()
    places.requires_grad_()
    outside = decay_planes(places, places, half_widths, 64)
    assert not outside.requires_grad
    torch.testing.assert_close(outside, inside)


def test_a_shifted_window_stands_beside_its_point():
    places = torch.full((1, 1), 20.2)
    (plane,) = point_sums(places, places, Glow((3,), 64, shift=0.5))[0]
    lit = plane.nonzero()
    assert lit.amin(0).tolist() == [21 - 3, 21 - 3]  # 20.2 + 0.5 is nearest to 21
    assert lit.amax(0).tolist() == [21 + 3, 21 + 3]
    assert divmod(int(plane.argmax()), 64) == (20, 20)
