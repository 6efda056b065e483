"""The state of a training run: weights, optimiser, averages and metrics, each in one piece.

The number of steps is the name of the checkpoint, and random draws are addressed, so nothing else
is needed. As everything is whole, any number of processes can resume it.
"""

from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rfmae.training.averaging import WeightAverage
from rfmae.training.metric_accumulator import MetricAccumulator
from rfmae.training.optimiser import named_state, set_named_state
from rfmae.training.parallel import as_sharded, load_whole_weights, whole, whole_weights


class Best(NamedTuple):
    """The best validation score so far and the checkpoint that has it."""

    score: float
    checkpoint: str  # named by its step

    @property
    def step(self) -> int:
        return int(self.checkpoint)


class Saved(NamedTuple):
    """A loaded checkpoint with its training state."""

    weights: dict[str, Tensor]  # for inference: averaged where the run averages
    training: dict[str, Any]
    best: Best | None


def whole_state(
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: WeightAverage | None,
    accumulator: MetricAccumulator,
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Weights for inference and the state to resume from; a collective call of all processes."""
    training: dict[str, Any] = {"tally": accumulator.state(), "optimiser": {}}
    for name, state in named_state(network, optimiser).items():
        training["optimiser"][name] = {key: whole(value) for key, value in state.items()}
    if average is not None:
        training["weights"] = whole_weights(network)
    with nullcontext() if average is None else average.in_place():
        return whole_weights(network), training


def restore(
    saved: Saved,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: WeightAverage | None,
    accumulator: MetricAccumulator,
) -> None:
    """Restore what `whole_state` returned."""
    load_whole_weights(network, saved.training.get("weights", saved.weights))
    if average is not None:
        for name, value in average.averages.items():
            value.copy_(as_sharded(saved.weights[name], value))
    weights = dict(network.named_parameters())
    optimiser_state = {
        name: {key: _as_held(value, weights[name]) for key, value in state.items()}
        for name, state in saved.training["optimiser"].items()
    }
    set_named_state(network, optimiser, optimiser_state)
    accumulator.set_state(saved.training["tally"])


def _as_held(value: Tensor, weight: Tensor) -> Tensor:
    """Part of an optimiser's state as its weight is stored; a count of steps is never sharded."""
    if value.shape == weight.shape:
        return as_sharded(value, weight)
    return value.to(weight.device)
