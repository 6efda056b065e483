"""Circular harmonics of points: what they are, and what a carrier phase does to them."""

import numpy as np
import pytest
import torch

from rfmae.errors import ShapeError
from rfmae.imaging.harmonics import (
    _tables,
    angular_moments,
    circular_harmonics,
    network_harmonics,
    turned_harmonics,
)
from rfmae.records import ORDERS, RINGS, ImageConfig, Plane, harmonic_planes

IMAGE = ImageConfig(
    32,
    planes=(
        Plane("symbols", "density"),
        Plane("trajectory", "density"),
        Plane("differential", "density", lag_symbols=1.0),
    ),
)
RATE = 4.0


def noise(rng, *shape):
    return torch.from_numpy(rng.normal(size=(*shape, 2)).astype(np.float32))


def complex_noise(rng, *shape):
    return torch.view_as_complex(noise(rng, *shape))


def views(rng, n=3, symbols=200):
    return {
        "symbols": complex_noise(rng, n, symbols),
        "waveform": complex_noise(rng, n, int(symbols * RATE)),
    }


def rotated(found, turns):
    phase = torch.from_numpy(np.exp(2j * np.pi * turns).astype(np.complex64))
    return {view: iq * phase[:, None] for view, iq in found.items()}


def modulus(harmonics):
    return torch.linalg.vector_norm(harmonics.unflatten(-1, (RINGS, 2)), dim=-1)


def test_a_turn_by_any_angle_is_known_exactly(rng):
    seen, turns = views(rng), rng.uniform(-3, 3, 3)
    before = network_harmonics(seen, IMAGE, RATE)
    after = network_harmonics(rotated(seen, turns), IMAGE, RATE)
    expected = turned_harmonics(before, torch.from_numpy(turns), IMAGE.planes)
    torch.testing.assert_close(after, expected, atol=1e-6, rtol=0)
    assert (after - before).abs().max() > 1e-3  # or nothing was turned


def test_no_turn_changes_a_modulus_or_a_differential_plane(rng):
    seen, turns = views(rng), rng.uniform(-3, 3, 3)
    before = network_harmonics(seen, IMAGE, RATE)
    after = network_harmonics(rotated(seen, turns), IMAGE, RATE)
    torch.testing.assert_close(modulus(after), modulus(before), atol=1e-6, rtol=0)
    torch.testing.assert_close(after[:, 2], before[:, 2], atol=1e-6, rtol=0)


def test_turns_add_up(rng):
    seen = network_harmonics(views(rng), IMAGE, RATE)
    first, second = (torch.from_numpy(rng.uniform(size=3)) for _ in range(2))
    twice = turned_harmonics(turned_harmonics(seen, first, IMAGE.planes), second, IMAGE.planes)
    at_once = turned_harmonics(seen, first + second, IMAGE.planes)
    torch.testing.assert_close(twice, at_once, atol=1e-6, rtol=0)


@pytest.mark.parametrize("fold", [1, 2, 4, 8])
def test_an_alphabet_of_m_fold_symmetry_has_orders_of_m_alone(fold):
    angle = 2 * np.pi * np.arange(8 * fold) / fold + 0.3
    points = torch.from_numpy(np.stack([np.cos(angle), np.sin(angle)], -1)[None]).float()
    found = modulus(circular_harmonics(points, IMAGE).flatten(2))[0].amax(dim=-1)
    for order, largest in zip(ORDERS, found.tolist(), strict=True):
        if order % fold:
            assert largest < 1e-6, order
        else:
            assert largest > 1e-3, order


def test_moments_are_the_sums_that_they_are_said_to_be():
    radius, angle = 1.1, 0.7
    points = torch.tensor([[[radius * np.cos(angle), radius * np.sin(angle)]]]).float()
    found = torch.view_as_complex(angular_moments(points, IMAGE.extent)[0])  # (rings, 17)
    phases = torch.exp(-1j * angle * torch.arange(17)).to(torch.complex64)
    torch.testing.assert_close(found.sum(dim=0), phases, atol=1e-5, rtol=0)
    mean_ring = (found[:, 0].real * (torch.arange(RINGS) + 0.5)).sum() * IMAGE.extent / RINGS
    assert mean_ring == pytest.approx(radius, abs=1e-5)


def test_the_order_zero_of_moments_is_the_share_of_the_points_within_the_axes(rng):
    points = 1.2 * noise(rng, 1, 20_000)
    inside = (torch.linalg.vector_norm(points, dim=-1) < IMAGE.extent).float().mean()
    found = angular_moments(points, IMAGE.extent)[0, :, 0, 0].sum()
    assert found == pytest.approx(float(inside), abs=0.02)


def test_harmonics_are_those_of_the_logarithm_of_a_smooth_density():
    """An even ring of P points has P / (2πρ) in each area and no order but zero."""
    count, radius = 1000, 8 * IMAGE.extent / RINGS
    angle = 2 * np.pi * np.arange(count) / count
    points = radius * np.stack([np.cos(angle), np.sin(angle)], -1)[None]
    found = circular_harmonics(torch.from_numpy(points).float(), IMAGE)[0]
    assert found[1:].abs().max() < 1e-5
    shares = np.zeros(RINGS)
    shares[5:11] = np.convolve([0.5, 0.5], np.array([1, 4, 6, 4, 1]) / 16)
    density = count * shares / (2 * np.pi * (np.arange(RINGS) + 0.5))
    expected = np.log1p(density) / np.log1p(count)
    np.testing.assert_allclose(found[0, :, 0], expected, atol=1e-5)


def test_a_density_is_nowhere_negative(rng):
    """Or its logarithm would have a kink, and a turn would no longer be exact."""
    smooth, waves, _ = _tables()
    one = torch.zeros(1, 1, 2)
    one[..., 0] = IMAGE.extent / 2
    moments = angular_moments(one, IMAGE.extent).flatten(2)
    assert ((moments * smooth) @ waves).min() > -1e-6


def test_a_point_at_the_centre_has_no_direction():
    found = circular_harmonics(torch.zeros(1, 4, 2), IMAGE)[0]
    assert found[0, 0, 0] > 0.1 and found[1:].abs().max() < 1e-6


def test_what_is_not_finite_or_has_no_power_counts_nowhere(rng):
    points = noise(rng, 1, 50)
    points[0, 7] = torch.nan
    found = angular_moments(points, IMAGE.extent)
    kept = angular_moments(torch.cat([points[:, :7], points[:, 8:]], dim=1), IMAGE.extent)
    torch.testing.assert_close(found * 50, kept * 49, atol=1e-5, rtol=0)
    silent = {"symbols": torch.zeros(1, 20, dtype=torch.complex64)}
    symbols = ImageConfig(32, planes=(Plane("symbols", "density"),))
    assert network_harmonics(silent, symbols).abs().max() < 1e-6


def test_gain_changes_nothing_in_units_of_the_rms(rng):
    seen = views(rng)
    louder = {view: 37.5 * iq for view, iq in seen.items()}
    torch.testing.assert_close(
        network_harmonics(louder, IMAGE, RATE), network_harmonics(seen, IMAGE, RATE)
    )


def test_an_example_does_not_depend_on_its_batch(rng):
    seen = views(rng, n=20)
    whole = network_harmonics(seen, IMAGE, RATE)
    alone = network_harmonics({view: iq[13:14] for view, iq in seen.items()}, IMAGE, RATE)
    torch.testing.assert_close(whole[13:14], alone, atol=1e-7, rtol=0)


def test_kernels_around_the_same_points_are_one_plane():
    shown = [Plane("symbols", "decay", width) for width in (5, 25)] + [
        Plane("trajectory", "counts")
    ]
    assert harmonic_planes(ImageConfig(32, planes=tuple(shown))) == (shown[0], shown[2])


def test_a_view_that_is_missing_is_named(rng):
    with pytest.raises(ShapeError, match="symbols and waveform"):
        network_harmonics({"symbols": views(rng)["symbols"]}, IMAGE, RATE)
