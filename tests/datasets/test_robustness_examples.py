from dataclasses import replace

import numpy as np
import pytest
from small_predictors import linear_recipe, write

from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.robustness_examples import (
    available_grids,
    changes_stored,
    check_grids,
    chosen_grids,
    first_rows,
    robustness_examples,
)
from rfmae.datasets.robustness_grids import LINK_GRIDS, STORED_GRIDS
from rfmae.errors import DatasetError
from rfmae.records import IqBatch
from rfmae.signal.fading import fading_gains

ALL_GRIDS = (*LINK_GRIDS, *STORED_GRIDS)


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    recipe = linear_recipe(tiny_recipe, samples_per_symbol=4)
    return write(recipe, tmp_path_factory.mktemp("robust"))


def test_scattered_shares_are_the_rician_factor(dataset):
    """The power of Rician fading has variance (1 + 2K)/(1 + K)² (Simon, Alouini, ch. 2.2)."""
    link = load_recipe(dataset.folder / "recipe.toml").link
    rng = np.random.default_rng(0)
    for share in (0.1, 0.5, 1.0):
        fading = LINK_GRIDS["fading"].changed(link, share).channel.fading
        k_factor_db = -np.inf if fading.kind == "rayleigh" else fading.k_factor_db
        gains = np.abs(fading_gains(10_000, 1, 0.0, rng, k_factor_db=k_factor_db)) ** 2
        k = (1 - share) / share
        assert gains.mean() == pytest.approx(1, abs=0.03)
        assert gains.var() == pytest.approx((1 + 2 * k) / (1 + k) ** 2, rel=0.1)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"pulse": {"shape": "rectangular"}}, "rolloff"),
        ({"fading": {"kind": "rayleigh"}}, "fading"),
    ],
)
def test_a_grid_that_has_nothing_to_vary_is_not_offered(tiny_recipe, tmp_path, changes, missing):
    recipe = linear_recipe(tiny_recipe)
    source = recipe.source
    if "pulse" in changes:
        source = replace(source, pulse=replace(source.pulse, **changes["pulse"]))
    else:
        fading = replace(source.channel.fading, **changes["fading"])
        source = replace(source, channel=replace(source.channel, fading=fading))
    small = replace(recipe, source=source, splits=Splits(1, 1, 1))
    # of symbols alone nobody can say what another sample rate had given
    lacking = {missing, "sample-rate"}
    assert set(ALL_GRIDS) - set(available_grids(write(small, tmp_path))) == lacking


def test_the_first_rows_are_those_of_every_class_and_point(dataset):
    label, snr_db = dataset.labels("test")
    rows = first_rows(dataset, 4)
    assert len(rows) == 3 * 2 * 4
    assert (np.diff(rows) > 0).all()
    counts = np.unique(np.stack([label[rows], snr_db[rows]]), axis=1, return_counts=True)[1]
    assert counts.tolist() == [4] * 6
    np.testing.assert_array_equal(first_rows(dataset, 1_000), np.arange(len(label)))


# carrier, rate and length of examples ---------------------------------------------------------


def tone(frequency, samples=400, samples_per_symbol=4.0):
    """A batch of one complex tone, its frequency in cycles per sample."""
    iq = np.exp(2j * np.pi * frequency * np.arange(samples)).astype(np.complex64)[None]
    return IqBatch(iq, np.zeros(1, int), np.zeros(1), ("tone",), samples_per_symbol, "dataset")


def frequency_of(iq):
    """Of a tone, by its steps of phase away from the ends."""
    inside = iq[0, 40:-40]
    return np.angle(inside[1:] * inside[:-1].conj()).mean() / (2 * np.pi)


@pytest.mark.parametrize("offset", [0.0, 1e-3, 5e-2])
def test_a_stored_carrier_moves_by_turns_per_symbol(offset):
    moved = STORED_GRIDS["carrier-offset"].changed(tone(0.1), offset, "rms")
    assert frequency_of(moved) == pytest.approx(0.1 + offset / 4, abs=1e-6)
    assert np.abs(moved) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("ratio", [1.0, 0.9, 0.99, 1.05, 1.1])
def test_another_sampling_interval_scales_every_frequency(ratio):
    found = STORED_GRIDS["sample-rate"].changed(tone(0.1), ratio, "rms")
    assert frequency_of(found) == pytest.approx(0.1 * ratio, abs=1e-5)
    assert np.abs(found[0, 40:-40]) == pytest.approx(1, abs=1e-3)
    # every instant lies among the samples that there are
    assert found.shape[1] == min(400, int(399 / ratio) + 1)


def test_lengths_are_those_of_the_recipe_and_four_more(dataset):
    _, values, batches = robustness_examples(dataset, "length", 2)
    assert values == (64.0, 128.0, 256.0, 512.0, 1024.0)
    for value in values[:3]:
        observed = next(batches(value))["symbols"]
        assert observed.iq.shape[1] == value
        assert np.mean(np.abs(observed.iq) ** 2) == pytest.approx(1, abs=0.05)


def test_a_grid_over_the_link_is_preferred_to_one_of_stored_examples(dataset):
    imported = replace(dataset, card={**dataset.card, "synthetic": False})
    waveforms = {"waveform": {"samples": 256, "samples_per_symbol": 4.0}}
    whole = replace(imported, card={**imported.card, "views": waveforms})
    assert not changes_stored(dataset, "carrier-offset")
    assert changes_stored(imported, "carrier-offset")
    assert available_grids(imported) == ("carrier-offset", "gain", "symbols")
    assert available_grids(whole) == ("carrier-offset", "sample-rate", "gain", "symbols")
    with pytest.raises(DatasetError, match="has no grid 'length'"):
        chosen_grids(imported, ["length"])
    with pytest.raises(DatasetError, match="no robustness grid 'lenght'"):
        check_grids(["lenght"])
