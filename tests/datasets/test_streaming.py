"""An endless stream: shared out, mixed, gone on with, and never what is stored for a test."""

import dataclasses
import pickle
from collections import Counter
from itertools import islice

import numpy as np
import pytest

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.streaming import Shard, block_of, endless
from rfmae.datasets.synthesis import BLOCK, examples
from rfmae.errors import RecipeError


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    """Three classes at two points: a round is six blocks."""
    source = dataclasses.replace(tiny_recipe.source, symbols_per_example=16)
    splits = dataclasses.replace(tiny_recipe.splits, train=80, validation=70, test=70)
    return dataclasses.replace(tiny_recipe, source=source, splits=splits)


ROUND = 6


def taken(recipe, batches, batch_size=64, **options):
    return list(islice(endless(recipe, batch_size, **options), batches))


def rows(batches):
    """Bytes of every example, with its class and SNR."""
    return [
        (int(label), float(snr_db), observed.tobytes() + clean.tobytes())
        for pairs in batches
        for observed, clean, label, snr_db in zip(
            pairs.observed.iq, pairs.clean, pairs.observed.label, pairs.observed.snr_db, strict=True
        )
    ]


def stored(recipe, split):
    return {
        (int(label), float(snr_db), observed.tobytes() + clean.tobytes())
        for made in examples(recipe, split)
        for observed, clean, label, snr_db in zip(
            made.pairs.observed.iq,
            made.pairs.clean,
            made.pairs.observed.label,
            made.pairs.observed.snr_db,
            strict=True,
        )
    }


def shards(ranks, workers):
    return [
        Shard(rank, ranks, worker, workers) for rank in range(ranks) for worker in range(workers)
    ]


# --- shared out


@pytest.mark.parametrize(("ranks", "workers"), [(1, 2), (2, 1), (2, 2), (3, 1), (1, 4)])
def test_shards_are_disjoint_and_together_the_blocks_of_one_reader(recipe, ranks, workers):
    total = 24  # blocks: two mixtures of each of up to four readers, four rounds
    mixed = total // (2 * ranks * workers)
    alone = rows(taken(recipe, total, mixed_blocks=mixed))
    parts = [
        rows(taken(recipe, total // (ranks * workers), shard=shard, mixed_blocks=mixed))
        for shard in shards(ranks, workers)
    ]
    everything = [row for part in parts for row in part]
    assert len(set(everything)) == len(everything) == total * BLOCK
    assert set(everything) == set(alone)


def test_a_round_is_one_block_of_every_class_and_point(recipe):
    for turn in range(5):
        made = [block_of(recipe, "train", turn * ROUND + place) for place in range(ROUND)]
        assert len({(block.modulation, block.snr_db) for block in made}) == ROUND
        assert {block.positions for block in made} == {range(turn * BLOCK, (turn + 1) * BLOCK)}


def test_rounds_come_in_different_orders(recipe):
    orders = {
        tuple(
            (block.modulation, block.snr_db)
            for block in (block_of(recipe, "train", turn * ROUND + place) for place in range(ROUND))
        )
        for turn in range(10)
    }
    assert len(orders) > 5


def test_every_class_and_point_comes_up_equally_often(recipe):
    found = Counter(row[:2] for row in rows(taken(recipe, 4 * ROUND, mixed_blocks=ROUND)))
    assert len(found) == ROUND
    assert set(found.values()) == {4 * BLOCK}


def test_no_example_comes_twice(recipe):
    found = rows(taken(recipe, 60, mixed_blocks=4))
    assert len({row[2] for row in found}) == len(found)


# --- gone on with


@pytest.mark.parametrize("batch_size", [1, 48, 64, 100, 700])
@pytest.mark.parametrize("mixed_blocks", [1, 3, 16])
def test_a_stream_goes_on_exactly_where_it_stopped(recipe, batch_size, mixed_blocks):
    options = {"mixed_blocks": mixed_blocks, "shard": Shard(1, 2)}
    whole = taken(recipe, 9, batch_size, **options)
    for first in (0, 1, 2, 5, 8):
        rest = taken(recipe, 9 - first, batch_size, first_batch=first, **options)
        assert rows(rest) == rows(whole[first:])


@pytest.mark.parametrize("batch_size", [1, 48, 64, 100, 700])
def test_every_batch_is_full_and_says_what_it_holds(recipe, batch_size):
    for pairs in taken(recipe, 5, batch_size, mixed_blocks=2):
        assert len(pairs) == batch_size
        assert pairs.observed.iq.shape == pairs.clean.shape == (batch_size, 16)
        assert pairs.observed.iq.dtype == np.complex64
        assert pairs.observed.classes == recipe.classes


def test_the_batch_size_does_not_change_the_order_of_examples(recipe):
    by_seven = rows(taken(recipe, 20, 7, mixed_blocks=2))
    by_twenty = rows(taken(recipe, 7, 20, mixed_blocks=2))
    assert by_seven == by_twenty


def test_the_same_stream_is_the_same_again_and_another_seed_another(recipe):
    assert rows(taken(recipe, 3)) == rows(taken(recipe, 3))
    other = {row[2] for row in rows(taken(recipe.with_seed(8), 16))}
    assert not other & {row[2] for row in rows(taken(recipe, 16))}


# --- what is stored


def test_the_first_examples_are_those_of_the_stored_training_set(recipe):
    rounds = 2  # of 64, which hold the 80 that are stored
    found = set(rows(taken(recipe, rounds * ROUND, mixed_blocks=ROUND)))
    assert stored(recipe, "train") <= found
    assert len(found) == rounds * ROUND * BLOCK


def test_no_stored_example_of_another_split_is_ever_streamed(recipe):
    found = {row[2] for row in rows(taken(recipe, 5 * ROUND))}
    for split in ("validation", "test"):
        assert not found & {row[2] for row in stored(recipe, split)}


@pytest.mark.parametrize("split", SPLITS)
def test_every_split_can_be_streamed_and_meets_its_own_examples(recipe, split):
    found = set(rows(taken(recipe, 2 * ROUND, split=split, mixed_blocks=ROUND)))
    assert stored(recipe, split) <= found


# --- mixed


def test_examples_of_a_mixture_are_mixed(recipe):
    labels = np.concatenate([pairs.observed.label for pairs in taken(recipe, 12, mixed_blocks=12)])
    # in blocks neighbours would share their class in 63 of 64 cases; mixed, in one of three
    assert np.mean(labels[1:] == labels[:-1]) < 0.45
    first = labels[:64]
    assert len(set(first.tolist())) == 3


def test_one_block_at_a_time_is_not_mixed_with_others(recipe):
    for pairs in taken(recipe, 6, mixed_blocks=1):
        assert len(set(pairs.observed.label.tolist())) == 1


# --- edges


def test_a_stream_of_waveforms_holds_waveforms(recipe):
    receiver = dataclasses.replace(recipe.source.receiver, observe="both")
    both = dataclasses.replace(recipe, source=dataclasses.replace(recipe.source, receiver=receiver))
    assert taken(both, 1)[0].observed.iq.shape == (64, 16)
    assert taken(both, 1, view="waveform")[0].observed.iq.shape == (64, 32)


def test_a_shard_travels_to_another_process(recipe):
    shard = Shard(1, 2, 1, 3)
    assert pickle.loads(pickle.dumps(shard)) == shard
    assert (shard.place, shard.places) == (4, 6)


@pytest.mark.parametrize("numbers", [(2, 2), (-1, 2), (0, 0), (0, 1, 1, 1), (0, 1, -1, 1)], ids=str)
def test_a_shard_beyond_its_number_is_refused(numbers):
    with pytest.raises(RecipeError, match="rank and worker count from 0"):
        Shard(*numbers)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"first_batch": -1}, "first_batch must be at least 0, got -1"),
        ({"mixed_blocks": 0}, "mixed_blocks must be at least 1, got 0"),
        ({"split": "dev"}, "split must be train, validation, test, got 'dev'"),
        ({"view": "waveform"}, "observes symbols, got view 'waveform'"),
    ],
    ids=str,
)
def test_an_impossible_stream_is_refused(recipe, options, words):
    with pytest.raises(RecipeError, match=words):
        next(endless(recipe, **options))
