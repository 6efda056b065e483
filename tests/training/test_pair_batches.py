"""Training pairs: the same global batches for any number of processes, stored or without end."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from rfmae.datasets.store import write_dataset
from rfmae.imaging.network_inputs import turned
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE, Modality
from rfmae.training.batches import EndlessPairs, Pairs, StoredPairs
from rfmae.training.sampling import epoch_rows, random_quarter_turns

CPU = torch.device("cpu")
BESIDE = (Modality(), Modality("signal", patch=8), Modality("noise"))
BATCH = 10


@pytest.fixture(scope="module")
def stored(dataset):
    def make(split="train", turn=True, seed=3, batch_size=BATCH, modalities=BESIDE):
        return StoredPairs(
            dataset, split, modalities, CPU, Silent(), batch_size=batch_size, seed=seed, turn=turn
        )

    return make


@pytest.fixture(scope="module")
def endless(tiny_recipe):
    def make(modalities=BESIDE, batch_size=BATCH, **options):
        return EndlessPairs(tiny_recipe, modalities, CPU, batch_size=batch_size, **options)

    return make


@pytest.fixture(params=["stored", "endless"])
def source(request):
    """A source of either kind, created again at each call."""
    return request.getfixturevalue(request.param)


def equal(ours, theirs):
    return all(
        torch.equal(values, getattr(theirs, half)[name])
        for half in ("inputs", "targets")
        for name, values in getattr(ours, half).items()
    )


def joined(parts):
    halves = [
        {name: torch.cat([getattr(part, half)[name] for part in parts]) for name in parts[0].inputs}
        for half in ("inputs", "targets")
    ]
    return Pairs(*halves)


# laws of every source -----------------------------------------------------------------------


@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_the_pieces_of_all_processes_are_the_batch_of_one(source, world):
    cuts = [BATCH * rank // world for rank in range(world + 1)]
    ranks = [source() for _ in range(world)]
    for step in (0, 4, 9):
        microbatches = [slice(*ends) for ends in pairwise(cuts)]
        parts = [
            rank.pairs(step, microbatch)
            for rank, microbatch in zip(ranks, microbatches, strict=True)
        ]
        assert [len(part) for part in parts] == [
            microbatch.stop - microbatch.start for microbatch in microbatches
        ]
        assert equal(joined(parts), source().pairs(step))


def test_a_step_is_the_same_wherever_training_begins(source):
    throughout = source()
    steps = [throughout.pairs(step) for step in range(7)]
    assert equal(source().pairs(6), steps[6])
    assert not equal(steps[5], steps[6])
    assert equal(throughout.pairs(2), steps[2])  # back again


def test_pairs_are_float32_by_the_names_of_their_modalities(source):
    pairs = source().pairs(0)
    assert len(pairs) == BATCH
    assert tuple(pairs.inputs) == tuple(pairs.targets) == ("image", "signal", "noise")
    for half in (pairs.inputs, pairs.targets):
        assert half["image"].shape == (BATCH, 3, 32, 32)
        assert half["signal"].shape == half["noise"].shape == (BATCH, 2, 64)
        assert {values.dtype for values in half.values()} == {torch.float32}
    assert torch.equal(pairs.inputs["noise"], pairs.targets["noise"])
    assert not torch.equal(pairs.inputs["signal"], pairs.targets["signal"])


def test_an_observed_signal_is_its_twin_and_its_noise(source):
    """In units of the observed amplitude, so up to the gain of the twin."""
    pairs = source().pairs(0)
    left = pairs.inputs["signal"] - pairs.inputs["noise"]
    gain = (
        left.square().sum(dim=(1, 2)).sqrt() / pairs.targets["signal"].square().sum((1, 2)).sqrt()
    )
    # half precision holds eleven bits of what is kept
    torch.testing.assert_close(
        left, gain[:, None, None] * pairs.targets["signal"], atol=5e-3, rtol=0
    )
    assert float(gain.min()) > 0.5  # no less than 0 dB of SNR


def test_an_epoch_shows_every_example_once():
    rows = torch.cat([epoch_rows(step, 20, 5, seed=1) for step in range(4)])
    assert rows.sort().values.tolist() == list(range(20))
    next_epoch = torch.cat([epoch_rows(step, 20, 5, seed=1) for step in range(4, 8)])
    assert next_epoch.sort().values.tolist() == list(range(20))
    assert not torch.equal(rows, next_epoch)


def test_the_odd_rest_of_an_epoch_is_left_out_and_is_another_each_time():
    epochs = [
        torch.cat([epoch_rows(2 * n + half, 11, 5, seed=1) for half in (0, 1)]) for n in (0, 1)
    ]
    assert all(len(rows.unique()) == 10 for rows in epochs)
    assert not torch.equal(*(rows.sort().values for rows in epochs))


def test_a_training_batch_is_its_rows_turned_by_its_quarters(stored, dataset):
    source, step = stored(), 6
    rows = epoch_rows(step, source.examples, BATCH, seed=3)
    turns = random_quarter_turns(BATCH, 3, step)
    assert len(turns.unique()) > 1
    straight = stored(turn=False).pairs(step)
    in_file = source.in_order(slice(None))
    assert torch.equal(straight.inputs["image"], in_file.inputs["image"][rows])
    expected = Pairs(
        turned(straight.inputs, turns, dataset.image, BESIDE),
        turned(straight.targets, turns, dataset.image, BESIDE),
    )
    assert equal(source.pairs(step), expected)


def test_nothing_is_turned_where_the_phase_is_known(tiny_recipe, tmp_path):
    channel = replace(tiny_recipe.source.channel, phase_offset_turns="none")
    recipe = replace(tiny_recipe, source=replace(tiny_recipe.source, channel=channel))
    dataset = write_dataset(recipe, tmp_path / "known")
    source, straight = (
        StoredPairs(dataset, "train", BESIDE, CPU, Silent(), batch_size=6, seed=0, turn=turn)
        for turn in (True, False)
    )
    assert equal(source.pairs(1), straight.pairs(1))


def test_validation_comes_in_the_order_of_the_file_and_in_any_parts(stored):
    source = stored("validation")
    whole = source.in_order(slice(None))
    assert len(whole) == source.examples == 16
    parts = [source.in_order(slice(first, first + 5)) for first in range(0, 16, 5)]
    assert equal(joined(parts), whole)


def test_seeds_give_other_orders(stored):
    assert not equal(stored(seed=4, turn=False).pairs(0), stored(turn=False).pairs(0))


# endless ------------------------------------------------------------------------------------


def test_a_stream_has_no_end_and_no_example_twice(endless):
    source = endless()
    assert source.examples is None
    images = torch.cat([source.pairs(step).inputs["signal"] for step in range(40)]).flatten(1)
    assert len(images.unique(dim=0)) == 40 * BATCH


def test_a_stream_draws_the_stored_training_examples_alike(
    endless, tiny_recipe, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "rfmae.datasets.stream_mixing._MIXED", 1
    )  # one slot, which has no head start
    dataset = write_dataset(tiny_recipe, tmp_path / "tiny")
    kept = StoredPairs(
        dataset, "train", BESIDE, CPU, Silent(), batch_size=1, seed=0, turn=False
    ).in_order(slice(None))
    source = endless(modalities=(Modality("signal"),), batch_size=1)
    steps = range(6 * 64)  # one after the other, the first block of each of the six points
    streamed = torch.cat([source.pairs(step).inputs["signal"] for step in steps])
    distance = torch.cdist(kept.inputs["signal"].flatten(1), streamed.flatten(1)).amin(dim=1)
    assert int((distance < 0.05).sum()) == len(distance) == 12


def test_views_may_be_mixed(tiny_recipe):
    receiver = replace(tiny_recipe.source.receiver, observe="both")
    recipe = replace(tiny_recipe, source=replace(tiny_recipe.source, receiver=receiver))
    modalities = (*IMAGE_ALONE, Modality("signal", view="waveform"))
    source = EndlessPairs(recipe, modalities, CPU, batch_size=4, workers=2)
    assert source.pairs(0).inputs["signal"].shape == (4, 2, 128)
