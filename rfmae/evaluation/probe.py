"""Linear and nearest-neighbour probes of frozen features, tuned on validation examples.

Both predict classes from features (N, D) of an encoder that is not trained any further.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from rfmae.errors import ShapeError
from rfmae.evaluation.calibration import fit_temperature, tempered
from rfmae.evaluation.classification import counted
from rfmae.records import Answers, FloatArray, IntArray, SnrReport
from rfmae.units import SnrReference

STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Inverse penalties of the linear probe, scikit-learn's C, from which validation chooses."""

NEIGHBOURS = (5, 10, 20, 50, 100)
"""Numbers of neighbours from which validation chooses."""

_STEPS = 1000
_TEMPERATURE = 0.07  # of a neighbour's vote (Wu et al., CVPR 2018)
_ROWS = 1024  # queries compared at once


@dataclass(frozen=True, slots=True)
class Features:
    """Encoder features of N examples, with their labels and SNRs."""

    values: FloatArray  # (N, D)
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not np.isfinite(self.values).all():
            raise ShapeError(f"features must be finite and (N, D), got {self.values.shape}")
        if not self.label.shape == self.snr_db.shape == self.values.shape[:1]:
            raise ShapeError(
                f"features, labels and SNRs must have the same length, got {len(self.values)}, "
                f"{len(self.label)} and {len(self.snr_db)}"
            )

    def __len__(self) -> int:
        return len(self.values)


class Probe(Protocol):
    """A classifier of features."""

    def name(self, values: FloatArray) -> IntArray:
        """The label (N,) of features (N, D)."""
        ...

    def probabilities(self, values: FloatArray, classes: int) -> FloatArray:
        """How probable each of so many classes is, (N, M), of features (N, D)."""
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
        return self.labels[self._scores(values).argmax(axis=1)]

    def probabilities(self, values: FloatArray, classes: int) -> FloatArray:
        found = np.zeros((len(values), classes))
        found[:, self.labels] = softmax(self._scores(values), axis=1)
        return found

    def _scores(self, values: FloatArray) -> FloatArray:
        """Logits (N, M) of the classes that training has."""
        scores: FloatArray = ((values - self.mean) / self.deviation) @ self.weights + self.bias
        return scores


@dataclass(frozen=True, slots=True)
class NeighbourProbe:
    """A vote of the training examples of largest cosine, weighted by its exponential.

    Wu et al., Unsupervised Feature Learning via Non-Parametric Instance Discrimination, CVPR 2018.
    """

    directions: FloatArray  # (N, D)
    label: IntArray  # (N,)
    neighbours: int

    def name(self, values: FloatArray) -> IntArray:
        return self.probabilities(values, int(self.label.max()) + 1).argmax(axis=1)

    def probabilities(self, values: FloatArray, classes: int) -> FloatArray:
        """Shares of the vote."""
        parts = np.split(values, range(_ROWS, len(values), _ROWS))
        return np.concatenate([self._votes(_directions(part), classes) for part in parts])

    def _votes(self, queries: FloatArray, classes: int) -> FloatArray:
        cosine = queries @ self.directions.T
        nearest = np.argpartition(-cosine, self.neighbours - 1, axis=1)[:, : self.neighbours]
        rows = np.arange(len(queries))[:, None]
        votes = np.zeros((len(queries), classes))
        near = cosine[rows, nearest]
        # the nearest counts one, so that not all of them are too far to be counted
        weight = np.exp((near - near.max(axis=1, keepdims=True)) / _TEMPERATURE)
        np.add.at(votes, (rows, self.label[nearest]), weight)
        shares: FloatArray = votes / votes.sum(axis=1, keepdims=True)
        return shares


def linear_probe(
    train: Features, validation: Features, strengths: Sequence[float] = STRENGTHS
) -> LinearProbe:
    """The probe of the strength with the best validation accuracy; ties take the smallest.

    Standardising is a batch normalisation without affine part, as in the probe of MAE (He et
    al., CVPR 2022, appendix A.1).
    """
    mean, deviation = train.values.mean(axis=0), train.values.std(axis=0)
    # a constant feature is useless; rounding must not amplify it
    deviation = np.where(deviation > 1e-6 * np.abs(mean), deviation, np.inf)
    standard = (train.values - mean) / deviation
    if len(np.unique(train.label)) < 2:
        raise ShapeError("a probe needs examples of at least two classes, got one; read more rows")

    # from weak to strong, each starts from the solution of the one before, which is near
    found = LogisticRegression(max_iter=_STEPS, warm_start=True)

    def fitted(strength: float) -> LinearProbe:
        with (
            threadpool_limits(1, "blas"),  # more threads only wait in products this small
            warnings.catch_warnings(),
        ):
            # validation decides whether the strongest has converged far enough
            warnings.simplefilter("ignore", ConvergenceWarning)
            found.set_params(C=strength).fit(standard, train.label)
        weights, bias = found.coef_.T, found.intercept_
        if len(found.classes_) == 2:  # given as the score of the second alone
            weights = np.hstack([-weights, weights]) / 2
            bias = np.concatenate([-bias, bias]) / 2
        return LinearProbe(mean, deviation, weights, bias, found.classes_, strength)

    return max(map(fitted, sorted(strengths)), key=lambda probe: _hits(probe, validation))


def neighbour_probe(
    train: Features, validation: Features, neighbours: Sequence[int] = NEIGHBOURS
) -> NeighbourProbe:
    """The probe of the number of neighbours with the best validation accuracy."""
    directions = _directions(train.values)
    fitted = [
        NeighbourProbe(directions, train.label, count)
        for count in sorted({min(count, len(train)) for count in neighbours})
    ]
    return max(fitted, key=lambda probe: _hits(probe, validation))


def probe_answers(
    probe: Probe,
    test: Features,
    *,
    snr_db: tuple[float, ...],
    classes: tuple[str, ...],
    snr_reference: SnrReference,
    temperature: float = 1.0,
) -> Answers:
    """The predictions of a probe for every test example, its logits divided by a temperature."""
    scaled = tempered(probe.probabilities(test.values, len(classes)), temperature)
    return Answers(scaled, test.label, test.snr_db, classes, snr_db, snr_reference)


def probe_report(
    probe: Probe,
    test: Features,
    *,
    snr_db: tuple[float, ...],
    classes: tuple[str, ...],
    snr_reference: SnrReference,
) -> SnrReport:
    """The counts of `probe_answers`."""
    answers = probe_answers(
        probe, test, snr_db=snr_db, classes=classes, snr_reference=snr_reference
    )
    return counted(answers)


def probe_temperature(probe: Probe, validation: Features) -> float:
    """The temperature fitted on validation examples (see `fit_temperature`)."""
    classes = int(validation.label.max()) + 1
    known = probe.probabilities(validation.values, classes)
    return fit_temperature(known, validation.label)


def _hits(probe: Probe, features: Features) -> int:
    return int(np.count_nonzero(probe.name(features.values) == features.label))


def _directions(values: FloatArray) -> FloatArray:
    """Features of unit length; a zero vector stays zero."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 0, length, 1.0)
