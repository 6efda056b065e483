"""Encoder plus head: automatic modulation classification of a received signal."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from rfmae.models.encoders import AnyEncoder, AnyEncoderConfig, build_encoder, initialise_encoder
from rfmae.models.transformer import initialise
from rfmae.models.vit import Encoder, Inputs


@dataclass(frozen=True, slots=True)
class ClassifierConfig:
    """`hidden` are the widths between encoder and classes; none makes the head linear."""

    encoder: AnyEncoderConfig
    classes: int
    hidden: tuple[int, ...] = ()
    dropout: float = 0.1


class Classifier(nn.Module):
    """The features of an encoder, then a perceptron with GELU and dropout."""

    encoder: AnyEncoder

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        widths = (config.encoder.width, *config.hidden)
        self.encoder = build_encoder(config.encoder)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.head = nn.Linear(widths[-1], config.classes)

    def forward(
        self, inputs: Inputs, kept: Sequence[Tensor] = (), paths: Tensor | None = None
    ) -> Tensor:
        """Logits (N, M) of the inputs of the encoder, by modality.

        In training, `kept` marks the units of each hidden layer that stay (see `draw_kept`), and
        `paths` the branches of the encoder's blocks (see `draw_paths`).
        """
        features = self.features(inputs, paths)
        for number, layer in enumerate(self.layers):
            features = nn.functional.gelu(layer(features))
            if kept:
                features = features * kept[number].to(features) / (1 - self.config.dropout)
        return self.head(features)

    def features(self, inputs: Inputs, paths: Tensor | None = None) -> Tensor:
        """The features that the head classifies, (N, width)."""
        if isinstance(self.encoder, Encoder):
            return self.encoder.features(inputs, paths)
        return self.encoder.features(inputs)


def initialise_classifier(network: Classifier, generator: torch.Generator) -> None:
    """Initialise all weights: the head as a transformer's, the encoder by its kind."""
    initialise(network, generator)
    if not isinstance(network.encoder, Encoder):
        initialise_encoder(network.encoder, generator)


def draw_kept(config: ClassifierConfig, n: int, generator: torch.Generator) -> list[Tensor]:
    """Dropout masks (n, width) bool of each hidden layer: the units that stay for n examples."""
    if config.dropout == 0:
        return []
    return [
        torch.rand(n, width, generator=generator, device=generator.device) >= config.dropout
        for width in config.hidden
    ]
