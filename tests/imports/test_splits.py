"""Every row is in one split, in its share, and stays there when others are added."""

import numpy as np
import pytest

from rfmae.datasets.recipe import SPLITS
from rfmae.errors import DatasetError
from rfmae.imports.sources import row_digests
from rfmae.imports.splits import GAP, groups_of_equals, split_rows, window_groups

SHARES = (0.8, 0.1, 0.1)


@pytest.fixture
def address(rng):
    """Classes and SNRs in no order, some of them rare."""
    label = rng.choice(4, size=3000, p=[0.5, 0.3, 0.19, 0.01])
    return label, rng.choice([-20.0, 0.0, 2.5], size=3000)


def split_of(rows, count):
    """The number of the split of each row, -1 for none, and how often each row is in one."""
    found, times = np.full(count, -1), np.zeros(count, int)
    for number, split in enumerate(SPLITS):
        found[rows[split]] = number
        times[rows[split]] += 1
    return found, times


@pytest.mark.parametrize(
    "shares", [SHARES, (0.7, 0.15, 0.15), (1 / 3, 1 / 3, 1 / 3), (0.9, 0.1, 0)]
)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_row_is_in_exactly_one_split_and_rows_ascend(address, shares, seed):
    rows = split_rows(*address, shares, seed)
    assert (split_of(rows, 3000)[1] == 1).all()
    assert tuple(rows) == SPLITS
    assert all((np.diff(rows[split]) > 0).all() for split in SPLITS)


@pytest.mark.parametrize("shares", [SHARES, (0.5, 0.2, 0.3), (0.9, 0.1, 0)])
def test_every_class_and_snr_has_its_shares_to_a_hand(address, shares):
    label, snr_db = address
    found, _ = split_of(split_rows(label, snr_db, shares, 3), 3000)
    for name in range(4):
        for point in (-20.0, 0.0, 2.5):
            here = found[(label == name) & (snr_db == point)]
            counts = np.bincount(here, minlength=3)
            # all hands but the last are exact, and the last is of ten
            assert np.abs(counts - np.array(shares) * len(here)).max() < 8


def test_shares_are_exact_where_the_hands_come_out_even():
    label, snr_db = np.repeat(np.arange(3), 100), np.zeros(300)
    rows = split_rows(label, snr_db, SHARES, 0)
    for split, count in zip(SPLITS, (80, 10, 10), strict=True):
        assert np.array_equal(np.bincount(label[rows[split]]), [count] * 3)


@pytest.mark.parametrize("count", [1, 13, 500, 2999])
def test_rows_added_at_the_end_move_no_others(address, count):
    label, snr_db = address
    whole, _ = split_of(split_rows(label, snr_db, SHARES, 5), 3000)
    part, _ = split_of(split_rows(label[:count], snr_db[:count], SHARES, 5), count)
    assert np.array_equal(part, whole[:count])


def test_groups_added_at_the_end_move_no_others(address, rng):
    label, snr_db = address
    groups = np.sort(rng.integers(0, 400, 3000))
    start = int(np.flatnonzero(groups == groups[1500])[0])
    whole, _ = split_of(split_rows(label, snr_db, SHARES, 5, groups), 3000)
    part, _ = split_of(split_rows(label[:start], snr_db[:start], SHARES, 5, groups[:start]), start)
    assert np.array_equal(part, whole[:start])


def test_the_draw_of_a_class_and_snr_does_not_depend_on_the_others(address):
    label, snr_db = address
    whole, _ = split_of(split_rows(label, snr_db, SHARES, 5), 3000)
    mine = label == 1
    alone, _ = split_of(split_rows(label[mine], snr_db[mine], SHARES, 5), mine.sum())
    assert np.array_equal(alone, whole[mine])


def test_another_seed_draws_otherwise_and_the_same_one_alike(address):
    first, again, other = (split_of(split_rows(*address, SHARES, s), 3000)[0] for s in (0, 0, 1))
    assert np.array_equal(first, again)
    assert (first != other).mean() > 0.2  # independent draws differ in 1 − 0.66 of the rows


def test_the_draw_has_no_favourite_rows():
    """Over many seeds every row is in training as often as its share says."""
    label, snr_db = np.zeros(20, int), np.zeros(20)
    times = sum(split_of(split_rows(label, snr_db, SHARES, s), 20)[0] == 0 for s in range(500))
    # 500 draws of probability 0.8 spread by 8.9; five times that for 20 rows
    assert np.abs(times - 400).max() < 45


def test_a_group_is_in_one_split_and_gaps_in_none(address, rng):
    groups = rng.integers(GAP, 200, 3000)
    found, times = split_of(split_rows(*address, SHARES, 0, groups), 3000)
    assert (times == (groups != GAP)).all()
    for group in range(200):
        assert len(set(found[groups == group])) == 1


def test_groups_have_the_shares_of_rows():
    groups = np.repeat(np.arange(100), 7)
    rows = split_rows(np.zeros(700, int), np.zeros(700), SHARES, 0, groups)
    assert [len(rows[split]) for split in SPLITS] == [560, 70, 70]


@pytest.mark.parametrize(
    "shares", [(0.8, 0.1, 0.2), (1.1, -0.1, 0.0), (0.5, 0.5), (np.nan, 0.5, 0.5)]
)
def test_shares_that_are_none_are_refused(address, shares):
    with pytest.raises(DatasetError, match="shares"):
        split_rows(*address, shares, 0)


# overlapping windows ------------------------------------------------------------------------


def test_no_two_groups_of_windows_share_a_sample():
    """Windows of 128 samples, each 64 after the last, in three runs."""
    label, snr_db = np.repeat([0, 0, 1], [200, 70, 31]), np.repeat([0.0, 2.0, 2.0], [200, 70, 31])
    start = 64 * np.arange(301) + 10_000 * np.repeat([0, 1, 2], [200, 70, 31])
    groups = window_groups(label, snr_db)
    owner = {}
    for row in np.flatnonzero(groups != GAP):
        for sample in range(start[row], start[row] + 128):
            assert owner.setdefault(sample, groups[row]) == groups[row]
    assert (groups == GAP).sum() == 200 // 32 + 70 // 32
    assert len(set(groups[groups != GAP])) == 7 + 3 + 1


def test_windows_of_different_classes_and_snrs_are_never_one_group(address):
    label, snr_db = address
    groups = window_groups(label, snr_db)
    for group in set(groups) - {GAP}:
        rows = np.flatnonzero(groups == group)
        assert len({*zip(label[rows], snr_db[rows], strict=True)}) == 1
        assert (np.diff(rows) == 1).all()


# equal rows ---------------------------------------------------------------------------------


def test_equal_rows_are_one_group_and_bring_their_groups_together():
    digest = np.array([1, 2, 3, 1, 4, 5, 4, 9], np.uint64)
    alone = groups_of_equals(digest)
    assert alone[0] == alone[3]
    assert alone[4] == alone[6]
    assert len(set(alone)) == 6
    joined = groups_of_equals(digest, np.array([0, 0, 1, 1, GAP, 2, 2, 3]))
    assert joined[4] == GAP
    assert joined[0] == joined[1] == joined[2] == joined[3]  # 0 and 1 share the digest 1
    assert joined[5] == joined[6] != joined[0]
    assert len(set(joined)) == 4


def test_equal_rows_never_lie_in_two_splits(address, rng):
    digest = rng.integers(0, 2000, 3000).astype(np.uint64)
    found, times = split_of(split_rows(*address, SHARES, 0, groups_of_equals(digest)), 3000)
    assert (times == 1).all()
    for value in range(2000):
        assert len(set(found[digest == value])) <= 1


def test_a_digest_distinguishes_rows_by_any_sample(rng):
    rows = np.tile(rng.normal(size=(1, 128)) + 0j, (130, 1)).astype(np.complex64)
    rows[np.arange(128), np.arange(128)] += np.float32(1e-3)
    digest = row_digests(rows)
    assert digest[128] == digest[129]
    assert len(set(digest)) == 129
