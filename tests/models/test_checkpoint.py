from dataclasses import asdict

import pytest
import torch

from rfmae.errors import CheckpointError
from rfmae.models.checkpoint import load_checkpoint, load_encoder, model_card, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.presets import classifier_config, denomae_config, encoder_config
from rfmae.models.transformer import initialise
from rfmae.records import ImageConfig


@pytest.fixture
def denomae():
    network = DenoMAE(denomae_config("tiny", 32, 3))
    initialise(network, torch.Generator().manual_seed(3))
    return network


def card(network):
    return {**model_card(network), "image": asdict(ImageConfig(size=32))}


@pytest.mark.parametrize("kind", ["denomae", "classifier"])
def test_a_checkpoint_needs_no_flags_to_answer_as_before(kind, denomae, tmp_path):
    classifier = Classifier(classifier_config(encoder_config("tiny", 32, 3), 4))
    network = {"denomae": denomae, "classifier": classifier}[kind]
    save_checkpoint(network, card(network), tmp_path / "c")
    loaded = load_checkpoint(tmp_path / "c", kind)
    again = loaded.build()
    assert again.config == network.config
    assert loaded.image == ImageConfig(size=32)
    before, after = network.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_classifier_takes_the_encoder_of_a_pre_trained_network(denomae, tmp_path):
    save_checkpoint(denomae, card(denomae), tmp_path / "c")
    classifier = Classifier(classifier_config(encoder_config("tiny", 32, 3), 4))
    load_encoder(classifier.encoder, load_checkpoint(tmp_path / "c"))
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(classifier.encoder(images), denomae.encoder(images))


def test_an_encoder_of_another_size_is_refused(denomae, tmp_path):
    save_checkpoint(denomae, card(denomae), tmp_path / "c")
    other = Classifier(classifier_config(encoder_config("small", 32, 3), 4))
    with pytest.raises(CheckpointError, match="width=192"):
        load_encoder(other.encoder, load_checkpoint(tmp_path / "c"))
