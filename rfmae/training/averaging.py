"""An exponential moving average of the weights during training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """An exponential moving average of a network's weights (Polyak, Juditsky 1992).

    Averaged weights keep min(share, (1 + t) / (10 + t)) of themselves at the t-th update, counted
    from one, so that a short run does not drag along the weights that it started from.
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
