"""DenoMAE2.0 against the paper's counts and against what its losses must not see."""

import math

import pytest
import torch
from torch import nn

from rfmae.errors import ShapeError
from rfmae.models.denomae import DenoMAE, DenoMAEConfig
from rfmae.models.objectives import (
    denomae_losses,
    position_accuracy,
    position_loss,
    reconstruction_loss,
)
from rfmae.models.patches import PatchMask, patchify, random_mask, unpatchify
from rfmae.models.presets import PRESETS, classifier_config, denomae_config, encoder_config
from rfmae.models.transformer import _attend, initialise, sine_cosine_positions
from rfmae.models.vit import EncoderConfig

SMALL = DenoMAEConfig(
    EncoderConfig(image_size=16, patch_size=4, planes=2, width=16, depth=2, heads=2),
    decoder_width=8,
    decoder_depth=1,
    decoder_heads=2,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def network():
    network = DenoMAE(SMALL)
    initialise(network, generator())
    return network


@pytest.fixture
def images():
    return torch.rand(3, 2, 16, 16, generator=generator(1))


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_base_has_the_parameters_that_the_paper_counts():
    with torch.device("meta"):
        base = DenoMAE(denomae_config("base", 224, 3))
    assert base.config.encoder.patches == 196
    assert parameters(base.encoder) == 85_647_360
    assert parameters(base.decoder) == 26_008_320
    assert parameters(base.position_head) == 150_724
    # 85.8 million as printed counts the fixed positions of 196 patches and the class token
    assert round((parameters(base.encoder) + 197 * 768) / 1e6, 1) == 85.8


def test_the_head_of_base_is_the_papers():
    config = classifier_config(encoder_config("base", 224, 3), 10)
    assert (config.encoder.width, *config.hidden, config.classes) == (768, 512, 256, 10)


@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"base"}))
def test_every_preset_builds_and_every_parameter_gets_a_gradient(preset):
    config = denomae_config(preset, 32, 3)
    network = DenoMAE(config)
    initialise(network, generator())
    images = torch.rand(2, 3, 32, 32, generator=generator(1))
    mask = random_mask(2, config.encoder.patches, 0.75, generator(2))
    denomae_losses(network(images, mask), patchify(images, 8), 0.1)["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_the_encoder_sees_visible_patches_alone(network, images):
    mask = random_mask(3, 16, 0.75, generator(2))
    before = network(images, mask)
    hidden_pixels = mask.hidden.repeat_interleave(4 * 4 * 2, dim=1).reshape(3, 16, 32)
    patches = patchify(images, 4)
    other = torch.where(hidden_pixels, torch.rand(3, 16, 32, generator=generator(3)), patches)
    after = network(unpatchify(other, 4, 2), mask)
    assert torch.equal(before.patches, after.patches)
    assert torch.equal(before.position_logits, after.position_logits)


def test_shuffling_the_tokens_shuffles_targets_with_them(network, images):
    """The position target of a token is its own patch, in whatever order the tokens stand."""
    mask = random_mask(3, 16, 0.5, generator(2))
    order = torch.randperm(8, generator=generator(4))
    shuffled = PatchMask(mask.visible_ids[:, order], mask.hidden_ids.flip(1))
    straight, mixed = network(images, mask), network(images, shuffled)
    torch.testing.assert_close(mixed.position_logits, straight.position_logits[:, order])
    torch.testing.assert_close(mixed.patches, straight.patches)
    torch.testing.assert_close(
        position_loss(mixed.position_logits, shuffled),
        position_loss(straight.position_logits, mask),
    )


def test_a_head_that_knows_each_tokens_patch_has_no_position_loss():
    mask = random_mask(4, 16, 0.5, generator(2))
    knowing = 50.0 * nn.functional.one_hot(mask.visible_ids, 16).float()
    assert position_loss(knowing, mask) < 1e-6
    assert position_accuracy(knowing, mask) == 1


def test_sorted_targets_would_be_wrong_for_shuffled_tokens():
    """The published code reads targets in ascending order; nearly all of them are then wrong."""
    mask = random_mask(50, 196, 0.75, generator(2))
    knowing = 50.0 * nn.functional.one_hot(mask.visible_ids, 196).float()
    ascending = PatchMask(mask.visible_ids.sort(dim=1).values, mask.hidden_ids)
    assert position_accuracy(knowing, ascending) < 0.06


def test_a_blind_position_head_pays_the_logarithm_of_all_positions():
    mask = random_mask(4, 196, 0.75, generator(2))
    blind = torch.zeros(4, 49, 196)
    assert position_loss(blind, mask).item() == pytest.approx(math.log(196), abs=1e-5)


def test_reconstruction_counts_hidden_patches_against_the_clean_image_alone():
    mask = random_mask(2, 16, 0.75, generator(2))
    clean = torch.rand(2, 16, 32, generator=generator(3))
    predicted = clean.clone().requires_grad_()
    visible_wrong = predicted + (~mask.hidden)[..., None] * 7.0
    assert reconstruction_loss(visible_wrong, clean, mask) == 0
    hidden_wrong = predicted + mask.hidden[..., None] * 0.5
    assert reconstruction_loss(hidden_wrong, clean, mask).item() == pytest.approx(0.25)


def test_the_total_is_reconstruction_and_a_tenth_of_position(network, images):
    mask = random_mask(3, 16, 0.75, generator(2))
    losses = denomae_losses(network(images, mask), patchify(images, 4), 0.1)
    total = 1.0 * losses["reconstruction_loss"] + 0.1 * losses["position_loss"]
    torch.testing.assert_close(losses["loss"], total)


def test_one_batch_can_be_learnt_by_heart():
    config = DenoMAEConfig(
        EncoderConfig(image_size=16, patch_size=4, planes=1, width=64, depth=2, heads=2),
        decoder_width=64,
        decoder_depth=2,
        decoder_heads=2,
    )
    network = DenoMAE(config)
    initialise(network, generator())
    noisy, clean = torch.rand(2, 2, 1, 16, 16, generator=generator(1))
    mask = random_mask(2, 16, 0.75, generator(2))
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3)
    for _ in range(600):
        losses = denomae_losses(network(noisy, mask), patchify(clean, 4), 0.1)
        optimiser.zero_grad()
        losses["loss"].backward()
        optimiser.step()
    # 1/12 is the variance of the target; at a constant rate the last steps still jump about
    assert losses["reconstruction_loss"] < 5e-4
    assert losses["position_accuracy"] == 1


def test_the_seed_decides_the_weights():
    first, second, other = DenoMAE(SMALL), DenoMAE(SMALL), DenoMAE(SMALL)
    for network, seed in ((first, 1), (second, 1), (other, 2)):
        initialise(network, generator(seed))
    same = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in same)
    assert not torch.equal(first.position_head.weight, other.position_head.weight)


def test_attention_is_the_fused_one_of_torch():
    query, key, value = torch.randn(3, 2, 4, 9, 8, generator=generator())
    fused = nn.functional.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(_attend(query, key, value), fused)


def test_positions_are_all_different():
    positions = sine_cosine_positions(14, 64)
    assert torch.cdist(positions, positions).fill_diagonal_(9).min() > 0.1


def test_images_of_another_size_are_refused(network):
    with pytest.raises(ShapeError, match=r"got \(1, 2, 20, 20\)"):
        network(torch.zeros(1, 2, 20, 20), random_mask(1, 16, 0.75, generator()))
