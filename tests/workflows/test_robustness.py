from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_predictors import Silence, by_moments, knowing, linear_recipe, predictor, write

from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.robustness_examples import available_grids, changes_stored
from rfmae.datasets.robustness_grids import LINK_GRIDS, STORED_GRIDS
from rfmae.datasets.store import Dataset
from rfmae.errors import DatasetError, ShapeError
from rfmae.records import as_plain, wilson_interval
from rfmae.workflows.evaluate.predictors import open_predictor
from rfmae.workflows.evaluate.robustness import measure_robustness

OF_SYMBOLS = {**LINK_GRIDS, **STORED_GRIDS}.keys() - {"sample-rate"}
SAME_SHAPE = sorted(LINK_GRIDS.keys() - {"length"})


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    recipe = linear_recipe(tiny_recipe, samples_per_symbol=4)
    return write(recipe, tmp_path_factory.mktemp("robust"))


@pytest.fixture(scope="module")
def both_views(tiny_recipe, tmp_path_factory):
    """Symbols and waveforms, hardly any noise and hardly anything else."""
    receiver = replace(tiny_recipe.source.receiver, observe="both")
    source = replace(
        tiny_recipe.source,
        modulations=("QPSK", "OQPSK", "GMSK", "AM-DSB-SC"),
        samples_per_symbol=4,
        receiver=receiver,
    )
    recipe = replace(tiny_recipe, source=source, splits=Splits(1, 1, 3))
    return write(recipe.with_snr("-40:40:80"), tmp_path_factory.mktemp("both"))


@pytest.fixture(scope="module")
def imported(dataset):
    """The same files as if somebody else had made them."""
    return Dataset(dataset.folder, {**dataset.card, "synthetic": False})


def measured(dataset, predictors, *names, per_point=10):
    return measure_robustness(dataset, predictors, names, per_point, Silence())


def seen_in(dataset, name):
    """The I/Q (N, T) of every value of a grid, by view."""
    seen = {view: [] for view in dataset.views}

    def look(observed):
        for view, batch in observed.items():
            seen[view].append(batch.iq)
        return knowing(observed)

    (grid,) = measured(dataset, {"eye": predictor(look, *dataset.views)}, name, per_point=3)
    values = len(grid.values)
    for parts in seen.values():
        del parts[0]  # one example, to see whether it can answer
        assert len(parts) % values == 0
    each = len(seen["symbols"]) // values
    return {
        view: [np.concatenate(parts[n * each :][:each]) for n in range(values)]
        for view, parts in seen.items()
    }


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_bits_and_noise_are_the_same_for_every_value(both_views, name):
    """At 40 dB other bits, and at -40 dB other noise, would correlate by a few tenths."""
    for iq in seen_in(both_views, name).values():
        assert likeness(iq[0], iq[1]).min() > 0.85


@pytest.mark.parametrize("name", SAME_SHAPE)
def test_the_farthest_value_of_every_grid_is_felt(both_views, name):
    trained, *_, farthest = seen_in(both_views, name)["waveform"]
    assert likeness(trained, farthest).min() < 0.99


def likeness(first, second):
    """Magnitude of the correlation of each example (N, T) of unit power with its other self."""
    return np.abs(np.mean(first.conj() * second, axis=1))


@pytest.mark.parametrize("name", sorted(OF_SYMBOLS))
def test_the_first_value_is_as_good_as_the_plain_test_split(dataset, name):
    plain = dataset.read_views("test", ("symbols",))
    hits = (by_moments(plain).argmax(axis=1) == plain["symbols"].label).sum()
    low, high = wilson_interval(hits, np.asarray(len(plain["symbols"])))
    (grid,) = measured(dataset, {"moments": predictor(by_moments)}, name, per_point=30)
    if changes_stored(dataset, name):  # the very same examples
        assert grid.hits["moments"][0] == hits
    assert low < grid.hits["moments"][0] / grid.examples[0] < high
    assert grid.examples.tolist() == [180] * len(grid.values)
    assert grid.values[0] in (0.0, 0.35, 64.0)


@pytest.mark.parametrize("model", ["likelihood", "likelihood-blind"])
def test_gain_means_nothing_to_who_measures_it(dataset, model):
    receiver = open_predictor(dataset, Path(model), "cpu")
    (grid,) = measured(dataset, {"best": receiver}, "gain", per_point=2)
    assert len(set(grid.hits["best"].tolist())) == 1
    assert grid.drop_at == {"best": None}


def test_the_point_where_accuracy_falls_by_five_points_is_named(dataset):
    def loud_only(observed):
        """Right as long as the gain is above -5 dB, and wrong for 4 of 60 from +15 dB on."""
        power = np.mean(np.abs(observed["symbols"].iq) ** 2, axis=1)
        wrong = (power < 0.3) | ((power > 30) & (np.arange(len(power)) % 15 == 0))
        return np.eye(3)[(observed["symbols"].label + wrong) % 3]

    def a_little_wrong(observed):
        power = np.mean(np.abs(observed["symbols"].iq) ** 2, axis=1)
        wrong = (power > 3) & (np.arange(len(power)) % 30 == 0)
        return np.eye(3)[(observed["symbols"].label + wrong) % 3]

    models = {"loud": predictor(loud_only), "little": predictor(a_little_wrong)}
    (grid,) = measured(dataset, {**models, "knowing": predictor(knowing)}, "gain")
    assert grid.values == (0.0, -10.0, 10.0, -20.0, 20.0)
    assert grid.hits["loud"].tolist() == [60, 0, 60, 0, 56]
    assert grid.hits["little"].tolist() == [60, 60, 58, 60, 58]
    assert grid.drop_at == {"loud": -10.0, "little": None, "knowing": None}


@pytest.mark.parametrize("name", ["carrier-offset", "timing", "iq-imbalance", "phase-noise"])
def test_a_receiver_falls_where_its_law_no_longer_holds(dataset, name):
    (grid,) = measured(dataset, {"moments": predictor(by_moments)}, name, per_point=30)
    share = grid.hits["moments"] / grid.examples
    assert share[-1] < share[0] - 0.05
    assert grid.drop_at["moments"] in grid.values[1:]


def test_fewer_symbols_tell_less(dataset):
    (grid,) = measured(dataset, {"moments": predictor(by_moments)}, "symbols", per_point=30)
    assert grid.values == (64.0, 32.0, 16.0)
    assert grid.hits["moments"][2] < grid.hits["moments"][0]


def test_a_shorter_example_is_the_beginning_at_unit_power(both_views):
    for view, iq in seen_in(both_views, "symbols").items():
        longest, shortest = iq[0], iq[-1]
        assert shortest.shape[1] * 4 == longest.shape[1] == both_views.samples(view)
        np.testing.assert_allclose(np.mean(np.abs(shortest) ** 2, axis=1), 1, rtol=1e-5)
        ratio = shortest / longest[:, : shortest.shape[1]]
        np.testing.assert_allclose(ratio, ratio[:, :1] + 0 * ratio, rtol=1e-4)


def test_a_model_of_fixed_length_is_left_out_with_the_reason(dataset):
    def fixed(observed):
        if observed["symbols"].iq.shape[1] != 64:
            raise ShapeError("signal must be (N, (2, 64)), got less")
        return knowing(observed)

    progress = Silence()
    models = {"fixed": predictor(fixed), "free": predictor(knowing)}
    (grid,) = measure_robustness(dataset, models, ["symbols"], 2, progress)
    assert list(grid.hits) == list(grid.drop_at) == ["free"]
    assert grid.left_out == {"fixed": "signal must be (N, (2, 64)), got less"}
    assert progress.notes == [f"fixed is left out of the grid symbols: {grid.left_out['fixed']}"]


def test_all_means_every_grid_that_there_is(dataset, imported):
    grids = measured(dataset, {"knowing": predictor(knowing)}, "all", "gain", per_point=1)
    assert len(grids) == len(OF_SYMBOLS) == len({grid.what for grid in grids})
    assert all(as_plain(grid)["drop_at"] == {"knowing": None} for grid in grids)
    grids = measured(imported, {"knowing": predictor(knowing)}, "all", per_point=1)
    assert [grid.unit for grid in grids] == ["turns per symbol", "dB", "symbols"]


def test_what_cannot_be_made_anew_is_refused_with_what_can(imported, tiny_recipe, tmp_path):
    message = "has no grid 'timing'.*available: carrier-offset, gain, symbols$"
    with pytest.raises(DatasetError, match=message):
        measured(imported, {}, "gain", "timing")
    recipe = load_recipe("legacy")
    source = replace(recipe.source, modulations=("OOK", "4PAM"), symbols_per_example=16)
    small = replace(recipe, source=source, splits=Splits(1, 1, 1)).with_snr("0")
    stored = ("carrier-offset", "sample-rate", "gain", "symbols")
    assert available_grids(write(small, tmp_path)) == stored


def test_a_misspelt_grid_is_refused_with_the_nearest(dataset):
    with pytest.raises(DatasetError, match="did you mean timing"):
        measured(dataset, {}, "timeing")
