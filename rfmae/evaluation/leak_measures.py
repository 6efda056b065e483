"""Measures of the examples of a split that may leak their class, and their values by class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.evaluation.leak_features import (
    Digests,
    are_quantised,
    at_unit_power,
    dot_counts,
    envelope_quantiles,
    measured_snr,
    power_db,
)
from rfmae.evaluation.leak_tests import LeakFeatures, known_snr
from rfmae.records import ComplexArray, FloatArray, IntArray, View, Views

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Split:
    """Features of one split: hashes of all rows, measures of some.

    `measures` hold, by name: `power VIEW`, stored and in dB; `shown VIEW`, the same in the units
    of the image; `dots VIEW` (N, 2); `envelope` (N, 16); `snr`, a power ratio; `quantised`.
    """

    label: IntArray  # (N,) of the rows that were measured
    snr_db: FloatArray  # (N,)
    row: IntArray  # (N,) row in the file
    position: IntArray  # (N,) position among the rows of the same class and SNR
    sampled: dict[str, FloatArray]  # sampled channel parameters, each (N,)
    measures: dict[str, Array]
    digests: Digests  # of every row of the split
    twins: Digests  # of every clean twin; empty where there are none

    def features(self, *columns: Array) -> LeakFeatures:
        """Some columns as features of a classifier."""
        values = np.column_stack(columns).astype(np.float64)
        return LeakFeatures(values, self.label, self.snr_db)

    @property
    def present(self) -> list[int]:
        """The classes that it has examples of."""
        return [int(c) for c in np.unique(self.label)]

    def levels_db(self, measure: str) -> dict[int, float]:
        """The mean of a measure of power over the examples of each class."""
        values = self.measures[measure]
        return {c: float(values[self.label == c].mean()) for c in self.present}

    def dot_range(self, view: str) -> tuple[int, int]:
        """The least and the largest number of distinct points of an example."""
        dots = self.measures[f"dots {view}"][:, 0]
        return int(dots.min()), int(dots.max())

    def median_dots(self, view: str) -> dict[int, tuple[int, int]]:
        """Of each class, the median number of distinct points and of samples that are not zero."""
        values = self.measures[f"dots {view}"]
        medians = {
            c: np.median(values[self.label == c], axis=0).astype(int).tolist() for c in self.present
        }
        return {c: (dots, samples) for c, (dots, samples) in medians.items()}

    def quantised_share(self, view: str) -> float:
        """The share of its examples whose values are quantised."""
        return float(self.measures[f"quantised {view}"].mean())


def measures_of(
    observed: Views, clean: Views, *, envelope_view: View, snr_view: View, absolute: bool
) -> dict[str, Array]:
    """Measures of some examples (N, T), and of their clean twins where there are any.

    `absolute` where images show amplitudes as they are stored.
    """
    found: dict[str, Array] = {"envelope": envelope_quantiles(observed[envelope_view])}
    for view, iq in observed.items():
        found |= _measures_of_view(view, iq, absolute)
    if clean:
        found["snr"] = measured_snr(observed[snr_view], clean[snr_view])
    return found


def _measures_of_view(view: View, iq: ComplexArray, absolute: bool) -> Mapping[str, Array]:
    return {
        f"power {view}": power_db(iq),
        f"shown {view}": power_db(iq if absolute else at_unit_power(iq)),
        f"dots {view}": dot_counts(iq),
        f"quantised {view}": are_quantised(iq),
    }


def positions_among_like(label: IntArray, snr_db: FloatArray) -> IntArray:
    """How many rows of the same class and SNR come before each."""
    _, group = np.unique(np.stack([label, known_snr(snr_db)]), axis=1, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    lengths = np.diff(starts, append=len(label))
    place = np.empty(len(label), np.int64)
    place[order] = np.arange(len(label)) - np.repeat(starts, lengths)
    return place
