"""Training of the network that names bursts: first to denoise features, then to classify."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from rfmae.records import FloatArray, IntArray
from rfmae.training.sampling import DROPOUT, WEIGHTS, addressed_generator

_LEAK = 0.01


@dataclass(frozen=True, slots=True)
class BurstTraining:
    """How long and how a network of bursts is trained."""

    widths: tuple[int, ...] = (512, 384, 256)
    denoising_epochs: int = 0
    epochs: int = 40
    batch: int = 512
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    dropout: float = 0.15
    smoothing: float = 0.02
    seed: int = 0


class Encoder(nn.Module):
    """Layers of rectified units; inputs are standardised features (N, F)."""

    def __init__(self, features: int, training: BurstTraining) -> None:
        super().__init__()
        self._draws = addressed_generator(training.seed, DROPOUT, 0)
        self._kept = 1 - training.dropout
        weights = addressed_generator(training.seed, WEIGHTS, 0)
        sizes = (features, *training.widths)
        self.layers = nn.ModuleList(_linear(*pair, weights) for pair in pairwise(sizes))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            values = nn.functional.leaky_relu(layer(values), _LEAK)
            if self.training:
                drawn = torch.rand(values.shape, generator=self._draws)
                values = values * (drawn < self._kept) / self._kept
        return values


def _linear(before: int, after: int, draws: torch.Generator) -> nn.Linear:
    """A layer whose weights are drawn from a generator (He et al., ICCV 2015)."""
    layer = nn.Linear(before, after)
    nn.init.kaiming_uniform_(layer.weight, _LEAK, generator=draws)
    nn.init.zeros_(layer.bias)
    return layer


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights (out, in) and biases (out,) of each layer, the last of them for the logits."""

    layers: tuple[tuple[FloatArray, FloatArray], ...]


def denoising_encoder(noisy: FloatArray, clean: FloatArray, training: BurstTraining) -> Encoder:
    """An encoder that has learnt to predict clean features from noisy ones, (N, F) each.

    A denoising autoencoder (Vincent et al., JMLR 11, 2010) whose noise is that of the radio. Both
    are standardised.
    """
    encoder = Encoder(noisy.shape[1], training)
    draws = addressed_generator(training.seed, WEIGHTS, 2)
    decoder = _linear(training.widths[-1], noisy.shape[1], draws)
    inputs, twins = torch.from_numpy(noisy), torch.from_numpy(clean)

    def missed(rows: torch.Tensor) -> torch.Tensor:
        return nn.functional.smooth_l1_loss(decoder(encoder(inputs[rows])), twins[rows])

    _fit([encoder, decoder], missed, len(noisy), training.denoising_epochs, training)
    return encoder


def train_burst_network(
    features: FloatArray,
    labels: IntArray,
    names: int,
    training: BurstTraining,
    encoder: Encoder | None = None,
) -> Trained:
    """Train on standardised features (N, F) and labels (N,), from an encoder where one is given."""
    if encoder is None:
        encoder = Encoder(features.shape[1], training)
    inputs, targets = torch.from_numpy(features), torch.from_numpy(labels)
    head = _linear(training.widths[-1], names, addressed_generator(training.seed, WEIGHTS, 1))
    criterion = nn.CrossEntropyLoss(label_smoothing=training.smoothing)

    def wrong(rows: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = criterion(head(encoder(inputs[rows])), targets[rows])
        return loss

    _fit([encoder, head], wrong, len(features), training.epochs, training)
    layers = [item for item in (*encoder.modules(), head) if isinstance(item, nn.Linear)]
    return Trained(
        tuple(
            (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
            for layer in layers
        )
    )


def _fit(
    modules: list[nn.Module],
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    count: int,
    epochs: int,
    training: BurstTraining,
) -> None:
    rng = np.random.default_rng([training.seed, epochs])
    parameters = [parameter for module in modules for parameter in module.parameters()]
    optimiser = torch.optim.AdamW(
        parameters, training.learning_rate, weight_decay=training.weight_decay
    )
    steps = max(epochs * -(-count // training.batch), 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, training.learning_rate, total_steps=steps, pct_start=0.15
    )
    for module in modules:
        module.train()
    for _ in range(epochs):
        order = torch.from_numpy(rng.permutation(count))
        for rows in order.split(training.batch):
            optimiser.zero_grad()
            loss_of(rows).backward()
            optimiser.step()
            schedule.step()
    for module in modules:
        module.eval()
