"""Metrics summed over steps on the device, which is synchronised only when they are logged."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from rfmae.training.ranks import Ranks


class MetricAccumulator:
    """Sums of metrics over steps since they were last read.

    A NaN or infinite value stays in the sum, so that it is noticed whenever the sum is read.
    """

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks
        self._names: tuple[str, ...] = ()
        self._sums = torch.zeros(0, device=ranks.device)
        self._steps = 0

    def add(self, metrics: Mapping[str, Tensor]) -> None:
        """Add the metrics of a step, scalars of the same names every time."""
        values = torch.stack([value.detach().float() for value in metrics.values()])
        self._names = tuple(metrics)
        self._sums = self._sums + values if self._steps else values
        self._steps += 1

    def means(self) -> dict[str, float]:
        """Means over steps and processes; synchronises with the device and all processes."""
        steps = max(1, self._steps) * self._ranks.world
        sums = self._ranks.summed(self._sums).tolist()
        return {name: total / steps for name, total in zip(self._names, sums, strict=True)}

    def clear(self) -> None:
        """Reset the sums."""
        self._steps = 0
        self._names, self._sums = (), self._sums[:0]

    def state(self) -> dict[str, float]:
        """The state to restore: the number of steps, and sums averaged over processes."""
        sums = self._ranks.summed(self._sums).tolist()
        named = zip(self._names, (total / self._ranks.world for total in sums), strict=True)
        return {**dict(named), _STEPS: float(self._steps)}

    def set_state(self, state: Mapping[str, float]) -> None:
        """Continue from the state of another accumulator, perhaps of other processes."""
        sums = dict(state)
        self._steps = int(sums.pop(_STEPS))
        self._names = tuple(sums)
        self._sums = torch.tensor(list(sums.values()), device=self._ranks.device)


_STEPS = "steps"


def first_not_finite(metrics: Mapping[str, float]) -> str | None:
    """The name of the first metric that is not finite."""
    return next((name for name, value in metrics.items() if not math.isfinite(value)), None)
