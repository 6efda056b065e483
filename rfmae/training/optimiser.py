"""AdamW with layer-wise learning rates, its schedule, and an average of the weights.

The state of the optimiser goes by the names of the weights.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from rfmae.errors import TrainingError
from rfmae.training.plan import TrainingPlan

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


def cosine_with_warmup(step: int, steps: int, warmup_steps: int) -> float:
    """Share of the peak learning rate: a linear rise, then half a cosine down to zero."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


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


class WeightAverage:
    """An exponential moving average of a network's weights (Polyak, Juditsky 1992).

    Averaged weights keep min(share, (1 + t) / (10 + t)) of themselves at the t-th update, counted
    from one, so that a short run does not drag along the weights that it started from. Torch's own
    `AveragedModel` holds a second network, which sharded weights do not allow; these are tensors.
    """

    def __init__(self, network: nn.Module, share: float) -> None:
        self.share = share
        self._weights = dict(network.named_parameters())
        self.averages = {name: w.detach().clone() for name, w in self._weights.items()}

    def kept_at(self, update: int) -> float:
        """Share of itself that the average keeps at an update, counted from one."""
        return min(self.share, (1 + update) / (10 + update))

    @torch.no_grad()
    def update(self, update: int) -> None:
        """Move towards the current weights, in one pass over all tensors."""
        weights = [w.detach() for w in self._weights.values()]
        moved = 1 - self.kept_at(update)
        torch._foreach_lerp_(list(self.averages.values()), weights, moved)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Put the averaged weights into the network, and its own back afterwards."""
        own = {name: w.detach().clone() for name, w in self._weights.items()}
        self._fill(self.averages)
        try:
            yield
        finally:
            self._fill(own)

    @torch.no_grad()
    def _fill(self, values: dict[str, Tensor]) -> None:
        for name, weight in self._weights.items():
            weight.copy_(values[name])
