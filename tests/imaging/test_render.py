"""Constellation images against a slow renderer, and the symmetries they must have."""

import dataclasses

import numpy as np
import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.imaging.render import constellation_images, quarter_turned
from rfmae.records import DECAY_PLANES, ImageConfig, Plane

SIZES = [64, 224]
FLOAT32 = 5e-5  # rounding of coordinates, sums and their Fourier transform
EXACT = 2e-3  # half of one of 256 levels: what decay planes keep to their definition

DENSITY = Plane("symbols", "density")
SHARES = (
    Plane("symbols", "decay", half_width=5, normalise="points"),
    Plane("symbols", "density", normalise="points"),
)
COUNTS = Plane("symbols", "counts")
STEPS = (
    Plane("differential", "density", lag_symbols=1),
    Plane("differential", "decay", half_width=25, lag_symbols=3),
)
PLANES = (*DECAY_PLANES, DENSITY, *SHARES, COUNTS, *STEPS)


def every_kind(size):
    """An image with planes of every kind that symbols allow."""
    return ImageConfig(size=size, planes=PLANES)


def exact_image(iq, config):
    """The definition, point by point in float64: decay planes (planes, size, size) of iq (K,)."""
    points = iq.astype(np.complex128)
    points /= np.sqrt(np.mean(np.abs(points) ** 2))
    pixels_per_unit, to_reference = config.size / (2 * config.extent), 224 / config.size
    pixel = np.arange(config.size)
    image = np.zeros((len(config.planes), config.size, config.size))
    for point in points:
        column = point.real * pixels_per_unit + config.size / 2 - 0.5
        row = config.size / 2 - 0.5 - point.imag * pixels_per_unit
        distance = np.hypot((pixel - row)[:, None], pixel - column)
        own = np.maximum(np.abs(pixel - np.rint(row))[:, None], np.abs(pixel - np.rint(column)))
        for plane, kernel in zip(image, config.planes, strict=True):
            b = kernel.half_width
            within = own <= max(1, round(b / to_reference))
            glow = np.exp(-5 / b * to_reference * distance / np.sqrt(2))
            plane += np.where(within, glow, 0.0)
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
    # products of noise-free symbols fall between two pixels, where rounding picks the window
    blur = 0.01 * rng.standard_normal((4, 60, 2)).view(np.complex128)[..., 0]
    return torch.from_numpy((frames(4, 60, rng) + blur).astype(np.complex64))


# --- laws


@pytest.mark.parametrize("size", [24, 63, 64, 224])
def test_every_plane_lies_between_zero_and_one_and_a_peak_is_one(size, iq):
    config = every_kind(size)
    images = constellation_images(iq, config)
    assert images.shape == (4, len(PLANES), size, size)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    peaks = images.amax(dim=(-2, -1))
    for plane, peak in zip(config.planes, peaks.T, strict=True):
        assert (peak == 1).all() if plane.normalise == "peak" else (peak < 1).all()


@pytest.mark.parametrize("size", [32, 63, 64, 224])
def test_a_quarter_turn_of_iq_turns_the_image_but_no_differential_plane(size, iq):
    config = every_kind(size)
    upright = constellation_images(iq, config)
    for turns, factor in [(1, 1j), (2, -1), (3, -1j)]:
        turned = constellation_images(iq * factor, config)
        expected = quarter_turned(upright, torch.full((4,), turns), config.planes)
        torch.testing.assert_close(turned, expected, rtol=0, atol=FLOAT32)
        torch.testing.assert_close(
            expected[:, 0], upright[:, 0].rot90(turns, dims=(-2, -1)), rtol=0, atol=0
        )
        torch.testing.assert_close(expected[:, -2:], upright[:, -2:], rtol=0, atol=0)


def test_each_example_takes_a_turn_of_its_own(iq):
    config, turns = every_kind(64), torch.tensor([0, 1, 2, 3])
    factors = torch.tensor([1, 1j, -1, -1j])[:, None]
    turned = quarter_turned(constellation_images(iq, config), turns, config.planes)
    torch.testing.assert_close(
        turned, constellation_images(iq * factors, config), rtol=0, atol=FLOAT32
    )


@pytest.mark.parametrize("size", [32, 63, 64])
def test_mirroring_iq_mirrors_the_image(size, iq):
    config = every_kind(size)
    upright = constellation_images(iq, config)
    upside_down = constellation_images(iq.conj().resolve_conj(), config)
    torch.testing.assert_close(upside_down, upright.flip(-2), rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("gain", [1e-4, 0.3, 32_768.0])
def test_the_gain_does_not_matter(gain, iq):
    config = every_kind(64)
    louder, plain = constellation_images(iq * gain, config), constellation_images(iq, config)
    torch.testing.assert_close(louder, plain, rtol=0, atol=FLOAT32)


def test_in_absolute_units_the_gain_is_a_zoom(iq):
    near = ImageConfig(size=64, units="absolute", planes=PLANES[:4])
    far = dataclasses.replace(near, extent=2 * near.extent)
    torch.testing.assert_close(
        constellation_images(2 * iq, far), constellation_images(iq, near), rtol=0, atol=FLOAT32
    )


def test_the_order_of_the_symbols_matters_to_differential_planes_alone(iq):
    config = every_kind(64)
    shuffled, straight = (
        constellation_images(x, config)
        for x in (iq[:, torch.randperm(60, generator=torch.Generator().manual_seed(0))], iq)
    )
    torch.testing.assert_close(shuffled[:, :-2], straight[:, :-2], rtol=0, atol=FLOAT32)
    assert (shuffled[:, -2:] - straight[:, -2:]).abs().amax() > 0.1


def test_examples_do_not_see_each_other(iq):
    config = every_kind(64)
    together = constellation_images(iq, config)
    for image, example in zip(together, iq, strict=True):
        alone = constellation_images(example[None], config)[0]
        torch.testing.assert_close(image, alone, rtol=0, atol=1e-6)  # another transform length


def test_planes_do_not_see_each_other(iq):
    planes = (*PLANES[::-1], PLANES[0])
    together = constellation_images(iq, ImageConfig(size=64, planes=planes))
    for place, plane in enumerate(planes):
        alone = constellation_images(iq, ImageConfig(size=64, planes=(plane,)))
        torch.testing.assert_close(together[:, place], alone[:, 0], rtol=0, atol=FLOAT32)


def test_shares_of_all_points_count_how_many_coincide():
    iq = torch.tensor([[1.0, 1.0, 1.0, -1.0]], dtype=torch.complex64)
    # 33 pixels, 0.5 units apart: the points lie on pixel centres
    config = ImageConfig(size=33, extent=33 / 4, planes=SHARES)
    decay, density = constellation_images(iq, config)[0]
    assert decay[16, 18] == pytest.approx(0.75, abs=1e-3)
    assert decay[16, 14] == pytest.approx(0.25, abs=1e-3)
    assert density[16, 18] == pytest.approx(np.log(4) / np.log(5), abs=1e-5)
    assert density[16, 14] == pytest.approx(np.log(2) / np.log(5), abs=1e-5)


# --- views


def test_each_plane_is_drawn_from_its_own_view(iq, rng):
    waveform = torch.from_numpy(frames(4, 240, rng))
    both = ImageConfig(size=64, planes=(DENSITY, Plane("trajectory", "density"), *STEPS[:1]))
    images = constellation_images({"symbols": iq, "waveform": waveform}, both)
    drawn = constellation_images(iq, ImageConfig(size=64, planes=(DENSITY,)))
    torch.testing.assert_close(images[:, :1], drawn)
    # a trajectory of every sample is drawn as symbols would be
    drawn = constellation_images(waveform, ImageConfig(size=64, planes=(DENSITY,)))
    torch.testing.assert_close(images[:, 1:2], drawn)


def test_a_lag_in_symbols_is_so_many_samples_of_the_waveform(iq):
    of_samples = Plane("differential-trajectory", "density", lag_symbols=0.75)
    of_symbols = Plane("differential", "density", lag_symbols=3)
    drawn = constellation_images(iq, ImageConfig(size=64, planes=(of_samples,)), 4.0)
    same = constellation_images(iq, ImageConfig(size=64, planes=(of_symbols,)))
    torch.testing.assert_close(drawn, same)


def test_a_lag_between_two_samples_is_refused(iq):
    plane = Plane("differential-trajectory", "density", lag_symbols=0.5)
    with pytest.raises(ShapeError, match=r"0\.5 symbols is 1\.5 samples at 3 samples per symbol"):
        constellation_images(iq, ImageConfig(size=64, planes=(plane,)), 3.0)


def test_gradients_reach_every_view_of_many_examples(rng):
    symbols = torch.from_numpy(frames(40, 20, rng))
    waveform = torch.from_numpy(frames(40, 80, rng)).requires_grad_()
    planes = (DENSITY, Plane("trajectory", "density"))
    both = ImageConfig(size=224, units="absolute", planes=planes)  # more than one part
    images = constellation_images({"symbols": symbols, "waveform": waveform}, both)
    images.square().sum().backward()
    assert waveform.grad is not None
    assert (waveform.grad.abs().sum(dim=1) > 0).all()


def test_a_view_that_no_plane_shows_is_left_alone(iq):
    views = {"symbols": iq, "waveform": iq[:1, :3]}
    drawn = constellation_images(views, ImageConfig(size=64, planes=(DENSITY,)))
    torch.testing.assert_close(
        drawn, constellation_images(iq, ImageConfig(size=64, planes=(DENSITY,)))
    )


def test_a_missing_view_is_named(iq):
    both = ImageConfig(size=64, planes=(DENSITY, Plane("trajectory", "density")))
    with pytest.raises(ShapeError, match="from symbols and waveform; give a mapping"):
        constellation_images(iq, both)
    with pytest.raises(ShapeError, match="but the I/Q of symbols was given"):
        constellation_images({"symbols": iq}, both)


# --- gradients


def test_gradients_flow_back_to_the_iq_through_density_planes(rng):
    iq = torch.from_numpy(frames(2, 20, rng)).requires_grad_()
    image = ImageConfig(size=32, units="absolute", planes=(DENSITY, STEPS[0]))
    weights = torch.from_numpy(rng.random((32, 32))).float()
    (constellation_images(iq, image) * weights).sum().backward()
    assert iq.grad is not None
    assert torch.view_as_real(iq.grad).isfinite().all()
    assert (iq.grad.abs() > 0).float().mean() > 0.5


# --- the definition


@pytest.mark.parametrize("symbols", [1, 4, 60, 256])
@pytest.mark.parametrize(("size", "count"), [(32, 8), (64, 8), (224, 4)])
def test_decay_planes_keep_to_the_definition(size, count, symbols, rng):
    config = ImageConfig(size=size)
    iq = frames(count, symbols, rng)
    exact = np.stack([exact_image(one, config) for one in iq])
    np.testing.assert_allclose(images_of(iq, config), exact, atol=EXACT)


@pytest.mark.parametrize("half_width", [1, 8, 9, 100])
def test_every_half_width_keeps_to_the_definition(half_width, rng):
    config = ImageConfig(size=224, planes=(Plane("symbols", "decay", half_width),))
    iq = frames(3, 20, rng)
    exact = np.stack([exact_image(one, config) for one in iq])
    np.testing.assert_allclose(images_of(iq, config), exact, atol=EXACT)


@pytest.mark.parametrize("extent", [1.5, 4.0])
def test_every_extent_keeps_to_the_definition(extent, rng):
    config = ImageConfig(size=64, extent=extent)
    iq = frames(3, 60, rng)
    exact = np.stack([exact_image(one, config) for one in iq])
    np.testing.assert_allclose(images_of(iq, config), exact, atol=EXACT)


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
    images = constellation_images(iq, every_kind(size))[:, :7]
    for mirrored in (images.flip(-1), images.flip(-2), images.transpose(-1, -2)):
        torch.testing.assert_close(mirrored, images, rtol=0, atol=FLOAT32)


# --- edges


@pytest.mark.parametrize("size", SIZES)
def test_iq_without_power_gives_a_blank_image(size, iq):
    silent = torch.cat([iq[:1], torch.zeros_like(iq[:1])])
    images = constellation_images(silent, every_kind(size))
    assert images.isfinite().all()
    assert not images[1].any()
    torch.testing.assert_close(
        images[:1], constellation_images(iq[:1], every_kind(size)), rtol=0, atol=FLOAT32
    )


def test_points_far_outside_leave_the_others_where_they_were():
    corners = [1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j] * 50
    iq = np.array([[*corners, 200 + 300j, -500j]], np.complex64)
    config = ImageConfig(size=64)
    image = images_of(iq, config)[0]
    assert image.isfinite().all()
    np.testing.assert_allclose(image, exact_image(iq[0], config), atol=EXACT)


def test_an_image_that_all_points_miss_is_blank():
    iq = torch.tensor([[1 + 1j, 1 - 1j, -1 + 1j, -1 - 1j]])
    images = constellation_images(iq, ImageConfig(size=64, extent=0.05, planes=PLANES[:7]))
    assert images.isfinite().all()
    assert not images.any()


@pytest.mark.parametrize("extent", [1.0, 1.00001, 0.99999])
def test_points_on_the_border_are_drawn(extent):
    iq = torch.tensor([[1, 1j, -1, -1j]])
    config = ImageConfig(size=64, extent=extent)
    exact = exact_image(iq[0].numpy(), config)
    np.testing.assert_allclose(constellation_images(iq, config)[0], exact, atol=EXACT)


def test_double_precision_is_drawn_in_single(iq):
    config = ImageConfig(size=64)
    images = constellation_images(iq.to(torch.complex128), config)
    assert images.dtype == torch.float32
    torch.testing.assert_close(images, constellation_images(iq, config))


def test_no_examples_give_no_images():
    none = torch.zeros(0, 16, dtype=torch.complex64)
    assert constellation_images(none, ImageConfig(size=64)).shape == (0, 3, 64, 64)
