import numpy as np
import pytest
import torch
from small_networks import generator

from rfmae.imaging.render import constellation_images
from rfmae.models.patches import PatchGrid
from rfmae.models.rings import ORDERS, RINGS, RingHarmonics, circular_harmonics
from rfmae.models.trunks import TrunkConfig, build_trunk, initialise_trunk
from rfmae.records import ImageConfig, Plane

SIZES = [(16, 16), (32, 32), (33, 33), (48, 24), (224, 224)]


def built(planes=2, side=32, seed=0):
    trunk = build_trunk(TrunkConfig("rings", (PatchGrid("image", (planes, side, side), 8),), 24))
    initialise_trunk(trunk, generator(seed))
    layers = trunk.layers
    assert isinstance(layers, RingHarmonics)
    return layers


def complex_harmonics(layers, images):
    return torch.view_as_complex(layers.of(images))  # (N, C, orders, rings)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_harmonics_are_fourier_sums_around_the_centre(height, width):
    flat = circular_harmonics(height, width).double()
    weights = torch.view_as_complex(flat.view(height, width, len(ORDERS), RINGS, 2))
    up = (height - 1) / 2 - torch.arange(height)[:, None]
    right = torch.arange(width) - (width - 1) / 2
    angle = torch.atan2(up, right)[:, :, None, None]
    waves = torch.exp(-1j * angle * torch.tensor(ORDERS)[:, None])
    share = (weights / waves).real  # of a pixel in each ring
    torch.testing.assert_close(weights, share * waves, rtol=1e-5, atol=1e-7)
    assert (share >= -1e-7).all()
    assert ((share > 1e-7).sum(dim=-1) <= 2).all()  # rings that are no neighbours share nothing
    norms = weights.abs().square().sum(dim=(0, 1))
    torch.testing.assert_close(norms, torch.ones_like(norms))


def test_every_pixel_of_the_disc_is_seen_and_no_corner():
    seen = circular_harmonics(64, 64).view(64 * 64, len(ORDERS), RINGS, 2)[:, 0, :, 0].sum(dim=1)
    axis = torch.arange(64) - 31.5
    radius = torch.hypot(axis[:, None], axis[None, :]).flatten() / 32
    assert (seen[radius < 1] > 0).all()
    assert (seen[radius > 1 + 0.5 / RINGS] == 0).all()


@pytest.mark.parametrize("side", [32, 40])
def test_a_quarter_turn_multiplies_each_order_by_its_own_phase(side):
    layers = built(side=side)
    images = torch.rand(3, 2, side, side, generator=generator())
    still, turned = (complex_harmonics(layers, of) for of in (images, images.rot90(1, (-2, -1))))
    by = torch.tensor([(-1j) ** order for order in ORDERS])[:, None]
    torch.testing.assert_close(turned, still * by, rtol=1e-4, atol=1e-4)


def test_moduli_of_mixtures_know_no_quarter_turn():
    layers = built()
    images = torch.rand(3, 2, 32, 32, generator=generator())
    moduli = [
        layers.mixed(layers.of(images.rot90(quarters, (-2, -1)))).norm(dim=-1)
        for quarters in range(4)
    ]
    for turned in moduli[1:]:
        torch.testing.assert_close(turned, moduli[0], rtol=1e-4, atol=1e-4)
    mirrored = layers.mixed(layers.of(images.flip(-1))).norm(dim=-1)
    torch.testing.assert_close(mirrored, moduli[0], rtol=1e-4, atol=1e-4)


def test_any_carrier_phase_turns_the_harmonics_of_a_picture_nearly_alone():
    draws = np.random.default_rng(0)
    symbols = draws.choice([-3, -1, 1, 3], (1, 4096)) + 0.3 * draws.standard_normal((1, 4096))
    image = ImageConfig(64, planes=(Plane("symbols", "density", normalise="points"),))
    layers = built(planes=1, side=64)
    found = [
        complex_harmonics(
            layers,
            constellation_images(torch.from_numpy(symbols * np.exp(1j * phase)), image),
        )
        for phase in (0.0, 0.7)
    ]
    by = torch.tensor([np.exp(-0.7j * order) for order in ORDERS])[:, None]
    error = (found[1] - found[0] * by).abs().square().sum() / found[0].abs().square().sum()
    assert error < 0.02  # what the pixels cost; without the phases it is near one
    assert (found[1] - found[0]).abs().square().sum() / found[0].abs().square().sum() > 0.3


def test_an_alphabet_shows_the_orders_of_its_symmetry_alone():
    draws = np.random.default_rng(1)
    image = ImageConfig(64, planes=(Plane("symbols", "counts", normalise="points"),))
    layers = built(planes=1, side=64)
    for fold, orders in {2: (0, 2, 4, 6, 8), 4: (0, 4, 8), 8: (0, 8)}.items():
        phase = 2 * np.pi * draws.integers(fold, size=(1, 20_000)) / fold
        noise = draws.standard_normal((2, 1, 20_000)) * 0.05
        iq = np.exp(1j * phase) + noise[0] + 1j * noise[1]
        images = constellation_images(torch.from_numpy(iq), image)
        power = complex_harmonics(layers, images).abs().square().sum(dim=-1)[0, 0]
        of_order = dict(zip(ORDERS, (power / power[0]).tolist(), strict=True))
        assert all(of_order[order] > 0.2 for order in orders), (fold, of_order)
        assert all(of_order[order] < 0.01 for order in ORDERS if order not in orders), of_order
