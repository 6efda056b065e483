"""Images that rings predict: laws of the carrier phase, places of pixels, what is learnt, where."""

import math
from dataclasses import replace

import pytest
import torch
from small_networks import generator, shake

from rfmae.configuration.objective import PositionTask
from rfmae.errors import ShapeError
from rfmae.imaging.harmonics import network_harmonics, turned_harmonics
from rfmae.imaging.render import constellation_images, quarter_turned
from rfmae.models.image_decoder import ANGLES, RADII, ImageDecoder, ImageGrid, polar_places
from rfmae.models.objectives.harmonic_losses import rings_losses, rms_error
from rfmae.models.rings import HarmonicGrid, RingsConfig
from rfmae.models.rings_mae import RingsMAE, RingsMAEConfig, initialise_rings_mae
from rfmae.records import RINGS, ImageConfig, Plane

GRID = HarmonicGrid("harmonics", (False, True))
HARMONIC_PLANES = (Plane("symbols", "density"), Plane("differential", "density", lag_symbols=1.0))
# the first two show the same points, as three decay kernels do
PLANES = (Plane("symbols", "density"), HARMONIC_PLANES[1], Plane("symbols", "counts"))
IMAGE = ImageGrid(24, (False, True, False))
CONFIG = RingsMAEConfig(
    RingsConfig((GRID,), width=24, mixtures=6, components=8),
    position=PositionTask(weight=0.0),
    image=IMAGE,
    image_weight=0.5,
)


def harmonics(n=4, seed=1):
    found = torch.randn(n, *GRID.shape, generator=generator(seed)) / 10
    parts = found.unflatten(-1, (RINGS, 2))
    parts[:, :, 0, :, 1] = 0
    return parts.flatten(-2)


def network(config=CONFIG, seed=0, shaken=True):
    found = RingsMAE(config)
    initialise_rings_mae(found, generator(seed))
    if shaken:
        shake(found)
    return found.eval()


def turned(seen, turns):
    return turned_harmonics(seen, turns, HARMONIC_PLANES)


@pytest.mark.parametrize("steps", [1, 7, 48, 101])
def test_a_turn_rolls_the_polar_image_of_turning_planes_and_leaves_the_others(steps):
    painter, seen = network(), harmonics()
    turns = torch.full((4,), steps / ANGLES, dtype=torch.float64)
    with torch.no_grad():
        before, after = (
            painter.image_decoder.polar(painter.encoder({"harmonics": given}))
            for given in (seen, turned(seen, turns))
        )
    scale = before.std()
    torch.testing.assert_close(
        after[:, ::2] / scale, before[:, ::2].roll(steps, dims=-1) / scale, atol=1e-3, rtol=0
    )
    torch.testing.assert_close(after[:, 1] / scale, before[:, 1] / scale, atol=1e-3, rtol=0)
    assert (after[:, 0] - before[:, 0]).abs().max() > 0.1 * scale


@pytest.mark.parametrize("size", [24, 25])
def test_quarter_turns_of_the_points_are_quarter_turns_of_the_image(size):
    painter = network(replace(CONFIG, image=replace(IMAGE, size=size)))
    seen, quarters = harmonics(), torch.arange(4)
    with torch.no_grad():
        before = painter.images({"harmonics": seen})
        after = painter.images({"harmonics": turned(seen, quarters / 4)})
    assert before.std() > 0.01
    torch.testing.assert_close(after, quarter_turned(before, quarters, PLANES), atol=2e-5, rtol=0)


def test_pixels_take_the_polar_image_where_they_lie():
    """Of ρ·cos θ each takes its column, of ρ·sin θ its row, Q upwards; the far rings end there."""
    size = 32
    places, shares = polar_places(size)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(size**2))
    radius = (torch.arange(RADII) + 0.5)[:, None] * math.sqrt(2) / RADII
    angle = 2 * math.pi * torch.arange(ANGLES) / ANGLES
    along = (torch.arange(size) + 0.5) * 2 / size - 1
    for wave, expected in (
        (angle.cos(), along.expand(size, size)),
        (angle.sin(), -along[:, None].expand(size, size)),
    ):
        found = ((radius * wave).flatten()[places] * shares).sum(dim=1).view(size, size)
        far = along[:, None].square() + along.square() > (1.4 - 1 / RADII) ** 2
        assert (found - expected).abs()[~far].max() < 2e-3


def test_the_decoder_changes_nothing_else_and_teaches_the_encoder_nothing():
    plain = replace(CONFIG, image=None, image_weight=0.0)
    with_image, without = network(shaken=False), network(plain, shaken=False)
    for name, weight in without.state_dict().items():
        assert torch.equal(with_image.state_dict()[name], weight), name
    seen, clean = {"harmonics": harmonics()}, harmonics(seed=3)
    image = torch.rand(4, 3, 24, 24, generator=generator(4))
    metrics = rings_losses(with_image(seen, None, clean), CONFIG, image)
    expected = rings_losses(without(seen, None, clean), plain)
    assert torch.equal(metrics["reconstruction_loss"], expected["reconstruction_loss"])
    torch.testing.assert_close(metrics["loss"], expected["loss"] + 0.5 * metrics["image_loss"])
    assert set(metrics) - set(expected) == {"image_loss"}
    metrics["loss"].backward()
    expected["loss"].backward()
    for one, other in zip(
        with_image.encoder.parameters(), without.encoder.parameters(), strict=True
    ):
        assert torch.equal(one.grad, other.grad)


def test_every_weight_of_it_learns():
    painter = network()
    image = torch.rand(4, 3, 24, 24, generator=generator(4))
    rms_error(painter({"harmonics": harmonics()}).images, image).backward()
    still = [
        name
        for name, weight in painter.image_decoder.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    assert still == []


def test_the_error_is_the_mean_of_the_rms_of_each_image():
    clean = torch.rand(3, 2, 5, 5, generator=generator())
    off = clean + torch.tensor([0.1, 0.3, -0.2])[:, None, None, None]
    torch.testing.assert_close(rms_error(off, clean), torch.tensor(0.2))


def test_phasors_are_no_longer_than_one_and_powers_of_their_first():
    painter = network()
    with torch.no_grad():
        found = painter.image_decoder.phasors(painter.encoder({"harmonics": 50 * harmonics()}))
    numbers = torch.view_as_complex(found)
    assert (numbers.abs() <= 1 + 1e-5).all()
    order = painter.image_decoder.order
    assert torch.equal(numbers[:, 0], torch.ones(4, dtype=numbers.dtype)) and order[0] == 0
    # the first 24 after it are powers of one phasor of order 1
    assert order[1:25].tolist() == list(range(1, 25))
    first = numbers[:, 1:2]
    torch.testing.assert_close(numbers[:, 1:25], first ** torch.arange(1, 25), atol=1e-4, rtol=1e-3)


def qpsk(n, seed):
    """I/Q (n, 128) of QPSK at every phase, noisy and clean."""
    quarters = torch.randint(4, (n, 128), generator=generator(seed))
    phase = torch.rand(n, 1, generator=generator(seed + 1))
    clean = torch.exp(2j * torch.pi * (quarters / 4 + phase))
    noise = torch.randn(n, 128, dtype=torch.complex64, generator=generator(seed + 2))
    return clean + 0.3 * noise, clean


def test_it_learns_images_sharper_than_the_orders_that_it_sees():
    image = ImageConfig(24, 2.0, planes=(Plane("symbols", "density", normalise="points"),))
    grid, predicted = HarmonicGrid("harmonics", (False,)), ImageGrid(24, (False,))
    encoder = RingsConfig((grid,), width=32, mixtures=8, components=8)
    painter = network(replace(CONFIG, encoder=encoder, image=predicted), shaken=False)
    optimiser = torch.optim.AdamW(painter.parameters(), lr=1e-2)
    noisy, clean = qpsk(256, seed=10)
    seen, goal = network_harmonics({"symbols": noisy}, image), constellation_images(clean, image)
    for step in range(40):
        rows = slice(step % 8 * 32, step % 8 * 32 + 32)
        loss = rms_error(painter({"harmonics": seen[rows]}).images, goal[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    other, aim = qpsk(64, seed=20)
    expected = constellation_images(aim, image)
    with torch.no_grad():
        found = painter.images({"harmonics": network_harmonics({"symbols": other}, image)})
    error = rms_error(found, expected)
    assert error < 0.5 * rms_error(goal.mean(dim=0, keepdim=True).expand(64, -1, -1, -1), expected)
    assert error < 0.5 * rms_error(constellation_images(other, image), expected)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": None}, "where it has a weight, .* got image_weight 0.5 and no image"),
        ({"image_weight": 0.0}, "got image_weight 0 and an image; give both or neither"),
        ({"image_weight": -1.0}, "image_weight must be finite and not negative, got -1"),
    ],
)
def test_an_image_without_weight_and_a_weight_without_image_are_refused(changes, message):
    with pytest.raises(ShapeError, match=message):
        replace(CONFIG, **changes)


def test_no_image_without_pixels_or_planes():
    for size, known in ((1, (False,)), (32, ())):
        with pytest.raises(ShapeError, match="an image needs two pixels on a side and a plane"):
            ImageGrid(size, known)


def test_rings_that_were_taught_no_image_predict_none():
    plain = network(replace(CONFIG, image=None, image_weight=0.0))
    assert plain.image_decoder is None and plain({"harmonics": harmonics()}).images is None
    with pytest.raises(ShapeError, match="predict no images; pre-train them with an image weight"):
        plain.images({"harmonics": harmonics()})


def test_an_image_may_be_of_any_size():
    decoder = ImageDecoder(CONFIG.encoder, ImageGrid(56, (False,)))
    encoded = network().encoder({"harmonics": harmonics()})
    assert decoder(encoded).shape == (4, 1, 56, 56)
