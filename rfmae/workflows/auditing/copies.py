"""Rows that are others but for scale, phase or shift, and noise that is not independent."""

from collections import Counter
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.datasets.store import Dataset
from rfmae.evaluation.leak_copies import Candidates, candidates, verified
from rfmae.evaluation.leak_measures import Split
from rfmae.evaluation.leak_noise import (
    any_lag_correlations,
    chance_of,
    noticeable_correlation,
    repeated_noise,
    same_place_correlations,
    table_of_values,
    whitened,
)
from rfmae.evaluation.leak_tests import LEVEL
from rfmae.evaluation.leak_watch import CopyWatcher, NoiseWatcher, residual
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.records.audit_report import Finding
from rfmae.reporting.audit_place_findings import (
    copies_finding,
    noise_table_finding,
    shared_noise_finding,
)

_MOST_PAIRS = 2000  # that are compared sample by sample
_EQUAL = 0.99  # correlation of rows that are one
_SAME_NOISE = 0.5  # of residuals, each of which lacks a little that was fitted
_ANY_LAG = 120  # examples that are compared at any lag
_LEAST_SAMPLES = 32
_TABLE_ROWS = 60
_LOUD = 300.0  # signal over noise, above which rounding hides equal noise

Reader = Callable[[int], ComplexArray]


def copy_watcher(dataset: Dataset, recipe: Recipe | None) -> CopyWatcher:
    """Of the default view; with the noise of every row where a recipe says that it is noise."""
    view = dataset.default_view
    if recipe is None:
        return CopyWatcher(view)
    smooth = view == "waveform" and recipe.source.receiver.waveform == "filtered"
    stride = int(np.ceil(dataset.samples_per_symbol(view))) if smooth else 1
    return CopyWatcher(view, stride)


def copy_findings(
    dataset: Dataset, splits: dict[str, Split], watcher: CopyWatcher, seed: int
) -> list[Finding]:
    """Rows that are equal up to scale, phase and shift, those of equal bytes left out."""
    digests = np.concatenate([splits[split].digests for split in SPLITS])
    found = candidates(watcher.rows)
    found = found.chosen(digests[found.first] != digests[found.second])
    chosen, share = _some(found, seed)
    is_copy = verified(chosen, _reader(dataset, watcher, residuals=False), _EQUAL)
    counts = _by_splits(dataset, chosen.chosen(is_copy), share)
    words = f" Extrapolated from {len(chosen):,} of {len(found):,} pairs." if share < 1 else ""
    return list(copies_finding(counts, words))


def noise_findings(
    dataset: Dataset,
    copies: CopyWatcher,
    noise: NoiseWatcher,
    splits: dict[str, Split],
    tests: int,
    seed: int,
) -> list[Finding]:
    """Noise that two examples share, and noise that was drawn from a table."""
    clean = noise.clean
    found: Counter[str] = Counter()
    if copies.noise is not None:
        chosen, share = _some(candidates(copies.noise), seed)
        same = verified(chosen, _reader(dataset, copies, residuals=True), _SAME_NOISE)
        found.update(_by_splits(dataset, chosen.chosen(same), share))
    iq = noise.observed if clean is None else residual(noise.observed, clean)
    iq = iq - iq.mean(axis=1, keepdims=True)  # a constant is no noise, and has its own test
    correlated, least = _correlated(iq, noise, tests, alike=clean is not None)
    found.update(correlated)
    return [
        shared_noise_finding(found, least, residual=clean is not None),
        _table(noise, splits, copies.view),
    ]


def _some(found: Candidates, seed: int) -> tuple[Candidates, float]:
    """At most so many pairs as are compared, and their share."""
    if len(found) <= _MOST_PAIRS:
        return found, 1.0
    chosen = np.random.default_rng(seed).choice(len(found), _MOST_PAIRS, replace=False)
    return found.chosen(np.sort(chosen)), _MOST_PAIRS / len(found)


def _reader(dataset: Dataset, watcher: CopyWatcher, *, residuals: bool) -> Reader:
    """A row of the data set by its number over all splits, or its residual."""
    starts = np.cumsum([0, *(dataset.examples(split) for split in SPLITS)])

    @lru_cache(maxsize=64)
    def read(number: int) -> ComplexArray:
        place = int(np.searchsorted(starts, number, side="right")) - 1
        row = number - int(starts[place])
        rows = slice(row, row + 1)
        if not residuals:
            return dataset.read_observed(SPLITS[place], rows, watcher.view).iq[0]
        pair = dataset.read(SPLITS[place], rows, watcher.view)
        return residual(pair.observed.iq, pair.clean)[0]

    return read


def _by_splits(dataset: Dataset, pairs: Candidates, share: float) -> dict[str, int]:
    """How many second rows of pairs there are by the splits of both, extrapolated."""
    ends = np.cumsum([dataset.examples(split) for split in SPLITS])
    first = np.searchsorted(ends, pairs.first, side="right")
    second = np.searchsorted(ends, pairs.second, side="right")
    found: dict[str, set[int]] = {}
    for one, other, row in zip(first, second, pairs.second, strict=True):
        found.setdefault(_named(SPLITS[one], SPLITS[other]), set()).add(int(row))
    return {name: round(len(rows) / share) for name, rows in found.items()}


def _named(one: str, other: str) -> str:
    return one if one == other else f"{one} and {other}"


def _correlated(
    iq: ComplexArray, noise: NoiseWatcher, tests: int, *, alike: bool
) -> tuple[Counter[str], float | None]:
    """Pairs of examples whose noise correlates, by splits, and the least that is seen.

    Without `alike` only those of different classes, for two of one may have a signal in common.
    """
    if len(iq) < 2 or iq.shape[1] < _LEAST_SAMPLES:
        return Counter(), None
    spectra, samples = whitened(iq), iq.shape[1]
    some = np.linspace(0, len(iq) - 1, min(_ANY_LAG, len(iq))).astype(int)
    at_place, at_lag = same_place_correlations(spectra), any_lag_correlations(spectra[some])
    trials = len(at_place[0]) * tests
    pairs = _significant(at_place, np.arange(len(iq)), samples, trials)
    pairs |= _significant(at_lag, some, samples, len(at_lag[0]) * samples * tests)
    found = Counter(
        _named(noise.splits[one], noise.splits[other])
        for one, other in pairs
        if alike or noise.labels[one] != noise.labels[other]
    )
    return found, noticeable_correlation(samples, trials, LEVEL)


def _significant(
    found: tuple[FloatArray, IntArray, IntArray], names: IntArray, samples: int, trials: int
) -> set[tuple[int, int]]:
    """Pairs of examples whose correlation chance does not explain."""
    values, first, second = found
    which = chance_of(values, samples, trials) < LEVEL
    return set(zip(names[first[which]].tolist(), names[second[which]].tolist(), strict=True))


def _table(noise: NoiseWatcher, splits: dict[str, Split], view: str) -> Finding:
    """Whether the noise of examples has equal values, by their twins or by equal samples."""
    clean = noise.clean
    if clean is None:
        dots = np.concatenate([split.measures[f"dots {view}"] for split in splits.values()])
        equal = (dots[:, 1] - dots[:, 0]).astype(float)
        return noise_table_finding(*table_of_values(equal, int(np.median(dots[:, 1]))))
    rows = np.linspace(0, len(clean) - 1, min(_TABLE_ROWS, len(clean))).astype(int)
    loud = [_signal_over_noise(noise.observed[row], clean[row]) > _LOUD for row in rows]
    equal = np.array(
        [
            repeated_noise(noise.observed[row], clean[row])
            for row, is_loud in zip(rows, loud, strict=True)
            if not is_loud
        ]
    )
    return noise_table_finding(*table_of_values(equal, clean.shape[1], least=3))


def _signal_over_noise(observed: ComplexArray, clean: ComplexArray) -> float:
    left = residual(observed[None], clean[None])
    power = float(np.square(np.abs(left)).mean())
    return float(np.square(np.abs(observed)).mean()) / power if power > 0 else np.inf
