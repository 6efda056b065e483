"""Feature noise and disruption inside of a whole network (arXiv 2412.19104)."""

import math

import pytest
import torch
from small_networks import (
    IMAGE,
    NOISE,
    SIGNAL,
    built,
    gradients_of,
    inputs_of,
    losses_of,
    masks_of,
    noise_of,
    output_of,
    small_config,
)

from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.models.denomae import draw_masks
from rfmae.models.noising import FeatureNoise
from rfmae.models.objectives.disruption import disruption_loss
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid

SIDES = pytest.mark.parametrize("mask_tokens", ["decoder", "encoder"])


def noised_config(*grids, depth=3, block=1, share=0.5, mask_tokens="decoder", **noising):
    return small_config(
        *grids,
        depth=depth,
        masking=Masking(0.5),
        noising=Noising(share, block, **noising),
        mask_tokens=mask_tokens,
    )


def block_inputs(network, noise):
    """What goes into each block of the encoder."""
    seen = []
    hooks = [
        block.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
        for block in network.encoder.blocks
    ]
    config = network.config
    network(inputs_of(config), masks_of(config), noise)
    for hook in hooks:
        hook.remove()
    return seen


@SIDES
@pytest.mark.parametrize("block", [0, 1, 2])
@pytest.mark.parametrize("grids", [(IMAGE,), (IMAGE, SIGNAL, NOISE)], ids=["one", "three"])
def test_noise_falls_before_its_block_and_on_the_noised_tokens_alone(block, grids, mask_tokens):
    """The published code noises all tokens, before the first block."""
    config = noised_config(*grids, block=block, mask_tokens=mask_tokens)
    network, masks = built(config), masks_of(config)
    quiet, noisy = block_inputs(network, None), block_inputs(network, noise_of(config, masks))
    for number in range(block):
        assert torch.equal(noisy[number], quiet[number])
    changed = (noisy[block] != quiet[block]).any(dim=-1)
    assert torch.equal(changed, _noised_places(masks, mask_tokens == "encoder").expand(3, -1))


def _noised_places(masks, with_hidden):
    """True at the noised tokens: the last of the visible of each modality."""
    parts = [torch.zeros(1, dtype=torch.bool)]
    for mask in masks.values():
        own = torch.zeros(mask.patches if with_hidden else mask.visible, dtype=torch.bool)
        own[mask.visible - mask.noised : mask.visible] = True
        parts.append(own)
    return torch.cat(parts)


@SIDES
def test_noise_in_units_of_the_rms_keeps_the_power_of_the_tokens(mask_tokens):
    grid = PatchGrid("image", (1, 64, 64), 4)
    config = noised_config(grid, mask_tokens=mask_tokens, share=1.0, time_embedding=False)
    network, masks = built(config), masks_of(config, 40)
    seen = []
    network.encoder.blocks[1].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with torch.no_grad():
        for noise in (None, noise_of(config, masks)):
            network(inputs_of(config, 40), masks, noise)
    quiet, noisy = (tokens[:, 1 : 1 + 128].square().mean() for tokens in seen)
    # 40·128 tokens of 16 values; the cross term leaves about one in a hundred
    assert noisy.item() == pytest.approx(quiet.item(), rel=0.02)


@SIDES
def test_noise_of_no_strength_is_no_noise(mask_tokens):
    switches = {"pixels": PixelTask("all"), "mask_tokens": mask_tokens}
    silent = Noising(
        0.5,
        1,
        first_beta=0.0,
        last_beta=0.0,
        time_embedding=False,
        classify_noised=True,
        disruption_weight=0.0,
    )
    steps = []
    for noising in (Noising(), silent):
        network = built(small_config(noising=noising, **switches))
        loss = losses_of(network)["loss"]
        steps.append((loss.detach(), gradients_of(network, loss)))
    (expected, expected_gradients), (found, gradients) = steps
    assert torch.equal(found, expected)
    assert gradients.keys() == expected_gradients.keys()
    assert all(torch.equal(gradients[name], value) for name, value in expected_gradients.items())


@SIDES
def test_validation_without_noise_predicts_hidden_patches_alone(mask_tokens):
    config = noised_config(mask_tokens=mask_tokens)
    network, inputs = built(config), inputs_of(config)
    masks = masks_of(config, noised=False)
    output = network(inputs, masks)
    assert masks["image"].noised == 0
    assert torch.equal(output.predicted_ids("image"), masks["image"].hidden_ids)
    assert not {"denoised_loss", "disruption_loss"} & {*denomae_losses(output, inputs, config)}


@SIDES
def test_hidden_and_noised_patches_are_learnt_each_from_its_own_clean_patch(mask_tokens):
    """In the published code no gradient ever comes from the noised patches."""
    config = noised_config(mask_tokens=mask_tokens, disruption_weight=0.0)
    output, masks = output_of(built(config)), masks_of(config)
    predicted, clean = output.predicted["image"], inputs_of(config, seed=9)
    predicted.retain_grad()
    denomae_losses(output, clean, config)["loss"].backward()
    mask = masks["image"]
    noised_ids = mask.visible_ids[:, -mask.noised :]
    ids = torch.cat([noised_ids, mask.hidden_ids], dim=1)
    assert torch.equal(output.predicted_ids("image"), ids)
    cut = clean["image"].unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5)
    target = cut.reshape(3, 16, 32)[torch.arange(3)[:, None], ids]
    error = predicted.detach() - target
    hidden, noised = mask.hidden_ids.numel() * 32, noised_ids.numel() * 32
    expected = torch.cat([2 * error[:, :4] / noised, 2 * error[:, 4:] / hidden], dim=1)
    torch.testing.assert_close(predicted.grad, expected)


def reach(config):
    """How far the noise of a token reaches into the predicted hidden patches."""
    network, masks = built(config), masks_of(config)
    noise = noise_of(config, masks)
    eps = noise.eps.requires_grad_()
    output = network(inputs_of(config), masks, FeatureNoise(noise.times, eps))
    hidden = masks["image"].hidden_ids.shape[1]
    output.predicted["image"][:, -hidden:].square().sum().backward()
    return eps.grad.abs().max().item()


def test_forbidden_attention_cuts_one_layer_and_no_more():
    """Information of noised tokens comes back through these in the next block."""
    hard = {"mask_tokens": "encoder", "disruption": "hard"}
    assert reach(noised_config(depth=3, block=2, **hard)) == 0
    assert reach(noised_config(depth=3, block=1, **hard)) > 1e-6
    assert reach(noised_config(depth=3, block=2, mask_tokens="encoder")) > 1e-6


@pytest.mark.parametrize("mode", ["entropy", "cross", "hard"])
def test_attention_is_watched_where_hidden_and_noised_tokens_meet(mode):
    config = noised_config(IMAGE, SIGNAL, disruption=mode, mask_tokens="decoder")
    output = output_of(built(config))
    assert [watched.weights[0].shape for watched in output.watched] == [
        (3, 2, 17, 17),
        (3, 2, 9, 9),
    ]
    assert [len(watched.weights) for watched in output.watched] == [2, 2]  # decoder blocks
    symmetric = noised_config(IMAGE, SIGNAL, disruption=mode, mask_tokens="encoder")
    (watched,) = output_of(built(symmetric)).watched
    assert [weights.shape for weights in watched.weights] == [(3, 2, 25, 25)] * 2  # from block 1 on
    for weights in watched.weights:
        met = weights[:, :, watched.hidden][..., watched.noised]
        assert (met == 0).all() if mode == "hard" else (met > 0).all()


@SIDES
def test_watching_alone_changes_no_answer(mask_tokens):
    silent = noised_config(mask_tokens=mask_tokens, disruption_weight=0.0)
    watched = noised_config(mask_tokens=mask_tokens, disruption_weight=0.3)
    expected, found = output_of(built(silent)), output_of(built(watched))
    assert not expected.watched
    assert found.watched
    torch.testing.assert_close(found.predicted["image"], expected.predicted["image"])


@SIDES
@pytest.mark.parametrize("mode", ["entropy", "cross"])
def test_descending_disruption_alone_keeps_hidden_and_noised_tokens_apart(mode, mask_tokens):
    network = built(noised_config(disruption=mode, mask_tokens=mask_tokens))
    losses = []
    for _ in range(20):
        (watched,) = output_of(network).watched
        loss = disruption_loss(watched.weights, watched.hidden, watched.noised, mode)
        gradients = gradients_of(network, loss)
        losses.append(loss.item())
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                parameter -= gradients[name]
    assert losses[-1] < 0.95 * losses[0]


@SIDES
@pytest.mark.parametrize(("share", "dropout"), [(0.5, 0.0), (1.0, 0.0), (0.4, 0.6)])
def test_a_modality_with_one_visible_token_still_learns(share, dropout, mask_tokens):
    """Nothing is left to predict, to place or to noise: no loss becomes a mean over nothing."""
    short = PatchGrid("signal", (2, 32), 8)
    config = small_config(
        IMAGE,
        short,
        position=PositionTask(dropout=dropout),
        noising=Noising(share, 1),
        mask_tokens=mask_tokens,
    )
    assert draw_masks(config, 1, torch.Generator())["signal"].visible == 1
    network = built(config)
    losses = losses_of(network)
    losses["loss"].backward()
    assert all(math.isfinite(value.detach()) for value in losses.values())
    assert all(parameter.grad is not None for parameter in network.parameters())
