"""Rings that predict clean images, from a data set to a denoiser and its report."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.configuration.methods import Method, find_method
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.errors import CheckpointError, RecipeError, ShapeError
from rfmae.evaluation.references import REFERENCES
from rfmae.inference import ImageDenoiser, RingsDenoiser, load_classifier, load_denoiser
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.pretrainers import pretrainer_of_method
from rfmae.progress import Silent
from rfmae.training.pretrain import TITLE
from rfmae.workflows.denoise.denoise_evaluation import measure_denoising
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

DENOISER = find_method("denoiser", "rings")
BRIEF = Pretraining(
    preset="tiny",
    epochs=1,
    batch_size=8,
    network="rings",
    method=DENOISER,
    precision="float32",
)


class Watching:
    """What a run shows, kept."""

    def __init__(self):
        self.shown = {}

    def metrics(self, step, metrics):
        pass

    def images(self, step, images):
        self.shown.update(images)

    def close(self):
        pass


@pytest.fixture(scope="module")
def pretrained(dataset, tmp_path_factory):
    """The best checkpoint, and what was to be seen on the way."""
    logger = Watching()
    folder = tmp_path_factory.mktemp("rings") / "run"
    return pretrain(dataset, BRIEF, folder, device="cpu", logger=logger), logger.shown


@pytest.fixture(scope="module")
def denoiser(pretrained):
    return load_denoiser(pretrained[0], device="cpu")


def iq_of(dataset):
    return dataset.read("test").observed.iq


def test_a_denoiser_predicts_what_the_network_makes_of_harmonics_alone(
    dataset, denoiser, pretrained
):
    protocol: ImageDenoiser = denoiser
    assert isinstance(protocol, RingsDenoiser) and protocol.image == dataset.image
    shown = denoiser.inputs(iq_of(dataset))
    assert set(shown) == {"harmonics", "image"}
    images = denoiser(shown)
    assert images.shape == shown["image"].shape == denoiser.images(iq_of(dataset)).shape
    network = load_checkpoint(pretrained[0]).build()
    with torch.no_grad():
        expected = network.images({"harmonics": torch.from_numpy(shown["harmonics"])})
    np.testing.assert_array_equal(images, expected.numpy())
    np.testing.assert_array_equal(denoiser({**shown, "image": 0 * shown["image"]}), images)


def test_quarter_turns_of_the_iq_turn_what_it_predicts(dataset, denoiser):
    iq = iq_of(dataset)
    before, after = (denoiser(denoiser.inputs(given)) for given in (iq, 1j * iq))
    np.testing.assert_allclose(after, np.rot90(before, axes=(-2, -1)), atol=1e-4)


def test_images_alone_are_refused_with_the_way_out(denoiser, dataset):
    with pytest.raises(ShapeError, match="rings denoise harmonics, got image without harmonics"):
        denoiser(denoiser.images(iq_of(dataset)))


def test_it_is_measured_and_shown_as_any_denoiser(dataset, denoiser, pretrained):
    report, gallery = measure_denoising(dataset, denoiser, None, Silent())
    assert {"reconstruction", *REFERENCES} <= set(report.psnr_db) and len(gallery) > 0
    assert np.isfinite(report.psnr_db["reconstruction"]).all()
    shown = pretrained[1]
    assert list(shown) == [TITLE]
    colours, height, width = shown[TITLE].shape
    assert (colours, width) == (3, 4 * (32 + 2) + 2) and height % (32 + 2) == 2


def test_fine_tuning_sees_the_harmonics_alone(dataset, pretrained, tmp_path):
    settings = Finetuning(preset="tiny", labels=8, epochs=1, batch_size=8)
    finetune(dataset, settings, tmp_path / "run", pretrained=pretrained[0], device="cpu")
    seen = load_classifier(tmp_path / "run", device="cpu").pipeline.modalities
    assert [modality.name for modality in seen] == ["harmonics"]


def test_an_image_leaves_every_other_weight_bit_for_bit(dataset, tmp_path, one_thread):
    """Nothing is drawn otherwise and no slope comes back; a clipped gradient alone would differ."""
    weights = []
    for weight in (0.0, 1.0):
        settings = replace(
            BRIEF,
            method=replace(DENOISER, image_weight=weight),
            precision="float32",
            gradient_clip=None,
        )
        best = pretrain(dataset, settings, tmp_path / f"{weight}", device="cpu")
        weights.append(load_checkpoint(best).weights)
    without, beside = weights
    for name, value in without.items():
        assert torch.equal(beside[name], value), name
    assert {name.split(".")[0] for name in {*beside} - {*without}} == {"image_decoder"}
    with pytest.raises(CheckpointError, match="make clean harmonics and no images"):
        load_denoiser(tmp_path / "0.0", device="cpu")


def test_a_transformer_has_no_weight_of_images():
    with pytest.raises(RecipeError, match=r"image weight 0.5; leave it out, or take network rings"):
        pretrainer_of_method(Method(image_weight=0.5), "vit", "tiny", ())


def test_only_a_denoiser_predicts_where_nothing_is_said():
    assert find_method("denoiser", "rings").image_weight == 1.0
    assert find_method("denomae2", "rings").image_weight == 0.0
    assert find_method("denoiser", "vit").image_weight == 0.0
