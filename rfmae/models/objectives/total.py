"""The total loss of pre-training: a weighted sum of its losses, and every part for the log."""

import torch
from torch import Tensor

from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PositionTask
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAEOutput
from rfmae.models.objectives.disruption import attention_metrics, disruption_loss
from rfmae.models.objectives.laplacian import hidden_pixels, masked_laplacian_loss
from rfmae.models.objectives.pixel_losses import normalised_patches, patch_statistics, pixel_loss
from rfmae.models.objectives.position import position_accuracy, position_loss, position_target
from rfmae.models.objectives.uniformity import image_uniformity, token_uniformity
from rfmae.models.patches import PatchGrid, PatchMask, put_back, take_patches, unpatchify
from rfmae.models.vit import Inputs

Metrics = dict[str, Tensor]


def denomae_losses(output: DenoMAEOutput, targets: Inputs, config: DenoMAEConfig) -> Metrics:
    """The total `loss`, weighted as the configuration says, and its parts, unweighted.

    `targets` are clean (or noisy) images and sequences, by modality; over several modalities the
    reconstruction losses add up (DenoMAE), the others are means.
    """
    metrics = _reconstruction(output, targets, config)
    loss = metrics["reconstruction_loss"]
    if "denoised_loss" in metrics:
        loss = loss + metrics["denoised_loss"]
    for name, weight, found in (
        ("position_loss", config.position.weight, _position),
        ("laplacian_loss", config.laplacian_weight, _laplacian),
        ("uniformity_loss", config.uniformity_weight, _uniformity),
    ):
        if weight:
            metrics.update(found(output, targets, config))
            loss = loss + weight * metrics[name]
    if output.watched:
        metrics.update(_disruption(output, config.noising))
        loss = loss + config.noising.disruption_weight * metrics["disruption_loss"]
    return {"loss": loss, **{name: value.detach() for name, value in metrics.items()}}


def _reconstruction(output: DenoMAEOutput, targets: Inputs, config: DenoMAEConfig) -> Metrics:
    """The loss of hidden patches, and apart from it that of noised ones (or of all together)."""
    hidden, denoised = [], []
    for name, predicted in output.predicted.items():
        mask = output.masks[name]
        grid = config.encoder.grid(name)
        target = take_patches(targets[name], grid, output.predicted_ids(name))
        if config.pixels.normalised:
            target = normalised_patches(target)
        count, everywhere = _judged(mask), config.pixels.where == "all"
        judged = slice(0 if everywhere else predicted.shape[1] - count, None)
        hidden.append(pixel_loss(predicted[:, judged], target[:, judged], config.pixels.error))
        noised = 0 if everywhere else min(mask.noised, predicted.shape[1] - count)
        if noised:
            with_noise = slice(-count - noised, -count)
            denoised.append(
                pixel_loss(predicted[:, with_noise], target[:, with_noise], config.pixels.error)
            )
    metrics = {"reconstruction_loss": torch.stack(hidden).sum()}
    if denoised:
        metrics["denoised_loss"] = torch.stack(denoised).sum()
    return metrics


def _judged(mask: PatchMask) -> int:
    return mask.judged_ids.shape[1]


def _position(output: DenoMAEOutput, _: Inputs, config: DenoMAEConfig) -> Metrics:
    """Loss over the tokens that are classified; accuracy of those with and without position."""
    losses, placed, unplaced = [], [], []
    for name, logits in output.position_logits.items():
        mask = output.masks[name]
        target = position_target(mask, config.position.target)
        classified = _classified(mask, config.position, config.noising)
        losses.append(position_loss(logits[:, classified], target[:, classified]))
        lost = mask.unplaced
        if lost < mask.visible:
            placed.append(position_accuracy(logits[:, lost:], target[:, lost:]))
        if lost:
            unplaced.append(position_accuracy(logits[:, :lost], target[:, :lost]))
    metrics = {"position_loss": torch.stack(losses).mean()}
    if placed:
        metrics["position_accuracy"] = torch.stack(placed).mean()
    if unplaced:
        metrics["position_accuracy_unplaced"] = torch.stack(unplaced).mean()
    return metrics


def _classified(mask: PatchMask, position: PositionTask, noising: Noising) -> slice:
    """Which visible tokens are classified by position."""
    if position.dropout and mask.unplaced:
        return slice(0, mask.unplaced)
    quiet = mask.visible - mask.noised
    # where all are noised, all are classified
    return slice(0, mask.visible if noising.classify_noised or not quiet else quiet)


def _laplacian(output: DenoMAEOutput, targets: Inputs, config: DenoMAEConfig) -> Metrics:
    """Mean over the modalities, on their hidden patches or all, in the units of the target."""
    losses = []
    for name, mask in output.masks.items():
        grid = config.encoder.grid(name)
        judged = mask.judged_ids
        predicted = output.predicted[name][:, -judged.shape[1] :].float()
        target = take_patches(targets[name], grid, judged)
        if config.pixels.normalised:
            mean, deviation = patch_statistics(target)
            predicted = predicted * deviation + mean

        def as_images(values: Tensor, ids: Tensor = judged, grid: PatchGrid = grid) -> Tensor:
            return unpatchify(put_back(values, ids, grid.patches), grid)

        scored = hidden_pixels(mask.hidden if mask.hides else ~mask.hidden, grid)
        losses.append(masked_laplacian_loss(as_images(predicted), as_images(target), scored))
    return {"laplacian_loss": torch.stack(losses).mean()}


def _uniformity(output: DenoMAEOutput, _: Inputs, config: DenoMAEConfig) -> Metrics:
    """Of the mean tokens of different images, or of the tokens of each image."""
    tokens = output.tokens[:, 1:]
    if config.uniformity_level == "token":
        return {"uniformity_loss": token_uniformity(tokens)}
    if len(tokens) < 2:  # the last batch of a validation split: uniformity needs two
        return {"uniformity_loss": tokens.new_zeros(())}
    return {"uniformity_loss": image_uniformity(tokens)}


def _disruption(output: DenoMAEOutput, noising: Noising) -> Metrics:
    """Mean over all observed attention."""
    parts = [
        {
            "disruption_loss": disruption_loss(weights, hidden, noised, noising.disruption),
            **attention_metrics(weights, hidden, noised),
        }
        for weights, hidden, noised in output.watched
    ]
    return {name: torch.stack([part[name] for part in parts]).mean() for name in parts[0]}
