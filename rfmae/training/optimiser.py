"""AdamW with layer-wise learning rates, and its state by the names of the weights."""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from rfmae.errors import TrainingError
from rfmae.training.plan import TrainingPlan
from rfmae.training.schedule import cosine_with_warmup

_ENCODER = "encoder."
_BLOCK = re.compile(r"encoder\.blocks\.(\d+)\.")


def adamw(network: nn.Module, plan: TrainingPlan) -> torch.optim.AdamW:
    """Fused AdamW (Loshchilov, Hutter 2019) over all weights that are trained."""
    groups = weight_groups(network, plan)
    return torch.optim.AdamW(groups, lr=plan.learning_rate, betas=plan.betas, fused=True)


def weight_groups(network: nn.Module, plan: TrainingPlan) -> list[dict[str, Any]]:
    """Parameter groups of one learning rate and weight decay each.

    Matrices decay; biases, norms, tokens and positions do not. With a layer decay d, the k-th of L
    encoder blocks learns at d^(L - k) of the rate, the embedding below them at d^(L + 1), and all
    layers above at the full rate (Clark et al. 2020; Bao et al. 2022).
    """
    trained = [(name, w) for name, w in network.named_parameters() if w.requires_grad]
    if not trained:
        raise TrainingError("nothing of the network is left to train; freeze less of it")
    top = 1 + max((_height(name, 0) for name, _ in trained), default=0)
    groups: dict[tuple[int, bool], list[Tensor]] = {}
    for name, weight in trained:
        key = (_height(name, top), weight.ndim >= 2 and name.endswith("weight"))
        groups.setdefault(key, []).append(weight)
    return [
        {
            "params": weights,
            "weight_decay": plan.weight_decay if decays else 0.0,
            "rate_share": plan.layer_decay ** (top - height),
        }
        for (height, decays), weights in groups.items()
    ]


def _height(name: str, top: int) -> int:
    """The depth of a weight: embedding 0, encoder block i at i + 1, else `top`."""
    block = _BLOCK.match(name)
    if block:
        return int(block[1]) + 1
    below = name.startswith(_ENCODER) and not name.startswith(f"{_ENCODER}norm")
    return 0 if below else top


def set_rate(optimiser: torch.optim.Optimizer, plan: TrainingPlan, step: int) -> float:
    """Give every group its learning rate of a step; returns the rate of the last layers."""
    rate = plan.learning_rate * cosine_with_warmup(step, plan.steps, plan.warmup_steps)
    for group in optimiser.param_groups:
        group["lr"] = rate * group["rate_share"]
    return rate


def clip_gradients(weights: Sequence[Tensor], largest_norm: float | None) -> Tensor:
    """Clip the norm of all gradients; returns their norm, without waiting for the device."""
    gradients = [w.grad for w in weights if w.grad is not None]
    norm = nn.utils.get_total_norm(gradients, foreach=True)
    if isinstance(norm, DTensor):  # of sharded weights: still to be summed over processes
        norm = norm.full_tensor()
    if largest_norm is not None:
        nn.utils.clip_grads_with_norm_(weights, largest_norm, norm, foreach=True)
    return norm


def named_state(network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, dict[str, Any]]:
    """The state of an optimiser by the names of the weights, independent of groups."""
    weights = network.named_parameters()
    return {name: dict(optimiser.state[w]) for name, w in weights if w in optimiser.state}


def set_named_state(
    network: nn.Module, optimiser: torch.optim.Optimizer, state: dict[str, dict[str, Any]]
) -> None:
    """Load the state that `named_state` returned."""
    for name, weight in network.named_parameters():
        if name in state:
            optimiser.state[weight] = state[name]
