from dataclasses import replace

import numpy as np
import pytest
from small_predictors import Silence, knowing, linear_recipe, never_sure, predictor, write

from rfmae.datasets.cards import dataset_card
from rfmae.datasets.recipe import Splits, load_recipe, recipe_to_toml
from rfmae.datasets.store import Dataset
from rfmae.datasets.unknown_signals import NOISE_ALONE, unknown_kinds
from rfmae.evaluation.classification import collect_answers
from rfmae.workflows.evaluate.open_sets import measure_open_sets


def folder_of(recipe, tmp_path):
    """A data set without files, for what only asks for its recipe and its card."""
    small = replace(recipe, splits=Splits(1, 1, 1))
    (tmp_path / "recipe.toml").write_text(recipe_to_toml(small), encoding="utf-8")
    return Dataset(tmp_path, dataset_card(small))


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    return write(linear_recipe(tiny_recipe), tmp_path_factory.mktemp("open"))


def answers(dataset, answer):
    observed = dataset.read_views("test", ("symbols",))
    return collect_answers(
        answer,
        [observed],
        snr_db=dataset.snr_db,
        classes=dataset.classes,
        snr_reference=dataset.snr_reference,
    )


def measured(dataset, answer, **options):
    return measure_open_sets(
        dataset, predictor(answer), answers(dataset, answer), Silence(), **options
    )


def test_who_is_sure_of_the_known_alone_tells_every_unknown(dataset):
    def perfect(observed):
        known = observed["symbols"].classes == dataset.classes
        return knowing(observed) if known else np.full((len(observed["symbols"]), 3), 1 / 3)

    found = measured(dataset, perfect)
    assert [item.unknown for item in found] == [
        NOISE_ALONE,
        "8PSK",
        "64QAM",
        "2FSK",
        "OFDM-QPSK",
        "AM-DSB-WC",
    ]
    assert {(item.auroc, item.fpr95) for item in found} == {(1.0, 0.0)}
    assert {item.unknown_examples for item in found} == {2 * 20}
    assert {item.known_examples for item in found} == {3 * 2 * 30}


def test_who_is_as_sure_of_the_unknown_tells_none(dataset):
    for item in measured(dataset, never_sure, per_point=3):
        assert (item.auroc, item.fpr95, item.unknown_examples) == (0.5, 1.0, 6)


def noise_seen(dataset, views=("symbols",)):
    """The I/Q of noise alone that a predictor gets."""
    seen = []

    def look(observed):
        seen.append({view: batch.iq for view, batch in observed.items()})
        return never_sure(observed)

    known = answers(dataset, never_sure)
    measure_open_sets(dataset, predictor(look, *views), known, Silence(), per_point=100)
    points = len(dataset.snr_db)
    blocks = -(-100 // 64) if dataset.has_clean else 1
    return np.concatenate([part[views[0]] for part in seen[: points * blocks]])


@pytest.mark.parametrize("synthetic", [True, False])
def test_noise_alone_is_white_of_unit_power(dataset, synthetic):
    iq = noise_seen(Dataset(dataset.folder, {**dataset.card, "synthetic": synthetic}))
    assert iq.shape == (200, 64)
    assert len(np.unique(iq[:, 0])) == 200
    deviation = 1 / np.sqrt(iq.size)
    assert np.mean(np.abs(iq) ** 2) == pytest.approx(1, abs=4 * deviation)
    for lag in (1, 2, 5):
        assert abs(np.mean(iq[:, lag:] * iq[:, :-lag].conj())) < 4 * deviation
    assert abs(np.mean(iq**2)) < 4 * np.sqrt(2) * deviation  # circular


def test_imported_and_published_signals_are_tried_with_noise_alone(dataset, tmp_path):
    imported = Dataset(dataset.folder, {**dataset.card, "synthetic": False})
    assert [item.unknown for item in measured(imported, never_sure)] == [NOISE_ALONE]
    assert unknown_kinds(folder_of(load_recipe("legacy"), tmp_path)) == {NOISE_ALONE: None}


def test_the_same_question_has_the_same_answer(dataset):
    def by_power_of_the_first(observed):
        share = np.clip(np.abs(observed["symbols"].iq[:, 0]), 0.01, 0.99)
        return np.stack([share, 1 - share, 0 * share], axis=1)

    assert measured(dataset, by_power_of_the_first) == measured(dataset, by_power_of_the_first)
