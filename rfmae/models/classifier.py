"""Encoder plus head: automatic modulation classification of what a receiver sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from rfmae.models.vit import Encoder, EncoderConfig, Inputs


@dataclass(frozen=True, slots=True)
class ClassifierConfig:
    """`hidden` are the widths between encoder and classes; none makes the head linear."""

    encoder: EncoderConfig
    classes: int
    hidden: tuple[int, ...] = ()
    dropout: float = 0.1


class Classifier(nn.Module):
    """The mean of all patch tokens, then a perceptron with GELU and dropout."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        widths = (config.encoder.width, *config.hidden)
        self.encoder = Encoder(config.encoder)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(widths))
        self.head = nn.Linear(widths[-1], config.classes)

    def forward(self, inputs: Inputs, kept: Sequence[Tensor] = ()) -> Tensor:
        """Logits (N, M) of the modalities of the encoder.

        In training, `kept` says of each hidden layer which of its units stay (see `draw_kept`).
        """
        features = mean_token(self.encoder(inputs))
        for number, layer in enumerate(self.layers):
            features = nn.functional.gelu(layer(features))
            if kept:
                features = features * kept[number].to(features) / (1 - self.config.dropout)
        return self.head(features)


def draw_kept(config: ClassifierConfig, n: int, generator: torch.Generator) -> list[Tensor]:
    """Which units of each hidden layer stay for each of n examples, (n, width) bool."""
    if config.dropout == 0:
        return []
    return [
        torch.rand(n, width, generator=generator, device=generator.device) >= config.dropout
        for width in config.hidden
    ]


def mean_token(tokens: Tensor) -> Tensor:
    """What the encoder says of an example as a whole: the mean patch token (N, width)."""
    return tokens[:, 1:].mean(dim=1)
