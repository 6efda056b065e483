"""Training of the network that names bursts: first to denoise features, then to classify."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from rfmae.records import FloatArray, IntArray

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


class _Encoder(nn.Module):
    """Layers of rectified units; inputs are standardised features (N, F)."""

    def __init__(self, features: int, widths: tuple[int, ...], dropout: float) -> None:
        super().__init__()
        sizes = (features, *widths)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            values = self.dropout(nn.functional.leaky_relu(layer(values), _LEAK))
        return values


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights (out, in) and biases (out,) of each layer, the last of them for the logits."""

    layers: tuple[tuple[FloatArray, FloatArray], ...]


def denoising_encoder(noisy: FloatArray, clean: FloatArray, training: BurstTraining) -> nn.Module:
    """An encoder that has learnt to predict clean features from noisy ones, (N, F) each.

    A denoising autoencoder (Vincent et al., JMLR 11, 2010) whose noise is that of the radio. Both
    are standardised.
    """
    encoder = _new_encoder(noisy.shape[1], training)
    decoder = nn.Linear(training.widths[-1], noisy.shape[1])
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
    encoder: nn.Module | None = None,
) -> Trained:
    """Train on standardised features (N, F) and labels (N,), from an encoder where one is given."""
    if encoder is None:
        encoder = _new_encoder(features.shape[1], training)
    inputs, targets = torch.from_numpy(features), torch.from_numpy(labels)
    head = nn.Linear(training.widths[-1], names)
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


def _new_encoder(features: int, training: BurstTraining) -> nn.Module:
    torch.manual_seed(training.seed)
    return _Encoder(features, training.widths, training.dropout)


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
