"""Labelled examples: the same batches for any number of processes, from files or a stream."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from rfmae.configuration.augmentation import Augmentation
from rfmae.datasets.augmenting import Augmenter
from rfmae.datasets.recipe import load_recipe
from rfmae.progress import Silent
from rfmae.records import Modality
from rfmae.training.batches import RenderedLabels, StoredIq, StoredLabels, StreamIq
from rfmae.training.loaders import InputSplit
from rfmae.training.rendering import input_renderer
from rfmae.training.sampling import SamplingOrder, balanced_rows

CPU = torch.device("cpu")
BESIDE = (Modality(), Modality("signal", patch=8))
BATCH = 10
HARD = Augmentation(phase_turns=0.5, carrier_offset_turns_per_symbol=1e-3, noise_db=3.0)


@pytest.fixture
def make(dataset):
    """A source of a kind, created again at each call."""
    label = torch.from_numpy(dataset.labels("train")[0]).long()
    how = input_renderer(dataset, BESIDE, CPU, targets=False)

    def source(kind, *, turn=True, balanced=False, augmentation=HARD):
        course = SamplingOrder(label, BATCH, 3, turn=turn, balanced=balanced)
        augmenter = Augmenter(dataset, augmentation, how.views, batch_size=BATCH, seed=3)
        every = torch.arange(len(label))
        if kind == "balanced":
            return source("kept", turn=turn, balanced=True)
        if kind == "kept":
            return StoredLabels(InputSplit(dataset, "train", BESIDE, CPU, Silent()), course, CPU)
        if kind == "read":
            return RenderedLabels(StoredIq(dataset, every, course, how, clean=False), how, BESIDE)
        if kind == "changed":
            stored = StoredIq(dataset, every, course, how, clean=True)
            return RenderedLabels(stored, how, BESIDE, augmenter)
        recipe = load_recipe(dataset.folder / "recipe.toml")
        stream = StreamIq(recipe, how, batch_size=BATCH)
        return RenderedLabels(stream, how, BESIDE, augmenter if kind == "stream changed" else None)

    return source


def equal(ours, theirs):
    return torch.equal(ours.label, theirs.label) and all(
        torch.equal(values, theirs.inputs[name]) for name, values in ours.inputs.items()
    )


KINDS = ("kept", "balanced", "read", "changed", "stream", "stream changed")


# laws of every source -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("world", [2, 3])
def test_the_pieces_of_all_processes_are_the_batch_of_one(make, kind, world):
    cuts = [BATCH * rank // world for rank in range(world + 1)]
    sources = [make(kind) for _ in range(world)]
    for step in (0, 4):
        whole = make(kind).labelled(step)
        for source, (first, last) in zip(sources, pairwise(cuts), strict=True):
            part = source.labelled(step, slice(first, last))
            assert torch.equal(part.label, whole.label[first:last])
            for name, values in part.inputs.items():
                # a transform of a smaller batch rounds in the last place
                torch.testing.assert_close(
                    values, whole.inputs[name][first:last], atol=1e-5, rtol=0
                )


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_is_the_same_wherever_training_begins(make, kind):
    throughout = make(kind)
    steps = [throughout.labelled(step) for step in range(4)]
    assert equal(make(kind).labelled(3), steps[3])
    assert not equal(steps[2], steps[3])
    assert equal(throughout.labelled(1), steps[1])  # back again


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_float32_with_a_label_each(make, kind):
    batch = make(kind).labelled(0)
    assert len(batch) == len(batch.label) == BATCH
    assert batch.label.dtype == torch.long
    assert batch.inputs["image"].shape == (BATCH, 3, 32, 32)
    assert batch.inputs["signal"].shape == (BATCH, 2, 64)
    assert {values.dtype for values in batch.inputs.values()} == {torch.float32}


# files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [False, True])
def test_what_is_read_for_a_batch_is_what_was_kept(make, turn):
    kept, read = (make(kind, turn=turn).labelled(5) for kind in ("kept", "read"))
    assert torch.equal(kept.label, read.label)
    for name, values in read.inputs.items():
        torch.testing.assert_close(values, kept.inputs[name], atol=2e-3, rtol=0)  # eleven bits


def test_labels_belong_to_their_examples(make, dataset):
    """The signal of each row is that of a training example of the same class."""
    stored = dataset.read_observed("train")
    units = stored.iq / np.sqrt(np.square(np.abs(stored.iq)).mean(axis=1, keepdims=True))
    batch = make("read", turn=False).labelled(2)
    for signal, label in zip(batch.inputs["signal"].numpy(), batch.label.tolist(), strict=True):
        distance = np.abs(units - (signal[0] + 1j * signal[1])).max(axis=1)
        assert distance.min() < 1e-5
        assert stored.label[distance.argmin()] == label


def test_a_changed_example_keeps_its_label_and_place(make):
    plain, changed = make("read", turn=False).labelled(1), make("changed", turn=False).labelled(1)
    assert torch.equal(plain.label, changed.label)
    assert (
        float((plain.inputs["signal"] - changed.inputs["signal"]).abs().amax(dim=(1, 2)).min())
        > 0.1
    )


# the stream ---------------------------------------------------------------------------------


def test_a_stream_has_no_end_all_classes_and_no_example_twice(make):
    source = make("stream")
    assert source.examples is None
    batches = [source.labelled(step) for step in range(40)]
    signals = torch.cat([batch.inputs["signal"] for batch in batches]).flatten(1)
    assert len(signals.unique(dim=0)) == 40 * BATCH
    counts = Counter(torch.cat([batch.label for batch in batches]).tolist())
    assert set(counts) == {0, 1}
    assert abs(counts[0] - counts[1]) < 100  # slots of blocks, of 400 examples


def test_a_stream_never_shows_what_validation_or_test_hold(make, dataset):
    source = make("stream")
    streamed = torch.cat([source.labelled(step).inputs["signal"] for step in range(60)]).flatten(1)
    for split in ("validation", "test"):
        held = InputSplit(dataset, split, BESIDE, CPU, Silent())
        signals = held.inputs(torch.arange(len(held)))["signal"].flatten(1)
        assert float(torch.cdist(signals, streamed).min()) > 1  # of a length of 8


# every class as often -----------------------------------------------------------------------

UNEQUAL = torch.tensor([0] * 50 + [1] * 7 + [2] * 3)


@pytest.mark.parametrize("batch_size", [3, 6, 10])
def test_balanced_batches_show_every_class_as_often_to_one(batch_size):
    seen = Counter()
    for step in range(30):
        labels = UNEQUAL[balanced_rows(step, UNEQUAL, batch_size, seed=1)].tolist()
        counts = [labels.count(value) for value in range(3)]
        assert max(counts) - min(counts) <= 1
        seen.update(labels)
    assert max(seen.values()) - min(seen.values()) <= 1


def test_balanced_rows_of_a_class_come_in_whole_epochs():
    rows = torch.cat([balanced_rows(step, UNEQUAL, 6, seed=1) for step in range(7)])
    of_rare = [row for row in rows.tolist() if UNEQUAL[row] == 2]
    assert len(of_rare) == 14
    epochs = [sorted(of_rare[first : first + 3]) for first in range(0, 12, 3)]
    assert epochs == [[57, 58, 59]] * 4
    assert len({tuple(of_rare[first : first + 3]) for first in range(0, 12, 3)}) > 1
    other = torch.cat([balanced_rows(step, UNEQUAL, 6, seed=2) for step in range(7)])
    assert not torch.equal(rows, other)


def test_a_balanced_source_shows_as_many_of_each_class(make):
    batch = make("balanced").labelled(0)
    assert batch.label.bincount().tolist() == [5, 5]


def test_a_course_without_turns_turns_nothing():
    course = SamplingOrder(UNEQUAL, 4, 0, turn=False)
    assert course.turns(0, slice(None)) is None
    assert len(replace(course, turn=True).turns(0, slice(1, 3))) == 2
