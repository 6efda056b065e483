"""Every example runs as its first lines say."""

import re
import runpy
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from image_encoders import image_encoder_config

from rfmae.captures.reading import read_sigmf
from rfmae.models.checkpoint import model_card, save_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.presets import classifier_config
from rfmae.models.transformer import initialise
from rfmae.records import IMAGE_ALONE, ImageConfig

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.fixture
def classifier(tmp_path):
    """A checkpoint that learnt nothing."""
    network = Classifier(classifier_config(image_encoder_config("tiny", 32, 3), 2))
    initialise(network, torch.Generator().manual_seed(0))
    card = {**model_card(network), "image": asdict(ImageConfig(size=32)), "classes": ["A", "B"]}
    card |= {"modalities": [asdict(modality) for modality in IMAGE_ALONE]}
    card |= {"samples": {"symbols": 1024}, "samples_per_symbol": 1.0}
    save_checkpoint(network.state_dict(), card, tmp_path / "classifier")
    return tmp_path / "classifier"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run an example as `python` does, but for the start of a process; what it prints."""

    def run_example(name, *arguments):
        (example,) = [path for path in EXAMPLES if path.name.startswith(name)]
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(example), *map(str, arguments)])
        runpy.run_path(str(example), run_name="__main__")
        return capsys.readouterr().out

    return run_example


def test_the_recording_that_is_made_can_be_read(run, tmp_path):
    assert "wrote qpsk.sigmf-meta" in run("01", "qpsk")
    capture = read_sigmf(tmp_path / "qpsk.sigmf-meta")
    assert len(capture.iq) == 5000
    assert capture.labels == ("QPSK",)


def test_an_array_is_classified(run, classifier):
    answer = run("02", classifier)
    assert re.search(r"^[AB] in 4 windows of 1024 symbols$", answer, flags=re.MULTILINE)


def test_constellations_are_drawn(run, tmp_path):
    run("03", "drawn.png")
    assert (tmp_path / "drawn.png").stat().st_size > 20_000


@pytest.mark.slow
def test_a_stream_without_files_runs(run):
    assert re.search(r"step 15: \(256, 1024\) observed, .* \d+ classes", run("04"))


@pytest.mark.slow
def test_a_notebook_takes_the_estimator_as_it_is(run):
    assert re.search(r"accuracy 0\.9\d+ ± .* over 3 folds", run("05"))


@pytest.mark.slow
def test_an_example_runs_in_a_process_of_its_own(succeed, tmp_path):
    (example,) = [path for path in EXAMPLES if path.name.startswith("01")]
    assert "wrote qpsk.sigmf-meta" in succeed([sys.executable, example, "qpsk"], tmp_path)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_short_and_begins_with_the_command_that_runs_it(path):
    text = path.read_text()
    assert text.count("\n") <= 60
    assert f"python examples/{path.name}" in text
