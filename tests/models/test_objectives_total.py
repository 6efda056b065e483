"""What pre-training descends, on outputs that are made by hand and on those of networks."""

import math
from dataclasses import replace

import pytest
import torch
from small_networks import (
    IMAGE,
    SIGNAL,
    built,
    generator,
    inputs_of,
    losses_of,
    masks_of,
    output_of,
    small_config,
)
from torch import nn

from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.models.denomae import DenoMAEOutput
from rfmae.models.objectives.pixel_losses import normalised_patches, patch_statistics
from rfmae.models.objectives.position import position_accuracy, position_loss, position_target
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchMask, patchify, take


def painting(config, clean, everything=False, **switches):
    """The output of a network that predicts every patch and position correctly."""
    masks = masks_of(config, **switches)
    predicted, logits = {}, {}
    for grid in config.encoder.modalities:
        mask = masks[grid.name]
        ids = mask.patch_ids if everything else mask.hidden_ids
        predicted[grid.name] = take(patchify(clean[grid.name], grid.patch), ids)
        classes = config.position_classes(grid)
        target = position_target(mask, config.position.target)
        logits[grid.name] = 50.0 * nn.functional.one_hot(target, classes).float()
    tokens = torch.rand(3, 1 + sum(mask.visible for mask in masks.values()), 16)
    return DenoMAEOutput(predicted, logits, masks, tokens)


@pytest.mark.parametrize("target", ["absolute", "rank"])
@pytest.mark.parametrize("grids", [(IMAGE,), (IMAGE, SIGNAL)], ids=["one", "two"])
@pytest.mark.parametrize("where", ["hidden", "all"])
def test_a_perfect_prediction_has_no_loss(target, grids, where):
    config = small_config(
        *grids, position=PositionTask(target), pixels=PixelTask(where), laplacian_weight=0.05
    )
    clean = inputs_of(config)
    losses = denomae_losses(painting(config, clean, where == "all"), clean, config)
    assert losses["loss"] < 1e-6
    assert losses["position_accuracy"] == 1


@pytest.mark.parametrize(("error", "expected"), [("squared", 0.25), ("absolute", 0.5)])
def test_an_error_of_a_half_costs_a_half_or_its_square(error, expected):
    config = small_config(pixels=PixelTask(error=error), position=PositionTask(weight=0))
    clean = inputs_of(config)
    output = painting(config, clean)
    wrong = replace(output, predicted={"image": output.predicted["image"] + 0.5})
    losses = denomae_losses(wrong, clean, config)
    assert losses["loss"].item() == pytest.approx(expected)
    assert "position_loss" not in losses


def test_of_rms_the_root_is_that_of_each_example_and_its_mean_that_of_all():
    config = small_config(pixels=PixelTask(error="rms"), position=PositionTask(weight=0))
    clean = inputs_of(config)
    output = painting(config, clean)
    off = torch.tensor([0.1, 0.2, 0.6])[:, None, None]
    wrong = replace(output, predicted={"image": output.predicted["image"] + off})
    # the root of all squared errors together would be 0.37
    assert denomae_losses(wrong, clean, config)["loss"].item() == pytest.approx(0.3, rel=1e-5)


def test_of_rms_the_truth_has_a_slope():
    config = small_config(pixels=PixelTask(error="rms"), position=PositionTask(weight=0))
    clean = inputs_of(config)
    predicted = painting(config, clean).predicted["image"].requires_grad_()
    output = replace(painting(config, clean), predicted={"image": predicted})
    denomae_losses(output, clean, config)["loss"].backward()
    assert torch.isfinite(predicted.grad).all()


@pytest.mark.parametrize("where", ["hidden", "all"])
def test_where_nothing_is_hidden_all_patches_are_judged(where):
    config = small_config(
        pixels=PixelTask(where), masking=Masking(0.0), position=PositionTask(weight=0),
        laplacian_weight=1.0,
    )  # fmt: skip
    clean = inputs_of(config)
    output = painting(config, clean, everything=True)
    assert denomae_losses(output, clean, config)["loss"] < 1e-6
    wrong = output.predicted["image"].clone()
    wrong[:, 5, 0] += 4.0  # one value of one patch in sixteen
    losses = denomae_losses(replace(output, predicted={"image": wrong}), clean, config)
    assert losses["reconstruction_loss"].item() == pytest.approx(16 / (16 * 32))
    assert losses["laplacian_loss"] > 0


@pytest.mark.parametrize(("where", "expected"), [("hidden", 0.0), ("all", 49 * 4 / 16)])
def test_what_is_predicted_over_visible_patches_counts_where_is_requested(where, expected):
    config = small_config(pixels=PixelTask(where))
    clean = inputs_of(config)
    output = painting(config, clean, everything=True)
    predicted = output.predicted["image"].clone()
    predicted[:, :4] += 7.0  # the four visible ones
    losses = denomae_losses(replace(output, predicted={"image": predicted}), clean, config)
    assert losses["reconstruction_loss"].item() == pytest.approx(expected)


def test_patches_are_compared_with_the_truth_of_their_own_place():
    config = small_config()
    clean = inputs_of(config)
    output = painting(config, clean)
    turned = replace(output, predicted={"image": output.predicted["image"].flip(1)})
    # two independent uniform values differ by 1/6 in the mean square
    losses = denomae_losses(turned, clean, config)
    assert losses["reconstruction_loss"].item() == pytest.approx(1 / 6, rel=0.1)


def test_reconstruction_adds_up_over_modalities_and_positions_are_a_mean():
    config = small_config(IMAGE, SIGNAL)
    clean = inputs_of(config)
    output = painting(config, clean)
    wrong = {
        "image": output.predicted["image"] + 0.5,
        "signal": output.predicted["signal"] + 1.0,
    }
    blind = {name: torch.zeros_like(logits) for name, logits in output.position_logits.items()}
    losses = denomae_losses(replace(output, predicted=wrong, position_logits=blind), clean, config)
    assert losses["reconstruction_loss"].item() == pytest.approx(0.25 + 1.0)
    expected = (math.log(16) + math.log(8)) / 2
    assert losses["position_loss"].item() == pytest.approx(expected, abs=1e-5)


def test_the_total_is_the_weighted_sum_of_its_parts():
    config = small_config(
        IMAGE,
        SIGNAL,
        masking=Masking(0.5),
        position=PositionTask(weight=0.3),
        noising=Noising(0.5, 1, disruption_weight=0.7),
        laplacian_weight=0.05,
        uniformity_weight=0.01,
    )
    losses = losses_of(built(config))
    total = (
        losses["reconstruction_loss"]
        + losses["denoised_loss"]
        + 0.3 * losses["position_loss"]
        + 0.05 * losses["laplacian_loss"]
        + 0.01 * losses["uniformity_loss"]
        + 0.7 * losses["disruption_loss"]
    )
    torch.testing.assert_close(losses["loss"].detach(), total)
    assert {"position_accuracy", "row_entropy", "cross_mass"} < {*losses}


def test_only_the_total_is_descended():
    losses = losses_of(built(small_config(laplacian_weight=0.05, uniformity_weight=0.01)))
    assert [name for name, value in losses.items() if value.requires_grad] == ["loss"]
    assert all(value.ndim == 0 for value in losses.values())


def test_a_tenth_of_the_position_loss_is_added_unless_said_otherwise():
    losses = losses_of(built(small_config()))
    total = 1.0 * losses["reconstruction_loss"] + 0.1 * losses["position_loss"]
    torch.testing.assert_close(losses["loss"].detach(), total)


def test_normalised_patches_have_mean_zero_and_variance_one_and_flat_ones_stay_finite():
    patches = torch.rand(2, 4, 32, generator=generator()) * 3 + 1
    patches[0, 0] = 0.5
    normalised = normalised_patches(patches)
    assert (normalised[0, 0] == 0).all()
    torch.testing.assert_close(normalised[1].mean(dim=-1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalised[1].var(dim=-1), torch.ones(4), atol=1e-4, rtol=0)


def test_of_normalised_patches_the_edges_are_scored_in_the_units_of_the_image():
    """The published code compares normalised patches with raw pixels."""
    config = small_config(pixels=PixelTask(normalised=True), laplacian_weight=0.05)
    clean = inputs_of(config)
    output = painting(config, clean)
    target = output.predicted["image"]
    mean, deviation = patch_statistics(target)
    perfect = replace(output, predicted={"image": (target - mean) / deviation})
    losses = denomae_losses(perfect, clean, config)
    assert losses["laplacian_loss"] < 1e-5
    assert losses["reconstruction_loss"] < 1e-10
    assert denomae_losses(output, clean, config)["laplacian_loss"] > 0.01


def test_a_blind_position_head_pays_the_logarithm_of_all_positions():
    mask = PatchMask(torch.rand(4, 196).argsort(dim=1)[:, :49], torch.zeros(4, 147).long())
    blind = torch.zeros(4, 49, 196)
    loss = position_loss(blind, position_target(mask))
    assert loss.item() == pytest.approx(math.log(196), abs=1e-5)


def test_a_token_is_its_own_patch_or_the_rank_of_that_among_the_visible():
    mask = PatchMask(torch.tensor([[5, 2, 9], [0, 1, 8]]), torch.tensor([[1], [3]]))
    assert position_target(mask).tolist() == [[5, 2, 9], [0, 1, 8]]
    assert position_target(mask, "rank").tolist() == [[1, 0, 2], [0, 1, 2]]


@pytest.mark.parametrize("target", ["absolute", "rank"])
def test_targets_are_shuffled_with_their_tokens(target):
    order = torch.rand(5, 196, generator=generator()).argsort(dim=1)
    mask = PatchMask(order[:, :49], order[:, 49:])
    shuffle = torch.randperm(49, generator=generator(1))
    shuffled = PatchMask(mask.visible_ids[:, shuffle], mask.hidden_ids)
    expected = position_target(mask, target)[:, shuffle]
    assert torch.equal(position_target(shuffled, target), expected)


def test_sorted_targets_would_be_wrong_for_shuffled_tokens():
    """The published code reads targets in ascending order; nearly all of them are then wrong."""
    order = torch.rand(50, 196, generator=generator(2)).argsort(dim=1)
    knowing = 50.0 * nn.functional.one_hot(order[:, :49], 196).float()
    ascending = order[:, :49].sort(dim=1).values
    assert position_accuracy(knowing, order[:, :49]) == 1
    assert position_accuracy(knowing, ascending) < 0.06


CLASSIFIED = {
    "all of the visible": ({}, slice(0, 8)),
    "those without position": ({"position": PositionTask(dropout=0.25)}, slice(0, 2)),
    "those without noise": ({"noising": Noising(0.25, 1)}, slice(0, 6)),
    "noised ones too": ({"noising": Noising(0.25, 1, classify_noised=True)}, slice(0, 8)),
    "noised ones where all are": ({"noising": Noising(1.0, 1)}, slice(0, 8)),
    "those without position, noised or not": (
        {"position": PositionTask(dropout=0.25), "noising": Noising(0.5, 1)},
        slice(0, 2),
    ),
}


@pytest.mark.parametrize(("switches", "classified"), CLASSIFIED.values(), ids=CLASSIFIED)
def test_the_position_loss_reaches_those_tokens_alone_that_are_classified(switches, classified):
    config = small_config(masking=Masking(0.5), **switches)
    output = output_of(built(config))
    logits = output.position_logits["image"]
    logits.retain_grad()
    denomae_losses(output, inputs_of(config), config)["loss"].backward()
    reached = torch.zeros(8, dtype=torch.bool)
    reached[classified] = True
    assert torch.equal((logits.grad != 0).any(dim=-1), reached.expand(3, -1))


def test_tokens_with_and_without_their_position_are_distinguished_in_the_metrics():
    config = small_config(masking=Masking(0.5), position=PositionTask(dropout=0.25))
    clean = inputs_of(config)
    output = painting(config, clean)
    logits = output.position_logits["image"].clone()
    logits[:, :2] = 0
    logits[:, :2, 3] = 1.0
    lost = (output.masks["image"].visible_ids[:, :2] == 3).float().mean()
    metrics = denomae_losses(replace(output, position_logits={"image": logits}), clean, config)
    assert metrics["position_accuracy"] == 1
    assert metrics["position_accuracy_unplaced"] == lost


def test_uniformity_looks_at_visible_tokens_of_images_or_inside_of_each():
    config = small_config(uniformity_weight=0.01)
    clean = inputs_of(config)
    alike = replace(painting(config, clean), tokens=torch.ones(3, 5, 16))
    alike.tokens[:, 0] = torch.rand(3, 16)  # the class token is no patch
    assert denomae_losses(alike, clean, config)["uniformity_loss"].abs() < 1e-6
    inside = torch.eye(16)[:5].expand(3, -1, -1)
    token = replace(config, uniformity_level="token")
    spread = denomae_losses(replace(alike, tokens=inside), clean, token)
    assert spread["uniformity_loss"].item() == pytest.approx(-4, abs=1e-5)  # orthonormal
