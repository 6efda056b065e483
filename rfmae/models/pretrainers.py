"""Pre-training methods: masked autoencoders of square patches and of circular harmonics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from rfmae.models.config import DenoMAEConfig
from rfmae.models.denomae import DenoMAE, draw_masks
from rfmae.models.masking import Masking
from rfmae.models.noising import FeatureNoise, draw_feature_noise
from rfmae.models.objectives.harmonic_losses import rings_losses
from rfmae.models.objectives.total import denomae_losses
from rfmae.models.patches import PatchMask
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
