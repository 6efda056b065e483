"""Leak tests: whether features other than the signal predict the class, with exact p-values.

Each test fits a forest of extremely random trees (Geurts et al. 2006) to the feature alone: it is
trained on one split and tested on another that nothing was selected on. If the feature does not
depend on the class, the hits are at most binomial with the share of the most frequent class, so
the exact test is safe.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.neighbors import NearestNeighbors

from rfmae.errors import ShapeError
from rfmae.records import FloatArray, IntArray, wilson_interval
from rfmae.records.audit_report import ChanceTest, SnrErrors
from rfmae.units import db_to_ratio, ratio_to_db

LEVEL = 1e-3
"""Chance that the audit of a clean data set reports any leak or wrong label."""

_TREES = 40
_LEAF = 5  # examples of a leaf, fewer where there are few
_FLUCTUATION = 0.01  # relative variance of an example's power due to its random symbols


@dataclass(frozen=True, slots=True)
class LeakFeatures:
    """Features of the examples of one split, with their labels and SNRs."""

    values: FloatArray  # (N, D)
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,), nan where it is not stated

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or len(self.values) == 0:
            raise ShapeError(f"features must be (N, D), not empty, got {self.values.shape}")
        if not self.label.shape == self.snr_db.shape == self.values.shape[:1]:
            raise ShapeError(
                f"features, labels and SNRs must have the same length, got {len(self.values)}, "
                f"{len(self.label)} and {len(self.snr_db)}"
            )

    def beside_snr(self) -> "LeakFeatures":
        """The same with the SNR as a further feature."""
        return LeakFeatures(
            np.column_stack([self.values, known_snr(self.snr_db)]), self.label, self.snr_db
        )


def known_snr(snr_db: FloatArray) -> FloatArray:
    """SNRs as a feature: one that is not stated is far below all others."""
    return np.nan_to_num(snr_db.astype(np.float64), nan=-1e3, posinf=1e3, neginf=-1e3)


def named_by(train: LeakFeatures, test: LeakFeatures, rng: np.random.Generator) -> IntArray:
    """The label (N,) that a forest predicts for each test example from its features."""
    classes = len(np.unique(train.label))
    forest = ExtraTreesClassifier(
        _TREES,
        min_samples_leaf=max(1, min(_LEAF, len(train.label) // (4 * classes))),
        max_features=None,
        random_state=int(rng.integers(2**31)),
    )
    named: IntArray = forest.fit(train.values, train.label).predict(test.values)
    return named


@dataclass(frozen=True, slots=True)
class Control:
    """Hits of nearest neighbours with shuffled labels, and accuracy with the true ones."""

    hits: int
    examples: int
    right: float  # share with the true labels


def shuffled_control(train: LeakFeatures, test: LeakFeatures, rng: np.random.Generator) -> Control:
    """Classify test examples by the shuffled label of the nearest training example.

    Each training example is used once: shuffled labels are then independent draws, and so are
    hits. A forest would give whole clusters of test examples one label, and its hits would be
    correlated.
    """
    mean, deviation = train.values.mean(axis=0), train.values.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1.0)
    index = NearestNeighbors(n_neighbors=1).fit((train.values - mean) / scale)
    nearest = index.kneighbors((test.values - mean) / scale, return_distance=False)[:, 0]
    order = rng.permutation(len(nearest))  # which one is kept must not depend on the class
    _, once = np.unique(nearest[order], return_index=True)
    used = order[once]
    given = rng.permutation(train.label)[nearest[used]]
    return Control(
        hits=int(np.count_nonzero(given == test.label[used])),
        examples=len(used),
        right=float(np.mean(train.label[nearest[used]] == test.label[used])),
    )


def guessing(label: IntArray) -> float:
    """The accuracy of guessing: the share of the most frequent class."""
    return float(np.bincount(label).max() / len(label))


def guessing_beside_snr(label: IntArray, snr_db: FloatArray) -> float:
    """The accuracy of guessing with the SNR known: the most frequent class at each SNR."""
    _, point = np.unique(known_snr(snr_db), return_inverse=True)
    counts = np.zeros((point.max() + 1, label.max() + 1))
    np.add.at(counts, (point, label), 1)
    return float(counts.max(axis=1).sum() / len(label))


def chance_test(hits: int, examples: int, chance: float, tests: int) -> ChanceTest:
    """The exact binomial test of hits against chance, one-sided, as one of so many tests."""
    low, high = wilson_interval(np.asarray(hits), np.asarray(examples))
    p_value = float(stats.binom.sf(hits - 1, examples, chance))
    # the least number of hits that is significant at this level
    critical = int(stats.binom.isf(LEVEL / tests, examples, chance)) + 1
    return ChanceTest(
        hits=hits,
        examples=examples,
        accuracy=hits / examples,
        low=float(low),
        high=float(high),
        chance=chance,
        p_value=min(1.0, p_value * tests),
        noticeable=critical / examples,
    )


def is_leak(test: ChanceTest) -> bool:
    """Whether there are significantly more hits than chance."""
    return test.p_value < LEVEL


def snr_errors(
    measured: FloatArray, stated: FloatArray, samples: int, groups: dict[str, npt.NDArray[Any]]
) -> SnrErrors:
    """Errors of stated SNRs (N,) against measured ones (N,), both power ratios, in each group.

    `groups` are rows or masks of examples of so many `samples`. Means are weighted by how well an
    example of the stated SNR can be measured; intervals are of Student's t, all of them together
    at the level of the audit. Groups of less than three examples are left out.
    """
    names, means, halves = [], [], []
    for name, rows in groups.items():
        ratio, snr = measured[rows] / stated[rows], stated[rows]
        if len(ratio) < 3:
            continue
        weight = 1 / (_FLUCTUATION + 2 / (snr * samples) + 1 / (snr * samples) ** 2)
        mean = float(np.average(ratio, weights=weight))
        error = math.sqrt(np.sum(np.square(weight * (ratio - mean)))) / float(weight.sum())
        names.append(name)
        means.append(mean)
        halves.append(float(stats.t.isf(LEVEL / (2 * len(groups)), len(ratio) - 1)) * error)
    mean_, half = np.array(means), np.array(halves)
    return SnrErrors(tuple(names), *map(_in_db, (mean_, mean_ - half, mean_ + half)))


def _in_db(ratio: FloatArray) -> FloatArray:
    return ratio_to_db(np.maximum(ratio, db_to_ratio(-300.0)))
