"""Counts per SNR of an evaluation, and the ceiling of a class list."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from rfmae.errors import ShapeError
from rfmae.records.iq import FloatArray, IntArray
from rfmae.units import SnrReference

_NORMAL_QUANTILE_95 = 1.959963984540054

SEQUENCE = "sequence"
"""The kind of a ceiling of receivers that see every sample in its order, and know the SNR."""


def wilson_interval(hits: IntArray, counts: IntArray) -> FloatArray:
    """95 % Wilson score interval of a proportion, shape (..., 2); no counts give (0, 1).

    Wilson, J. Amer. Stat. Assoc. 22 (1927).
    """
    hits, counts = np.asarray(hits, float), np.asarray(counts, float)
    z2 = _NORMAL_QUANTILE_95**2
    safe = np.maximum(counts, 1.0)
    share = hits / safe
    centre = (share + z2 / (2 * safe)) / (1 + z2 / safe)
    half = np.sqrt(z2 * (share * (1 - share) / safe + z2 / (4 * safe**2))) / (1 + z2 / safe)
    bounds = np.stack([centre - half, centre + half], axis=-1).clip(0.0, 1.0)
    return np.where((counts > 0)[..., None], bounds, np.array([0.0, 1.0]))


@dataclass(frozen=True, slots=True)
class SnrReport:
    """Counts of true class against named class at every SNR; ratios are computed, never stored."""

    counts: IntArray  # (S, M, M): SNR point, true class, named class
    snr_db: tuple[float, ...]
    classes: tuple[str, ...]
    snr_reference: SnrReference

    def __post_init__(self) -> None:
        expected = (len(self.snr_db), len(self.classes), len(self.classes))
        if self.counts.shape != expected:
            raise ShapeError(f"counts must have shape {expected}, got {self.counts.shape}")
        if self.counts.size and self.counts.min() < 0:
            raise ShapeError(f"counts must not be negative, got {self.counts.min()}")

    @property
    def hits_per_snr(self) -> IntArray:
        return np.trace(self.counts, axis1=1, axis2=2)

    @property
    def examples_per_snr(self) -> IntArray:
        return self.counts.sum(axis=(1, 2))

    @property
    def accuracy_per_snr(self) -> FloatArray:
        return self.hits_per_snr / np.maximum(self.examples_per_snr, 1)

    @property
    def interval_per_snr(self) -> FloatArray:
        """95 % Wilson intervals, shape (S, 2)."""
        return wilson_interval(self.hits_per_snr, self.examples_per_snr)

    @property
    def examples(self) -> int:
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        return float(self.hits_per_snr.sum() / max(self.examples, 1))

    @property
    def interval(self) -> tuple[float, float]:
        low, high = wilson_interval(self.hits_per_snr.sum(), np.asarray(self.examples))
        return float(low), float(high)

    @property
    def held(self) -> IntArray:
        """The numbers of the classes that have examples; the others are answers alone."""
        return np.flatnonzero(self.counts.sum(axis=(0, 2)))

    @property
    def confusion(self) -> IntArray:
        """Counts over all SNR points, shape (M, M): true class down, named class across."""
        return self.counts.sum(axis=0)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Bayes accuracy of a class list at every SNR point, by Monte Carlo: an upper bound.

    `groups` divide the classes: those of one group send the same signals, so that among them the
    best receiver can only guess. `hit_rate` is how often the most probable class was the true one,
    `mean_posterior` its mean probability; both estimate the same number, the second with less
    noise. With unknown SNR that holds only for the mean over the SNR points: a receiver that does
    not know the SNR is overconfident at some points and underconfident at others. The `merged`
    values count a group as one class with the weight of its members. `is_bound` is false where the
    value is not a true upper bound.
    """

    kind: str  # "sequence", or the planes of an image
    classes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    snr_db: tuple[float, ...]
    snr_reference: SnrReference
    symbols_per_example: int
    phase: Literal["known", "unknown"]
    snr: Literal["known", "unknown"]
    amplitude: Literal["known", "unknown"]
    frames_per_group: int
    is_bound: bool  # False: reached by one classifier, a lower bound of the ceiling
    hit_rate: FloatArray  # (S,)
    mean_posterior: FloatArray  # (S,)
    posterior_error: FloatArray  # (S,) standard error of mean_posterior
    merged_hit_rate: FloatArray  # (S,)
    merged_mean_posterior: FloatArray  # (S,)
    recall: FloatArray  # (S, groups): how often each group is recognised

    def __post_init__(self) -> None:
        points = len(self.snr_db)
        estimates = ("hit_rate", "mean_posterior", "posterior_error")
        check_shapes(self, (points,), *estimates, "merged_hit_rate", "merged_mean_posterior")
        check_shapes(self, (points, len(self.groups)), "recall")

    @property
    def name(self) -> str:
        """What is seen, and whether the SNR is known; for the sequence only where it is unknown."""
        return ceiling_name(self.kind, self.snr)

    @property
    def accuracy(self) -> FloatArray:
        """The better estimate of the Bayes accuracy, (S,), or the hit rate of a classifier."""
        return self.mean_posterior if self._has_posteriors else self.hit_rate

    @property
    def _has_posteriors(self) -> bool:
        return self.is_bound and self.snr == "known"

    @property
    def accuracy_error(self) -> FloatArray:
        """Standard error (S,) of the accuracy; binomial where hits are counted."""
        if self._has_posteriors:
            return self.posterior_error
        frames = self.frames_per_group * len(self.groups)
        error: FloatArray = np.sqrt(self.hit_rate * (1 - self.hit_rate) / frames)
        return error

    @property
    def merged_accuracy(self) -> FloatArray:
        """The same where the classes of a group count as one, (S,)."""
        has_posteriors = self._has_posteriors
        return self.merged_mean_posterior if has_posteriors else self.merged_hit_rate

    def capped(self, bound: "Ceiling") -> "Ceiling":
        """The same, limited by the accuracy of receivers that see or know more.

        Estimates above that, by Monte Carlo error or a fit, are reduced to it; the recall of each
        group stays as counted.
        """
        if (bound.classes, bound.snr_db) != (self.classes, self.snr_db) or not bound.is_bound:
            raise ShapeError(
                f"a bound of the ceiling {self.name} must be of the same classes and SNR points, "
                f"got {bound.name} of {', '.join(bound.classes)} at {bound.snr_db} dB"
            )
        return replace(
            self,
            hit_rate=np.minimum(self.hit_rate, bound.accuracy),
            mean_posterior=np.minimum(self.mean_posterior, bound.accuracy),
            merged_hit_rate=np.minimum(self.merged_hit_rate, bound.merged_accuracy),
            merged_mean_posterior=np.minimum(self.merged_mean_posterior, bound.merged_accuracy),
        )


def check_shapes(record: Any, shape: tuple[int, ...], *names: str) -> None:
    """Raise `ShapeError` for an array of a record that has another shape."""
    for name in names:
        found = getattr(record, name).shape
        if found != shape:
            raise ShapeError(f"{name} must have shape {shape}, got {found}")


def ceiling_name(kind: str, snr: str) -> str:
    """The name of a ceiling of a kind whose receivers know the SNR or not.

    >>> ceiling_name("symbols", "unknown")
    'symbols, SNR unknown'
    """
    return kind if (kind, snr) == (SEQUENCE, "known") else f"{kind}, SNR {snr}"


def as_plain(record: Any) -> dict[str, Any]:
    """A record as plain JSON types."""
    return {name: _plain(value) for name, value in asdict(record).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value


def weighted(values: FloatArray, examples: IntArray) -> float:
    """The mean of values (S,) over all examples, so many at each SNR point, (S,)."""
    return float(values @ examples / max(int(examples.sum()), 1))
