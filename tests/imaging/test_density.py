"""Counts beside numpy.histogram2d, bilinear points beside a slow loop, and the laws of both."""

import math

import numpy as np
import pytest
import torch

from rfmae.imaging.density import counts, log_density, splatted
from rfmae.imaging.grid import pixel_coordinates
from rfmae.imaging.planes import plane_points

SIZES = [24, 63, 224]
TOP = 255


def spread(rng, count=3, points=400, size=24, reach=0.7):
    """Columns and rows inside and outside of the image."""
    place = size * (0.5 + reach * rng.standard_normal((2, count, points)))
    return torch.from_numpy(place.astype(np.float32)).unbind(0)


def histogram(columns, rows, size):
    """numpy's count of one example, in pixels from edge to edge."""
    edges = np.arange(size + 1) - 0.5
    columns, rows = (one.double().numpy() for one in (columns, rows))
    finite = np.isfinite(columns) & np.isfinite(rows)
    table, _, _ = np.histogram2d(rows[finite], columns[finite], bins=(edges, edges))
    return table


def laid_by_hand(columns, rows, size):
    """Every point, one after the other, on the four pixels around it, in double precision."""
    image = np.zeros((size, size))
    for column, row in zip(columns.tolist(), rows.tolist(), strict=True):
        if not (math.isfinite(column) and math.isfinite(row)):
            continue
        for r in (math.floor(row), math.floor(row) + 1):
            for c in (math.floor(column), math.floor(column) + 1):
                if 0 <= r < size and 0 <= c < size:
                    image[r, c] += (1 - abs(row - r)) * (1 - abs(column - c))
    return image


def drawn(draw, iq, size=24):
    return draw(*pixel_coordinates(plane_points(iq, "symbols"), size, 2.5), size)


@pytest.fixture
def iq():
    return torch.randn(3, 400, dtype=torch.complex64, generator=torch.Generator().manual_seed(3))


# --- outside references


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("points", [1, 255, 256, 5000])
def test_counts_are_those_of_numpy(size, points, rng):
    columns, rows = spread(rng, 3, points, size)
    images = counts(columns, rows, size)
    assert images.dtype == torch.uint8
    for image, one_columns, one_rows in zip(images, columns, rows, strict=True):
        expected = histogram(one_columns, one_rows, size).clip(max=TOP)
        np.testing.assert_array_equal(image, expected)


def test_points_on_edges_of_pixels_count_where_numpy_counts_them():
    halves = torch.arange(-2, 53) / 2 - 0.5  # from left of the image to right of it
    columns, rows = (grid.reshape(1, -1) for grid in torch.meshgrid(halves, halves, indexing="xy"))
    expected = histogram(columns[0], rows[0], 24)
    np.testing.assert_array_equal(counts(columns, rows, 24)[0], expected)


@pytest.mark.parametrize("size", SIZES)
def test_bilinear_points_are_those_of_the_slow_loop(size, rng):
    columns, rows = spread(rng, 3, 300, size)
    images = splatted(columns, rows, size)
    assert images.dtype == torch.float32
    for image, one_columns, one_rows in zip(images, columns, rows, strict=True):
        # shares carry the rounding of coordinates up to 224, and a few of them add up
        np.testing.assert_allclose(image, laid_by_hand(one_columns, one_rows, size), atol=1e-4)


# --- laws of both


@pytest.mark.parametrize("draw", [counts, splatted])
@pytest.mark.parametrize("size", [24, 63])
def test_a_quarter_turn_of_iq_turns_the_image_counter_clockwise(draw, size, iq):
    upright = drawn(draw, iq, size)
    for turns, factor in [(1, 1j), (2, -1), (3, -1j)]:
        expected = upright.rot90(turns, dims=(-2, -1))
        turned = drawn(draw, iq * factor, size)
        torch.testing.assert_close(turned, expected, rtol=0, atol=0 if draw is counts else 2e-4)


@pytest.mark.parametrize("draw", [counts, splatted])
def test_the_order_of_the_points_does_not_matter(draw, iq):
    shuffled = iq[:, torch.randperm(400, generator=torch.Generator().manual_seed(4))]
    close = {"rtol": 0, "atol": 1e-5}  # sums of float32 in another order
    torch.testing.assert_close(drawn(draw, shuffled), drawn(draw, iq), **close)


@pytest.mark.parametrize("draw", [counts, splatted])
@pytest.mark.parametrize("gain", [2.0**-20, 2.0**12])  # powers of two leave every digit
def test_the_gain_does_not_matter(draw, gain, iq):
    torch.testing.assert_close(drawn(draw, iq * gain), drawn(draw, iq), rtol=0, atol=0)


@pytest.mark.parametrize("draw", [counts, splatted])
def test_examples_do_not_see_each_other(draw, iq):
    together = drawn(draw, iq)
    for image, example in zip(together, iq, strict=True):
        torch.testing.assert_close(image, drawn(draw, example[None])[0], rtol=0, atol=0)


@pytest.mark.parametrize("draw", [counts, splatted])
def test_all_mass_within_the_image_is_kept(draw, rng):
    columns, rows = (1 + 21 * torch.from_numpy(rng.random((2, 3, 500)))).float().unbind(0)
    mass = draw(columns, rows, 24).sum(dim=(-2, -1)).float()
    torch.testing.assert_close(mass, torch.full((3,), 500.0), rtol=1e-5, atol=0)


@pytest.mark.parametrize("draw", [counts, splatted])
def test_iq_without_power_gives_a_blank_image(draw, iq):
    silent = torch.cat([iq[:1], torch.zeros_like(iq[:1])])
    images = drawn(draw, silent)
    assert images[0].any()
    assert not images[1].any()


@pytest.mark.parametrize("draw", [counts, splatted])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e38, -1e38, 3e9])
def test_what_is_not_finite_or_far_away_is_dropped(draw, bad, rng):
    columns, rows = spread(rng)
    expected = draw(columns, rows, 24)
    bad = torch.full((3, 2), bad)
    middle = torch.full((3, 2), 12.0)
    beside, above, both = ([bad, middle], [middle, bad], [bad, bad])
    for more_columns, more_rows in (beside, above, both):
        longer = torch.cat([columns, more_columns], 1), torch.cat([rows, more_rows], 1)
        torch.testing.assert_close(draw(*longer, 24), expected, rtol=0, atol=0)


@pytest.mark.parametrize("draw", [counts, splatted])
def test_no_examples_and_no_points_are_no_trouble(draw):
    assert draw(torch.zeros(0, 300), torch.zeros(0, 300), 24).shape == (0, 24, 24)
    assert not draw(torch.zeros(2, 0), torch.zeros(2, 0), 24).any()


# --- counts


@pytest.mark.parametrize("points", [254, 255, 256, 257, 511, 512, 100_000])
def test_a_crowded_pixel_stops_at_255(points):
    columns, rows = torch.full((2, points), 7.2), torch.full((2, points), 3.9)
    images = counts(columns, rows, 24)
    assert images[0, 4, 7] == min(points, TOP)
    assert (images > 0).sum() == 2


def test_a_crowded_pixel_does_not_change_its_neighbours(rng):
    columns, rows = spread(rng, 2, 400)
    crowd = torch.full((2, 1000), 7.0)
    alone = counts(columns, rows, 24)
    images = counts(torch.cat([columns, crowd], 1), torch.cat([rows, crowd], 1), 24)
    assert (images[:, 7, 7] == TOP).all()
    images[:, 7, 7] = alone[:, 7, 7]
    assert torch.equal(images, alone)


def test_many_examples_are_counted_as_few_are(rng):
    columns, rows = spread(rng, 120, 300, 224)  # more than are counted in one go
    images = counts(columns, rows, 224)
    for k in (0, 59, 119):
        np.testing.assert_array_equal(images[k], histogram(columns[k], rows[k], 224))


def test_counts_need_no_contiguous_coordinates(rng):
    columns, rows = spread(rng)
    interleaved = torch.stack([columns, rows], dim=-1)
    assert torch.equal(
        counts(interleaved[..., 0], interleaved[..., 1], 24), counts(columns, rows, 24)
    )


def test_counts_take_coordinates_of_double_precision(rng):
    columns, rows = spread(rng)
    assert torch.equal(counts(columns.double(), rows.double(), 24), counts(columns, rows, 24))


# --- bilinear points and their gradients


@pytest.mark.parametrize(
    ("column", "share"), [(-1.0, 0.0), (-0.25, 0.75), (23.5, 0.5), (24.0, 0.0)]
)
def test_a_point_leaves_the_image_gradually(column, share):
    for place in ([column, 5.0], [5.0, column]):
        columns, rows = torch.tensor(place)[:, None, None]
        assert splatted(columns, rows, 24).sum().item() == pytest.approx(share)


def test_gradients_are_those_of_small_steps(rng):
    whole = torch.from_numpy(rng.integers(-2, 9, (2, 2, 30)))
    away_from_edges = torch.from_numpy(0.1 + 0.8 * rng.random((2, 2, 30)))
    columns, rows = (whole + away_from_edges).requires_grad_().unbind(0)
    assert torch.autograd.gradcheck(lambda c, r: splatted(c, r, 8), (columns, rows))


@pytest.mark.parametrize("normalise", ["peak", "points"])
def test_gradients_of_log_density_are_those_of_small_steps(normalise, rng):
    place = torch.from_numpy(rng.integers(0, 7, (2, 2, 12)) + 0.1 + 0.8 * rng.random((2, 2, 12)))

    def image(columns, rows):
        return log_density(splatted(columns, rows, 8), normalise, 12)

    assert torch.autograd.gradcheck(image, place.requires_grad_().unbind(0))


@pytest.mark.parametrize("normalise", ["peak", "points"])
@pytest.mark.parametrize("place", [1e6, math.nan, math.inf])
def test_gradients_of_a_blank_image_are_finite(normalise, place):
    columns = torch.full((1, 5), place, requires_grad=True)
    rows = torch.full((1, 5), place, requires_grad=True)
    image = log_density(splatted(columns, rows, 24), normalise, 5)
    assert not image.any()
    image.sum().backward()
    assert not columns.grad.any()
    assert not rows.grad.any()


def test_gradient_descent_moves_a_point_to_its_target():
    steps = torch.arange(16.0)
    blur = torch.exp(-(steps[:, None] - steps).square() / 18)  # a slope to follow from afar

    def seen(place):
        return blur @ splatted(*place[:, None, None], 16)[0] @ blur

    target, place = torch.tensor([9.3, 4.8]), torch.tensor([6.6, 7.4], requires_grad=True)
    optimiser = torch.optim.Adam([place], lr=0.2)
    for _ in range(100):
        optimiser.zero_grad()
        (seen(place) - seen(target)).square().sum().backward()
        optimiser.step()
    torch.testing.assert_close(place.detach(), target, rtol=0, atol=0.02)


# --- logarithm


def test_log_density_is_the_logarithm_over_that_of_its_peak():
    density = torch.tensor([[[0.0, 1.0], [3.0, 7.0]], [[0.0, 0.5], [0.0, 0.0]]])
    expected = torch.tensor([[[0, 1 / 3], [2 / 3, 1]], [[0, 1], [0, 0]]])
    torch.testing.assert_close(log_density(density, "peak", 11), expected)


def test_log_density_is_the_logarithm_over_that_of_all_points():
    density = torch.tensor([[[0.0, 1.0], [3.0, 7.0]]])
    expected = torch.tensor([[[0, 0.25], [0.5, 0.75]]])
    torch.testing.assert_close(log_density(density, "points", 15), expected)


@pytest.mark.parametrize("normalise", ["peak", "points"])
def test_log_density_lies_between_zero_and_one(normalise, iq):
    image = log_density(drawn(splatted, iq), normalise, 400)
    assert image.min() == 0
    assert (image.amax(dim=(-2, -1)) == 1).all() == (normalise == "peak")
    assert image.max() <= 1


@pytest.mark.parametrize("normalise", ["peak", "points"])
def test_log_density_of_nothing_is_blank(normalise):
    assert not log_density(torch.zeros(2, 24, 24), normalise, 0).any()
