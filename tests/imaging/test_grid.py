"""Where a point lies on the pixels."""

import pytest
import torch

from rfmae.imaging.grid import pixel_coordinates


def placed(i, q, size=64, extent=2.0):
    columns, rows = pixel_coordinates(torch.tensor([[[i, q]]]), size, extent)
    return columns.item(), rows.item()


@pytest.mark.parametrize("size", [24, 63, 64, 224])
@pytest.mark.parametrize("extent", [0.5, 2.5, 4.0])
def test_a_quarter_turn_of_the_points_is_a_quarter_turn_of_the_grid(size, extent):
    points = torch.randn(3, 40, 2, generator=torch.Generator().manual_seed(1))
    columns, rows = pixel_coordinates(points, size, extent)
    in_phase, quadrature = points.unbind(-1)
    turned = torch.stack([-quadrature, in_phase], dim=-1)
    turned_columns, turned_rows = pixel_coordinates(turned, size, extent)
    # a few roundings of a number near `size` in float32, at 4 sigma of the smallest extent
    close = {"rtol": 0, "atol": 4e-7 * 8 * size}
    torch.testing.assert_close(turned_columns, rows, **close)
    torch.testing.assert_close(turned_rows, size - 1 - columns, **close)


@pytest.mark.parametrize("size", [63, 64])
def test_the_origin_is_the_middle_of_the_image(size):
    assert placed(0.0, 0.0, size) == ((size - 1) / 2, (size - 1) / 2)


def test_i_grows_to_the_right_and_q_upwards():
    assert placed(1.0, 0.0) == (47.5, 31.5)
    assert placed(0.0, 1.0) == (31.5, 15.5)


def test_the_axes_end_on_the_edges_of_the_outermost_pixels():
    assert placed(-2.0, 2.0) == (-0.5, -0.5)
    assert placed(2.0, -2.0) == (63.5, 63.5)


def test_whole_numbers_are_pixel_centres():
    half_a_pixel = 2.0 / 64
    assert placed(-2.0 + half_a_pixel, 2.0 - half_a_pixel) == (0.0, 0.0)


def test_gradients_are_pixels_for_each_unit():
    points = torch.zeros(1, 1, 2, requires_grad=True)
    columns, rows = pixel_coordinates(points, 64, 2.0)
    (columns + rows).sum().backward()
    torch.testing.assert_close(points.grad, torch.tensor([[[16.0, -16.0]]]))


def test_what_is_not_finite_stays_so():
    columns, rows = placed(float("nan"), float("inf"))
    assert columns != columns
    assert rows == float("-inf")
