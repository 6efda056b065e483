"""The interface of further loggers of a training run, such as TensorBoard."""

from collections.abc import Mapping
from typing import Protocol

from torch import Tensor


class MetricLogger(Protocol):
    """Receives the metrics of a run, and images whenever it is validated."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        """Metrics after a number of steps; those of validation begin with `validation_`."""
        ...

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        """Images (C, H, W) in [0, 1] by title."""
        ...

    def close(self) -> None:
        """The run is over."""
        ...


class NoLogger:
    """Logs nothing."""

    def metrics(self, step: int, metrics: Mapping[str, float]) -> None:
        return None

    def images(self, step: int, images: Mapping[str, Tensor]) -> None:
        return None

    def close(self) -> None:
        return None
