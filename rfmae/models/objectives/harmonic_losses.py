"""Losses of pre-training on circular harmonics, invariant to the carrier phase."""

import torch
from torch import Tensor

from rfmae.models.objectives.position import position_accuracy, position_loss
from rfmae.models.objectives.uniformity import gathered, uniformity_loss
from rfmae.models.patches import PatchMask
from rfmae.models.rings_mae import RingsMAEConfig, RingsOutput
from rfmae.records import ORDERS, RINGS

Metrics = dict[str, Tensor]


def rings_losses(
    output: RingsOutput, config: RingsMAEConfig, image: Tensor | None = None
) -> Metrics:
    """The total `loss`, weighted as the configuration says, and its parts, unweighted.

    `image` (N, C, H, W) is the clean one, where one is predicted.
    """
    assert output.target is not None, "a loss needs a target"
    error = output.predicted.float() - output.target.float()
    judged = _judged(output.mask, config, error)
    metrics = {"reconstruction_loss": _mean_error(error, judged, config.pixels.error)}
    loss = metrics["reconstruction_loss"]
    if config.position.weight and output.position_logits is not None:
        metrics.update(_position(output))
        loss = loss + config.position.weight * metrics["position_loss"]
    if config.laplacian_weight:
        metrics["laplacian_loss"] = polar_laplacian_loss(error, judged)
        loss = loss + config.laplacian_weight * metrics["laplacian_loss"]
    if config.uniformity_weight:
        metrics["uniformity_loss"] = _uniformity(output.features)
        loss = loss + config.uniformity_weight * metrics["uniformity_loss"]
    if config.image_weight:
        assert output.images is not None and image is not None, "a loss needs a target"
        metrics["image_loss"] = rms_error(output.images, image)
        loss = loss + config.image_weight * metrics["image_loss"]
    return {"loss": loss, **{name: value.detach() for name, value in metrics.items()}}


def rms_error(images: Tensor, clean: Tensor) -> Tensor:
    """Mean of the rms errors of single images (N, C, H, W), so that small errors count as well."""
    square = (images.float() - clean.float()).square().mean(dim=(1, 2, 3))
    return (square + _SHARPEST).sqrt().mean()


def polar_laplacian_loss(error: Tensor, judged: Tensor) -> Tensor:
    """Mean |Laplacian| of the error of harmonics (N, planes, orders, rings, 2), in float32.

    Of an image a(ρ)·exp(jmθ) the Laplacian is a'' + a'/ρ − m²·a/ρ², so that in polar coordinates
    each order has its own; ρ counts rings. Beyond the last ring the error is taken as constant, at
    the centre as even. `judged` (N, planes, 1, rings) marks the tokens that count; elsewhere the
    error counts as zero, as in `masked_laplacian_loss`.
    """
    error = torch.where(judged[..., None], error.float(), 0.0)
    before = torch.cat([error[..., :1, :], error[..., :-1, :]], dim=-2)
    after = torch.cat([error[..., 1:, :], error[..., -1:, :]], dim=-2)
    radius = torch.arange(RINGS, device=error.device)[:, None] + 0.5
    order = torch.tensor(ORDERS, device=error.device)[:, None, None]
    radial = before + after - 2 * error + (after - before) / (2 * radius)
    found = _modulus(radial - (order / radius).square() * error)
    return (found * judged).sum() / (judged.sum() * len(ORDERS)).clamp(min=1)


def _judged(mask: PatchMask | None, config: RingsMAEConfig, error: Tensor) -> Tensor:
    """Which tokens enter the loss, (N, planes, 1, rings) bool."""
    n, planes = error.shape[:2]
    if mask is None or config.pixels.where == "all" or not mask.hidden_ids.shape[1]:
        return torch.ones(n, planes, 1, RINGS, dtype=torch.bool, device=error.device)
    return mask.hidden.view(n, planes, 1, RINGS)


def _mean_error(error: Tensor, judged: Tensor, kind: str) -> Tensor:
    """Mean over the judged tokens, of both parts of each number; a phase changes no modulus."""
    square = error.square().mean(dim=-1)
    if kind == "absolute":
        return ((square + _SHARPEST).sqrt() * judged).sum() / (judged.sum() * error.shape[2])
    of_example = (square * judged).sum(dim=(1, 2, 3)) / (judged.sum(dim=(1, 2, 3)) * error.shape[2])
    return of_example.mean() if kind == "squared" else (of_example + _SHARPEST).sqrt().mean()


def _position(output: RingsOutput) -> Metrics:
    """Loss and accuracy over the tokens that lost their position."""
    assert output.mask is not None and output.position_logits is not None
    target = output.mask.visible_ids[:, : output.mask.unplaced]
    return {
        "position_loss": position_loss(output.position_logits, target),
        "position_accuracy_unplaced": position_accuracy(output.position_logits, target),
    }


def _uniformity(features: Tensor) -> Tensor:
    if len(features) < 2:  # the last batch of a validation split: uniformity needs two
        return features.new_zeros(())
    return uniformity_loss(gathered(features.float()))


def _modulus(parts: Tensor) -> Tensor:
    """The modulus of complex numbers (…, 2), differentiable at zero."""
    return (parts.square().sum(dim=-1) + _SHARPEST).sqrt()


_SHARPEST = 1e-12
