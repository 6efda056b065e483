from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_predictors import Silence, linear_recipe, write

from rfmae.artefacts import write_json
from rfmae.baselines.files import save_baseline
from rfmae.baselines.trained import LabelledExamples, fit_baseline
from rfmae.errors import CheckpointError, RfmaeError
from rfmae.evaluation.cost import measure_cost
from rfmae.evaluation.counting import parameters_of
from rfmae.models.checkpoint import BEST_NAME, model_card, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.presets import classifier_config, encoder_config, patch_grid
from rfmae.records import IMAGE_ALONE, Modality
from rfmae.training.loaders import image_card
from rfmae.workflows.evaluate.predictors import (
    dataset_of,
    dataset_of_models,
    model_names,
    open_predictor,
)
from rfmae.workflows.evaluate.robustness import measure_robustness


@pytest.fixture(scope="module")
def home(tiny_recipe, tmp_path_factory):
    """Two data sets of other seeds, where the data sets of a home lie."""
    folder = tmp_path_factory.mktemp("home")
    for seed in (0, 1):
        recipe = linear_recipe(tiny_recipe).with_seed(seed)
        write(recipe, folder).folder.rename(folder / recipe.folder_name)
    return folder


@pytest.fixture(scope="module")
def dataset(home, tiny_recipe):
    return dataset_of_models([], home / linear_recipe(tiny_recipe).with_seed(0).folder_name, home)


def trained_on(dataset):
    return {"dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint}}


def saved_classifier(dataset, folder, modalities=IMAGE_ALONE):
    """A classifier that learnt nothing."""
    torch.manual_seed(0)
    samples = {view: dataset.samples(view) for view in dataset.views}
    grids = tuple(patch_grid(item, item.shape(dataset.image, samples)) for item in modalities)
    network = Classifier(classifier_config(encoder_config("tiny", grids), len(dataset.classes)))
    card = {
        **model_card(network),
        **image_card(dataset, modalities),
        **trained_on(dataset),
        "classes": list(dataset.classes),
    }
    save_checkpoint(network.state_dict(), card, folder)
    return folder


@pytest.fixture(scope="module")
def classifier(dataset, tmp_path_factory):
    return saved_classifier(dataset, tmp_path_factory.mktemp("made") / "classifier")


@pytest.fixture(scope="module")
def baseline(dataset, tmp_path_factory):
    views = {"symbols": dataset.read_observed("test").iq}
    given = LabelledExamples(views, *dataset.labels("test"))
    folder = tmp_path_factory.mktemp("made") / "baseline"
    fitted = fit_baseline("kolmogorov", given, given, dataset.classes)
    save_baseline(fitted, trained_on(dataset), folder)
    return folder


@pytest.fixture(scope="module")
def models(classifier, baseline):
    return {
        "classifier": classifier,
        "baseline": baseline,
        "likelihood": Path("likelihood"),
        "likelihood-blind": Path("likelihood-blind"),
        "function": Path("small_predictors:never_sure_of"),
    }


MODELS = ["classifier", "baseline", "likelihood", "likelihood-blind", "function"]


@pytest.mark.parametrize("kind", MODELS)
def test_every_kind_of_candidate_answers_with_probabilities(dataset, models, kind):
    predictor = open_predictor(dataset, models[kind], "cpu")
    observed = dataset.read_views("test", predictor.views, slice(7))
    probabilities = predictor.answer(observed)
    assert probabilities.shape == (7, 3)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (predictor.origin.dataset, predictor.origin.model) == (dataset.folder, models[kind])
    assert (predictor.network is not None) == (kind == "classifier")


@pytest.mark.parametrize("kind", MODELS)
def test_the_gain_of_an_example_is_nothing_to_any_candidate(dataset, models, kind):
    """Amplitudes are in units of the rms: rounding alone may differ."""
    predictor = open_predictor(dataset, models[kind], "cpu")
    observed = dataset.read_views("test", predictor.views, slice(0, None, 30))
    loud = {view: replace(batch, iq=batch.iq * np.float32(37)) for view, batch in observed.items()}
    np.testing.assert_allclose(predictor.answer(loud), predictor.answer(observed), atol=1e-3)


@pytest.mark.parametrize("kind", ["classifier", "baseline"])
def test_a_candidate_of_other_classes_is_refused(tiny_recipe, tmp_path, models, kind):
    recipe = linear_recipe(tiny_recipe)
    source = replace(recipe.source, modulations=("OOK", "8PSK"))
    other = write(replace(recipe, source=source), tmp_path)
    with pytest.raises(CheckpointError, match="knows the classes BPSK, QPSK, 16QAM, but data"):
        open_predictor(other, models[kind], "cpu")


def test_a_network_is_counted_and_its_cost_measured(dataset, classifier):
    predictor = replace(open_predictor(dataset, classifier, "cpu"), origin=None)  # no new process
    found = measure_cost(predictor, dataset.read_views("test", predictor.views, slice(2)))
    assert found.parameters == parameters_of(predictor.network)
    # at least each weight of the encoder once for every patch
    assert found.macs > 16 * 0.9 * parameters_of(predictor.network.encoder)
    assert found.latency_p95_ms >= found.latency_p50_ms > 0


def test_a_network_of_the_sequence_is_left_out_where_it_is_shorter(dataset, classifier, tmp_path):
    signal = saved_classifier(dataset, tmp_path / "signal", (Modality(), Modality("signal")))
    predictors = {
        "image": open_predictor(dataset, classifier, "cpu"),
        "signal": open_predictor(dataset, signal, "cpu"),
    }
    (grid,) = measure_robustness(dataset, predictors, ["symbols"], 1, Silence())
    assert list(grid.hits) == ["image"]
    assert "signal must be" in grid.left_out["signal"]


def test_names_of_models_are_fit_for_files():
    paths = [Path("runs/probe"), Path("likelihood"), Path("my.radio:net.classify")]
    assert model_names(paths) == ["probe", "likelihood", "my.radio.net.classify"]


def test_a_checkpoint_is_named_with_its_run(tmp_path):
    checkpoint = tmp_path / "run" / "checkpoints" / "0005000"
    checkpoint.mkdir(parents=True)
    write_json(tmp_path / "run" / BEST_NAME, {})
    assert model_names([checkpoint, tmp_path / "run"]) == ["run-0005000", "run"]


def test_models_of_one_name_are_refused():
    with pytest.raises(CheckpointError, match="different names, got probe, probe"):
        model_names([Path("a/probe"), Path("b/probe")])


@pytest.mark.parametrize("kind", ["classifier", "baseline"])
def test_a_trained_candidate_finds_its_data_set(home, dataset, models, kind):
    found = dataset_of_models([models["likelihood"], models["function"], models[kind]], None, home)
    assert found.folder == dataset.folder
    assert dataset_of(models[kind], None, home).folder == dataset.folder
    with pytest.raises(RfmaeError, match="which does not exist; name --data"):
        dataset_of(models[kind], None, home / "elsewhere")


def test_candidates_that_were_not_trained_sit_the_exam_of_the_newest(home, models):
    newest = max(home.iterdir(), key=lambda folder: (folder / "card.json").stat().st_mtime)
    for kind in ("likelihood", "likelihood-blind", "function"):
        assert dataset_of_models([models[kind]], None, home).folder == newest
