"""Fine-tuning that begins as the linear probe and keeps of what it learns what validation likes."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.artefacts import read_card
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.evaluation.probe import Features, linear_probe
from rfmae.inference import load_classifier, load_encoder
from rfmae.models.checkpoint import load_checkpoint
from rfmae.training.finetune import rate_from_probe
from rfmae.training.head_start import AVERAGED, SHARES
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

pytestmark = pytest.mark.usefixtures("one_thread")

EXACT = {"precision": "float32"}
BRIEF = Finetuning(preset="tiny", epochs=2, batch_size=8, seed=4, **EXACT)


@pytest.fixture(scope="module", params=["vit", "rings"])
def pretrained(request, dataset, tmp_path_factory):
    settings = Pretraining(preset="tiny", epochs=1, batch_size=8, network=request.param, **EXACT)
    return pretrain(dataset, settings, tmp_path_factory.mktemp("runs") / "run", device="cpu")


def test_the_rate_rises_with_the_labels_of_a_class():
    rates = [rate_from_probe(labels) for labels in (1, 50, 51, 500, 501, 10**6)]
    assert rates == [1e-4, 1e-4, 5e-4, 5e-4, 2e-3, 2e-3]


def test_with_next_to_no_rate_the_classifier_is_the_probe(dataset, pretrained, tmp_path):
    settings = replace(BRIEF, learning_rate=1e-12)
    finetune(dataset, settings, tmp_path / "run", pretrained=pretrained, device="cpu")
    encoder, classifier = load_encoder(pretrained, "cpu"), load_classifier(tmp_path / "run", "cpu")

    def features(split):
        batch = dataset.read_observed(split)
        return Features(encoder(batch.iq).astype(float), batch.label, batch.snr_db)

    train, validation, test = map(features, ("train", "validation", "test"))
    probe = linear_probe(train, validation, (1e-3, 1e-2, 1e-1, 1.0))
    theirs = (test.values - probe.mean) / probe.deviation @ probe.weights + probe.bias
    iq = dataset.read_observed("test").iq
    named = probe.labels[theirs.argmax(axis=1)]
    clear = np.abs(theirs[:, 0] - theirs[:, 1]) > 0.05
    assert clear.sum() > len(iq) // 2
    np.testing.assert_array_equal(classifier(iq).argmax(axis=1)[clear], named[clear])


def test_the_average_is_a_mixture_of_both_ends_and_the_best_checkpoint(
    dataset, pretrained, tmp_path
):
    best = finetune(dataset, BRIEF, tmp_path / "run", pretrained=pretrained, device="cpu")
    assert best == tmp_path / "run" / "checkpoints" / AVERAGED
    assert load_checkpoint(tmp_path / "run").folder == best
    card = read_card(best)
    assert card["fine_tuned_share"] in SHARES
    said = json.loads((tmp_path / "run" / "best.json").read_text())
    assert said == {"checkpoint": AVERAGED, "score": card["score"]["accuracy"]}
    plain = max(
        read_card(folder)["score"]["accuracy"]
        for folder in (tmp_path / "run" / "checkpoints").glob("[0-9]*")
    )
    assert card["score"]["accuracy"] >= plain - 1e-9  # the whole of it is one of the mixtures


@pytest.mark.parametrize("lost", ["nothing", "best.json", "the average"])
def test_a_run_that_came_to_its_end_is_what_it_was_when_resumed(
    dataset, pretrained, tmp_path, lost
):
    def again(**options):
        folder = tmp_path / "run"
        return finetune(dataset, BRIEF, folder, pretrained=pretrained, device="cpu", **options)

    best = again()
    weights, card = load_checkpoint(best).weights, read_card(best)
    said = (tmp_path / "run" / "best.json").read_text()
    if lost == "best.json":
        (tmp_path / "run" / "best.json").unlink()
    if lost == "the average":  # it died after its last step
        best.rename(tmp_path / "away")
        (tmp_path / "run" / "best.json").unlink()
    assert again(resume=True) == best
    assert read_card(best) == card
    assert (tmp_path / "run" / "best.json").read_text() == said
    torch.testing.assert_close(load_checkpoint(best).weights, weights, rtol=0, atol=0)
