"""The metrics of a training run as curves, and their thinning for display."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records import FloatArray, IntArray

Better = Literal["lower", "higher", "neither"]
"""The direction in which a quantity is better; a learning rate has none."""

_VALIDATION = "validation_"
_DECADE = 10.0
_POINTS = 150  # about as many as are drawn
_LINEAR = ("accuracy", "share", "rate", "second")  # the last word of a name


@dataclass(frozen=True, slots=True)
class Curve:
    """The values of one quantity at some steps."""

    steps: IntArray  # (K,), rising
    values: FloatArray  # (K,), finite

    def __post_init__(self) -> None:
        if self.steps.ndim != 1 or self.steps.shape != self.values.shape:
            raise ShapeError(
                "steps and values of a curve must have one shape (K,), "
                f"got {self.steps.shape} and {self.values.shape}"
            )

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity on training batches and on the validation split; either may be empty."""

    name: str
    training: Curve
    validation: Curve

    @property
    def in_words(self) -> str:
        return self.name.replace("_", " ")

    @property
    def better(self) -> Better:
        """Losses are better when lower, accuracies when higher."""
        stem = self.name.rpartition("_")[2]
        return "lower" if stem == "loss" else "higher" if stem == "accuracy" else "neither"

    @property
    def is_judged(self) -> bool:
        """Whether it measures the network, not the machine."""
        return self.better != "neither" or len(self.validation) > 0

    @property
    def on_log_scale(self) -> bool:
        """Whether it is positive and spans more than a decade.

        Shares and accuracies are between zero and one, and rates are planned: they stay linear.
        """
        if self.name.rpartition("_")[2] in _LINEAR:
            return False
        values = np.concatenate([self.training.values, self.validation.values])
        # a single spike among very many values does not count
        line = thinned(self.training, _POINTS).middle
        shown = np.concatenate([line, self.validation.values])
        return bool(values.size and values.min() > 0 and shown.max() > _DECADE * shown.min())


def quantities_of(lines: Iterable[Mapping[str, float]]) -> tuple[Quantity, ...]:
    """The quantities in lines of metrics, each with its `step`; `loss` first, its parts next.

    Validation metrics have the prefix `validation_` in the lines. Values that are not finite are
    left out, and where a step occurs twice the later line counts.
    """
    measured: dict[str, dict[int, float]] = {}
    for line in lines:
        for name, value in line.items():
            if name != "step" and math.isfinite(value):
                measured.setdefault(name, {})[int(line["step"])] = float(value)
    names = dict.fromkeys(name.removeprefix(_VALIDATION) for name in measured)
    found = [
        Quantity(name, _curve(measured.get(name)), _curve(measured.get(_VALIDATION + name)))
        for name in names
    ]
    return tuple(sorted(found, key=_rank))


def last_metrics(quantities: Iterable[Quantity]) -> dict[str, dict[str, float]]:
    """The last value of each quantity and its step, on training and on validation.

    >>> last_metrics(quantities_of([{"step": 3, "loss": 0.5}]))
    {'loss': {'training': 0.5, 'training_step': 3}}
    """
    return {
        quantity.name: {
            key: value
            for where, curve in (
                ("training", quantity.training),
                ("validation", quantity.validation),
            )
            if len(curve)
            for key, value in (
                (where, float(curve.values[-1])),
                (f"{where}_step", int(curve.steps[-1])),
            )
        }
        for quantity in quantities
    }


def best_of(curve: Curve, better: Better) -> int:
    """Index of the best value of a curve; the first of equals."""
    if better == "neither" or not len(curve):
        raise ShapeError(f"the best of {len(curve)} values, {better} being better, is not defined")
    return int(np.argmin(curve.values) if better == "lower" else np.argmax(curve.values))


@dataclass(frozen=True, slots=True)
class CurveBand:
    """A curve thinned to a few points, each the median of its neighbours, with their spread."""

    steps: FloatArray  # (B,), the mean of the steps that a point represents
    low: FloatArray  # (B,), a tenth of the values is below
    middle: FloatArray  # (B,), median
    high: FloatArray  # (B,), a tenth of the values is above


def thinned(curve: Curve, most: int) -> CurveBand:
    """At most so many points of a curve; a shorter one is unchanged."""
    if len(curve) <= most:
        steps = curve.steps.astype(float)
        return CurveBand(steps, curve.values, curve.values, curve.values)
    groups = np.array_split(np.arange(len(curve)), most)
    steps = np.array([curve.steps[group].mean() for group in groups])
    spread = np.array([np.quantile(curve.values[group], (0.1, 0.5, 0.9)) for group in groups])
    return CurveBand(steps, *spread.T)


def ends(curves: Sequence[Curve]) -> tuple[int, int]:
    """The first and the last step of all curves, zeros where all are empty."""
    steps = [int(curve.steps[end]) for curve in curves if len(curve) for end in (0, -1)]
    return (min(steps), max(steps)) if steps else (0, 0)


def _curve(values: dict[int, float] | None) -> Curve:
    """Points in the order of their steps."""
    points = sorted((values or {}).items())
    steps = np.array([step for step, _ in points], dtype=np.int64)
    return Curve(steps, np.array([value for _, value in points], dtype=np.float64))


def _rank(quantity: Quantity) -> int:
    """The loss, then its parts, other scores, and at last the machine's metrics."""
    if quantity.name == "loss":
        return 0
    return {"lower": 1, "higher": 2, "neither": 3 if quantity.is_judged else 4}[quantity.better]
