"""Batches of an endless stream by number: whole or in pieces, from any step, each example once."""

import dataclasses
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from rfmae.datasets.stream_mixing import StreamMixer
from rfmae.datasets.synthesis import examples
from rfmae.errors import RecipeError

SIZES = [1, 6, 10, 100]
ROUND = 6  # three classes at two SNR points


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    """Three classes at two points, in both views."""
    receiver = dataclasses.replace(tiny_recipe.source.receiver, observe="both")
    source = dataclasses.replace(tiny_recipe.source, symbols_per_example=16, receiver=receiver)
    splits = dataclasses.replace(tiny_recipe.splits, train=80, validation=70, test=70)
    return dataclasses.replace(tiny_recipe, source=source, splits=splits)


def rows(made):
    """Bytes of every example in every view, with its class and SNR."""
    parts = [
        (pairs.observed.iq, pairs.clean, pairs.observed.label, pairs.observed.snr_db)
        for pairs in made.views.values()
    ]
    return [
        tuple(array[row].tobytes() for view in parts for array in view) for row in range(len(made))
    ]


def points(made):
    observed = made.pairs.observed
    return list(zip(observed.label.tolist(), observed.snr_db.tolist(), strict=True))


# shared out ---------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", SIZES)
@pytest.mark.parametrize("world", [2, 3, 4])
def test_the_pieces_of_a_batch_are_the_batch(recipe, batch_size, world):
    whole = StreamMixer(recipe, batch_size)
    readers = [StreamMixer(recipe, batch_size) for _ in range(world)]
    cuts = [batch_size * rank // world for rank in range(world + 1)]
    for step in (0, 1, 5):
        parts = [
            rows(reader.batch(step, slice(first, last)))
            for reader, (first, last) in zip(readers, pairwise(cuts), strict=True)
            if first < last
        ]
        assert [row for part in parts for row in part] == rows(whole.batch(step))


def test_whoever_takes_a_piece_makes_hardly_more_than_that(recipe, monkeypatch):
    made = []
    from rfmae.datasets import stream_mixing

    synthesise = stream_mixing.synthesise

    def counted(recipe, block):
        made.append(len(block.positions))
        return synthesise(recipe, block)

    monkeypatch.setattr(stream_mixing, "synthesise", counted)
    reader, steps = StreamMixer(recipe, 64), 64
    for step in range(steps):
        reader.batch(step, slice(16, 32))
    # what is taken, of each slot at most what is left of one block, and a step ahead
    stream_mixing = 16 * reader.groups
    assert steps * 16 <= sum(made) <= steps * 16 + stream_mixing * reader.depth + 16


# by number ----------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", SIZES)
def test_a_batch_depends_on_nothing_but_its_number(recipe, batch_size):
    steps = [0, 1, 2, 17, 20]
    forwards = StreamMixer(recipe, batch_size, workers=2)
    in_turn = [rows(forwards.batch(step)) for step in range(max(steps) + 1)]
    for step in steps:
        assert rows(StreamMixer(recipe, batch_size).batch(step)) == in_turn[step]
    assert rows(forwards.batch(3)) == in_turn[3]  # back again


@pytest.mark.parametrize(
    "batch_size",
    [1, pytest.param(6, marks=pytest.mark.slow), pytest.param(10, marks=pytest.mark.slow), 100],
)
def test_no_example_comes_twice(recipe, batch_size):
    stream = StreamMixer(recipe, batch_size)
    found = [
        row for step in range(3 * stream.depth * stream.groups) for row in rows(stream.batch(step))
    ]
    assert len(set(found)) == len(found)


def test_what_is_kept_does_not_grow(recipe):
    stream = StreamMixer(recipe, 64)
    for step in range(200):
        stream.batch(step)
        stream_mixing = 64 * stream.groups
        assert len(stream._made) <= stream_mixing + 2 * (stream_mixing // stream.depth)


# mixed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 3, 6, 12, 60])
def test_a_batch_meets_as_many_classes_and_points_as_it_can(recipe, batch_size):
    stream = StreamMixer(recipe, batch_size)
    for step in range(40):
        counts = Counter(points(stream.batch(step)))
        # successive blocks: whole rounds, and a piece of a round at either end
        assert max(counts.values()) <= -(-batch_size // ROUND) + 1
        if batch_size >= 2 * ROUND:
            assert len(counts) == ROUND


def test_every_class_and_point_comes_up_equally_often(recipe):
    stream = StreamMixer(recipe, ROUND)
    steps = 3 * stream.depth * stream.groups
    counts = Counter(point for step in range(steps) for point in points(stream.batch(step)))
    assert len(counts) == ROUND
    # slots that are ahead have begun a fourth block, and left the first before its end
    assert max(counts.values()) - min(counts.values()) <= 2 * stream.depth


@pytest.mark.parametrize("batch_size", [1, 64, 4096])
def test_the_first_batch_costs_some_eight_thousand_examples_at_most(recipe, batch_size):
    stream = StreamMixer(recipe, batch_size)
    assert 4 <= stream.depth <= 16
    assert batch_size * stream.groups * stream.depth <= 2 * 8192


@pytest.mark.parametrize("batch_size", [6, 64, 100])
def test_a_block_is_not_met_again_before_all_other_slots(recipe, batch_size):
    stream = StreamMixer(recipe, batch_size)
    assert batch_size * stream.groups >= 256 - batch_size
    blocks = [
        set(stream._blocks_and_indices(step)[0].tolist()) for step in range(5 * stream.groups)
    ]
    for step in range(4 * stream.groups):
        together = blocks[step : step + stream.groups]
        assert len(set().union(*together)) == batch_size * stream.groups


def test_successive_small_batches_are_of_other_points_each_time(recipe):
    stream = StreamMixer(recipe, 2)
    met = [points(stream.batch(step)) for step in range(600)]
    assert sum(a == b for a, b in pairwise(met)) < 600 / 6  # one of fifteen by chance


# what is stored -----------------------------------------------------------------------------


def stored(recipe, split):
    return {row for made in examples(recipe, split) for row in rows(made)}


def test_no_stored_example_of_another_split_is_ever_met(recipe):
    stream = StreamMixer(recipe, 64)
    found = {row for step in range(60) for row in rows(stream.batch(step))}
    assert stored(recipe, "train") & found
    for split in ("validation", "test"):
        assert not stored(recipe, split) & found


def test_another_split_has_a_stream_of_its_own(recipe):
    found = set(rows(StreamMixer(recipe, 64, split="test").batch(0)))
    assert found & stored(recipe, "test")
    assert not found & set(rows(StreamMixer(recipe, 64).batch(0)))


# edges --------------------------------------------------------------------------------------


def test_a_batch_holds_every_view_and_what_was_drawn(recipe):
    made = StreamMixer(recipe, 10).batch(2, slice(3, 7))
    assert tuple(made.views) == ("symbols", "waveform")
    assert made.views["waveform"].clean.shape == (4, 32)
    assert {name: values.shape for name, values in made.sampled.items()} == {
        "phase_offset_turns": (4,)
    }
    assert np.unique(made.sampled["phase_offset_turns"]).size == 4


def test_an_empty_batch_is_refused(recipe):
    with pytest.raises(RecipeError, match="batch_size must be at least 1, got 0"):
        StreamMixer(recipe, 0)
