"""The bytes of an example depend on its address and on nothing else."""

import dataclasses

import numpy as np
import pytest

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.synthesis import Block, blocks, example_rng, stream, synthesise
from rfmae.errors import RfmaeError
from rfmae.signal.modulations import MODULATIONS


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    """Every family of modulations, and a count that no block size divides."""
    source = dataclasses.replace(
        tiny_recipe.source, modulations=("BPSK", "DQPSK", "OQPSK", "16QAM", "GMSK")
    )
    splits = dataclasses.replace(tiny_recipe.splits, train=9, validation=2, test=3)
    return dataclasses.replace(tiny_recipe, source=source, splits=splits)


def columns(recipe, split, **options):
    """All columns of a split, joined."""
    pairs = list(stream(recipe, split, **options))
    return {
        "observed": np.concatenate([pair.observed.iq for pair in pairs]),
        "clean": np.concatenate([pair.clean for pair in pairs]),
        "label": np.concatenate([pair.observed.label for pair in pairs]),
        "snr_db": np.concatenate([pair.observed.snr_db for pair in pairs]),
    }


def by_address(recipe, split):
    """Bytes of every example by class, SNR and position."""
    found, table = {}, columns(recipe, split)
    for row, label in enumerate(table["label"]):
        point = (recipe.classes[label], float(table["snr_db"][row]))
        position = sum(address[:2] == point for address in found)
        found[*point, position] = table["observed"][row].tobytes() + table["clean"][row].tobytes()
    return found


def same_bytes(one, other):
    return all(one[name].tobytes() == other[name].tobytes() for name in one)


def with_modulations(recipe, *modulations):
    source = dataclasses.replace(recipe.source, modulations=modulations)
    return dataclasses.replace(recipe, source=source)


def address(rng):
    return rng.bit_generator.seed_seq.entropy, rng.bit_generator.seed_seq.spawn_key


def addresses(recipe, split):
    return [
        address(example_rng(recipe.seed, split, block.modulation, block.snr_db, position))
        for block in blocks(recipe, split)
        for position in block.positions
    ]


# what must not change a byte ----------------------------------------------------------------


@pytest.mark.parametrize("block_size", [1, 7, 64])
def test_the_block_size_does_not_change_a_byte(recipe, block_size):
    assert same_bytes(columns(recipe, "train"), columns(recipe, "train", block_size=block_size))


@pytest.mark.parametrize("block_size", [1, 64])
def test_the_number_of_workers_does_not_change_a_byte(recipe, block_size):
    alone = columns(recipe, "train")
    assert same_bytes(alone, columns(recipe, "train", workers=2, block_size=block_size))


def test_an_example_made_alone_is_the_one_of_the_split(recipe):
    alone = synthesise(recipe, Block("test", "OQPSK", 10.0, range(2, 3)))
    in_split = by_address(recipe, "test")["OQPSK", 10.0, 2]
    assert alone.observed.iq.tobytes() + alone.clean.tobytes() == in_split


def test_making_the_splits_in_another_order_does_not_change_a_byte(recipe):
    forwards = {split: columns(recipe, split) for split in SPLITS}
    backwards = {split: columns(recipe, split) for split in reversed(SPLITS)}
    assert all(same_bytes(forwards[split], backwards[split]) for split in SPLITS)


def test_adding_a_class_leaves_every_other_example(recipe):
    wider = with_modulations(recipe, "8PSK", *recipe.classes, "OOK")
    before, after = by_address(recipe, "train"), by_address(wider, "train")
    assert before.items() <= after.items()
    assert len(after) > len(before)


def test_the_order_of_classes_leaves_every_example(recipe):
    turned = with_modulations(recipe, *reversed(recipe.classes))
    assert by_address(turned, "test") == by_address(recipe, "test")


@pytest.mark.parametrize("grid", ["-10:20:10", "0:10:2.5"])
def test_adding_snr_points_leaves_every_other_example(recipe, grid):
    before, after = by_address(recipe, "train"), by_address(recipe.with_snr(grid), "train")
    assert before.items() <= after.items()
    assert len(after) > len(before)


def test_asking_for_more_examples_leaves_those_before(recipe):
    splits = dataclasses.replace(recipe.splits, test=5)
    more = by_address(dataclasses.replace(recipe, splits=splits), "test")
    assert by_address(recipe, "test").items() <= more.items()


@pytest.mark.parametrize("change", [{"name": "other"}, {"about": "Other words."}], ids=str)
def test_a_name_is_not_part_of_an_address(recipe, change):
    other = dataclasses.replace(recipe, **change)
    assert by_address(other, "test") == by_address(recipe, "test")


# what must change all of them ---------------------------------------------------------------


def test_no_two_examples_of_any_split_share_an_address(recipe):
    everything = [item for split in SPLITS for item in addresses(recipe, split)]
    assert len(everything) == sum(recipe.examples(split) for split in SPLITS)
    assert len(set(everything)) == len(everything)


def test_no_row_of_iq_is_in_two_splits_or_twice_in_one(recipe):
    for column in ("observed", "clean"):
        rows = [row.tobytes() for split in SPLITS for row in columns(recipe, split)[column]]
        assert len(set(rows)) == len(rows)


def test_splits_draw_different_numbers_at_the_same_position(recipe):
    drawn = {example_rng(7, split, "BPSK", 0.0, 0).integers(2**63) for split in SPLITS}
    assert len(drawn) == len(SPLITS)


def test_every_modulation_has_an_address_of_its_own():
    found = {address(example_rng(7, "train", name, 0.0, 0)) for name in MODULATIONS}
    assert len(found) == len(MODULATIONS)


def test_snr_points_on_both_sides_of_zero_have_addresses_of_their_own(recipe):
    wide = recipe.with_snr("-30:30:0.5")
    found = {
        address(example_rng(7, "train", "BPSK", snr_db, 0)) for snr_db in wide.source.channel.snr_db
    }
    assert len(found) == 121


def test_snr_points_too_close_for_an_address_are_refused_or_told_apart(recipe):
    try:
        fine = recipe.with_snr("0:0.001:0.0005")
    except RfmaeError:
        return
    found = addresses(fine, "test")
    assert len(set(found)) == len(found)


def test_another_seed_changes_every_row(recipe):
    before, after = by_address(recipe, "train"), by_address(recipe.with_seed(8), "train")
    assert before.keys() == after.keys()
    assert all(before[key] != after[key] for key in before)


# what a batch says of itself ----------------------------------------------------------------


def test_a_split_runs_over_class_then_snr_then_position(recipe):
    table = columns(recipe, "test")
    classes, points, count = len(recipe.classes), 2, 3
    assert table["label"].tolist() == np.repeat(range(classes), points * count).tolist()
    assert table["snr_db"].tolist() == np.tile(np.repeat([0.0, 10.0], count), classes).tolist()


def test_batches_are_complex64_of_one_sample_for_each_symbol(recipe):
    pairs = next(iter(stream(recipe, "test")))
    assert pairs.observed.iq.shape == pairs.clean.shape == (3, 64)
    assert pairs.observed.iq.dtype == pairs.clean.dtype == np.complex64
    assert pairs.observed.classes == recipe.classes
    assert pairs.observed.snr_reference == "symbol"
    assert np.isfinite(pairs.observed.iq).all()


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_blocks_cover_every_position_once(recipe, size):
    covered = [
        (block.modulation, block.snr_db, position)
        for block in blocks(recipe, "train", size)
        for position in block.positions
    ]
    assert len(covered) == len(set(covered)) == recipe.examples("train")
    assert max(len(block.positions) for block in blocks(recipe, "train", size)) == min(size, 9)
