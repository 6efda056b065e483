"""Stratified division of an imported data set into training, validation and test.

The draw is addressed: it depends on the seed, the class, the SNR and the number of rows of that
class and SNR before, so that rows added at the end move none of the earlier ones.
"""

import math
from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rfmae.datasets.recipe import SPLITS
from rfmae.errors import DatasetError
from rfmae.imports.sources import Digests
from rfmae.records import FloatArray, IntArray

Shares = tuple[float, ...]
"""Three numbers, of training, validation and test, that add up to one."""

GAP = -1
"""The group of a row that belongs to no split."""

WINDOWS_PER_GROUP = 31
"""Neighbouring windows kept together; with one left out after each group, 3 % are lost."""

_LONGEST_HAND = 1000


def split_rows(
    label: IntArray,
    snr_db: FloatArray,
    shares: Shares,
    seed: int,
    groups: IntArray | None = None,
) -> dict[str, IntArray]:
    """Ascending rows of each split, stratified by class and SNR.

    All rows of a group go to one split, as if they were their first row; those of group GAP go to
    none. Within every class and SNR, groups are dealt in the smallest hands that hold the shares
    exactly (ten for 0.8, 0.1, 0.1), each in its own random order.
    """
    check_shares(shares)
    groups = np.arange(len(label)) if groups is None else groups
    kept = np.flatnonzero(groups >= 0)
    _, first, unit_of_row = np.unique(groups[kept], return_index=True, return_inverse=True)
    split_of_unit = np.empty(len(first), np.int8)
    for units, address in _strata(label[kept[first]], snr_db[kept[first]]):
        units = units[np.argsort(first[units])]  # in the order of their first rows
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=address))
        split_of_unit[units] = _deal(len(units), shares, rng)
    split_of_row = split_of_unit[unit_of_row]
    return {name: kept[split_of_row == number] for number, name in enumerate(SPLITS)}


def check_shares(shares: Shares) -> None:
    """Refuse shares that are negative or do not add up to one."""
    if len(shares) != len(SPLITS) or not all(0 <= share <= 1 for share in shares):
        raise DatasetError(f"the three shares must lie in 0 to 1, got {shares}")
    if not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        raise DatasetError(
            f"the shares of {', '.join(SPLITS)} must add up to 1, got {shares} "
            f"with sum {sum(shares):g}"
        )


def window_groups(label: IntArray, snr_db: FloatArray, length: int = WINDOWS_PER_GROUP) -> IntArray:
    """Groups (N,) for half-overlapping windows.

    Consecutive rows of one class and SNR are taken as neighbours. After every
    `length` of them one is left out, so that no two groups share a sample.
    """
    change = np.flatnonzero((np.diff(label) != 0) | (np.diff(snr_db) != 0)) + 1
    starts = np.concatenate([[0], change])
    run = np.searchsorted(starts, np.arange(len(label)), side="right") - 1
    position = np.arange(len(label)) - starts[run]
    groups = np.cumsum(position % (length + 1) == 0) - 1
    return np.where(position % (length + 1) == length, GAP, groups)


def groups_of_equals(digest: Digests, groups: IntArray | None = None) -> IntArray:
    """Groups (N,) in which equal rows are together, and with them the groups they came from."""
    groups = np.arange(len(digest)) if groups is None else groups
    kept = groups >= 0
    names, group = np.unique(groups[kept], return_inverse=True)
    _, twin = np.unique(digest[kept], return_inverse=True)
    # a graph with a node for each group and one for each digest, and a row for an edge
    nodes = len(names) + len(digest)
    edges = (np.ones(len(group), np.int8), (group, len(names) + twin))
    _, component = connected_components(coo_array(edges, shape=(nodes, nodes)), directed=False)
    joined = np.full(len(digest), GAP, np.int64)
    joined[kept] = component[group]
    return joined


def _strata(label: IntArray, snr_db: FloatArray) -> Iterator[tuple[IntArray, tuple[int, int]]]:
    """Indices of each class and SNR, with an address of whole numbers."""
    if not len(label):
        return
    thousandths = np.round(snr_db.astype(np.float64) * 1000).astype(np.int64)
    pairs, stratum = np.unique(
        np.stack([label.astype(np.int64), thousandths]), axis=1, return_inverse=True
    )
    places = np.split(np.argsort(stratum, kind="stable"), np.cumsum(np.bincount(stratum))[:-1])
    for where, (name, point) in zip(places, pairs.T, strict=True):
        yield where, (int(name), int(point) + 2**31)  # an address has no sign


def _deal(count: int, shares: Shares, rng: np.random.Generator) -> IntArray:
    """The split of each of `count` groups; the first are the same for any count."""
    hand = _hand(shares)
    hands = -(-count // len(hand))
    order = rng.random((hands, len(hand))).argsort(axis=1)
    return hand[order].ravel()[:count]


def _hand(shares: Shares) -> IntArray:
    """The shortest list of split numbers with these shares exactly, or a thousand approximately."""
    for size in range(1, _LONGEST_HAND + 1):
        counts = [share * size for share in shares]
        if all(abs(count - round(count)) < 1e-6 for count in counts):
            break
    edges = np.round(np.cumsum([0.0, *shares]) * size).astype(int)
    return np.repeat(np.arange(len(shares)), np.diff(edges))
