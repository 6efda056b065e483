"""Small networks and their inputs, shared by the tests of models."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.configuration.objective import PixelTask, PositionTask
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE, DenoMAEOutput, draw_masks
from rfmae.models.noising import FeatureNoise, draw_feature_noise
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.models.transformer import initialise
from rfmae.models.vit import EncoderConfig, Inputs, Masks

IMAGE = PatchGrid("image", (2, 16, 16), 4)
SIGNAL = PatchGrid("signal", (2, 64), 8)
NOISE = PatchGrid("noise", (2, 96), 8)
SNR = PatchGrid("snr", (1, 1), 1)

MODALITIES = {"one": (IMAGE,), "three": (IMAGE, SIGNAL, NOISE), "scalar": (SNR, IMAGE)}

SWITCHES: dict[str, dict[str, Any]] = {
    "base": {},
    "no position": {"position": PositionTask(weight=0)},
    "rank": {"position": PositionTask("rank")},
    "ramp of ranks": {"position": PositionTask("rank"), "masking": Masking(0.75, 0.5, quantum=2)},
    "position dropout": {"position": PositionTask(dropout=0.5)},
    "learned": {"positions": "learned"},
    "all patches": {"pixels": PixelTask("all")},
    "normalised": {"pixels": PixelTask(normalised=True)},
    "absolute": {"pixels": PixelTask(error="absolute")},
    "squares": {"masking": Masking(0.6, unit=2)},
    "rms": {"pixels": PixelTask("all", error="rms"), "masking": Masking(lowest=0.25)},
    "nothing hidden": {"masking": Masking(0.0), "laplacian_weight": 0.05},
    "nothing hidden, symmetric": {"masking": Masking(0.0), "mask_tokens": "encoder"},
    "entropy": {"noising": Noising(0.5, block=1, disruption="entropy")},
    "cross": {"noising": Noising(0.5, block=0)},
    "hard": {"noising": Noising(0.5, block=1, disruption="hard", classify_noised=True)},
    "bare noise": {"noising": Noising(0.5, 1, "unit", time_embedding=False, disruption_weight=0)},
    "laplacian": {"laplacian_weight": 0.05},
    "uniformity": {"uniformity_weight": 0.01},
    "token uniformity": {"uniformity_weight": 0.01, "uniformity_level": "token"},
    "symmetric": {"mask_tokens": "encoder"},
    "symmetric entropy": {
        "mask_tokens": "encoder",
        "noising": Noising(0.5, block=1, disruption="entropy"),
    },
    "symmetric hard": {"mask_tokens": "encoder", "noising": Noising(0.5, 1, disruption="hard")},
    "much of it": {
        "positions": "learned",
        "masking": Masking(0.6, 0.5, unit=2),
        "pixels": PixelTask("all", normalised=True, error="absolute"),
        "position": PositionTask("rank", 0.2, dropout=0.25),
        "noising": Noising(0.5, block=1, disruption="entropy"),
        "laplacian_weight": 0.05,
        "uniformity_weight": 0.01,
    },
    "much of it, symmetric": {
        "mask_tokens": "encoder",
        "positions": "learned",
        "pixels": PixelTask(normalised=True),
        "position": PositionTask(dropout=0.25),
        "noising": Noising(0.5, block=0),
        "laplacian_weight": 0.05,
        "uniformity_weight": 0.01,
        "uniformity_level": "token",
    },
}
"""Networks that differ in one switch from the one that the papers have, and some in many."""

FAMILY = {
    f"{switch}, {count}": (grids, switches)
    for count, grids in MODALITIES.items()
    for switch, switches in SWITCHES.items()
}
"""Every switch, with one modality, with three, and with a scalar before an image."""

Step = tuple[Tensor, dict[str, Tensor]]
"""A loss and the gradients of all parameters."""


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def small_config(
    *grids: PatchGrid, depth: int = 2, positions: Any = "sine-cosine", **switches: Any
) -> DenoMAEConfig:
    """A DenoMAE of width 16, for the image alone unless other grids are named."""
    encoder = EncoderConfig(grids or (IMAGE,), 16, depth, 2, positions)
    return DenoMAEConfig(encoder, 8, 2, 2, **switches)


def built(config: DenoMAEConfig, seed: int = 0) -> DenoMAE:
    """A network whose every parameter is drawn, biases and norms too: none hides behind a zero."""
    network = DenoMAE(config)
    initialise(network, generator(seed))
    shake(network, seed)
    return network


def shake(network: nn.Module, seed: int = 0) -> None:
    """Move every parameter a little, each by draws of its own name."""
    with torch.no_grad():
        for place, (_, parameter) in enumerate(sorted(network.named_parameters())):
            draws = torch.randn(parameter.shape, generator=generator(1000 * seed + place))
            parameter += 0.05 * draws


def inputs_of(config: DenoMAEConfig, n: int = 3, seed: int = 1) -> dict[str, Tensor]:
    """Uniform inputs of each modality."""
    draws = generator(seed)
    return {
        grid.name: torch.rand(n, *grid.shape, generator=draws) for grid in config.encoder.modalities
    }


def masks_of(config: DenoMAEConfig, n: int = 3, seed: int = 2, **how: Any) -> dict[str, PatchMask]:
    """Masks as pre-training draws them."""
    return draw_masks(config, n, generator(seed), **how)


def noise_of(config: DenoMAEConfig, masks: Masks, seed: int = 3) -> FeatureNoise | None:
    """Feature noise for the tokens that the masks name, where any are."""
    noised = sum(mask.noised for mask in masks.values())
    if not noised:
        return None
    n = len(next(iter(masks.values())))
    width = config.encoder.width
    return draw_feature_noise(n, noised, width, config.noising, generator(seed))


def output_of(network: DenoMAE, n: int = 3, **how: Any) -> DenoMAEOutput:
    """What a network says of inputs that are drawn for it."""
    config = network.config
    masks = masks_of(config, n)
    return network(inputs_of(config, n), masks, noise_of(config, masks), **how)


def losses_of(network: DenoMAE, n: int = 3) -> dict[str, Tensor]:
    """One step of pre-training, short of its gradients; clean targets are other draws."""
    return denomae_losses(output_of(network, n), inputs_of(network.config, n, 9), network.config)


def gradients_of(network: DenoMAE, loss: Tensor) -> dict[str, Tensor]:
    """The gradient of every parameter; zero where there is none."""
    network.zero_grad(set_to_none=True)
    loss.backward()
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
        for name, parameter in network.named_parameters()
    }


def assert_same_gradients(
    found: Mapping[str, Tensor], expected: Mapping[str, Tensor], tolerance: float
) -> None:
    """Each gradient to a tolerance that is relative to its own largest value."""
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        difference = (found[name] - gradient).abs().max()
        assert difference <= tolerance * gradient.abs().max(), (name, difference.item())


def member(name: str) -> DenoMAE:
    """A network of the family."""
    grids, switches = FAMILY[name]
    return built(small_config(*grids, **switches))


def step_of(network: DenoMAE, masks: Masks | None = None, **how: Any) -> Step:
    """Loss and gradients of one step; the masks may be others than those that are drawn."""
    config = network.config
    masks = masks_of(config) if masks is None else masks
    output = network(inputs_of(config), masks, noise_of(config, masks), **how)
    loss = denomae_losses(output, inputs_of(config, seed=9), config)["loss"]
    return loss.detach(), gradients_of(network, loss)


def assert_same_step(found: Step, expected: Step, tolerance: float = 1e-5) -> None:
    """Float32 leaves as much as the order of sums does."""
    torch.testing.assert_close(found[0], expected[0], rtol=tolerance, atol=0)
    assert_same_gradients(found[1], expected[1], tolerance)


def without(inputs: Inputs, mask: PatchMask, name: str, grid: PatchGrid) -> dict[str, Tensor]:
    """The inputs with other values wherever a patch of one modality is hidden."""
    hidden = mask.hidden.view(len(mask), 1, *grid.counts)
    for side in range(2, hidden.ndim):
        hidden = hidden.repeat_interleave(grid.patch, dim=side)
    others = torch.rand(inputs[name].shape, generator=generator(77))
    return {**inputs, name: torch.where(hidden, others, inputs[name])}
