"""Small artefacts of every kind, made once and without training, and the command to try on them."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from image_encoders import image_encoder_config
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.datasets.store import write_dataset
from rfmae.models.checkpoint import model_card, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.kinds import find_network
from rfmae.models.presets import classifier_config, denomae_config
from rfmae.models.rings_mae import RingsMAE, RingsMAEConfig, initialise_rings_mae
from rfmae.records import Modality
from rfmae.training.loaders import image_card
from rfmae.workflows.learning.running import grids_of


@pytest.fixture(scope="session")
def dataset(tiny_recipe, tmp_path_factory):
    """A whole data set folder, opened."""
    return write_dataset(tiny_recipe, tmp_path_factory.mktemp("made") / "tiny")


def common_card(dataset, modalities=None):
    """What the cards of pre-training and of fine-tuning both say."""
    return {
        **image_card(dataset, modalities),
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "snr_reference": dataset.snr_reference,
        "step": 1,
    }


def encoder_of(dataset):
    """The smallest encoder of its images."""
    return image_encoder_config("tiny", dataset.image.size, len(dataset.image.planes))


@pytest.fixture(scope="session")
def denoiser(dataset, tmp_path_factory):
    """A pre-training checkpoint that learnt nothing."""
    torch.manual_seed(0)
    network = DenoMAE(denomae_config("tiny", encoder_of(dataset)))
    folder = tmp_path_factory.mktemp("made") / "denoiser"
    card = {**model_card(network), **common_card(dataset), "score": {"reconstruction_loss": 1.0}}
    save_checkpoint(network.state_dict(), card, folder)
    return folder


@pytest.fixture(scope="session")
def rings(dataset, tmp_path_factory):
    """A pre-training checkpoint of circular harmonics that learnt nothing."""
    seen = (Modality("harmonics"),)
    encoder = find_network("rings").encoder("tiny", grids_of(dataset, modalities=seen))
    network = RingsMAE(RingsMAEConfig(encoder))
    initialise_rings_mae(network, torch.Generator().manual_seed(0))
    folder = tmp_path_factory.mktemp("made") / "rings"
    card = {**model_card(network), **common_card(dataset, seen)}
    save_checkpoint(network.state_dict(), {**card, "score": {"reconstruction_loss": 1.0}}, folder)
    return folder


@pytest.fixture(scope="session")
def classifier(dataset, tmp_path_factory):
    """A classifier checkpoint that learnt nothing."""
    torch.manual_seed(0)
    network = Classifier(classifier_config(encoder_of(dataset), len(dataset.classes)))
    folder = tmp_path_factory.mktemp("made") / "classifier"
    card = {
        **model_card(network),
        **common_card(dataset),
        "classes": list(dataset.classes),
        "snr_db": list(dataset.snr_db),
        "labels": dataset.examples("train"),
        "score": {"accuracy": 0.5},
    }
    save_checkpoint(network.state_dict(), card, folder)
    return folder


@pytest.fixture
def record():
    """Write a SigMF recording by hand; keywords change its metadata."""

    def write(path, iq=None, **changes):
        iq = np.exp(2j * np.pi * np.arange(256) / 8) if iq is None else np.asarray(iq)
        stored = iq.astype("<c8").tobytes()
        described = {
            "datatype": "cf32_le",
            "version": "1.0.0",
            "sample_rate": 1e6,
            "sha512": hashlib.sha512(stored).hexdigest(),
            **changes,
        }
        annotation = {"core:sample_start": 0, "core:sample_count": len(iq), "core:label": "QPSK"}
        meta = {
            "global": {f"core:{key}": value for key, value in described.items()},
            "captures": [{"core:sample_start": 0}],
            "annotations": [annotation],
        }
        path.with_suffix(".sigmf-data").write_bytes(stored)
        path.with_suffix(".sigmf-meta").write_text(json.dumps(meta))
        return path.with_suffix(".sigmf-meta")

    return write


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder, so that everything a command makes can be seen."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rfmae(here):
    """The command, run inside this process."""

    def run(*arguments):
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return run


@pytest.fixture
def copied(here):
    """Copy an artefact into the working folder, where a test may damage it."""

    def copy(folder):
        return Path(shutil.copytree(folder, here / f"damaged-{folder.name}"))

    return copy
