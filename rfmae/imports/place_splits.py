"""Division of windows of recordings into splits that share no sample.

Whole recordings go to a split where every class has enough of them, else whole stretches, such as
annotations, else blocks of time with a gap of a window between them. Stretches that overlap in one
recording stay together. Splits that the authors of a set made are kept.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.errors import DatasetError
from rfmae.imports.copies import with_copies
from rfmae.imports.places import NO_SPLIT, Places
from rfmae.imports.sources import Known, row_digests
from rfmae.imports.splits import Shares, check_shares, groups_of_equals, split_rows
from rfmae.records import BoolArray, FloatArray, IntArray

_TRAIN = SPLITS.index("train")


@dataclass(frozen=True, slots=True)
class Division:
    """The split of every row, NO_SPLIT of one that is left out, and how it came about."""

    split: IntArray  # (N,)
    how: str
    notes: tuple[str, ...] = ()

    def rows(self, split: str) -> IntArray:
        """The rows of a split, ascending."""
        return np.flatnonzero(self.split == SPLITS.index(split))


def divide(places: Places, known: Known, kept: BoolArray, shares: Shares, seed: int) -> Division:
    """The split of every window (N,) that is kept.

    Raises:
        DatasetError: Splits of the authors that share samples, or shares that do not add up.
    """
    check_shares(shares)
    zeros = _are_zeros(known, places.windows.samples)
    silent, kept = int((kept & zeros).sum()), kept & ~zeros
    cluster = _clusters(places)
    _refuse_shared(places, cluster)
    in_own, own = _copies_of_own(places, known, kept), " and ".join(places.own_splits)
    kept = kept & ~in_own
    filled, how, notes = _filled(places, known, kept, cluster, shares, seed)
    doubles = _doubles(filled, known)
    split = np.where(doubles, NO_SPLIT, filled)
    notes = [how, *notes]
    if silent:
        notes.append(f"{silent:,} examples that are nothing but zeros are left out")
    if in_own.any():
        notes.append(
            f"{int(in_own.sum()):,} examples are left out: the set has the same samples in {own}"
        )
    if doubles.any():
        notes.append(
            f"{int(doubles.sum()):,} examples are left out: another split holds the same samples"
        )
    return Division(split, how, tuple(notes))


def _filled(
    places: Places, known: Known, kept: BoolArray, cluster: IntArray, shares: Shares, seed: int
) -> tuple[IntArray, str, list[str]]:
    """The splits of the authors, and the others from what they left to train with.

    With them, how they came about, and what is to be noted.
    """
    split = np.where(kept, places.split, NO_SPLIT)
    own = places.own_splits
    wanted = [number for number, share in enumerate(shares) if share > 0]
    missing = [number for number in wanted if SPLITS[number] not in own]
    rest = np.flatnonzero(kept & np.isin(places.split, [NO_SPLIT, _TRAIN]))
    if not missing or not len(rest):
        split = np.where(kept & (split == NO_SPLIT), _TRAIN, split)
        return split, "the splits of the set are kept", []
    numbers = sorted({_TRAIN, *missing} if own else missing)
    weights = np.array([shares[number] for number in numbers])
    if not weights.sum():
        raise DatasetError(f"no share is left for {SPLITS[numbers[0]]}; name others with --shares")
    filled, how, notes = _divided(places, known, rest, cluster, weights / weights.sum(), seed)
    split[rest] = np.where(filled == NO_SPLIT, NO_SPLIT, np.array(numbers)[filled])
    if numbers == [_TRAIN]:
        how = "for training"
    if own:
        kept_as = f"{' and '.join(own)} as the set has {'it' if len(own) == 1 else 'them'}"
        how = f"{kept_as}; the rest is {how}"
    return split, how, notes


def _divided(
    places: Places,
    known: Known,
    rows: IntArray,
    cluster: IntArray,
    weights: FloatArray,
    seed: int,
) -> tuple[IntArray, str, list[str]]:
    """The number of a split in `weights` for some rows, how they were divided, and notes."""
    label, rng = known.label, np.random.default_rng(seed)
    if len(np.unique(places.recording)) == len(places):
        return _row_by_row(known, rows, weights, seed), "divided by class and SNR", []
    for alone, words in (
        (places.recording[rows], "recording"),
        (cluster[rows], places.stretches_are.removesuffix("s")),
    ):
        units = with_copies(alone, known.digest[rows])
        if _are_enough(units, label[rows], len(weights)):
            dealt = _dealt(units, label[rows], weights, rng)
            return (
                dealt,
                f"divided by {words}: none is in two splits",
                _together(alone, units, words),
            )
    split = _cut_in_time(places, rows, cluster[rows], weights)
    lost = int((split == NO_SPLIT).sum())
    how = (
        "divided in time: recordings are cut into blocks, one for each split, "
        f"{places.windows.samples:,} samples or more apart; all splits hold the same "
        "transmissions, so that accuracy on new ones may be lower"
    )
    return split, how, [f"{lost:,} windows between the blocks are left out"] if lost else []


def _together(alone: IntArray, units: IntArray, words: str) -> list[str]:
    """A note on how many recordings, or what `words` calls them, stay with their copies."""
    pairs = np.unique(np.stack([units, alone]), axis=1)
    sizes = np.unique(pairs[0], return_counts=True)[1]
    joined = int(sizes[sizes > 1].sum())
    note = f"{joined:,} {words}s hold the same windows as others and stay together"
    return [note] if joined else []


def _row_by_row(known: Known, rows: IntArray, weights: FloatArray, seed: int) -> IntArray:
    """The splits of examples that are of a recording each, as those of any arrays are divided."""
    shares = (*weights.tolist(), 0.0, 0.0)[: len(SPLITS)]
    groups = groups_of_equals(known.digest[rows])
    found = split_rows(known.label[rows], known.snr_db[rows], shares, seed, groups)
    split = np.full(len(rows), NO_SPLIT)
    for number, name in enumerate(SPLITS):
        split[found[name]] = number
    return split


def _are_enough(units: IntArray, label: IntArray, splits: int) -> bool:
    """Whether each class lies in as many units as there are splits."""
    pairs = np.unique(np.stack([label.astype(np.int64), units.astype(np.int64)]), axis=1)
    return int(np.unique(pairs[0], return_counts=True)[1].min()) >= splits


def _dealt(
    units: IntArray, label: IntArray, weights: FloatArray, rng: np.random.Generator
) -> IntArray:
    """Whole units in random order, each to the split that lacks most of its classes."""
    names, unit = np.unique(units, return_inverse=True)
    classes, kind = np.unique(label, return_inverse=True)
    counts = np.zeros((len(names), len(classes)))
    np.add.at(counts, (unit, kind), 1)
    target = counts.sum(axis=0) * weights[:, None]  # (splits, classes)
    lacking = np.ones_like(target)  # the share of its target that each still lacks
    chosen = np.empty(len(names), np.int64)
    order = np.argsort(-weights, kind="stable")  # among equals, the largest first
    for number in rng.permutation(len(names)):
        share = counts[number] / counts[number].sum()
        need = (lacking * share).sum(axis=1)
        chosen[number] = order[int(np.argmax(np.round(need[order], 9)))]
        lacking[chosen[number]] -= counts[number] / target[chosen[number]]
    return chosen[unit]


def _cut_in_time(
    places: Places, rows: IntArray, cluster: IntArray, weights: FloatArray
) -> IntArray:
    """Blocks of time in every cluster of stretches, and NO_SPLIT between them."""
    split = np.full(len(rows), NO_SPLIT)
    for group in _groups(cluster):
        first = places.first[rows[group]]
        ordered = group[np.argsort(first, kind="stable")]
        split[ordered] = _blocks(np.sort(first), places, weights)
    return split


def _blocks(first: IntArray, places: Places, weights: FloatArray) -> IntArray:
    """The split of ascending windows, where each has some and they lie a window apart."""
    windows, splits = places.windows, len(weights)
    between = math.ceil(2 * windows.samples / windows.hop) - 1  # windows lost to a gap
    usable = len(first) - (splits - 1) * max(between, 0)
    found = np.full(len(first), NO_SPLIT)
    if usable < splits:
        found[:] = 0  # too short to cut: all to the first, which is told
        return found
    start = 0
    for number, count in enumerate(_counts(usable, weights)):
        stop = len(first) if number == splits - 1 else min(start + count, len(first))
        if start >= stop:
            break
        found[start:stop] = number
        start = int(np.searchsorted(first, first[stop - 1] + 2 * windows.samples))
    return found


def _counts(total: int, weights: FloatArray) -> list[int]:
    """Whole numbers of a sum in proportion to weights, each at least one."""
    edges = np.round(np.cumsum(weights) * (total - len(weights))).astype(int)
    return [int(count) + 1 for count in np.diff(edges, prepend=0)]


def _clusters(places: Places) -> IntArray:
    """The number (N,) of the cluster of overlapping stretches that each window lies in."""
    names, stretch = np.unique(places.stretch, return_inverse=True)
    start = np.full(len(names), np.iinfo(np.int64).max)
    stop = np.zeros(len(names), np.int64)
    np.minimum.at(start, stretch, places.first)
    np.maximum.at(stop, stretch, places.first + places.windows.samples)
    recording = np.zeros(len(names), np.int64)
    recording[stretch] = places.recording
    order = np.lexsort((start, recording))
    cluster = np.empty(len(names), np.int64)
    number, reach, before = -1, 0, -1
    for index in order:
        if recording[index] != before or start[index] >= reach:
            number, reach, before = number + 1, 0, recording[index]
        reach = max(reach, stop[index])
        cluster[index] = number
    return cluster[stretch]


def _refuse_shared(places: Places, cluster: IntArray) -> None:
    """Refuse stretches that overlap and that their authors put into different splits."""
    pairs = np.unique(np.stack([cluster, places.split]), axis=1)
    names, counts = np.unique(pairs[0], return_counts=True)
    if (counts > 1).any():
        shared, several = pairs[1][pairs[0] == names[counts > 1][0]], int((counts > 1).sum())
        told = " and ".join(SPLITS[each] for each in shared if each != NO_SPLIT)
        if NO_SPLIT in shared:
            raise DatasetError(
                f"splits must share no samples, but {several} {places.stretches_are} of {told} "
                f"are among those to divide, too; name others for {told}, or leave them out there"
            )
        raise DatasetError(
            f"splits must share no samples, but the set gives {several} stretches "
            f"of its recordings to several, the first to {told}; name each recording once"
        )


def _copies_of_own(places: Places, known: Known, kept: BoolArray) -> BoolArray:
    """The rows to divide whose samples validation or test of the authors hold, too."""
    own = kept & (places.split > _TRAIN)
    return kept & (places.split <= _TRAIN) & np.isin(known.digest, known.digest[own])


def _doubles(split: IntArray, known: Known) -> BoolArray:
    """The rows whose samples a later split holds, too."""
    double = np.zeros(len(split), bool)
    for number in range(len(SPLITS)):
        later = known.digest[split > number]
        double |= (split == number) & np.isin(known.digest, later)
    return double


def _are_zeros(known: Known, samples: int) -> BoolArray:
    return known.digest == row_digests([np.zeros(samples, np.complex64)])[0]


def _groups(names: IntArray) -> Iterator[IntArray]:
    """The places of each name."""
    order = np.argsort(names, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(names[order])) + 1)
