"""What a DenoMAE can learn, and what it cannot."""

import math

import pytest
import torch
from small_networks import (
    built,
    generator,
    inputs_of,
    masks_of,
    member,
    small_config,
)

from rfmae.configuration.masking import Masking
from rfmae.configuration.objective import PositionTask
from rfmae.models.config import DenoMAEConfig
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.models.vit import EncoderConfig


def test_shuffling_the_tokens_shuffles_targets_with_them():
    """The position target of a token is its own patch, in whatever order the tokens stand."""
    network = member("base, one")
    inputs = inputs_of(network.config)
    mask = masks_of(network.config)["image"]
    order = torch.randperm(4, generator=generator(4))
    shuffled = PatchMask(mask.visible_ids[:, order], mask.hidden_ids.flip(1))
    straight, mixed = network(inputs, {"image": mask}), network(inputs, {"image": shuffled})
    torch.testing.assert_close(
        mixed.position_logits["image"], straight.position_logits["image"][:, order]
    )
    torch.testing.assert_close(mixed.predicted["image"], straight.predicted["image"].flip(1))
    torch.testing.assert_close(mixed.image("image"), straight.image("image"))


def learnt_positions(dropout, steps=120, n=32):
    """Figures on fresh masks, after learning on images all of whose patches are equal."""
    config = small_config(masking=Masking(0.5), position=PositionTask(weight=1.0, dropout=dropout))
    network = built(config)
    alike = {"image": torch.full((n, 2, 16, 16), 0.5)}
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for step in range(steps):
        output = network(alike, masks_of(config, n, seed=step))
        loss = denomae_losses(output, alike, config)["loss"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        fresh = network(alike, masks_of(config, n, seed=10_000))
        return denomae_losses(fresh, alike, config)


@pytest.mark.slow
def test_a_position_that_the_token_carries_is_simply_copied():
    assert learnt_positions(0.0)["position_accuracy"] > 0.95


@pytest.mark.slow
def test_where_patches_look_alike_no_position_can_be_predicted_that_was_withheld():
    """Of 16 patches 4 are placed: what is known of another is that it is one of the other 12."""
    metrics = learnt_positions(0.5)
    assert metrics["position_loss"] > math.log(12) - 0.1
    # 128 tokens at a chance of 1/12, five deviations
    assert metrics["position_accuracy_unplaced"] < 1 / 12 + 5 * (11 / 12**2 / 128) ** 0.5


@pytest.mark.slow
def test_one_batch_can_be_learnt_by_heart():
    grid = PatchGrid("image", (1, 16, 16), 4)
    config = DenoMAEConfig(
        EncoderConfig((grid,), 64, 2, 2), decoder_width=64, decoder_depth=2, decoder_heads=2
    )
    network = built(config)
    noisy, clean = (inputs_of(config, 2, seed) for seed in (1, 2))
    masks = masks_of(config, 2)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for _ in range(300):
        losses = denomae_losses(network(noisy, masks), clean, config)
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
    # 1/12 is the variance of the target; at a constant rate the last steps still jump about
    assert losses["reconstruction_loss"] < 5e-4
    assert losses["position_accuracy"] == 1
