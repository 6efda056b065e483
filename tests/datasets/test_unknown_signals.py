from dataclasses import replace

import pytest

from rfmae.datasets.cards import dataset_card
from rfmae.datasets.recipe import Splits, known_recipes, load_recipe, recipe_to_toml
from rfmae.datasets.store import Dataset
from rfmae.datasets.synthesis import Block, synthesise
from rfmae.datasets.unknown_signals import NOISE_ALONE, unknown_kinds
from rfmae.signal.modulations import MODULATIONS, find_modulation, identical_classes

SYNTHETIC = [name for name in known_recipes() if load_recipe(name).source.kind == "synthetic"]


def folder_of(recipe, tmp_path):
    """A data set without files, for what only asks for its recipe and its card."""
    small = replace(recipe, splits=Splits(1, 1, 1))
    (tmp_path / "recipe.toml").write_text(recipe_to_toml(small), encoding="utf-8")
    return Dataset(tmp_path, dataset_card(small))


@pytest.mark.parametrize("name", SYNTHETIC)
def test_no_unknown_sends_the_signals_of_a_class(name, tmp_path):
    recipe = load_recipe(name)
    kinds = unknown_kinds(folder_of(recipe, tmp_path))
    modulations = [kind for kind in kinds if kind != NOISE_ALONE]
    assert len(modulations) == 5
    rows = [*recipe.modulations, *map(find_modulation, modulations)]
    assert len({row.name for row in rows}) == len(rows)
    for group in identical_classes(rows):
        assert not set(group) & set(modulations)


@pytest.mark.parametrize("name", SYNTHETIC)
def test_every_unknown_goes_over_the_link_of_the_recipe(name, tmp_path):
    recipe = load_recipe(name)
    for kind, sent in unknown_kinds(folder_of(recipe, tmp_path)).items():
        modulation = "NOISE" if kind == NOISE_ALONE else kind
        channel = sent.source.channel
        assert (channel.snr, sent.seed) == (recipe.source.channel.snr, recipe.seed)
        assert sent.source.receiver == recipe.source.receiver
        made = synthesise(sent, Block("test", modulation, channel.snr_db[-1], range(2)))
        assert {view: pairs.observed.iq.shape for view, pairs in made.views.items()} == {
            view: (2, recipe.samples(view)) for view in recipe.views
        }


def test_settings_that_make_a_class_of_an_unknown_take_it_off_the_list(tiny_recipe, tmp_path):
    """CPFSK of index 1 is 2FSK."""
    assert "2FSK" in unknown_kinds(folder_of(tiny_recipe, tmp_path))
    source = replace(
        tiny_recipe.source,
        modulations=("BPSK", "CPFSK"),
        parameters={"CPFSK": {"modulation_index": 1.0}},
    )
    assert "2FSK" not in unknown_kinds(folder_of(replace(tiny_recipe, source=source), tmp_path))


def test_unknowns_that_the_link_cannot_carry_are_left_out(tiny_recipe, tmp_path):
    """Analog signals carry no bits that an Eb/N0 could refer to; noise alone needs none."""
    channel = replace(tiny_recipe.source.channel, snr_reference="bit")
    recipe = replace(tiny_recipe, source=replace(tiny_recipe.source, channel=channel))
    kinds = unknown_kinds(folder_of(recipe, tmp_path))
    assert len(kinds) == 6
    assert all(kind == NOISE_ALONE or MODULATIONS[kind].is_digital for kind in kinds)


def test_noise_is_no_unknown_where_it_is_a_class(tiny_recipe, tmp_path):
    source = replace(tiny_recipe.source, modulations=("BPSK", "NOISE"))
    assert NOISE_ALONE not in unknown_kinds(
        folder_of(replace(tiny_recipe, source=source), tmp_path)
    )
