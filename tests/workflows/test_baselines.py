"""Baselines from a data set folder to an answer, through the door that eval-snr uses."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.artefacts import read_card
from rfmae.baselines.files import load_baseline
from rfmae.baselines.trained import METHODS
from rfmae.datasets.recipe import parse_recipe
from rfmae.datasets.store import write_dataset
from rfmae.errors import ArtefactError, RecipeError, TrainingError
from rfmae.models.checkpoint import load_checkpoint
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.evaluate.predictors import open_predictor
from rfmae.workflows.learning import baselines
from rfmae.workflows.learning.baselines import (
    NETWORKS,
    baseline_names,
    check_baseline,
    train_baseline,
)


@pytest.fixture(scope="module")
def dataset(tiny_toml, tmp_path_factory):
    text = tiny_toml.replace("train = 2", "train = 12").replace("validation = 1", "validation = 4")
    return write_dataset(parse_recipe(text), tmp_path_factory.mktemp("data") / "tiny")


@pytest.fixture
def read_rows(monkeypatch):
    """The rows of every split that are read."""
    rows = {}
    own = baselines._read

    def spied(dataset, split, some, inputs):
        rows[split] = some
        return own(dataset, split, some, inputs)

    monkeypatch.setattr(baselines, "_read", spied)
    return rows


@pytest.mark.parametrize("name", METHODS)
def test_a_baseline_of_a_data_set_sits_its_exam(name, dataset, tmp_path):
    folder = train_baseline(dataset, name, tmp_path / name)
    predictor = open_predictor(dataset, folder, "cpu")
    observed = dataset.read_views("test", predictor.views)
    found = predictor.answer(observed)
    assert found.shape == (dataset.examples("test"), len(dataset.classes))
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_the_test_split_is_never_opened(dataset, tmp_path, monkeypatch, read_rows):
    own = type(dataset).read_observed
    opened = []

    def spied(self, split, *rest):
        opened.append(split)
        return own(self, split, *rest)

    monkeypatch.setattr(type(dataset), "read_observed", spied)
    train_baseline(dataset, "cumulants", tmp_path / "cumulants")
    assert sorted(opened) == ["train", "validation"]


def test_the_card_tells_where_a_baseline_comes_from(dataset, tmp_path):
    folder = train_baseline(dataset, "cumulants", tmp_path / "cumulants", seed=4)
    card = read_card(folder)
    assert card["dataset"] == {"name": dataset.name, "fingerprint": dataset.fingerprint}
    assert (card["labels"], card["examples"], card["seed"]) == (72, 72, 4)
    assert card["snr_reference"] == dataset.snr_reference
    assert load_baseline(folder).classes == dataset.classes


@pytest.mark.parametrize(
    "budget", [{"labels": 12}, {"labels_per_class": 4}, {"labels_per_class_and_snr": 2}]
)
def test_the_labels_are_those_that_fine_tuning_sees(budget, dataset, tmp_path, read_rows):
    folder = train_baseline(dataset, "logistic", tmp_path / "few", seed=2, **budget)
    expected = LabelBudget.of(**budget).rows(dataset, 2)
    np.testing.assert_array_equal(read_rows["train"], expected.numpy())
    assert read_card(folder)["labels"] == 12
    assert budget.items() <= read_card(folder).items()


@pytest.fixture(scope="module")
def many_planes(tiny_toml, tmp_path_factory):
    """A data set of both views whose image shows four signals, one of them twice."""
    text = tiny_toml.replace("train = 2", "train = 6").replace("validation = 1", "validation = 4")
    planes = """size = 32
planes = [
    { what = "symbols", how = "density" },
    { what = "symbols", how = "decay", half_width = 5 },
    { what = "trajectory", how = "density" },
    { what = "differential", how = "density", lag_symbols = 3 },
    { what = "differential-trajectory", how = "density", lag_symbols = 1.5 },
]"""
    source = 'samples_per_symbol = 2\nreceiver = { observe = "both" }'
    text = text.replace("size = 32", planes).replace("samples_per_symbol = 2", source)
    return write_dataset(parse_recipe(text), tmp_path_factory.mktemp("data") / "many")


def test_cumulants_of_planes_are_of_what_the_image_of_the_data_set_shows(many_planes, tmp_path):
    folder = train_baseline(many_planes, "cumulants-planes", tmp_path / "planes")
    card = read_card(folder)
    assert card["views"] == ["symbols", "waveform"]
    assert [(signal["what"], signal["lag_samples"]) for signal in card["signals"]] == [
        ("symbols", 0),
        ("trajectory", 0),
        ("differential", 3),
        ("differential-trajectory", 3),  # 1.5 symbols of two samples
    ]
    assert load_baseline(folder).baseline.model.mean.shape == (36,)
    predictor = open_predictor(many_planes, folder, "cpu")
    assert predictor.views == ("symbols", "waveform")
    observed = many_planes.read_views("test", predictor.views)
    turned = {
        view: replace(batch, iq=(batch.iq * np.complex64(3 - 4j)))
        for view, batch in observed.items()
    }
    np.testing.assert_allclose(predictor.answer(turned), predictor.answer(observed), atol=1e-4)


def test_what_is_more_than_a_method_bears_is_said(dataset, tmp_path, monkeypatch, read_rows):
    monkeypatch.setitem(METHODS, "logistic", replace(METHODS["logistic"], largest=30))
    folder = train_baseline(dataset, "logistic", tmp_path / "thinned")
    card = read_card(folder)
    assert (card["labels"], card["examples"]) == (72, 30)
    label = dataset.labels("train")[0][read_rows["train"]]
    assert np.bincount(label).tolist() == [10, 10, 10]


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "vit"])
def test_a_network_becomes_a_checkpoint_that_answers(name, dataset, tmp_path):
    best = train_baseline(dataset, name, tmp_path / name, epochs=1, device="cpu")
    checkpoint = load_checkpoint(best)
    assert checkpoint.kind == "classifier"
    assert checkpoint.encoder.kind == name
    predictor = open_predictor(dataset, tmp_path / name, "cpu")
    found = predictor.answer(dataset.read_views("test", predictor.views))
    assert found.shape == (dataset.examples("test"), len(dataset.classes))
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)  # float32


def test_a_checkpoint_names_the_unit_of_its_labels(dataset, tmp_path):
    budget = {"labels_per_class_and_snr": 2}
    best = train_baseline(dataset, "cnn", tmp_path / "cnn", epochs=1, device="cpu", **budget)
    card = load_checkpoint(best).card
    assert (card["labels"], card["labels_per_class_and_snr"]) == (12, 2)
    assert "labels_per_class" not in card


def test_what_cannot_be_trained_is_refused_and_leaves_nothing(dataset, tmp_path):
    with pytest.raises(RecipeError, match="unknown baseline 'cnm'; did you mean cnn"):
        train_baseline(dataset, "cnm", tmp_path / "out")
    with pytest.raises(TrainingError, match="leave out all but one"):
        train_baseline(dataset, "logistic", tmp_path / "out", labels=5, labels_per_class=5)
    with pytest.raises(TrainingError, match="between the 3 classes and the 72 training examples"):
        train_baseline(dataset, "logistic", tmp_path / "out", labels=2)
    assert not any(tmp_path.iterdir())
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ArtefactError, match="exists and holds other files"):
        train_baseline(dataset, "logistic", tmp_path / "out")


def test_every_name_is_known_and_reported():
    names = baseline_names()
    assert set(names) == {*METHODS, *NETWORKS} - {"vit"}
    for name in names:
        check_baseline(name)
    with pytest.raises(RecipeError, match=f"known: {', '.join(names)}"):
        check_baseline("perceptron-of-1958")
