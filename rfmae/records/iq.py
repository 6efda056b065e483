"""Batches of I/Q with labels and SNRs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfmae.errors import ShapeError
from rfmae.units import SnrReference

ComplexArray = npt.NDArray[np.complex64]
FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]
BoolArray = npt.NDArray[np.bool_]

View = Literal["symbols", "waveform"]
"""How an example is observed: one point for each symbol, or every sample."""

Views = Mapping[View, ComplexArray]
"""The I/Q of the same examples in each view, each (N, T)."""


@dataclass(frozen=True, slots=True)
class IqBatch:
    """Examples of complex baseband with their labels and SNRs.

    `snr_db` is meaningful only together with `snr_reference`; `label` indexes `classes`.
    """

    iq: ComplexArray  # (N, T), time last
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)
    classes: tuple[str, ...]
    samples_per_symbol: float
    snr_reference: SnrReference

    def __post_init__(self) -> None:
        if self.iq.ndim != 2 or not np.iscomplexobj(self.iq):
            raise ShapeError(
                f"iq must be complex of shape (N, T), got {self.iq.dtype} {self.iq.shape}"
            )
        for name in ("label", "snr_db"):
            shape = getattr(self, name).shape
            if shape != self.iq.shape[:1]:
                raise ShapeError(f"{name} must have shape {self.iq.shape[:1]}, got {shape}")
        if self.label.size and not 0 <= self.label.min() <= self.label.max() < len(self.classes):
            raise ShapeError(
                f"labels must index {len(self.classes)} classes, "
                f"got {self.label.min()} to {self.label.max()}"
            )

    def __len__(self) -> int:
        return len(self.iq)


@dataclass(frozen=True, slots=True)
class IqPairBatch:
    """Observed I/Q and its clean twin: same bits, pulse, path and receiver, no noise."""

    observed: IqBatch
    clean: ComplexArray  # (N, T)

    def __post_init__(self) -> None:
        if self.clean.shape != self.observed.iq.shape:
            raise ShapeError(
                f"clean must have the shape of observed {self.observed.iq.shape}, "
                f"got {self.clean.shape}"
            )

    def __len__(self) -> int:
        return len(self.observed)


@dataclass(frozen=True, slots=True)
class Synthesised:
    """Some examples in each of their views, and the sampled channel parameters, each (N,)."""

    views: dict[View, IqPairBatch]
    sampled: dict[str, FloatArray]

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def pairs(self) -> IqPairBatch:
        """The first view: symbols where they are observed, the waveform elsewhere."""
        return next(iter(self.views.values()))
