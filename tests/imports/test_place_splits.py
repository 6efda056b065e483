"""Splits of windows of recordings share no sample, whatever is cut from what."""

import numpy as np
import pytest

from rfmae.errors import DatasetError
from rfmae.imports.place_splits import divide
from rfmae.imports.places import NO_SPLIT, Places, Windows
from rfmae.imports.sources import Known, row_digests

SHARES = (0.8, 0.1, 0.1)


def placed(stretches, samples, hop, called="annotations"):
    """Places and labels of windows of stretches: recording, first sample, length, label, split."""
    windows = Windows(samples, hop)
    columns = []
    for number, (recording, first, length, label, split) in enumerate(stretches):
        columns += [
            (recording, number, first + start, split, label) for start in windows.starts(length)
        ]
    recording, stretch, first, split, label = np.array(sorted(columns), np.int64).T
    return Places(recording, stretch, first, split, windows, called), label


def known_of(label, digest=None, snr_db=None):
    digest = np.arange(1, len(label) + 1).astype(np.uint64) if digest is None else digest
    snr_db = np.zeros(len(label), np.float32) if snr_db is None else snr_db
    return Known(label, snr_db, digest)


def divided(places, label, shares=SHARES, seed=0, digest=None):
    return divide(places, known_of(label, digest), np.ones(len(label), bool), shares, seed)


def assert_no_sample_is_shared(places, split, gap=0):
    """Every window against every window of another split of the same recording, on their ranges."""
    stop = places.first + places.windows.samples
    for recording in np.unique(places.recording):
        rows = np.flatnonzero((places.recording == recording) & (split != NO_SPLIT))
        first, last = places.first[rows], stop[rows]
        other = split[rows][:, None] != split[rows][None, :]
        apart = np.maximum(first[:, None], first[None, :]) - np.minimum(
            last[:, None], last[None, :]
        )
        assert (apart[other] >= gap).all()


@pytest.mark.parametrize(
    ("samples", "hop"), [(128, 128), (128, 64), (128, 1), (100, 33), (64, 200)]
)
@pytest.mark.parametrize("length", [3000, 4096, 4097])
def test_blocks_of_time_lie_a_window_apart(samples, hop, length):
    places, label = placed([(0, 0, length, 0, -1), (1, 50, length, 1, -1)], samples, hop)
    division = divided(places, label)
    assert "divided in time" in division.how
    assert_no_sample_is_shared(places, division.split, gap=samples)
    for index in (0, 1):
        sizes = [((division.split == each) & (label == index)).sum() for each in range(3)]
        assert min(sizes) >= 1
        assert sizes[0] == max(sizes)
        for number in range(3):  # one block for each split
            rows = np.flatnonzero((division.split == number) & (label == index))
            assert (np.diff(rows) == 1).all()


@pytest.mark.parametrize("seed", range(12))
def test_no_splits_share_a_sample_of_any_recordings(seed):
    rng = np.random.default_rng(seed)
    samples = int(rng.integers(2, 60))
    hop = int(rng.integers(1, 2 * samples))
    stretches = [
        (rng.integers(6), rng.integers(4000), rng.integers(samples, 900), rng.integers(3), -1)
        for _ in range(rng.integers(3, 40))
    ]
    places, label = placed(stretches, samples, hop)
    division = divided(places, label, seed=seed)
    assert_no_sample_is_shared(places, division.split)
    assert set(np.unique(division.split)) <= {-1, 0, 1, 2}


@pytest.mark.parametrize("count", [3, 4, 10, 30])
def test_recordings_stay_whole_where_each_class_has_enough(count):
    stretches = [(number, 0, 1000, number % 2, -1) for number in range(2 * count)]
    places, label = placed(stretches, 100, 50, called="recordings")
    division = divided(places, label)
    assert "by recording" in division.how
    for recording in range(2 * count):
        assert len(np.unique(division.split[places.recording == recording])) == 1
    assert (division.split != NO_SPLIT).all()
    for index in (0, 1):
        sizes = [((division.split == each) & (label == index)).sum() for each in range(3)]
        assert min(sizes) >= 19  # one recording
        if count >= 10:
            assert np.allclose(np.array(sizes) / sum(sizes), SHARES, atol=0.5 / count)


def test_annotations_of_one_recording_stay_whole_where_there_are_enough():
    stretches = [(0, 500 * number, 400, number % 4, -1) for number in range(200)]
    places, label = placed(stretches, 100, 100)
    division = divided(places, label)
    assert "by annotation" in division.how
    assert_no_sample_is_shared(places, division.split)
    for stretch in range(200):
        assert len(np.unique(division.split[places.stretch == stretch])) == 1
    sizes = np.bincount(division.split)
    assert np.allclose(sizes / sizes.sum(), SHARES, atol=0.02)


def test_overlapping_annotations_stay_together():
    stretches = [(0, 150 * number, 200, number % 2, -1) for number in range(2)]
    stretches += [(0, 1000 + 500 * number, 200, number % 2, -1) for number in range(40)]
    places, label = placed(stretches, 100, 100)
    division = divided(places, label)
    assert len(np.unique(division.split[np.isin(places.stretch, [0, 1])])) == 1


def test_the_division_is_of_the_seed_alone():
    stretches = [(number, 0, 1000, number % 2, -1) for number in range(40)]
    places, label = placed(stretches, 100, 100)
    first, again, other = (divided(places, label, seed=seed).split for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_splits_of_the_authors_are_kept_and_the_missing_one_is_made():
    stretches = [(number, 0, 1000, number % 2, 2 if number < 4 else -1) for number in range(24)]
    places, label = placed(stretches, 100, 100)
    division = divided(places, label)
    assert np.array_equal(division.split == 2, places.split == 2)
    assert (division.split == 1).any()
    shares = [(division.split == each).sum() / 200 for each in (0, 1)]
    assert np.allclose(shares, [0.8 / 0.9, 0.1 / 0.9], atol=0.06)
    assert_no_sample_is_shared(places, division.split)


def test_three_splits_of_the_authors_are_kept_as_they_are():
    stretches = [(number, 0, 1000, number % 2, number % 3) for number in range(24)]
    places, label = placed(stretches, 100, 100)
    assert np.array_equal(divided(places, label).split, places.split)


def test_a_stretch_in_two_splits_is_refused():
    places, label = placed([(0, 0, 1000, 0, 0), (0, 900, 1000, 0, 2)], 100, 100)
    with pytest.raises(DatasetError, match=r"share no samples.*train and test"):
        divided(places, label)


def test_equal_samples_are_in_one_split_and_zeros_in_none():
    stretches = [(number, 0, 100, number % 2, -1) for number in range(60)]
    places, label = placed(stretches, 100, 100, called="recordings")
    digest = np.arange(60).astype(np.uint64) // 4
    digest[:4] = row_digests([np.zeros(100, np.complex64)])[0]
    division = divided(places, label, digest=digest)
    assert (division.split[:4] == NO_SPLIT).all()
    for each in np.unique(digest[4:]):
        assert len(set(division.split[digest == each].tolist()) - {NO_SPLIT}) == 1
    assert any("nothing but zeros" in note for note in division.notes)


def test_classes_that_were_not_chosen_are_in_no_split():
    stretches = [(number, 0, 1000, number % 3, -1) for number in range(30)]
    places, label = placed(stretches, 100, 100)
    known = known_of(np.where(label == 2, -1, label))
    division = divide(places, known, label != 2, SHARES, 0)
    assert np.array_equal(division.split == NO_SPLIT, label == 2)


def test_a_recording_that_is_too_short_to_cut_is_for_training():
    places, label = placed([(0, 0, 4000, 0, -1), (1, 0, 250, 1, -1)], 100, 100)
    division = divided(places, label)
    assert set(division.split[label == 1]) == {0}
    assert set(division.split[label == 0]) == {-1, 0, 1, 2}


def test_examples_of_a_row_each_are_divided_as_arrays_are():
    label = np.arange(400) % 2
    row = np.arange(400)
    places = Places(row, row, 0 * row, np.where(row < 300, -1, 2), Windows(8, 8), "examples")
    division = divided(places, label)
    assert np.array_equal(division.split == 2, row >= 300)
    sizes = [(division.split == each).sum() for each in (0, 1)]
    assert np.allclose(sizes, [300 * 8 / 9, 300 / 9], atol=4)


def test_a_copy_of_a_recording_takes_no_split_from_its_class():
    stretches = [(number, 0, 1000, number % 2, -1) for number in range(8)]
    places, label = placed(stretches, 100, 100, called="recordings")
    digest = np.arange(80).astype(np.uint64)
    digest[60:70] = digest[:10]  # recording 6 is a copy of recording 0
    for seed in range(10):
        division = divided(places, label, seed=seed, digest=digest)
        assert "by recording" in division.how
        assert (division.split != NO_SPLIT).all()
        assert len(set(division.split[np.isin(places.recording, [0, 6])].tolist())) == 1
        for each in range(3):
            assert set(label[division.split == each]) == {0, 1}
    assert "2 recordings hold the same windows as others and stay together" in division.notes


def test_recordings_that_the_own_test_split_holds_are_left_out_before_the_division():
    stretches = [(number, 0, 1000, number % 2, -1) for number in range(8)]
    stretches += [(8 + number, 0, 1000, number % 2, 2) for number in range(2)]
    places, label = placed(stretches, 100, 100, called="recordings")
    digest = np.arange(100).astype(np.uint64)
    digest[:20] = digest[80:]  # the first of each class are those of the test split
    for seed in range(10):
        division = divided(places, label, seed=seed, digest=digest)
        assert (division.split[:20] == NO_SPLIT).all()
        assert (division.split[80:] == 2).all()
        for each in range(3):
            assert set(label[division.split == each]) == {0, 1}
    assert any(
        note.startswith("20 examples are left out: the set has the same samples in test")
        for note in division.notes
    )


def test_windows_between_the_blocks_are_counted():
    places, label = placed([(0, 0, 5000, 0, -1)], 1000, 1000, called="recordings")
    division = divided(places, label)
    assert (division.split == NO_SPLIT).sum() == 2
    assert "2 windows between the blocks are left out" in division.notes
