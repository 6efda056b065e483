"""A user's own network is trained, resumed, evaluated and read back; no card brings its code."""

import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_task import assert_same_run, die_before

import rfmae
from rfmae.configuration.training import Finetuning
from rfmae.errors import CheckpointError, RfmaeError
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.kinds import find_network
from rfmae.models.user_network import VARIABLE, class_of_card, width_of
from rfmae.workflows.learning.finetuning import finetune

pytestmark = pytest.mark.usefixtures("one_thread")

NETWORK = """
    import torch
    from torch import nn

    class Small(nn.Module):
        "Convolutions with running statistics."
        learning_rate = 3e-3

        def __init__(self, shape):
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv1d(shape[0], 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(),
                nn.AdaptiveAvgPool1d(4), nn.Flatten(),
            )
            self.gain = nn.Parameter(torch.randn(32))

        def forward(self, iq):
            return self.layers(iq) * self.gain

    class OfImages(nn.Module):
        modality = "image"

        def __init__(self, shape):
            super().__init__()
            self.layers = nn.Sequential(nn.Flatten(), nn.LazyLinear(16))
            self.layers(torch.zeros(1, *shape))

        def forward(self, image):
            return self.layers(image)

    class Logits(nn.Module):
        def __init__(self):
            super().__init__()

    class NoFeatures(nn.Module):
        def __init__(self, shape):
            super().__init__()

        def forward(self, iq):
            return iq

    class Deaf(nn.Module):
        modality = "sound"

        def __init__(self, shape):
            super().__init__()

    def function(iq):
        return iq
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of the user in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "own_net.py").write_text(textwrap.dedent(NETWORK))
    yield tmp_path
    sys.modules.pop("own_net", None)


BRIEF = Finetuning(epochs=4, batch_size=8, labels=24, precision="float32", seed=2)


def brief(network):
    return replace(BRIEF, network=network)


@pytest.mark.parametrize("name", ["own_net:Small", "own_net:OfImages"])
def test_it_is_trained_and_resumed_as_if_never_stopped(own, dataset, monkeypatch, name):
    finetune(dataset, brief(name), own / "whole", device="cpu")
    with monkeypatch.context() as patch:
        die_before(7, patch)
        with pytest.raises(KeyboardInterrupt):
            finetune(dataset, brief(name), own / "cut", device="cpu")
    finetune(dataset, brief(name), own / "cut", resume=True, device="cpu")
    assert_same_run(own / "whole", own / "cut")


@pytest.mark.usefixtures("no_figures")
def test_it_is_evaluated_and_classifies(own, dataset):
    best = finetune(dataset, brief("own_net:Small"), own / "run", device="cpu")
    network = load_checkpoint(best).build()
    assert network.encoder.layers.network.layers[1].num_batches_tracked > 0
    assert network.encoder.config.width == 32
    report = rfmae.evaluate(dataset, best, own / "report", device="cpu")
    assert report.accuracy
    iq = dataset.read_observed("test").iq
    shares = rfmae.load_classifier(best, "cpu")(iq)
    assert shares.shape == (len(iq), len(dataset.classes))
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_its_own_learning_rate_and_words_are_those_of_the_class(own):
    kind = find_network("own_net:Small")
    assert (kind.learning_rate, kind.sees) == (3e-3, "signal")
    assert kind.about == "Convolutions with running statistics."
    assert find_network("own_net:OfImages").sees == "image"
    before = torch.random.get_rng_state()
    assert width_of(class_of_card("own_net:Small"), (2, 64)) == 32
    assert torch.equal(torch.random.get_rng_state(), before)


def test_seeds_draw_other_weights_and_the_same_seed_the_same(own, dataset):
    runs = {}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = replace(brief("own_net:Small"), seed=seed, epochs=1)
        best = finetune(dataset, settings, own / name, device="cpu")
        runs[name] = load_checkpoint(best).weights["encoder.layers.network.gain"]
    assert torch.equal(runs["a"], runs["b"])
    assert not torch.equal(runs["a"], runs["c"])


READ_TWICE = f"""
import os, sys
import rfmae
from rfmae.errors import RfmaeError
try:
    rfmae.load_classifier(sys.argv[1], "cpu")
except RfmaeError as error:
    print(error)
print(os.path.exists("ran"))
os.environ["{VARIABLE}"] = "other:Net, own_net:Small"
print(rfmae.load_classifier(sys.argv[1], "cpu").classes[0])
print(os.path.exists("ran"))
"""


def test_a_card_brings_no_code_that_nobody_has_named(own, dataset):
    best = finetune(dataset, brief("own_net:Small"), own / "run", device="cpu")
    (own / "own_net.py").write_text("open('ran', 'w')\n" + textwrap.dedent(NETWORK))

    done = subprocess.run(
        [sys.executable, "-c", READ_TWICE, str(best)],
        env={"PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
        cwd=own,
    )
    assert done.returncode == 0, done.stderr
    refusal, *answers = done.stdout.splitlines()
    advice = f"if you trust it, name it in the environment, {VARIABLE}=own_net:Small"
    assert advice in refusal
    assert answers == ["False", dataset.classes[0], "True"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("own_net:Missing", "module own_net has no 'Missing'"),
        ("nowhere_at_all:Net", "nowhere_at_all cannot be imported"),
        ("own_net:function", "must be a class of torch.nn.Module, got a function"),
        ("own_net:Logits", r"called with the shape of one input, here \(2, .*failed"),
        ("own_net:NoFeatures", r"must map inputs \(N, 2, .*\) to features \(N, F\)"),
        ("own_net:Deaf", "modality of Deaf must be signal or image, got 'sound'"),
    ],
)
def test_what_is_no_network_is_refused_before_anything_is_written(own, dataset, name, message):
    with pytest.raises(RfmaeError, match=message):
        finetune(dataset, brief(name), own / "run", device="cpu")
    assert not (own / "run").exists()


def test_a_card_of_a_class_that_is_no_network_is_refused(own, dataset):
    best = finetune(dataset, brief("own_net:Small"), own / "run", device="cpu")
    card = (best / "card.json").read_text()
    (best / "card.json").write_text(card.replace("own_net:Small", "subprocess:Popen"))
    with pytest.raises(CheckpointError, match=r"must be a class of torch\.nn\.Module"):
        load_checkpoint(best).build()
