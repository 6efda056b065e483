"""What frozen features are worth: a linear probe and nearest neighbours, tuned on validation.

Both name classes from features (N, D) that an encoder made and nobody trains any further.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import nearest_point
from rfmae.records import FloatArray, IntArray, SnrReport
from rfmae.units import SnrReference

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Inverse penalties of the linear probe, scikit-learn's C, from which validation chooses."""

NEIGHBOURS = (5, 10, 20, 50, 100)
"""Numbers of neighbours from which validation chooses."""

_STEPS = 1000
_TEMPERATURE = 0.07  # of a neighbour's vote (Wu et al., CVPR 2018)
_ROWS = 1024  # queries that are compared at once


@dataclass(frozen=True, slots=True)
class Features:
    """What an encoder made of N examples, and what they are."""

    values: FloatArray  # (N, D)
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not np.isfinite(self.values).all():
            raise ShapeError(f"features must be finite and (N, D), got {self.values.shape}")
        if not self.label.shape == self.snr_db.shape == self.values.shape[:1]:
            raise ShapeError(
                f"features, labels and SNRs must number alike, got {len(self.values)}, "
                f"{len(self.label)} and {len(self.snr_db)}"
            )

    def __len__(self) -> int:
        return len(self.values)


class Probe(Protocol):
    """Anything that names classes from features."""

    def name(self, values: FloatArray) -> IntArray:
        """The label (N,) of features (N, D)."""
        ...


@dataclass(frozen=True, slots=True)
class LinearProbe:
    """Multinomial logistic regression on features in units of their training deviation."""

    mean: FloatArray  # (D,)
    deviation: FloatArray  # (D,)
    weights: FloatArray  # (D, M)
    bias: FloatArray  # (M,)
    labels: IntArray  # (M,): those that training has
    strength: float

    def name(self, values: FloatArray) -> IntArray:
        scores = ((values - self.mean) / self.deviation) @ self.weights + self.bias
        return self.labels[scores.argmax(axis=1)]


@dataclass(frozen=True, slots=True)
class NeighbourProbe:
    """A vote of the training examples of largest cosine, weighted by its exponential.

    Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018.
    """

    directions: FloatArray  # (N, D)
    label: IntArray  # (N,)
    neighbours: int

    def name(self, values: FloatArray) -> IntArray:
        parts = np.split(values, range(_ROWS, len(values), _ROWS))
        return np.concatenate([self._named(_directions(part)) for part in parts])

    def _named(self, asked: FloatArray) -> IntArray:
        cosine = asked @ self.directions.T
        nearest = np.argpartition(-cosine, self.neighbours - 1, axis=1)[:, : self.neighbours]
        rows = np.arange(len(asked))[:, None]
        votes = np.zeros((len(asked), int(self.label.max()) + 1))
        weight = np.exp((cosine[rows, nearest] - 1) / _TEMPERATURE)
        np.add.at(votes, (rows, self.label[nearest]), weight)
        return votes.argmax(axis=1)


def linear_probe(
    train: Features, validation: Features, strengths: Sequence[float] = STRENGTHS
) -> LinearProbe:
    """The probe of the strength that names most validation examples right; ties take the least.

    Standardising is a batch normalisation without affine part, as the probe of MAE has it (He et
    al., CVPR 2022, appendix A.1).
    """
    mean, deviation = train.values.mean(axis=0), train.values.std(axis=0)
    # a feature that never changes tells nothing; rounding must not make it loud
    deviation = np.where(deviation > 1e-6 * np.abs(mean), deviation, np.inf)
    standard = (train.values - mean) / deviation
    if len(np.unique(train.label)) < 2:
        raise ShapeError("a probe needs examples of at least two classes, got one; read more rows")

    # from weak to strong, each begins where the one before ended, which is near
    found = LogisticRegression(max_iter=_STEPS, warm_start=True)

    def fitted(strength: float) -> LinearProbe:
        with warnings.catch_warnings():  # validation judges how far the strongest has come
            warnings.simplefilter("ignore", ConvergenceWarning)
            found.set_params(C=strength).fit(standard, train.label)
        weights, bias = found.coef_.T, found.intercept_
        if len(found.classes_) == 2:  # told as the score of the second alone
            weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
        return LinearProbe(mean, deviation, weights, bias, found.classes_, strength)

    return max(map(fitted, sorted(strengths)), key=lambda probe: _hits(probe, validation))


def neighbour_probe(
    train: Features, validation: Features, neighbours: Sequence[int] = NEIGHBOURS
) -> NeighbourProbe:
    """The probe of the number of neighbours that names most validation examples right."""
    directions = _directions(train.values)
    fitted = [
        NeighbourProbe(directions, train.label, count)
        for count in sorted({min(count, len(train)) for count in neighbours})
    ]
    return max(fitted, key=lambda probe: _hits(probe, validation))


def probe_report(
    probe: Probe,
    test: Features,
    *,
    snr_db: tuple[float, ...],
    classes: tuple[str, ...],
    snr_reference: SnrReference,
) -> SnrReport:
    """Sort every test example by its SNR, its class and the class that it is taken for."""
    counts = np.zeros((len(snr_db), len(classes), len(classes)), np.int64)
    point = nearest_point(test.snr_db, snr_db)
    np.add.at(counts, (point, test.label, probe.name(test.values)), 1)
    return SnrReport(counts, snr_db, classes, snr_reference)


def _hits(probe: Probe, features: Features) -> int:
    return int(np.count_nonzero(probe.name(features.values) == features.label))


def _directions(values: FloatArray) -> FloatArray:
    """Features of unit length; one of no length stays where it is."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 0, length, 1.0)
