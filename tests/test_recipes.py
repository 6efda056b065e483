"""Every recipe that comes with rfmae reads, writes, counts and synthesises."""

import dataclasses
import re

import numpy as np
import pytest

from rfmae.datasets.recipe import SPLITS, known_recipes, load_recipe, parse_recipe, recipe_to_toml
from rfmae.datasets.synthesis import Block, blocks, example_rng, synthesise

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
    """The record with one setting changed."""
    name, *rest = path
    value = getattr(record, name)
    new = changed(value, rest) if rest else another(value)
    return dataclasses.replace(record, **{name: new})


def another(value):
    """Another value of the same type, near enough to be legal where it is checked."""
    if isinstance(value, tuple):
        return value[:-1]
    if isinstance(value, str):
        return "0:1" if ":" in value else f"{value}x"
    return value + 2 if isinstance(value, int) else value / 2


def test_recipes_come_with_rfmae():
    assert {"awgn-ten", "awgn-ten-quick", "sdr-linear"} <= set(RECIPES)


def test_a_recipe_has_the_name_of_its_file_and_says_what_it_is_about(recipe):
    assert recipe.name in RECIPES
    assert load_recipe(recipe.name) == recipe
    assert recipe.about.endswith(".")


def test_every_recipe_is_commented_where_a_number_needs_its_unit(recipe):
    text = RECIPES[recipe.name].read_text(encoding="utf-8")
    for key in ("snr", "size", "extent", "half_widths"):
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
    symbols = recipe.source.symbols_per_example
    for modulation in recipe.classes:
        snr_db = recipe.source.channel.snr_db[-1]
        pairs = synthesise(recipe, Block("train", modulation, snr_db, range(2)))
        assert pairs.observed.iq.shape == pairs.clean.shape == (2, symbols)
        assert np.isfinite(pairs.observed.iq).all()
        # the receiver sets the gain of each example
        power = np.mean(np.abs(pairs.observed.iq) ** 2, axis=1)
        assert power == pytest.approx(np.ones(2), abs=1e-3)
        assert pairs.observed.iq[0].tobytes() != pairs.observed.iq[1].tobytes()


def test_no_point_of_any_split_shares_its_first_address(recipe):
    found = [
        example_rng(recipe.seed, split, block.modulation, block.snr_db, 0).bit_generator.seed_seq
        for split in SPLITS
        for block in blocks(recipe, split, recipe.examples_per_point(split))
    ]
    points = len(recipe.classes) * len(recipe.source.channel.snr_db)
    assert len({seed.spawn_key for seed in found}) == len(found) == len(SPLITS) * points
