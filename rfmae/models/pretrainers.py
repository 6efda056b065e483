"""Pre-training methods: masked autoencoders of square patches and of circular harmonics."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from rfmae.configuration.masking import Masking
from rfmae.configuration.methods import Method
from rfmae.configuration.objective import Objective, PatchObjective
from rfmae.errors import RecipeError
from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE, draw_masks
from rfmae.models.image_decoder import ImageGrid
from rfmae.models.kinds import Grid, find_network
from rfmae.models.noising import FeatureNoise, draw_feature_noise
from rfmae.models.objectives.harmonic_losses import rings_losses
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.models.presets import denomae_config, encoder_config, find_preset
from rfmae.models.rings import RingsConfig
from rfmae.models.rings_mae import (
    RingsMAE,
    RingsMAEConfig,
    draw_ring_masks,
    initialise_rings_mae,
)
from rfmae.models.transformer import initialise
from rfmae.records import IMAGE_ALONE

Inputs = Mapping[str, Tensor]
Masks = Mapping[str, PatchMask]
IMAGE = IMAGE_ALONE[0].name
PretrainConfig = DenoMAEConfig | RingsMAEConfig


class Pretrainer(Protocol):
    """A kind of network that learns to denoise, with its masks, noise and losses."""

    @property
    def config(self) -> PretrainConfig: ...

    def network(self, generator: torch.Generator) -> nn.Module:
        """The network with initialised weights."""
        ...

    def masks(
        self,
        n: int,
        generator: torch.Generator,
        step: int = 1,
        steps: int = 1,
        *,
        masking: Masking | None = None,
    ) -> dict[str, PatchMask]:
        """Masks of n examples in training; by default at the end of it.

        `masking` is that of this step where it is not the configuration's own.
        """
        ...

    def validation_masks(self, n: int, generator: torch.Generator) -> dict[str, PatchMask]:
        """Masks of n examples in validation."""
        ...

    def noise(self, masks: Masks, generator: torch.Generator) -> FeatureNoise | None:
        """Feature noise for the tokens that the masks mark."""
        ...

    def losses(
        self,
        network: nn.Module,
        inputs: Inputs,
        targets: Inputs,
        masks: Masks,
        noise: FeatureNoise | None,
    ) -> dict[str, Tensor]:
        """The `loss` to minimise and its parts."""
        ...


@dataclass(frozen=True, slots=True)
class PatchPretrainer:
    """A transformer over square patches."""

    config: DenoMAEConfig

    def network(self, generator: torch.Generator) -> nn.Module:
        network = DenoMAE(self.config)
        initialise(network, generator)
        return network

    def masks(
        self,
        n: int,
        generator: torch.Generator,
        step: int = 1,
        steps: int = 1,
        *,
        masking: Masking | None = None,
    ) -> dict[str, PatchMask]:
        return draw_masks(self.config, n, generator, step, steps, masking=masking)

    def validation_masks(self, n: int, generator: torch.Generator) -> dict[str, PatchMask]:
        """At the final ratio, or the lowest; without feature noise, as in inference."""
        least = self.config.masking.least
        return draw_masks(self.config, n, generator, noised=False, masking=least)

    def noise(self, masks: Masks, generator: torch.Generator) -> FeatureNoise | None:
        noised = sum(mask.noised for mask in masks.values())
        if not noised:
            return None
        width, n = self.config.encoder.width, len(next(iter(masks.values())))
        return draw_feature_noise(n, noised, width, self.config.noising, generator)

    def losses(
        self,
        network: nn.Module,
        inputs: Inputs,
        targets: Inputs,
        masks: Masks,
        noise: FeatureNoise | None,
    ) -> dict[str, Tensor]:
        return denomae_losses(network(inputs, masks, noise), targets, self.config)


@dataclass(frozen=True, slots=True)
class RingsPretrainer:
    """Rings of circular harmonics."""

    config: RingsMAEConfig

    def network(self, generator: torch.Generator) -> nn.Module:
        network = RingsMAE(self.config)
        initialise_rings_mae(network, generator)
        return network

    def masks(
        self,
        n: int,
        generator: torch.Generator,
        step: int = 1,
        steps: int = 1,
        *,
        masking: Masking | None = None,
    ) -> dict[str, PatchMask]:
        mask = draw_ring_masks(self.config, n, generator, step, steps, masking=masking)
        return {self.config.encoder.harmonics.name: mask}

    def validation_masks(self, n: int, generator: torch.Generator) -> dict[str, PatchMask]:
        return self.masks(n, generator, masking=self.config.masking.least)

    def noise(self, masks: Masks, generator: torch.Generator) -> FeatureNoise | None:
        return None

    def losses(
        self,
        network: nn.Module,
        inputs: Inputs,
        targets: Inputs,
        masks: Masks,
        noise: FeatureNoise | None,
    ) -> dict[str, Tensor]:
        name = self.config.encoder.harmonics.name
        output = network(self.seen(inputs), masks[name], targets[name])
        return rings_losses(output, self.config, targets.get(IMAGE))

    def seen(self, inputs: Inputs) -> dict[str, Tensor]:
        """The inputs of the encoder; an image is a target alone."""
        return {grid.name: inputs[grid.name] for grid in self.config.encoder.modalities}


def pretrainer_of(config: PretrainConfig) -> Pretrainer:
    """The pre-trainer of a configuration."""
    if isinstance(config, RingsMAEConfig):
        return RingsPretrainer(config)
    return PatchPretrainer(config)


def continued(config: PretrainConfig, method: Method | None) -> PretrainConfig:
    """A configuration whose network goes on, trained for what a method says, or as before.

    The network stays as it is, so that a method with a head or an image that it lacks adds a new
    one; the depth of its decoder and its positions are not changed.
    """
    if method is None:
        return config
    kind = Objective if isinstance(config, RingsMAEConfig) else PatchObjective
    if isinstance(config, RingsMAEConfig):
        _refuse_not_of_rings(method)
    return replace(config, **{item.name: getattr(method, item.name) for item in fields(kind)})


def pretrainer_of_method(
    method: Method,
    network: str,
    preset: str,
    grids: tuple[Grid, ...],
    image: ImageGrid | None = None,
) -> Pretrainer:
    """The pre-training network of a method, kind and preset for inputs with these grids.

    `image` is the image that rings predict, where it has a weight.
    """
    if network == "rings":
        return RingsPretrainer(_rings_config(method, preset, grids, image))
    if method.image_weight:
        raise RecipeError(
            f"network {network} predicts its input images, so they have no other weight, got "
            f"image weight {method.image_weight:g}; leave it out, or take network rings"
        )
    patches = tuple(grid for grid in grids if isinstance(grid, PatchGrid))
    encoder = encoder_config(preset, patches, method.positions)
    switches = {item.name: getattr(method, item.name) for item in fields(PatchObjective)}
    config = denomae_config(preset, encoder, decoder_depth=method.decoder_depth, **switches)
    return PatchPretrainer(config)


def _rings_config(
    method: Method, preset: str, grids: tuple[Grid, ...], image: ImageGrid | None
) -> RingsMAEConfig:
    """Rings of a preset; raises `RecipeError` for settings without a meaning for them."""
    _refuse_not_of_rings(method)
    encoder = find_network("rings").encoder(preset, grids)
    assert isinstance(encoder, RingsConfig)
    own = find_preset(preset).rings.decoder_depth
    return RingsMAEConfig(
        encoder,
        decoder_depth=own if method.decoder_depth is None else method.decoder_depth,
        image=image if method.image_weight else None,
        image_weight=method.image_weight,
        **{item.name: getattr(method, item.name) for item in fields(Objective)},
    )


def _refuse_not_of_rings(method: Method) -> None:
    for name, wanted, why in _NOT_OF_RINGS:
        if _setting(method, name) != _setting(Method(), name):
            raise RecipeError(
                f"network rings has {why}, got {wanted} {_setting(method, name)}; "
                "leave it out, or take network vit"
            )


def _setting(method: Method, name: str) -> Any:
    group, _, inner = name.rpartition(".")
    return getattr(getattr(method, group) if group else method, inner)


_NO_TOKENS = "no tokens between its layers for feature noise"
_NOT_OF_RINGS = (
    ("noising.share", "feature noise", _NO_TOKENS),
    ("noising.block", "noise block", _NO_TOKENS),
    ("noising.scale", "noise scale", _NO_TOKENS),
    ("noising.latest", "latest noise", _NO_TOKENS),
    ("noising.disruption_weight", "disruption weight", _NO_TOKENS),
    ("noising.disruption", "disruption", _NO_TOKENS),
    ("uniformity_level", "uniformity level", "one vector per example, so only level image"),
    ("mask_tokens", "mask tokens", "no attention for mask tokens"),
    ("positions", "positions", "a place for each token and no position codes"),
)
"""Settings without a meaning there: name, words, reason."""
