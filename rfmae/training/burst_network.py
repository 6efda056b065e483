"""Training of the network that names bursts: first to denoise features, then to classify."""

from collections.abc import Callable
from dataclasses import dataclass

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
        self.layers = nn.ModuleList(
            nn.Linear(before, after) for before, after in zip(sizes, sizes[1:], strict=False)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            values = self.dropout(nn.functional.leaky_relu(layer(values), _LEAK))
        return values


@dataclass(frozen=True, slots=True)
class Trained:
    """Weights (out, in) and biases (out,) of each layer, the last of them for the logits."""

    layers: tuple[tuple[FloatArray, FloatArray], ...]


def train_burst_network(
    noisy: FloatArray,
    clean: FloatArray,
    labels: IntArray,
    names: int,
    training: BurstTraining,
    progress: Callable[[str], None] = lambda _: None,
) -> Trained:
    """Train on standardised features (N, F) of bursts, those of their clean twins, labels (N,).

    With denoising epochs the encoder learns first to predict the clean features from the noisy
    ones, as a denoising autoencoder (Vincent et al., JMLR 11, 2010).
    """
    torch.manual_seed(training.seed)
    rng = np.random.default_rng(training.seed)
    inputs, targets = torch.from_numpy(noisy), torch.from_numpy(labels)
    encoder = _Encoder(noisy.shape[1], training.widths, training.dropout)
    if training.denoising_epochs:
        decoder = nn.Linear(training.widths[-1], noisy.shape[1])
        twins = torch.from_numpy(clean)

        def missed(rows: torch.Tensor) -> torch.Tensor:
            return nn.functional.smooth_l1_loss(decoder(encoder(inputs[rows])), twins[rows])

        _fit([encoder, decoder], missed, len(noisy), training.denoising_epochs, training, rng)
        progress(f"denoised for {training.denoising_epochs} epochs")
    head = nn.Linear(training.widths[-1], names)
    criterion = nn.CrossEntropyLoss(label_smoothing=training.smoothing)

    def wrong(rows: torch.Tensor) -> torch.Tensor:
        loss: torch.Tensor = criterion(head(encoder(inputs[rows])), targets[rows])
        return loss

    _fit([encoder, head], wrong, len(noisy), training.epochs, training, rng)
    layers = [*encoder.layers, head]
    return Trained(
        tuple(
            (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
            for layer in layers
            if isinstance(layer, nn.Linear)
        )
    )


def _fit(
    modules: list[nn.Module],
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    count: int,
    epochs: int,
    training: BurstTraining,
    rng: np.random.Generator,
) -> None:
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
