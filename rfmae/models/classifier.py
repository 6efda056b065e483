"""Encoder plus head: automatic modulation classification of constellation images."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from rfmae.models.vit import Encoder, EncoderConfig


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

    def forward(self, images: Tensor, dropout: torch.Generator | None = None) -> Tensor:
        """Logits (N, M) of images (N, C, H, W); units drop out where a generator is given."""
        features = self.encoder(images)[:, 1:].mean(dim=1)
        for layer in self.layers:
            features = self._dropped(nn.functional.gelu(layer(features)), dropout)
        return self.head(features)

    def _dropped(self, features: Tensor, generator: torch.Generator | None) -> Tensor:
        if generator is None or self.config.dropout == 0:
            return features
        kept = torch.rand(features.shape, generator=generator, device=generator.device)
        kept = kept >= self.config.dropout
        return features * kept.to(features) / (1 - self.config.dropout)
