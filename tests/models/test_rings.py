"""Rings and their masked autoencoder: laws of the carrier phase, masks, positions, losses."""

import json
import math
from dataclasses import asdict, replace

import pytest
import torch
from small_networks import IMAGE, SNR, generator, shake

from rfmae.configuration.masking import Masking
from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.errors import CheckpointError, ShapeError
from rfmae.imaging.harmonics import turned_harmonics
from rfmae.models.encoders import encoder_from_card
from rfmae.models.objectives.harmonic_losses import polar_laplacian_loss, rings_losses
from rfmae.models.rings import (
    HarmonicGrid,
    RingsConfig,
    RingsEncoder,
    initialise_rings,
    placed,
    rings_config_from_card,
)
from rfmae.models.rings_mae import (
    RingsMAE,
    RingsMAEConfig,
    draw_ring_masks,
    initialise_rings_mae,
    lone_tokens,
)
from rfmae.records import ORDERS, RINGS, Plane

GRID = HarmonicGrid("harmonics", (False, False, True))
PLANES = (
    Plane("symbols", "density"),
    Plane("trajectory", "density"),
    Plane("differential", "density", lag_symbols=1.0),
)
SMALL = RingsConfig((GRID,), width=24, mixtures=6, components=8)
BASE = RingsMAEConfig(SMALL, masking=Masking(0.5))


def harmonics(n=4, seed=1, grid=GRID):
    """As those of points: of an order 0 there is no imaginary part, and shares are positive."""
    found = torch.randn(n, *grid.shape, generator=generator(seed)) / 10
    parts = found.unflatten(-1, (RINGS, 2))
    parts[:, :, 0, :, 0].abs_()
    parts[:, :, 0, :, 1] = 0
    return parts.flatten(-2)


def scaled(grid=GRID):
    seen = harmonics(256, seed=9, grid=grid).double()
    return grid.scaled_by(seen.mean(dim=0), seen.square().mean(dim=0))


def encoder(config=SMALL, seed=0):
    network = RingsEncoder(config)
    initialise_rings(network, generator(seed))
    return network


def autoencoder(config=BASE, seed=0):
    network = RingsMAE(config)
    initialise_rings_mae(network, generator(seed))
    with torch.no_grad():  # at the start the decoder says next to nothing
        for weight in network.decoder.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator(seed + 1)))
    return network


def turned(found, turns):
    return turned_harmonics(found, turns, PLANES)


@pytest.fixture
def turns():
    return torch.rand(4, generator=generator(5), dtype=torch.float64)


@pytest.mark.parametrize("config", [SMALL, replace(SMALL, modalities=(scaled(),), blocks=2)])
def test_no_turn_changes_a_feature_and_mixtures_turn_with_it(config, turns):
    network, seen = encoder(config), harmonics()
    before, after = network({"harmonics": seen}), network({"harmonics": turned(seen, turns)})
    torch.testing.assert_close(after.features, before.features, atol=1e-5, rtol=0)
    angle = -2 * torch.pi * turns[:, None] * torch.tensor(ORDERS)
    moving, still = config.sums
    found, known = torch.view_as_complex(after.mixtures).split([moving, still], dim=2)
    start, other = torch.view_as_complex(before.mixtures).split([moving, still], dim=2)
    expected = (start * torch.exp(1j * angle)[:, :, None]).to(torch.complex64)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(known, other, atol=1e-6, rtol=0)
    assert (found - start).abs().max() > 0.01


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("scale", [False, True])
def test_a_turn_of_the_input_turns_every_output_of_the_decoder(scale, masked, turns):
    config = replace(SMALL, modalities=(scaled(),)) if scale else SMALL
    base = replace(BASE, encoder=config)
    network, seen = autoencoder(base), harmonics()
    mask = draw_ring_masks(base, 4, generator(2)) if masked else None
    before = network({"harmonics": seen}, mask)
    after = network({"harmonics": turned(seen, turns)}, mask)
    back = network.targets.back
    torch.testing.assert_close(
        back(after.predicted), turned(back(before.predicted), turns), atol=1e-5, rtol=0
    )
    if masked:
        torch.testing.assert_close(after.position_logits, before.position_logits, atol=1e-4, rtol=0)


def test_no_loss_knows_the_phase(turns):
    config = replace(BASE, laplacian_weight=0.1, uniformity_weight=0.01)
    network, mask = autoencoder(config), draw_ring_masks(config, 4, generator(2))
    noisy, clean = harmonics(), harmonics(seed=3)
    before = rings_losses(network({"harmonics": noisy}, mask, clean), config)
    after = rings_losses(
        network({"harmonics": turned(noisy, turns)}, mask, turned(clean, turns)), config
    )
    assert before.keys() == after.keys()
    for name in before:
        torch.testing.assert_close(after[name], before[name], atol=1e-4, rtol=1e-4)


def test_known_planes_are_read_as_they_stand():
    network, seen = encoder(), harmonics()
    other = seen.clone()
    other[:, 2] = turned_harmonics(seen, torch.full((4,), 0.2), (PLANES[0],) * 3)[:, 2]
    features = [network.features({"harmonics": given}) for given in (seen, other)]
    assert (features[0] - features[1]).abs().max() > 1e-3


def test_hidden_tokens_and_those_without_place_do_not_affect_the_encoder():
    network, mask = encoder(), draw_ring_masks(BASE, 4, generator(2))
    seen = harmonics()
    kept = placed(mask, GRID)[:, :, None, :, None].bool()
    parts = seen.unflatten(-1, (RINGS, 2))
    noise = torch.randn(parts.shape, generator=generator(8))
    other = torch.where(kept, parts, noise).flatten(-2)
    assert not torch.equal(seen, other)
    before, after = (network({"harmonics": given}, mask) for given in (seen, other))
    assert torch.equal(before.features, after.features)


def test_masks_hide_the_share_that_was_requested_and_divide_the_tokens():
    mask = draw_ring_masks(replace(BASE, masking=Masking(0.75)), 5, generator())
    assert mask.visible == 12 and mask.patches == 48
    assert mask.unplaced == 1  # one in fifty, and no less than one
    tenth = replace(BASE, position=PositionTask(dropout=0.1), masking=Masking(0.75))
    assert draw_ring_masks(tenth, 5, generator()).unplaced == 2
    every = mask.patch_ids.sort(dim=1).values
    assert torch.equal(every, torch.arange(48).expand(5, -1))
    nothing = draw_ring_masks(replace(BASE, masking=Masking(0.0)), 5, generator())
    assert nothing.visible == 48 and not nothing.hidden.any()


def test_lone_tokens_are_rings_of_planes_in_the_order_of_the_mask():
    seen, mask = harmonics(), draw_ring_masks(BASE, 4, generator(2))
    tokens = lone_tokens(seen, mask)
    for row, ids in enumerate(mask.visible_ids[:, : mask.unplaced].tolist()):
        for place, number in enumerate(ids):
            plane, ring = divmod(number, RINGS)
            expected = seen[row, plane, :, 2 * ring : 2 * ring + 2]
            assert torch.equal(tokens[row, place], expected)


def test_every_weight_learns():
    config = replace(BASE, laplacian_weight=0.1, uniformity_weight=0.01, decoder_depth=1)
    network, mask = autoencoder(config), draw_ring_masks(config, 4, generator(2))
    output = network({"harmonics": harmonics()}, mask, harmonics(seed=3))
    rings_losses(output, config)["loss"].backward()
    without = [name for name, w in network.named_parameters() if w.grad is None or not w.grad.any()]
    assert without == []


def test_what_is_off_leaves_no_weights_and_no_loss():
    config = replace(BASE, position=PositionTask(weight=0.0))
    network = autoencoder(config)
    assert not [name for name in network.state_dict() if name.startswith("position")]
    mask = draw_ring_masks(config, 4, generator(2))
    assert mask.unplaced == 0
    losses = rings_losses(network({"harmonics": harmonics()}, mask, harmonics(seed=3)), config)
    assert set(losses) == {"loss", "reconstruction_loss"}
    assert losses["loss"] == losses["reconstruction_loss"]


def test_the_loss_is_the_mean_square_over_what_is_judged():
    network, mask = autoencoder(), draw_ring_masks(BASE, 4, generator(2))
    output = network({"harmonics": harmonics()}, mask, harmonics(seed=3))
    square = (output.predicted - output.target).square()
    everywhere = rings_losses(output, BASE)["reconstruction_loss"]
    torch.testing.assert_close(everywhere, square.mean())
    hidden = replace(BASE, pixels=PixelTask(where="hidden"))
    by_token = square.transpose(2, 3).flatten(3).mean(dim=-1).flatten(1)
    expected = by_token[mask.hidden].mean()
    torch.testing.assert_close(rings_losses(output, hidden)["reconstruction_loss"], expected)


def test_the_polar_laplacian_knows_harmonic_functions():
    """Of a(ρ)·exp(jmθ) with a = ρ^m it is zero; of ρ² at order 0 it is four."""
    radius = torch.arange(RINGS) + 0.5
    everywhere = torch.ones(1, 1, 1, RINGS, dtype=torch.bool)

    def loss_of(order, values):
        error = torch.zeros(1, 1, len(ORDERS), RINGS, 2)
        error[0, 0, ORDERS.index(order), :, 0] = values
        return float(polar_laplacian_loss(error, everywhere)) * RINGS * len(ORDERS)

    # the ends take neighbours that are not there, so that only they count: order 1 begins at ρ/2
    first = abs(0.5 + 1.5 - 2 * 0.5 + (1.5 - 0.5) / (2 * 0.5) - 0.5 / 0.5**2)
    last = float(radius[-1])
    end = abs(last - 1 + last - 2 * last + 1 / (2 * last) - 1 / last)
    assert loss_of(1, radius) == pytest.approx(first + end, abs=1e-3)
    # four everywhere but at the two ends
    square = radius**2
    last = float(square[-2] - square[-1] + (square[-1] - square[-2]) / (2 * radius[-1]))
    first = float(square[1] - square[0]) * 2
    assert loss_of(0, square) == pytest.approx(4 * (RINGS - 2) + first + abs(last), abs=1e-2)
    assert loss_of(0, torch.ones(RINGS)) == pytest.approx(0, abs=1e-3)


def test_the_scale_leaves_turning_orders_about_nothing():
    grid = scaled()
    mean = torch.tensor(grid.mean).view(3, len(ORDERS), RINGS, 2)
    assert not mean[:2, 1:].any() and mean[2].any() and mean[:2, 0, :, 0].all()
    network = encoder(replace(SMALL, modalities=(grid,)))
    seen = network.standardised(harmonics(256, seed=9))
    torch.testing.assert_close(
        seen.square().mean(dim=(0, 3, 4)), torch.ones(3, len(ORDERS)), atol=0.1, rtol=0
    )
    back = network.standardised.back(seen)
    torch.testing.assert_close(back, harmonics(256, seed=9), atol=1e-6, rtol=0)


def test_a_card_brings_the_encoder_back():
    config = replace(SMALL, modalities=(scaled(),))
    assert rings_config_from_card(json.loads(json.dumps(asdict(config)))) == config


@pytest.mark.parametrize("more", [{}, {"samples_per_step": 1}], ids=["bare", "of an older version"])
def test_a_card_of_rings_that_saw_an_image_is_refused_in_one_line(more):
    card = {"kind": "rings", "modalities": [asdict(IMAGE)], "width": 128, **more}
    with pytest.raises(CheckpointError, match=r"does not read .*train it again") as refused:
        encoder_from_card(json.loads(json.dumps(card)))
    assert "\n" not in str(refused.value)


def test_positions_can_be_predicted_from_content():
    """Tokens whose rings hold other powers are named after a few steps; a blind guess is ln 48."""
    config = replace(BASE, masking=Masking(0.0), position=PositionTask(weight=1.0, dropout=0.2))
    network = autoencoder(config)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    level = torch.logspace(-2, 1, 48).view(1, 3, 1, RINGS, 1)
    for step in range(80):
        seen = (harmonics(32, seed=step).unflatten(-1, (RINGS, 2)) * level).flatten(-2)
        mask = draw_ring_masks(config, 32, generator(step))
        losses = rings_losses(network({"harmonics": seen}, mask, seen), config)
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
    assert losses["position_loss"] < 0.8 * math.log(48)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pixels": PixelTask(normalised=True)}, "normalised"),
        ({"position": PositionTask("rank", dropout=0.1)}, "rank"),
        ({"position": PositionTask(dropout=0.0)}, "raise it, or set position weight 0"),
        ({"laplacian_weight": -1.0}, "laplacian weight must be at least 0, got -1"),
        (
            {"encoder": RingsConfig((HarmonicGrid("harmonics", (True, True)),))},
            "nothing here turns with an unknown carrier phase",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_way_out(changes, message):
    with pytest.raises(ShapeError, match=message):
        replace(BASE, **changes)


def test_inputs_of_another_name_or_shape_are_refused():
    with pytest.raises(ShapeError, match="the network sees harmonics, got image"):
        encoder()({"image": torch.zeros(1, 3, 32, 32)})
    with pytest.raises(ShapeError, match="harmonics must be"):
        encoder()({"harmonics": torch.zeros(1, 2, 7, 32)})


# an SNR beside the harmonics --------------------------------------------------------------------

BESIDE = replace(SMALL, modalities=(GRID, SNR))


def bels(n=4):
    return torch.randn(n, 1, 1, generator=generator(7))


def test_an_snr_changes_nothing_before_training_and_then_it_does():
    alone, beside = encoder(), encoder(BESIDE)
    weights = beside.state_dict()
    alone.load_state_dict({name: weights[name] for name in alone.state_dict()})
    assert {name.split(".")[0] for name in set(weights) - {*alone.state_dict()}} == {"conditioning"}
    inputs = {"harmonics": harmonics(), "snr": bels()}
    torch.testing.assert_close(
        beside.features(inputs), alone.features({"harmonics": inputs["harmonics"]})
    )
    shake(beside)
    louder = {**inputs, "snr": inputs["snr"] + 1}
    assert not torch.allclose(beside.features(inputs), beside.features(louder))


def test_beside_an_snr_no_turn_changes_a_feature(turns):
    network, seen, snr = encoder(BESIDE), harmonics(), bels()
    shake(network)
    features = [
        network.features({"harmonics": given, "snr": snr}) for given in (seen, turned(seen, turns))
    ]
    torch.testing.assert_close(features[1], features[0], atol=1e-5, rtol=0)


def test_an_snr_that_is_missing_is_refused():
    with pytest.raises(ShapeError, match="sees harmonics and snr, got harmonics"):
        encoder(BESIDE)({"harmonics": harmonics()})


@pytest.mark.parametrize("grids", [(), (SNR,), (IMAGE,), (GRID, IMAGE), (GRID, GRID)], ids=str)
def test_rings_see_harmonics_and_numbers_alone(grids):
    with pytest.raises(ShapeError, match="rings see the circular harmonics of an image, and an"):
        RingsConfig(grids)
