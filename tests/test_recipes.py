"""Every recipe that comes with rfmae reads, writes, counts and synthesises."""

import copy
import dataclasses
import re

import numpy as np
import pytest

from rfmae.datasets.recipe import SPLITS, known_recipes, load_recipe, parse_recipe, recipe_to_toml
from rfmae.datasets.synthesis import Block, block_streams, blocks, synthesise
from rfmae.signal.modulations import identical_classes

RECIPES = known_recipes()


@pytest.fixture(params=sorted(RECIPES), scope="module")
def recipe(request):
    return load_recipe(request.param)


def leaves(record, path=()):
    """The path of every setting of a recipe, tables opened."""
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if dataclasses.is_dataclass(value):
            yield from leaves(value, (*path, item.name))
        else:
            yield (*path, item.name)


def changed(record, path):
    """The record with one setting changed, legal or not."""
    name, *rest = path
    value = getattr(record, name)
    other = copy.copy(record)
    object.__setattr__(other, name, changed(value, rest) if rest else another(value))
    return other


def another(value):
    """Another value of the same type."""
    if isinstance(value, dict):
        return {**value, "GMSK": {"bt": 0.125}}
    if isinstance(value, tuple):
        return value[:-1]
    if isinstance(value, str):
        return f"{value}x"
    return value + 2 if isinstance(value, int) else value / 2 + 0.125


def test_recipes_come_with_rfmae():
    named = {"awgn-ten", "awgn-ten-quick", "legacy", "legacy-five", "radio-24", "sdr-linear"}
    assert named <= set(RECIPES)


def test_a_recipe_has_the_name_of_its_file_and_says_what_it_is_about(recipe):
    assert recipe.name in RECIPES
    assert load_recipe(recipe.name) == recipe
    assert recipe.about.endswith(".")


def test_every_recipe_is_commented_where_a_number_needs_its_unit(recipe):
    text = RECIPES[recipe.name].read_text(encoding="utf-8")
    for key in ("snr", "size", "extent", "planes"):
        assert re.search(rf"^{key} = .*#", text, flags=re.MULTILINE), key


def test_a_recipe_reads_back_from_its_own_toml(recipe):
    text = recipe_to_toml(recipe)
    assert parse_recipe(text) == recipe
    assert parse_recipe(text).fingerprint == recipe.fingerprint


def test_the_fingerprint_changes_with_each_setting(recipe):
    found = {recipe.fingerprint}
    paths = [path for path in leaves(recipe) if path != ("schema",)]  # of which there is one
    found |= {changed(recipe, path).fingerprint for path in paths}
    assert len(found) == len(paths) + 1


def test_no_two_recipes_share_a_fingerprint():
    assert len({load_recipe(name).fingerprint for name in RECIPES}) == len(RECIPES)


def test_every_recipe_synthesises_two_examples(recipe):
    for modulation in recipe.classes:
        snr_db = recipe.source.channel.snr_db[-1]
        made = synthesise(recipe, Block("train", modulation, snr_db, range(2)))
        assert tuple(made.views) == recipe.views
        assert made.sampled.keys() == set(recipe.drawn_names)
        for view, pairs in made.views.items():
            shape = (2, recipe.samples(view))
            assert pairs.observed.iq.shape == pairs.clean.shape == shape
            assert np.isfinite(pairs.observed.iq).all()
            if recipe.source.kind == "synthetic":  # the receiver sets the gain of each example
                power = np.mean(np.abs(pairs.observed.iq) ** 2, axis=1)
                assert power == pytest.approx(np.ones(2), abs=1e-3)
            assert pairs.observed.iq[0].tobytes() != pairs.observed.iq[1].tobytes()


def test_the_five_inputs_of_the_predecessor_are_of_the_examples_of_legacy():
    legacy, five = load_recipe("legacy"), load_recipe("legacy-five")
    names = [modality.name for modality in five.modalities]
    assert names == ["image", "signal", "clean_image", "clean_signal", "noise"]
    assert [modality.name for modality in legacy.modalities] == ["image"]
    block = Block("train", "GMSK", -9.5, range(2))
    ours, theirs = (synthesise(recipe, block).views["waveform"] for recipe in (five, legacy))
    assert ours.observed.iq.tobytes() == theirs.observed.iq.tobytes()
    changes = {"name": "legacy", "about": legacy.about, "modalities": legacy.modalities}
    assert dataclasses.replace(five, **changes) == legacy


def test_every_class_of_a_recipe_can_be_distinguished_from_the_others_unless_published_otherwise(
    recipe,
):
    published = [("4ASK", "4PAM"), ("CPFSK", "GFSK")] if recipe.source.kind == "published" else []
    assert identical_classes(recipe.modulations) == published


def test_no_two_blocks_of_any_split_share_a_stream(recipe):
    found = [
        block_streams(recipe.seed, block)("bits").bit_generator.seed_seq.spawn_key
        for split in SPLITS
        for block in blocks(recipe, split)
    ]
    assert len(set(found)) == len(found)
