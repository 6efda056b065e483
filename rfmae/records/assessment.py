"""Results of an evaluation beside the counts, of one classifier and of several together.

Arrays per SNR run along `snr_db` of the report that they belong to, (S,).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from rfmae.errors import ShapeError
from rfmae.plain import Measured
from rfmae.records.class_match import ClassMatch
from rfmae.records.iq import FloatArray, IntArray
from rfmae.records.snr_report import check_shapes, wilson_interval


@dataclass(frozen=True, slots=True)
class Share:
    """Hits of a number of examples, with the 95 % Wilson interval of their share."""

    hits: int
    examples: int
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: int, examples: int) -> Self:
        """The share of so many examples; of none it is zero with the interval (0, 1)."""
        low, high = wilson_interval(np.asarray(hits), np.asarray(examples))
        return cls(hits, examples, hits / max(examples, 1), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Band:
    """Accuracy over the SNR points from `from_db` to `to_db`, both included."""

    from_db: float
    to_db: float
    accuracy: Share
    macro_f1: Measured
    ceiling: dict[str, Measured]  # by what the receiver sees: sequence, or planes


@dataclass(frozen=True, slots=True)
class Gap:
    """Accuracy against the ceilings: what the image loses, and what the model loses.

    `image_loss` is the sequence ceiling less the image ceiling, `model_loss` the ceiling of what
    the model sees less the accuracy; where either ceiling is only a lower bound, reached by one
    classifier, `is_bound` is false and the model loss may be negative.
    """

    image: str | None  # the ceiling of the image; None for a sequence model or where unknown
    ratio: dict[str, Measured]  # overall accuracy over each ceiling
    ratio_per_snr: dict[str, FloatArray]  # (S,)
    image_loss_per_snr: FloatArray | None  # (S,)
    model_loss_per_snr: FloatArray  # (S,)
    is_bound: bool


@dataclass(frozen=True, slots=True)
class Confusion:
    """One class that is often taken for another."""

    true: str
    named: str
    share: Share  # of the examples of the true class


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of the confidence.

    Expected calibration error over bins of equal mass (Nixon et al. 2019), negative log-likelihood
    in nats, Brier score as the squared distance over all classes (Brier 1950). The bins are those
    of all examples together.
    """

    ece: Measured
    nll: Measured
    brier: Measured
    ece_per_snr: FloatArray  # (S,)
    nll_per_snr: FloatArray  # (S,)
    brier_per_snr: FloatArray  # (S,)
    bin_confidence: FloatArray  # (B,) mean confidence of each bin
    bin_accuracy: FloatArray  # (B,)
    bin_interval: FloatArray  # (B, 2) 95 % Wilson
    bin_examples: IntArray  # (B,)
    temperature: float | None  # fitted on validation examples and applied to the probabilities

    def __post_init__(self) -> None:
        bins, points = len(self.bin_examples), len(self.ece_per_snr)
        check_shapes(self, (bins,), "bin_confidence", "bin_accuracy", "bin_examples")
        check_shapes(self, (bins, 2), "bin_interval")
        check_shapes(self, (points,), "ece_per_snr", "nll_per_snr", "brier_per_snr")


@dataclass(frozen=True, slots=True)
class Selective:
    """Selective classification: only confident examples are answered.

    Geifman and El-Yaniv, NeurIPS 2017. The curve runs from the most confident examples to all.
    """

    coverage: FloatArray  # (K,) ascending, the last is 1
    risk: FloatArray  # (K,) share of wrong answers among the examples answered
    aurc: Measured  # area under the curve
    target_accuracy: float
    coverage_at_target: Measured  # the largest share that can be answered at that accuracy
    coverage_at_target_per_snr: FloatArray  # (S,)

    def __post_init__(self) -> None:
        check_shapes(self, (len(self.coverage),), "coverage", "risk")


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Detection of signals that are none of the classes by low confidence.

    `auroc` is the chance that a known example is more confident than an unknown one, `fpr95` the
    share of unknowns that are accepted where 95 % of the known are.
    """

    unknown: str
    known_examples: int
    unknown_examples: int
    auroc: Measured
    fpr95: Measured


@dataclass(frozen=True, slots=True)
class UnknownClass:
    """What a model makes of the examples of one class that it never learnt.

    An example is accepted where the model is at least as confident as it is on 95 % of the examples
    of the classes that it knows, in the same data set; `named` are the classes that it took the
    examples for, the most frequent first.
    """

    open_set: OpenSet
    threshold: Measured  # the confidence from which an example is accepted
    accepted: Share
    named: tuple[Confusion, ...]

    @property
    def name(self) -> str:
        """The class, as the data set calls it."""
        return self.open_set.unknown


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of inference on a machine; None where it cannot be measured.

    Peak memory is that of a fresh process that opened the model and classified one batch, Python
    and its libraries included, or the GPU memory of its tensors.
    """

    parameters: int | None
    macs: int | None  # multiply-accumulates of one example, network alone
    latency_p50_ms: float  # one example at a time, I/Q to probabilities
    latency_p95_ms: float
    examples_per_second: float
    batch_size: int  # of the throughput
    peak_memory_mib: float | None
    device: str
    threads: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """All results of one classifier beside its counts.

    `match` says which classes it shares with the data set, where its own are others; examples of
    `unknown_classes` are in no other measure. Older reports have neither.
    """

    macro_f1: Measured
    macro_f1_per_snr: FloatArray  # (S,)
    bands: tuple[Band, ...]
    merged: Share  # accuracy where classes that send the same signals count as one
    merged_per_snr: FloatArray  # (S,)
    confusions: tuple[Confusion, ...]  # the most frequent first
    calibration: Calibration
    selective: Selective
    gap: Gap | None = None
    open_sets: tuple[OpenSet, ...] = ()
    cost: Cost | None = None
    match: ClassMatch | None = None
    unknown_classes: tuple[UnknownClass, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two classifiers on the same examples.

    `p_value` is that of McNemar's exact test (1947) on the examples that exactly one classifies
    correctly, `p_adjusted` the same corrected for the pairs reported with it (see
    `holm_adjusted`); `low` and `high` are the 95 % bounds of the difference of accuracies by a
    paired bootstrap.
    """

    first: str
    second: str
    examples: int
    first_alone: int  # right by the first, wrong by the second
    second_alone: int
    difference: float  # accuracy of the first less that of the second
    low: float
    high: float
    p_value: float
    p_adjusted: float | None = None


def holm_adjusted(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Comparisons reported together, each p-value corrected for their number.

    Of m p-values the k-th smallest is multiplied by m − k + 1, and is never below a smaller one
    (Holm, Scandinavian Journal of Statistics 6, 1979). Whatever the dependence of the pairs, the
    chance that any pair of equals falls below a level is no larger than that level.
    """
    pairs = tuple(comparisons)
    p_values = np.array([pair.p_value for pair in pairs])
    order = p_values.argsort(kind="stable")
    counted = np.maximum.accumulate(p_values[order] * np.arange(len(pairs), 0, -1))
    adjusted = np.empty(len(pairs))
    adjusted[order] = counted.clip(max=1.0)
    return tuple(
        replace(pair, p_adjusted=value)
        for pair, value in zip(pairs, adjusted.tolist(), strict=True)
    )


@dataclass(frozen=True, slots=True)
class RobustnessGrid:
    """Accuracy under one impairment that is stronger than in training.

    The first value is that of training, the others are ever farther from it, to either side where
    there are two. A model that cannot be evaluated at the farthest is left out, with the reason.
    """

    what: str  # carrier offset, roll-off mismatch, …
    unit: str
    values: tuple[float, ...]
    hits: dict[str, IntArray]  # of each model, (V,)
    examples: IntArray  # (V,)
    drop_at: dict[str, float | None]  # first value at which accuracy is 5 points lower, or never
    left_out: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_shapes(self, (len(self.values),), "examples")
        if not self.values or any(hits.shape != self.examples.shape for hits in self.hits.values()):
            raise ShapeError(f"hits must have shape {self.examples.shape} for every model")
        if any((hits < 0).any() or (hits > self.examples).any() for hits in self.hits.values()):
            raise ShapeError(f"hits under {self.what} must be from 0 to the number of examples")


@dataclass(frozen=True, slots=True)
class EmbeddingMap:
    """Encoder features of examples in two dimensions; only neighbourhoods are meaningful."""

    method: str  # t-SNE
    model: str
    places: FloatArray  # (N, 2)
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        check_shapes(self, (max(len(self.label), 1), 2), "places")
        check_shapes(self, (len(self.label),), "label", "snr_db")
        if self.label.min() < 0 or self.label.max() >= len(self.classes):
            raise ShapeError(f"label must index {len(self.classes)} classes")
