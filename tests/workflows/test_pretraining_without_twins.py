"""Imported examples are pre-trained on without clean twins, and a pre-trained network goes on."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.artefacts import read_card
from rfmae.configuration.methods import find_method
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.store import write_dataset
from rfmae.errors import CheckpointError, TrainingError
from rfmae.imports.import_plan import Appearance
from rfmae.models.checkpoint import load_checkpoint
from rfmae.progress import Silent
from rfmae.records import TRAJECTORY_PLANES, ImageConfig
from rfmae.workflows.importing import import_dataset
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain, pretraining_of

BRIEF = {"preset": "tiny", "epochs": 2, "batch_size": 16, "precision": "float32"}


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in a fixed order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Eighty noisy rows of two modulations without clean twins."""
    folder, rng = tmp_path_factory.mktemp("own"), np.random.default_rng(3)
    label = np.arange(80) % 2
    order = 2 + 2 * label[:, None]
    iq = np.exp(2j * np.pi * rng.integers(0, order, (80, 64)) / order)
    iq = iq + 0.1 * (rng.normal(size=iq.shape) + 1j * rng.normal(size=iq.shape))
    np.savez(folder / "own.npz", X=iq, y=np.array(["BPSK", "QPSK"])[label])
    looks = Appearance(ImageConfig(size=32, planes=TRAJECTORY_PLANES[1:]), any_phase=True)
    return import_dataset(folder / "own.npz", folder / "data", folder, looks=looks)


@pytest.fixture(scope="module")
def pretrained(imported, tmp_path_factory):
    return trained(imported, tmp_path_factory.mktemp("run") / "run")


class Notes(Silent):
    def __init__(self):
        self.texts = []

    def note(self, text):
        self.texts.append(text)


def trained(data, folder, model=None, progress=None, **given):
    settings = pretraining_of({**BRIEF, **given}, data, with_model=model is not None)
    return pretrain(data, settings, folder, model=model, device="cpu", progress=progress)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "the input has white noise 0 to 10 dB below the recording added, which costs 0.8 to"),
        ({"added_noise": "3"}, "white noise 3 dB below the recording added"),
        ({"method": "mae"}, "the target is each example as it is (a masked autoencoder"),
        ({"method": "mae", "added_noise": "3"}, "white noise 3 dB below"),
        ({"network": "vit"}, "white noise 0 to 10 dB below"),
    ],
    ids=["default", "a ratio", "mae", "mae with noise", "vit"],
)
def test_what_stands_for_clean_twins_is_said(imported, tmp_path, given, words):
    progress = Notes()
    best = trained(imported, tmp_path / "run", progress=progress, **given)
    (note,) = [text for text in progress.texts if "no clean twins" in text]
    assert words in note
    assert load_checkpoint(best).card["dataset"]["fingerprint"] == imported.fingerprint


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"endless": True}, "leave out --endless"),
        ({"added_noise": "loud"}, "such as 5 or 0:10"),
    ],
)
def test_what_imported_data_do_not_have_is_refused(imported, tmp_path, given, words):
    with pytest.raises(TrainingError, match=words):
        trained(imported, tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_noise_is_not_added_where_there_are_clean_twins(tiny_recipe, tmp_path):
    pairs = write_dataset(tiny_recipe, tmp_path / "pairs")
    with pytest.raises(TrainingError, match="has clean twins, got added noise 3; leave it out"):
        trained(pairs, tmp_path / "run", added_noise="3")


def test_a_network_goes_on_from_its_weights(imported, pretrained, tmp_path):
    """With a learning rate of next to nothing it stays what it was."""
    best = trained(imported, tmp_path / "run", model=pretrained, learning_rate=1e-12)
    before, after = (load_checkpoint(path).weights for path in (pretrained, best))
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    moved = load_checkpoint(trained(imported, tmp_path / "moved", model=pretrained)).weights
    assert not all(torch.allclose(before[name], moved[name], atol=1e-6) for name in before)


def test_a_method_changes_what_a_network_that_goes_on_is_trained_to_do(
    imported, pretrained, tmp_path
):
    best = trained(imported, tmp_path / "run", model=pretrained, method="mae")
    card = load_checkpoint(best).card
    assert card["model"]["position"]["weight"] == 0
    assert card["model"]["encoder"] == load_checkpoint(pretrained).card["model"]["encoder"]
    own = load_checkpoint(trained(imported, tmp_path / "own", model=pretrained)).card["model"]
    assert own["position"] == load_checkpoint(pretrained).card["model"]["position"]


def test_the_model_is_part_of_the_identity_and_of_the_settings(imported, pretrained, tmp_path):
    trained(imported, tmp_path / "run", model=pretrained)
    card = read_card(tmp_path / "run")
    assert card["settings"]["model"] == str(pretrained)
    with pytest.raises(Exception, match="model_sha256"):
        pretrain(
            imported,
            pretraining_of(BRIEF, imported),
            tmp_path / "run",
            resume=True,
            device="cpu",
        )


def test_another_network_than_that_of_the_model_is_refused(imported, pretrained, tmp_path):
    with pytest.raises(CheckpointError, match="holds rings, but network vit was requested"):
        trained(imported, tmp_path / "run", model=pretrained, network="vit")


def test_synthetic_pairs_first_then_recordings_then_labels(imported, tiny_recipe, tmp_path):
    """The images of the model are those of the recordings too."""
    receiver = replace(tiny_recipe.source.receiver, observe="waveform")
    source = replace(tiny_recipe.source, modulations=("BPSK", "QPSK"), receiver=receiver)
    image = ImageConfig(size=48, planes=TRAJECTORY_PLANES[:1])
    recipe = replace(tiny_recipe, source=source, image=image)
    pairs = write_dataset(recipe, tmp_path / "pairs")
    settings = Pretraining(
        **{**BRIEF, "batch_size": 4}, network="rings", method=find_method("denomae2", "rings")
    )
    first = pretrain(pairs, settings, tmp_path / "first", device="cpu")
    progress = Notes()
    second = trained(imported, tmp_path / "second", model=first, progress=progress)
    assert any("as the network has learnt them" in text for text in progress.texts)
    assert load_checkpoint(second).image == image
    best = finetune(
        imported,
        Finetuning(epochs=1, labels=16),
        tmp_path / "tuned",
        pretrained=second,
        device="cpu",
    )
    assert load_checkpoint(best).classes == ("BPSK", "QPSK")
