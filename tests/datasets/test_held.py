"""A data set in memory reads the same as the same one on disk."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.datasets.held import divided, hold_dataset
from rfmae.datasets.store import write_dataset
from rfmae.errors import DatasetError


@pytest.fixture(scope="module")
def stored(tiny_recipe, tmp_path_factory):
    return write_dataset(tiny_recipe, tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture(scope="module")
def held(stored):
    splits = {split: stored.read_observed(split) for split in ("train", "validation", "test")}
    return hold_dataset(splits, name="tiny", view="symbols", image=stored.image, any_phase=True)


@pytest.mark.parametrize("rows", [slice(None), slice(1, 3), np.array([0, 2])])
def test_it_reads_as_the_stored_one_does(held, stored, rows):
    for split in ("train", "validation", "test"):
        mine, theirs = (data.read_observed(split, rows) for data in (held, stored))
        np.testing.assert_array_equal(mine.iq, theirs.iq)
        np.testing.assert_array_equal(mine.label, theirs.label)
        np.testing.assert_array_equal(mine.snr_db, theirs.snr_db)
        for one, other in zip(held.labels(split), stored.labels(split), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "what",
    ["name", "classes", "snr_db", "snr_reference", "views", "any_phase", "image", "modalities"],
)
def test_it_says_of_itself_what_the_stored_one_says(what, held, stored):
    assert getattr(held, what) == getattr(stored, what)


def test_it_counts_as_the_stored_one_does(held, stored):
    assert held.samples() == stored.samples() == 64
    assert held.samples_per_symbol() == stored.samples_per_symbol() == 1
    for split in ("train", "validation", "test"):
        assert held.examples(split) == stored.examples(split)


def test_it_has_no_clean_twins_and_no_other_view(held):
    with pytest.raises(DatasetError, match="tiny holds no clean twins"):
        held.read("train")
    with pytest.raises(DatasetError, match="view 'waveform' is required"):
        held.read_observed("train", view="waveform")


def test_splits_of_other_lengths_do_not_go_together(stored):
    train = stored.read_observed("train")
    short = replace(train, iq=train.iq[:, :32])
    with pytest.raises(DatasetError, match="validation must hold examples of 64 samples"):
        hold_dataset(
            {"train": train, "validation": short},
            name="tiny",
            view="symbols",
            image=stored.image,
            any_phase=True,
        )


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_what_is_held_out_is_the_share_of_every_class(share, rng):
    label = rng.permutation(np.repeat([0, 1, 2], [10, 40, 101]))
    train, held_out = divided(label, share, seed=1)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, held_out])), np.arange(151))
    expected = [int(share * count) for count in (10, 40, 101)]
    assert np.bincount(label[held_out]).tolist() == expected
    assert not np.array_equal(held_out, divided(label, share, seed=2)[1])
    np.testing.assert_array_equal(held_out, divided(label, share, seed=1)[1])


@pytest.mark.parametrize(("share", "smallest"), [(0.0, 50), (0.1, 9)])
def test_nothing_is_held_out_where_a_class_would_have_none(share, smallest):
    train, held_out = divided(np.repeat([0, 1], [100, smallest]), share, seed=0)
    assert len(train) == 100 + smallest
    assert not len(held_out)
