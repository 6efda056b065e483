"""Every option of `rfmae finetune` reaches the setting that it names."""

from dataclasses import asdict, replace

import pytest
from rfmae_cli.app import app
from typer.testing import CliRunner

from rfmae.configuration.augmentation import Augmentation
from rfmae.configuration.training import Finetuning
from rfmae.workflows.learning import finetuning

OPTIONS = {
    "--preset tiny": {"preset": "tiny"},
    "--labels 6": {"labels": 6},
    "--labels 0": {},
    "--labels-per-class 2": {"labels_per_class": 2},
    "--labels-per-class-and-snr 2": {"labels_per_class_and_snr": 2},
    "--epochs 3": {"epochs": 3},
    "--batch 4": {"batch_size": 4},
    "--learning-rate 2e-3": {"learning_rate": 2e-3},
    "--endless": {"endless": True},
    "--seed 9": {"seed": 9},
    "--network cnn": {"network": "cnn"},
    "--network rings": {"network": "rings"},
    "--from-probe": {"from_probe": True},
    "--from-random-head": {"from_probe": False},
    "--head paper": {"head": "paper"},
    "--patch 8": {"patch": 8},
    "--image-size 48": {"image_size": 48},
    "--modalities image,signal": {"modalities": ("image", "signal")},
    "--unscaled": {"scaled": False},
    "--balanced": {"balanced": True},
    "--augment phase,noise=3": {"augmentation": Augmentation(phase_turns=0.5, noise_db=3.0)},
    "--frozen": {"frozen": True},
    "--layer-decay 0.75": {"layer_decay": 0.75},
    "--drop-path 0.1": {"drop_path": 0.1},
    "--validations 20": {"validations": 20},
    "--patience 3": {"patience": 3},
    "--precision float32": {"precision": "float32"},
    "--accumulate 2": {"accumulate": 2},
    "--ema 0.9": {"ema": 0.9},
    "--clip 0": {"gradient_clip": None},
    "--clip 0.5": {"gradient_clip": 0.5},
    "--compile off": {"compile": "off"},
    "--shard-weights": {"shard_weights": True},
}


@pytest.fixture
def requested(dataset, monkeypatch, tmp_path):
    """Run the command without training; the settings it asks for and what it says."""

    def ask(*words):
        found = []

        def finetune(dataset, settings, folder, **_):
            found.append(settings)
            raise KeyboardInterrupt

        monkeypatch.setattr(finetuning, "finetune", finetune)
        line = ["finetune", "--data", str(dataset.folder), "--out", str(tmp_path / "run"), *words]
        result = CliRunner().invoke(app, line)
        return found, result

    return ask


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_the_setting_of_its_name(requested, option):
    found, _ = requested(*option.split())
    assert found == [replace(Finetuning(), **OPTIONS[option])]


def test_without_options_nothing_is_on(requested):
    found, _ = requested()
    assert found == [Finetuning()]
    assert found[0].augmentation.is_off


def test_every_setting_has_an_option():
    named = {name for changes in OPTIONS.values() for name in changes}
    assert named == {*asdict(Finetuning())}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--augment phse", "unknown augmentation 'phse'; did you mean phase?"),
        ("--augment gain=loud", "gain= takes a number, got 'loud'"),
        ("--labels 6 --labels-per-class 2", "leave out all but one"),
        ("--endless --balanced", "leave out balanced"),
        ("--drop-path 1", "drop_path must be from 0 to below 1, got 1"),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_code_2(requested, option, message):
    found, result = requested(*option.split())
    assert result.exit_code == 2
    assert not found
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
