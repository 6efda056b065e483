"""Whoever watches a training beside its own log."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor


class MetricLogger(Protocol):
    """Is told the figures of a run, and shown pictures whenever it is validated."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Figures after so many steps; those of validation begin with `validation_`."""
        ...

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        """Pictures (C, H, W) in [0, 1] by title."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class NoLogger:
    """Watches nothing."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        return None

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        return None

    def close(self) -> None:
        return None
