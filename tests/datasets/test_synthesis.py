"""The bytes of an example depend on its address and on nothing else."""

import dataclasses
import hashlib
import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from joblib import Parallel, delayed

from rfmae.datasets.recipe import SPLITS, parse_recipe, recipe_to_toml
from rfmae.datasets.synthesis import BLOCK, Block, block_streams, blocks, examples, synthesise
from rfmae.errors import RfmaeError, ShapeError
from rfmae.signal.modulations import MODULATIONS

EVERY_EFFECT = """
carrier_offset_turns_per_symbol = [-0.02, 0.02]
linewidth_turns_per_symbol = [0.0, 0.001]
timing_offset_symbols = "uniform"
clock_offset_ppm = [-50, 50]
iq_gain_imbalance_db = [-1, 1]
iq_phase_imbalance_degrees = [-3, 3]
dc_offset_rms = [0.0, 0.1]
clip_level_rms = [1.5, 2.5]
quantiser_bits = [4, 8]
fading.kind = "rician"
fading.k_factor_db = [0, 9]
fading.doppler_turns_per_symbol = [0, 0.01]
fading.delays_symbols = [0.0, 1.5]
fading.powers_db = [0.0, -6.0]
interference.carrier_to_interference_db = [3, 20]
interference.carrier_offset_turns_per_symbol = [-0.2, 0.2]
impulses = {probability = [0.0, 0.01], ratio_db = 20}
"""


@pytest.fixture(scope="module")
def recipe(tiny_recipe):
    """Every family of modulations, at a rate that suits all of them."""
    names = (
        "BPSK",
        "π/2-BPSK",
        "DQPSK",
        "OQPSK",
        "16QAM",
        "GMSK",
        "AM-SSB-SC",
        "OFDM-QPSK",
        "NOISE",
    )
    source = dataclasses.replace(tiny_recipe.source, modulations=names)
    splits = dataclasses.replace(tiny_recipe.splits, train=9, validation=2, test=3)
    return dataclasses.replace(tiny_recipe, source=source, splits=splits)


@pytest.fixture(scope="module")
def rough(tiny_toml):
    """Every effect of a channel, both views, a fractional rate."""
    text = tiny_toml.replace("samples_per_symbol = 2", "samples_per_symbol = 3.5")
    text = text.replace('snr = "0:10:10"', f'snr = "0:10:10"{EVERY_EFFECT}')
    receiver = 'observe = "both"\ntiming = "oerder-meyr"\ncarrier = "mth-power"'
    return parse_recipe(f'{text}\n[source.receiver]\n{receiver}\nphase = "viterbi-viterbi"\n')


def row_bytes(made, row):
    """All that an example is: every view, clean and observed, and what was drawn."""
    views = [
        iq[row].tobytes()
        for pairs in made.views.values()
        for iq in (pairs.observed.iq, pairs.clean)
    ]
    return b"".join([*views, *(values[row].tobytes() for values in made.sampled.values())])


def by_address(recipe, split):
    """Bytes of every example by class, SNR and position."""
    return {
        (block.modulation, block.snr_db, position): row_bytes(made, row)
        for block in blocks(recipe, split)
        for made in [synthesise(recipe, block)]
        for row, position in enumerate(block.positions)
    }


def columns(recipe, split):
    """All columns of a split, joined."""
    pairs = [made.pairs for made in examples(recipe, split)]
    return {
        "observed": np.concatenate([pair.observed.iq for pair in pairs]),
        "clean": np.concatenate([pair.clean for pair in pairs]),
        "label": np.concatenate([pair.observed.label for pair in pairs]),
        "snr_db": np.concatenate([pair.observed.snr_db for pair in pairs]),
    }


def with_modulations(recipe, *modulations):
    source = dataclasses.replace(recipe.source, modulations=modulations)
    return dataclasses.replace(recipe, source=source)


def with_counts(recipe, **counts):
    return dataclasses.replace(recipe, splits=dataclasses.replace(recipe.splits, **counts))


def key_of(rng):
    return rng.bit_generator.seed_seq.entropy, rng.bit_generator.seed_seq.spawn_key


def digest(recipe):
    """One number of all examples of a split."""
    digests = hashlib.sha256()
    for made in examples(recipe, "train"):
        for row in range(len(made)):
            digests.update(row_bytes(made, row))
    return digests.hexdigest()


# what must not change a byte ----------------------------------------------------------------


@pytest.mark.parametrize("which", ["recipe", "rough"])
@pytest.mark.parametrize("count", [1, 2, 7, 63, 64])
def test_the_count_in_a_block_does_not_change_a_byte(which, count, request):
    recipe = request.getfixturevalue(which)
    for name in recipe.classes:
        many = synthesise(recipe, Block("train", name, 10.0, range(64)))
        few = synthesise(recipe, Block("train", name, 10.0, range(count)))
        for row in {0, count // 2, count - 1}:
            assert row_bytes(few, row) == row_bytes(many, row), name


@pytest.mark.parametrize("which", ["recipe", "rough"])
@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_the_number_of_workers_does_not_change_a_byte(which, backend, request):
    recipe = request.getfixturevalue(which)
    made = Parallel(n_jobs=2, backend=backend)(
        delayed(synthesise)(recipe, block) for block in blocks(recipe, "train")
    )
    for block, one in zip(blocks(recipe, "train"), made, strict=True):
        alone = synthesise(recipe, block)
        assert [row_bytes(one, row) for row in range(len(one))] == [
            row_bytes(alone, row) for row in range(len(alone))
        ]


def test_readers_in_one_process_do_not_disturb_each_other(rough):
    work = [*blocks(rough, "train")] * 3
    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(lambda block: row_bytes(synthesise(rough, block), 0), work))
    third = len(work) // 3
    assert made[:third] == made[third : 2 * third] == made[2 * third :]


@pytest.mark.slow
def test_the_threads_of_a_library_do_not_change_a_byte(recipe, rough, tmp_path):
    """A long example, too: where a product is large enough, a library shares it out."""
    source = dataclasses.replace(rough.source, symbols_per_example=4096)
    long = dataclasses.replace(rough, source=source)
    texts = [recipe_to_toml(one) for one in (recipe, rough, long)]
    (tmp_path / "recipes").write_text("\0".join(texts), encoding="utf-8")
    found = [digests_in_a_child(tmp_path / "recipes", threads) for threads in (1, 2)]
    assert len(found[0]) == 3
    assert found[0] == found[1]
    assert found[0][:2] == [digest(recipe), digest(rough)]


def digests_in_a_child(path, threads):
    """What another process with so many threads makes of recipes."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    command = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_synthesis import digest;"
        "from rfmae.datasets.recipe import parse_recipe;"
        "texts = open(sys.argv[2], encoding='utf-8').read().split(chr(0));"
        "print(*(digest(parse_recipe(text)) for text in texts))"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, os.path.dirname(__file__), str(path)],  # noqa: PTH120
        env={**os.environ, **dict.fromkeys(names, str(threads))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_making_blocks_in_another_order_does_not_change_a_byte(rough):
    work = list(blocks(rough, "train"))
    forwards = [row_bytes(synthesise(rough, block), 0) for block in work]
    backwards = [row_bytes(synthesise(rough, block), 0) for block in reversed(work)]
    assert forwards == backwards[::-1]


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


@pytest.mark.parametrize("count", [5, 64, 70, 130])
def test_asking_for_more_examples_leaves_those_before(recipe, count):
    narrow = with_modulations(recipe, "BPSK", "GMSK")
    more = by_address(with_counts(narrow, test=count), "test")
    assert by_address(narrow, "test").items() <= more.items()
    assert len(more) == 2 * 2 * count
    assert len(set(more.values())) == len(more)


@pytest.mark.parametrize("change", [{"name": "other"}, {"about": "Other words."}], ids=str)
def test_a_name_is_not_part_of_an_address(recipe, change):
    other = dataclasses.replace(recipe, **change)
    assert by_address(other, "test") == by_address(recipe, "test")


def test_a_second_view_leaves_the_first(recipe):
    both = dataclasses.replace(recipe.source.receiver, observe="both")
    wider = dataclasses.replace(recipe, source=dataclasses.replace(recipe.source, receiver=both))
    for one, two in zip(examples(recipe, "test"), examples(wider, "test"), strict=True):
        assert np.array_equal(one.pairs.observed.iq, two.views["symbols"].observed.iq)
        assert np.array_equal(one.pairs.clean, two.views["symbols"].clean)


# what must change all of them ---------------------------------------------------------------


def test_no_two_blocks_and_no_two_purposes_share_a_stream(recipe):
    many = with_counts(recipe, train=200, validation=100, test=100)
    purposes = ("bits", "noise", "message", "fading", "phase_offset_turns", "impulses")
    found = [
        key_of(block_streams(recipe.seed, block)(purpose))
        for split in SPLITS
        for block in blocks(many, split)
        for purpose in purposes
    ]
    assert len(set(found)) == len(found)


def test_no_row_of_iq_is_in_two_splits_or_twice_in_one(recipe):
    audible = with_modulations(recipe, *(set(recipe.classes) - {"NOISE"}))
    for column in ("observed", "clean"):
        rows = [row.tobytes() for split in SPLITS for row in columns(audible, split)[column]]
        assert len(set(rows)) == len(rows)


def test_every_modulation_has_an_address_of_its_own():
    found = {
        key_of(block_streams(7, Block("train", name, 0.0, range(1)))("bits"))
        for name in MODULATIONS
    }
    assert len(found) == len(MODULATIONS)


def test_snr_points_on_both_sides_of_zero_have_addresses_of_their_own(recipe):
    points = recipe.with_snr("-30:30:0.5").source.channel.snr_db
    found = {
        key_of(block_streams(7, Block("train", "BPSK", snr_db, range(1)))("bits"))
        for snr_db in points
    }
    assert len(found) == 121


def test_snr_points_too_close_for_an_address_are_refused(recipe):
    with pytest.raises(RfmaeError, match=r"at least 0\.001 dB apart"):
        recipe.with_snr("0:0.001:0.0005")


def test_another_seed_changes_every_row(recipe):
    before, after = by_address(recipe, "train"), by_address(recipe.with_seed(8), "train")
    assert before.keys() == after.keys()
    assert all(before[key] != after[key] for key in before)


def test_asking_twice_for_a_purpose_gives_the_same_numbers(recipe):
    streams = block_streams(7, Block("train", "BPSK", 0.0, range(1)))
    first, again, other = (streams(purpose).random(9) for purpose in ("a", "a", "b"))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_purposes_of_the_package_have_checksums_of_their_own(rough):
    purposes = {
        "bits", "message", "ofdm start", "noise", "fading", "phase noise", "impulses",
        "phase jitter", "phase slope", "snr_offset_db",
        *(f"interferer {name}" for name in ("bits", "message", "ofdm start", "timing", "phase")),
        *rough.drawn_names,
    }  # fmt: skip
    assert len({zlib.crc32(purpose.encode()) for purpose in purposes}) == len(purposes)


# effects of a recipe are applied -------------------------------------------------------------


def test_every_setting_is_drawn_within_its_range_and_comes_with_the_example(rough):
    made = synthesise(rough, Block("train", "16QAM", 10.0, range(64)))
    assert made.sampled.keys() == set(rough.drawn_names)
    for name, setting in rough.source.channel.settings.items():
        values = made.sampled[name]
        assert values.shape == (64,)
        if isinstance(setting, tuple):
            assert setting[0] <= values.min() < values.max() <= setting[1], name
        elif isinstance(setting, float):
            assert (values == setting).all(), name


def test_parameters_of_a_class_reach_its_signals(tiny_toml, tiny_recipe):
    wider = parse_recipe(f"{tiny_toml}\n[source.parameters]\nGMSK = {{bt = 1.0}}\n")
    for name in wider.classes:
        block = Block("train", name, 10.0, range(2))
        one, other = (synthesise(recipe, block).pairs.clean for recipe in (wider, tiny_recipe))
        assert np.array_equal(one, other) == (name != "GMSK")


# what a batch says of itself ----------------------------------------------------------------


def test_a_split_runs_over_class_then_snr_then_position(recipe):
    table = columns(recipe, "test")
    classes, count = len(recipe.classes), 3
    assert table["label"].tolist() == np.repeat(range(classes), 2 * count).tolist()
    assert table["snr_db"].tolist() == np.tile(np.repeat([0.0, 10.0], count), classes).tolist()


def test_batches_are_complex64_of_one_sample_for_each_symbol(recipe):
    pairs = next(iter(examples(recipe, "test"))).pairs
    assert pairs.observed.iq.shape == pairs.clean.shape == (3, 64)
    assert pairs.observed.iq.dtype == pairs.clean.dtype == np.complex64
    assert pairs.observed.classes == recipe.classes
    assert pairs.observed.snr_reference == "symbol"
    assert pairs.observed.samples_per_symbol == 1.0
    assert np.isfinite(pairs.observed.iq).all()


def test_each_view_says_its_own_rate(rough):
    made = synthesise(rough, Block("train", "BPSK", 0.0, range(2)))
    rates = {view: pairs.observed.samples_per_symbol for view, pairs in made.views.items()}
    assert rates == {"symbols": 1.0, "waveform": 3.5}


@pytest.mark.parametrize("count", [1, 9, 64, 65, 200])
def test_blocks_cover_every_position_once(recipe, count):
    many = with_counts(recipe, train=count)
    covered = [
        (block.modulation, block.snr_db, position)
        for block in blocks(many, "train")
        for position in block.positions
    ]
    assert len(covered) == len(set(covered)) == many.examples("train")
    assert max(len(block.positions) for block in blocks(many, "train")) == min(BLOCK, count)


@pytest.mark.parametrize("positions", [range(1, 3), range(65), range(0), range(64, 129)], ids=str)
def test_a_block_starts_at_a_multiple_of_its_size_and_holds_no_more(positions):
    with pytest.raises(ShapeError, match="a block holds at most 64 positions"):
        Block("train", "BPSK", 0.0, positions)
