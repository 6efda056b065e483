"""Image, signal and noise through one encoder, from a recipe to accuracy per SNR."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.recipe import Splits, load_recipe
from rfmae.datasets.store import write_dataset
from rfmae.errors import CheckpointError
from rfmae.inference import load_classifier, load_denoiser
from rfmae.models.checkpoint import load_checkpoint
from rfmae.records import Modality
from rfmae.training.run_folder import RunFolder
from rfmae.workflows.denoise.denoise_evaluation import eval_denoise
from rfmae.workflows.evaluate.snr_evaluation import eval_snr
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

FOUR = (Modality(), Modality("signal"), Modality("image", given="clean"), Modality("noise"))
BRIEF = Pretraining(preset="tiny", epochs=3, batch_size=8, seed=1, network="vit")


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    """Two modulations that are seen as image and signal, and in training as twin and noise, too."""
    source = replace(tiny_recipe.source, modulations=("BPSK", "QPSK"))
    recipe = replace(
        tiny_recipe,
        source=source,
        modalities=FOUR,
        splits=Splits(train=12, validation=4, test=4),
    )
    return write_dataset(recipe.with_snr("10:20:10"), tmp_path_factory.mktemp("data") / "four")


@pytest.fixture(scope="module")
def pretrained(dataset, tmp_path_factory):
    return pretrain(dataset, BRIEF, tmp_path_factory.mktemp("runs") / "pretrained", device="cpu")


def test_every_modality_has_a_stem_a_decoder_and_a_position_head(pretrained):
    network = load_checkpoint(pretrained).build()
    names = {modality.name for modality in FOUR}
    assert set(network.encoder.stems) == set(network.decoders) == names
    assert set(network.position_heads) == names


@pytest.mark.usefixtures("no_figures")
@pytest.mark.parametrize("names", [None, ("image",), ("signal",)])
def test_a_classifier_sees_what_a_receiver_has_or_some_of_it(dataset, pretrained, tmp_path, names):
    settings = Finetuning(preset="tiny", epochs=2, batch_size=8, modalities=names)
    folder = tmp_path / "classifier"
    finetune(dataset, settings, folder, pretrained=pretrained, device="cpu")
    classifier = load_classifier(folder, device="cpu")
    seen = [modality.name for modality in classifier.pipeline.modalities]
    assert seen == list(names or ("image", "signal"))
    report = eval_snr(dataset, {"ours": folder}, tmp_path / "report", device="cpu").report
    assert report.accuracy["ours"].examples == dataset.examples("test")


def test_order_counts_for_a_signal_and_not_for_an_image(dataset, pretrained, tmp_path):
    answers = {}
    iq = dataset.read_observed("test").iq
    for name in ("image", "signal"):
        settings = Finetuning(preset="tiny", epochs=1, batch_size=8, modalities=(name,))
        finetune(dataset, settings, tmp_path / name, pretrained=pretrained, device="cpu")
        classifier = load_classifier(tmp_path / name, device="cpu")
        answers[name] = np.abs(classifier(iq) - classifier(iq[:, ::-1])).max()
    assert answers["image"] < 1e-4 < answers["signal"]


def test_a_modality_that_no_receiver_has_is_refused(dataset, tmp_path):
    settings = Finetuning(preset="tiny", epochs=1, modalities=("noise",))
    with pytest.raises(CheckpointError, match="has image, signal, harmonics, snr, but not 'noise'"):
        finetune(dataset, settings, tmp_path / "run", device="cpu")


@pytest.mark.usefixtures("no_figures", "few_directions")
def test_denoising_uses_image_and_signal_and_needs_no_clean_twin(dataset, pretrained, tmp_path):
    evaluated = eval_denoise(dataset, pretrained, tmp_path / "report", device="cpu")
    assert np.isfinite(evaluated.report.denoising.psnr_db["reconstruction"]).all()
    denoiser = load_denoiser(pretrained, device="cpu")
    assert list(denoiser.inputs(dataset.read_observed("test").iq)) == ["image", "signal"]


@pytest.mark.slow
def test_an_endless_run_learns_from_examples_that_no_file_holds(dataset, tmp_path):
    settings = replace(BRIEF, endless=True)
    pretrain(dataset, settings, tmp_path / "endless", device="cpu")
    losses = [line["loss"] for line in RunFolder(tmp_path / "endless").metrics() if "loss" in line]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_the_five_published_inputs_are_trained_on(tmp_path):
    recipe = load_recipe("legacy-five")
    source = replace(recipe.source, modulations=("OOK", "GMSK"))
    small = replace(recipe, source=source, splits=Splits(train=2, validation=1, test=1))
    dataset = write_dataset(small.with_snr("10"), tmp_path / "five")
    settings = Pretraining(preset="tiny", epochs=1, batch_size=2, network="vit")
    network = load_checkpoint(pretrain(dataset, settings, tmp_path / "run", device="cpu")).build()
    assert list(network.encoder.stems) == [
        "image",
        "signal",
        "clean_image",
        "clean_signal",
        "noise",
    ]
    assert all(torch.isfinite(weight).all() for weight in network.parameters())
