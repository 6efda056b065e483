"""Constellation images against a slow renderer, and the symmetries they must have."""

import numpy as np
import pytest
import torch

from rfmae.imaging.render import constellation_images, quarter_turned
from rfmae.records import ImageConfig

SIZES = [64, 224]
NARROW, WIDE = 0, slice(1, None)  # planes of the default half-widths 5, 25, 50
FLOAT32 = 5e-5  # rounding of coordinates, sums and their Fourier transform
# as constellation_images states them, from 64 pixels up
LARGEST_ERROR, RMS_ERROR = 0.06, 0.006
LARGEST_ERROR_LONG, RMS_ERROR_LONG = 0.04, 0.003  # of frames of a few hundred points


def exact_image(iq, config):
    """The definition, point by point in float64: image (planes, size, size) of iq (K,)."""
    points = iq.astype(np.complex128)
    points /= np.sqrt(np.mean(np.abs(points) ** 2))
    centres = (np.arange(config.size) + 0.5) / config.size * 2 - 1  # of the cells, from -1 to 1
    in_phase, quadrature = config.extent * centres, -config.extent * centres  # row 0 is the top
    pixels_per_unit = 224 / (2 * config.extent)
    image = np.zeros((config.planes, config.size, config.size))
    for point in points:
        across = np.abs(in_phase - point.real) * pixels_per_unit
        down = np.abs(quadrature - point.imag)[:, None] * pixels_per_unit
        distance = np.hypot(down, across)
        for plane, b in zip(image, config.half_widths, strict=True):
            within = np.maximum(down, across) <= b + 0.5
            plane += np.where(within, np.exp(-5 / b * distance / np.sqrt(2)), 0.0)
    peak = image.max(axis=(1, 2), keepdims=True)
    return image / np.where(peak > 0, peak, 1.0)


def frames(count, symbols, rng):
    """Clouds, and points of an alphabet with and without noise, about the origin and beside it."""
    noise = rng.standard_normal((count, symbols, 2)).view(np.complex128)[..., 0]
    corners = rng.choice([-1, 1], (count, symbols)) + 1j * rng.choice([-1, 1], (count, symbols))
    turned = corners * np.exp(2j * np.pi * rng.random((count, 1)))
    spread = np.array([0.0, 0.1, 0.5, 10.0])[np.arange(count) % 4][:, None]
    return (turned + spread * noise + 0.3 * (np.arange(count) % 3)[:, None]).astype(np.complex64)


def images_of(iq, config):
    return constellation_images(torch.from_numpy(iq), config)


@pytest.fixture
def iq(rng):
    return torch.from_numpy(frames(4, 60, rng))


# --- laws


@pytest.mark.parametrize("size", [24, 63, 64, 224])
def test_every_plane_lies_between_zero_and_one_and_reaches_one(size, iq):
    images = constellation_images(iq, ImageConfig(size=size))
    assert images.shape == (4, 3, size, size)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert (images.amax(dim=(-2, -1)) == 1).all()


@pytest.mark.parametrize("size", [32, 63, 64, 224])
def test_a_quarter_turn_of_iq_turns_the_image_counter_clockwise(size, iq):
    config = ImageConfig(size=size)
    upright = constellation_images(iq, config)
    for turns, factor in [(1, 1j), (2, -1), (3, -1j)]:
        turned = constellation_images(iq * factor, config)
        expected = torch.rot90(upright, turns, dims=(-2, -1))
        torch.testing.assert_close(turned, expected, rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("size", [32, 63, 64])
def test_mirroring_iq_mirrors_the_image(size, iq):
    config = ImageConfig(size=size)
    upright = constellation_images(iq, config)
    upside_down = constellation_images(iq.conj().resolve_conj(), config)
    torch.testing.assert_close(upside_down, upright.flip(-2), rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("gain", [1e-4, 0.3, 32_768.0])
def test_the_gain_does_not_matter(gain, iq):
    config = ImageConfig(size=64)
    louder, plain = constellation_images(iq * gain, config), constellation_images(iq, config)
    torch.testing.assert_close(louder, plain, rtol=0, atol=FLOAT32)


def test_the_order_of_the_symbols_does_not_matter(iq):
    config = ImageConfig(size=64)
    backwards, forwards = (constellation_images(x, config) for x in (iq.flip(-1), iq))
    torch.testing.assert_close(backwards, forwards, rtol=0, atol=FLOAT32)


def test_examples_do_not_see_each_other(iq):
    config = ImageConfig(size=64)
    together = constellation_images(iq, config)
    for image, example in zip(together, iq, strict=True):
        alone = constellation_images(example[None], config)[0]
        torch.testing.assert_close(image, alone, rtol=0, atol=1e-6)  # another transform length


def test_planes_do_not_see_each_other(iq):
    together = constellation_images(iq, ImageConfig(size=64, half_widths=(50, 5, 25)))
    for plane, half_width in enumerate((50, 5, 25)):
        alone = constellation_images(iq, ImageConfig(size=64, half_widths=(half_width,)))
        torch.testing.assert_close(together[:, plane], alone[:, 0], rtol=0, atol=FLOAT32)


# --- the definition


@pytest.mark.parametrize("symbols", [1, 4, 60])
@pytest.mark.parametrize("size", SIZES)
def test_narrow_kernels_stand_on_exact_points(size, symbols, rng):
    config = ImageConfig(size=size)
    iq = frames(6, symbols, rng)
    narrow = images_of(iq, config)[:, NARROW].numpy()
    exact = np.stack([exact_image(one, config)[NARROW] for one in iq])
    # a coordinate near 224 is rounded by 1e-5 of a pixel, over which the kernel falls by 1e-5
    np.testing.assert_allclose(narrow, exact, atol=2e-5)


@pytest.mark.parametrize(("size", "count"), [(64, 12), (224, 4)])
def test_wide_kernels_keep_to_their_stated_error_on_long_frames(size, count, rng):
    config = ImageConfig(size=size)
    iq = frames(count, 256, rng)
    error = images_of(iq, config).numpy() - np.stack([exact_image(one, config) for one in iq])
    assert np.abs(error).max() < LARGEST_ERROR_LONG
    assert np.sqrt(np.mean(error**2)) < RMS_ERROR_LONG


@pytest.mark.parametrize("symbols", [1, 4, 16])
@pytest.mark.parametrize(("size", "count"), [(64, 40), (224, 8)])
def test_wide_kernels_keep_to_their_stated_error_on_short_frames(size, count, symbols, rng):
    config = ImageConfig(size=size)
    iq = frames(count, symbols, rng)
    error = images_of(iq, config).numpy() - np.stack([exact_image(one, config) for one in iq])
    assert np.abs(error).max() < LARGEST_ERROR
    assert np.sqrt(np.mean(error**2)) < RMS_ERROR


@pytest.mark.parametrize("half_width", [1, 8, 9, 100])
def test_every_half_width_keeps_to_the_definition(half_width, rng):
    config = ImageConfig(size=224, half_widths=(half_width,))
    iq = frames(3, 20, rng)
    exact = np.stack([exact_image(one, config) for one in iq])
    np.testing.assert_allclose(images_of(iq, config), exact, atol=LARGEST_ERROR)


@pytest.mark.parametrize("extent", [1.5, 4.0])
def test_every_extent_keeps_to_the_definition(extent, rng):
    config = ImageConfig(size=64, extent=extent)
    iq = frames(3, 60, rng)
    exact = np.stack([exact_image(one, config) for one in iq])
    np.testing.assert_allclose(images_of(iq, config), exact, atol=LARGEST_ERROR)


# --- orientation and cells


def brightest(image):
    """Row and column of the centre of all pixels that are as bright as the brightest."""
    return (image >= image.max() - 1e-5).nonzero().float().mean(dim=0).tolist()


@pytest.mark.parametrize("plane", [0, 1, 2])
def test_i_grows_to_the_right_and_q_upwards(plane):
    iq = torch.tensor([[1], [1j], [-1], [-1j]], dtype=torch.complex64)
    images = constellation_images(iq, ImageConfig(size=64))[:, plane]
    middle, radius = 31.5, 64 / 5  # one rms of a half-width of 2.5 on 32 pixels
    expected = [
        (middle, middle + radius),
        (middle - radius, middle),
        (middle, middle - radius),
        (middle + radius, middle),
    ]
    for image, place in zip(images, expected, strict=True):
        np.testing.assert_allclose(brightest(image), place, atol=0.5)  # the centre of that pixel


def test_one_strong_point_outshines_a_scatter_of_others(rng):
    noise = 0.2 * rng.standard_normal((1, 20, 2)).view(np.complex128)[..., 0]
    iq = np.concatenate([np.full((1, 20), 1 + 2j), noise], axis=1).astype(np.complex64)
    image = images_of(iq, ImageConfig(size=64))[0, 0]
    row, column = brightest(image)
    assert row < 31.5 < column
    assert 31.5 - row > column - 31.5  # higher up than to the right


@pytest.mark.parametrize("size", [63, 64])
def test_the_grid_is_centred_on_its_cells(size):
    iq = torch.tensor([[1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j]])
    images = constellation_images(iq, ImageConfig(size=size))
    for mirrored in (images.flip(-1), images.flip(-2), images.transpose(-1, -2)):
        torch.testing.assert_close(mirrored, images, rtol=0, atol=FLOAT32)


# --- edges


@pytest.mark.parametrize("size", SIZES)
def test_iq_without_power_gives_a_blank_image(size, iq):
    silent = torch.cat([iq[:1], torch.zeros_like(iq[:1])])
    images = constellation_images(silent, ImageConfig(size=size))
    assert images.isfinite().all()
    assert not images[1].any()
    torch.testing.assert_close(
        images[:1], constellation_images(iq[:1], ImageConfig(size=size)), rtol=0, atol=1e-6
    )


def test_points_far_outside_leave_the_others_where_they_were():
    corners = [1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j] * 50
    iq = np.array([[*corners, 200 + 300j, -500j]], np.complex64)
    config = ImageConfig(size=64)
    image = images_of(iq, config)[0]
    assert image.isfinite().all()
    np.testing.assert_allclose(image, exact_image(iq[0], config), atol=LARGEST_ERROR)


def test_a_picture_that_all_points_miss_is_blank():
    iq = torch.tensor([[1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j]])
    images = constellation_images(iq, ImageConfig(size=64, extent=0.05))
    assert images.isfinite().all()
    assert not images.any()


@pytest.mark.parametrize("extent", [1.0, 1.00001, 0.99999])
def test_points_on_the_border_are_drawn(extent):
    iq = torch.tensor([[1, 1j, -1, -1j]])
    config = ImageConfig(size=64, extent=extent)
    exact = exact_image(iq[0].numpy(), config)
    np.testing.assert_allclose(constellation_images(iq, config)[0], exact, atol=LARGEST_ERROR)


def test_double_precision_is_drawn_in_single(iq):
    config = ImageConfig(size=64)
    images = constellation_images(iq.to(torch.complex128), config)
    assert images.dtype == torch.float32
    torch.testing.assert_close(images, constellation_images(iq, config))


def test_no_examples_give_no_images():
    none = torch.zeros(0, 16, dtype=torch.complex64)
    assert constellation_images(none, ImageConfig(size=64)).shape == (0, 3, 64, 64)


def test_turned_images_are_the_images_of_turned_iq(iq):
    config, turns = ImageConfig(size=64), torch.tensor([0, 1, 2, 3])
    factors = torch.tensor([1, 1j, -1, -1j])[:, None]
    turned = quarter_turned(constellation_images(iq, config), turns)
    torch.testing.assert_close(
        turned, constellation_images(iq * factors, config), rtol=0, atol=FLOAT32
    )
