"""Counts of rows and labels that an audit reports: equal rows, equal classes, balance, order."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rfmae.evaluation.leak_features import Digests, repeated_within, shared_between
from rfmae.evaluation.leak_measures import Split
from rfmae.evaluation.leak_tests import known_snr, snr_errors
from rfmae.records import BoolArray, FloatArray, IntArray
from rfmae.records.audit_report import SnrErrors


def shared_rows(digests: Mapping[str, Digests]) -> dict[str, int]:
    """Rows that two splits share, by the names of both."""
    return {
        f"{first} and {second}": shared_between(digests[first], digests[second])
        for first, second in combinations(digests, 2)
    }


def repeated_rows(digests: Mapping[str, Digests]) -> dict[str, int]:
    """Rows of each split that repeat an earlier one."""
    return {name: repeated_within(found) for name, found in digests.items()}


def repeats(values: Iterable[Hashable]) -> tuple[int, int]:
    """How many values occurred before, and how many there are."""
    every = list(values)
    return len(every) - len(set(every)), len(every)


def highest_accuracy(groups: Sequence[Sequence[str]], classes: int) -> float:
    """The accuracy over all classes where those of a group send the same signals."""
    return 1 - sum(len(group) - 1 for group in groups) / classes


@dataclass(frozen=True, slots=True)
class Balance:
    """How often classes occur at an SNR: the unbalanced splits, and the accuracy of guessing."""

    uneven: dict[str, tuple[int, int]]  # the fewest and the most examples of a class and SNR
    guessing: float  # with the SNR known, the largest of all splits


def class_balance(labels: Mapping[str, tuple[IntArray, FloatArray]], classes: int) -> Balance:
    """The balance of splits, from the labels and the SNRs (N,) of each."""
    uneven, share = {}, 0.0
    for split, (label, snr_db) in labels.items():
        points, point = np.unique(known_snr(snr_db), return_inverse=True)
        counts = np.zeros((len(points), classes), np.int64)
        np.add.at(counts, (point, label), 1)
        share = max(share, float(counts.max(axis=1).sum() / len(label)))
        if counts.min() != counts.max():
            uneven[split] = (int(counts.min()), int(counts.max()))
    return Balance(uneven, share)


def class_changes(label: IntArray) -> tuple[int, bool]:
    """How often the class changes from row to row, and whether that is so rare as when sorted."""
    changes = int(np.count_nonzero(np.diff(label)))
    expected = len(label) * (1 - 1 / max(len(np.unique(label)), 1))
    return changes, changes < expected / 2


def joined_column(splits: Iterable[Split], name: str) -> FloatArray:
    """A sampled parameter of all examples of some splits, zero where it is not sampled."""
    return np.concatenate([split.sampled.get(name, np.zeros(len(split.label))) for split in splits])


def label_snr_errors(
    splits: Sequence[Split],
    stated: FloatArray,
    able: BoolArray,
    classes: Sequence[str],
    samples: int,
) -> SnrErrors:
    """Measured against stated SNR (N,) of all splits, by SNR point and by class.

    `able` (M,) are the classes whose SNR can be measured; examples have so many `samples`.
    """
    label = np.concatenate([split.label for split in splits])
    snr_db = np.concatenate([split.snr_db for split in splits])
    measured = np.concatenate([split.measures["snr"] for split in splits])
    usable = able[label]
    groups = {
        f"{point:g} dB": np.flatnonzero(usable & (snr_db == point)) for point in np.unique(snr_db)
    }
    groups |= {classes[c]: np.flatnonzero(label == c) for c in np.flatnonzero(able).tolist()}
    return snr_errors(measured, stated, samples, groups)
