from dataclasses import replace

import numpy as np
import pytest
from small_predictors import linear_recipe, write

from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.robustness_examples import available_grids, first_rows
from rfmae.datasets.robustness_grids import LINK_GRIDS, STORED_GRIDS
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
    assert set(ALL_GRIDS) - set(available_grids(write(small, tmp_path))) == {missing}


def test_the_first_rows_are_those_of_every_class_and_point(dataset):
    label, snr_db = dataset.labels("test")
    rows = first_rows(dataset, 4)
    assert len(rows) == 3 * 2 * 4
    assert (np.diff(rows) > 0).all()
    counts = np.unique(np.stack([label[rows], snr_db[rows]]), axis=1, return_counts=True)[1]
    assert counts.tolist() == [4] * 6
    np.testing.assert_array_equal(first_rows(dataset, 1_000), np.arange(len(label)))
