"""The encoders below a head: a transformer, rings of harmonics, or a literature backbone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from rfmae.models.backbones import (
    Backbone,
    BackboneConfig,
    backbone_config_from_card,
    build_backbone,
    initialise_backbone,
)
from rfmae.models.patches import PatchGrid
from rfmae.models.rings import (
    HarmonicGrid,
    RingsConfig,
    RingsEncoder,
    initialise_rings,
    rings_config_from_card,
)
from rfmae.models.transformer import initialise
from rfmae.models.vit import Encoder, EncoderConfig, encoder_config_from_card

AnyEncoderConfig = EncoderConfig | RingsConfig | BackboneConfig
AnyEncoder = Encoder | RingsEncoder | Backbone
PretrainableConfig = EncoderConfig | RingsConfig
"""Configurations of encoders that are pre-trained."""


def build_encoder(config: AnyEncoderConfig) -> AnyEncoder:
    """The network of a configuration; `initialise_encoder` draws its weights.

    Each has `features(inputs)`, (N, width) for inputs by modality, which a head classifies.
    """
    if isinstance(config, EncoderConfig):
        return Encoder(config)
    return RingsEncoder(config) if isinstance(config, RingsConfig) else build_backbone(config)


def with_grids(
    config: AnyEncoderConfig, grids: tuple[PatchGrid | HarmonicGrid, ...]
) -> AnyEncoderConfig:
    """The same encoder for inputs that are cut or scaled by other grids."""
    if isinstance(config, RingsConfig):
        return replace(config, modalities=grids)
    patches = tuple(grid for grid in grids if isinstance(grid, PatchGrid))
    return replace(config, modalities=patches)


def initialise_encoder(encoder: AnyEncoder, generator: torch.Generator) -> None:
    """Initialise all weights, by the kind of encoder."""
    if isinstance(encoder, Encoder):
        initialise(encoder, generator)
    elif isinstance(encoder, RingsEncoder):
        initialise_rings(encoder, generator)
    else:
        initialise_backbone(encoder, generator)


def encoder_from_card(card: Mapping[str, Any]) -> AnyEncoderConfig:
    """The configuration that a card describes; without a `kind` it is a transformer."""
    if "kind" not in card:
        return encoder_config_from_card(card)
    return (
        rings_config_from_card(card) if card["kind"] == "rings" else backbone_config_from_card(card)
    )
