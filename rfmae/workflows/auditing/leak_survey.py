"""One pass over a data set: features of every example that may leak its class, and hashes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.stated_snr import snr_view
from rfmae.datasets.store import Dataset
from rfmae.evaluation.embedding import evenly_chosen
from rfmae.evaluation.leak_features import (
    Digests,
    are_quantised,
    at_unit_power,
    dot_counts,
    envelope_quantiles,
    measured_snr,
    power_db,
    row_digests,
)
from rfmae.evaluation.leak_tests import LeakFeatures, known_snr
from rfmae.progress import Progress
from rfmae.records import ComplexArray, FloatArray, IntArray, View, Views

Array = npt.NDArray[Any]

_CHUNK = 256


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


def walk(dataset: Dataset, most: int, seed: int, progress: Progress) -> dict[str, Split]:
    """Every split of a data set; at most so many examples of each are measured."""
    total = sum(dataset.examples(split) for split in SPLITS)
    with progress.stage("read every row", total, "examples") as stage:
        return {
            split: _split(dataset, split, _chosen(dataset, split, most, seed), stage.advance)
            for split in SPLITS
        }


def _chosen(dataset: Dataset, split: str, most: int, seed: int) -> IntArray:
    """Ascending rows that are measured: all, or a stratified sample by class and SNR."""
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    return evenly_chosen(*dataset.labels(split), most, rng)


def _split(dataset: Dataset, split: str, chosen: IntArray, advance: Callable[[int], None]) -> Split:
    parts, digests, twins = [], [], []
    for first in range(0, dataset.examples(split), _CHUNK):
        last = min(first + _CHUNK, dataset.examples(split))
        observed, clean = _read(dataset, split, slice(first, last))
        ours = chosen[(chosen >= first) & (chosen < last)] - first
        parts.append(_measures(dataset, observed, clean, ours))
        digests.append(row_digests(list(observed.values())))
        twins.append(row_digests(list(clean.values())))
        advance(last - first)
    label, snr_db = dataset.labels(split)
    return Split(
        label=label[chosen].astype(np.int64),
        snr_db=snr_db[chosen],
        row=chosen,
        position=_positions(label, snr_db)[chosen],
        sampled={name: values[chosen] for name, values in dataset.sampled(split).items()},
        measures={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        digests=np.concatenate(digests),
        twins=np.concatenate(twins),
    )


def _read(
    dataset: Dataset, split: str, rows: slice
) -> tuple[dict[View, ComplexArray], dict[View, ComplexArray]]:
    """Observed and clean I/Q of some rows in every view."""
    if not dataset.has_clean:
        seen = dataset.read_views(split, dataset.views, rows)
        return {view: batch.iq for view, batch in seen.items()}, {}
    pairs = {view: dataset.read(split, rows, view) for view in dataset.views}
    observed = {view: pair.observed.iq for view, pair in pairs.items()}
    return observed, {view: pair.clean for view, pair in pairs.items()}


def _measures(
    dataset: Dataset,
    observed: Views,
    clean: Views,
    chosen: IntArray,
) -> dict[str, Array]:
    """Measures of the chosen rows of a chunk."""
    some = {view: iq[chosen] for view, iq in observed.items()}
    found: dict[str, Array] = {"envelope": envelope_quantiles(some[dataset.default_view])}
    for view, iq in some.items():
        given = iq if dataset.image.units == "absolute" else at_unit_power(iq)
        found[f"power {view}"] = power_db(iq)
        found[f"shown {view}"] = power_db(given)
        found[f"dots {view}"] = dot_counts(iq)
        found[f"quantised {view}"] = are_quantised(iq)
    if clean:
        view = snr_view(dataset)
        found["snr"] = measured_snr(some[view], clean[view][chosen])
    return found


def _positions(label: IntArray, snr_db: FloatArray) -> IntArray:
    """How many rows of the same class and SNR come before each."""
    _, group = np.unique(np.stack([label, known_snr(snr_db)]), axis=1, return_inverse=True)
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    lengths = np.diff(starts, append=len(label))
    place = np.empty(len(label), np.int64)
    place[order] = np.arange(len(label)) - np.repeat(starts, lengths)
    return place
