"""Probes of frozen features, from a checkpoint to a report."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from image_encoders import image_encoder_config

from rfmae.configuration.methods import find_method
from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import write_dataset
from rfmae.errors import ArtefactError, CheckpointError, TrainingError
from rfmae.inference import load_encoder
from rfmae.models.backbones import backbone_config
from rfmae.models.checkpoint import model_card, save_checkpoint
from rfmae.models.classifier import Classifier, initialise_classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.presets import classifier_config, denomae_config
from rfmae.models.pretrainers import pretrainer_of_method
from rfmae.models.rings_mae import RingsMAE
from rfmae.models.transformer import initialise
from rfmae.records import Modality
from rfmae.training.loaders import image_card
from rfmae.workflows.learning import probing
from rfmae.workflows.learning.probing import LINEAR, NEIGHBOURS, probe
from rfmae.workflows.learning.running import grids_of

# `rfmae probe` draws its figures in tests/cli/test_bad_input.py
pytestmark = pytest.mark.usefixtures("no_figures")

HARMONICS = (Modality("harmonics"),)


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    """Two modulations that are easy to tell, forty examples of each at two SNR points."""
    source = replace(tiny_recipe.source, modulations=("BPSK", "16QAM"))
    recipe = replace(tiny_recipe, source=source, splits=Splits(train=20, validation=10, test=20))
    return write_dataset(recipe.with_snr("10:20:10"), tmp_path_factory.mktemp("data") / "easy")


def saved(network, dataset, folder):
    of_rings = isinstance(network, RingsMAE)
    card = {
        **model_card(network),
        **image_card(dataset, HARMONICS if of_rings else None),
        "classes": list(dataset.classes),
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "step": 0,
    }
    save_checkpoint(network.state_dict(), card, folder)
    return folder


@pytest.fixture(scope="module")
def untrained(dataset, tmp_path_factory):
    """Encoders that learnt nothing, of every kind of checkpoint: random features do for this."""
    home, encoder = tmp_path_factory.mktemp("encoders"), image_encoder_config("tiny", 32, 3)
    networks = {
        "denomae": DenoMAE(denomae_config("tiny", encoder)),
        "classifier": Classifier(classifier_config(encoder, 2)),
    }
    for network in networks.values():
        initialise(network, torch.Generator().manual_seed(0))
    grids = grids_of(dataset, modalities=HARMONICS)
    rings = pretrainer_of_method(find_method("denomae2", "rings"), "rings", "tiny", grids)
    networks["rings"] = rings.network(torch.Generator().manual_seed(0))
    return {name: saved(network, dataset, home / name) for name, network in networks.items()}


@pytest.mark.parametrize("kind", ["denomae", "classifier", "rings"])
def test_easy_modulations_are_separated_by_features_of_any_checkpoint(
    dataset, untrained, tmp_path, kind
):
    result = probe(dataset, untrained[kind], tmp_path / "report", device="cpu")
    assert list(result.report.accuracy) == [LINEAR, NEIGHBOURS]
    for report in result.report.accuracy.values():
        assert report.examples == dataset.examples("test") == 80
        assert report.accuracy > 0.9  # four points of BPSK and sixteen look nothing like each other


def test_the_linear_probe_is_scikit_learns_on_these_features(dataset, untrained, tmp_path):
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    result = probe(dataset, untrained["denomae"], tmp_path / "report", device="cpu")
    encoder = load_encoder(untrained["denomae"], "cpu")
    values = {split: encoder(dataset.read_observed(split).iq) for split in ("train", "test")}
    strength = result.report.provenance["probes"][LINEAR]["strength"]
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=1000))
    theirs.fit(values["train"], dataset.labels("train")[0])
    expected = theirs.score(values["test"], dataset.labels("test")[0])
    # one in eighty may stand on the border
    assert result.report.accuracy[LINEAR].accuracy == pytest.approx(expected, abs=1 / 80)


def test_the_report_states_its_origin_and_its_calibration(dataset, untrained, tmp_path):
    result = probe(
        dataset, untrained["denomae"], tmp_path / "report", labels_per_class=5, device="cpu"
    )
    assert result.folder == tmp_path / "report"
    record = json.loads((result.folder / "report.json").read_text())
    assert record["provenance"]["models"][LINEAR]["labels"] == 10
    assert record["provenance"]["encoder"] == str(untrained["denomae"])
    for name, found in result.report.assessments.items():
        assert found.calibration.temperature == record["provenance"]["probes"][name]["temperature"]
        file = f"{name.replace(' ', '-')}.npz"
        kept = np.load(result.folder / "answers" / file)
        assert kept["probabilities"].shape == (80, 2)


def test_the_report_names_labels_per_class_and_snr(dataset, untrained, tmp_path):
    budget = {"labels_per_class_and_snr": 2}
    result = probe(dataset, untrained["denomae"], tmp_path / "report", **budget, device="cpu")
    model = result.report.provenance["models"][LINEAR]
    assert (model["labels"], model["labels_per_class_and_snr"]) == (8, 2)
    assert "labels_per_class" not in model or model["labels_per_class"] is None


def test_a_seed_chooses_the_labels_and_the_same_seed_the_same(
    dataset, untrained, tmp_path, monkeypatch
):
    kept = []
    monkeypatch.setattr(
        probing, "write_report", lambda report, folder, answers: kept.append(answers) or folder
    )

    def probabilities(seed):
        probe(dataset, untrained["denomae"], tmp_path, labels_per_class=3, seed=seed, device="cpu")
        return kept[-1][LINEAR].probabilities

    np.testing.assert_array_equal(probabilities(1), probabilities(1))
    assert not np.array_equal(probabilities(1), probabilities(2))


def test_the_temperature_chosen_on_validation_is_in_the_answers(
    dataset, untrained, tmp_path, monkeypatch
):
    confidence = []
    monkeypatch.setattr(
        probing,
        "write_report",
        lambda report, folder, answers: confidence.append(answers[LINEAR].confidence) or folder,
    )
    for temperature in (1.0, 4.0):
        monkeypatch.setattr(probing, "probe_temperature", lambda *_, value=temperature: value)
        probe(dataset, untrained["denomae"], tmp_path, labels_per_class=3, device="cpu")
    assert (confidence[1] < confidence[0]).all()


def test_what_cannot_be_probed_is_refused_before_anything_is_written(dataset, untrained, tmp_path):
    network = Classifier(
        classifier_config(backbone_config("cnn", image_encoder_config("tiny", 32, 3).modalities), 2)
    )
    initialise_classifier(network, torch.Generator().manual_seed(0))
    cnn = saved(network, dataset, tmp_path / "cnn")
    with pytest.raises(CheckpointError, match="holds a cnn, which has no encoder"):
        probe(dataset, cnn, tmp_path / "report", device="cpu")
    with pytest.raises(TrainingError, match="99 labels per class are requested"):
        probe(dataset, untrained["denomae"], tmp_path / "report", labels_per_class=99, device="cpu")
    with pytest.raises(TrainingError, match="99 labels per class and SNR point are requested"):
        probe(dataset, tmp_path / "never opened", tmp_path / "report", labels_per_class_and_snr=99)
    assert not (tmp_path / "report").exists()
    with pytest.raises(ArtefactError):
        probe(dataset, untrained["denomae"], dataset.folder, device="cpu")
