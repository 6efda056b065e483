"""What a reconstruction is held against, and that it may come from any network or from none."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rfmae.analysis.linear_denoiser import linear_denoiser
from rfmae.datasets.recipe import Splits
from rfmae.datasets.store import write_dataset
from rfmae.evaluation.references import REFERENCES
from rfmae.inference import IMAGE, InputPipeline, render_images
from rfmae.progress import Silent
from rfmae.records import IMAGE_ALONE
from rfmae.reporting.headlines import denoising_headline
from rfmae.workflows.denoise.denoise_evaluation import measure_denoising
from rfmae.workflows.denoise.references import fit_references


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    source = replace(tiny_recipe.source, modulations=("BPSK", "16QAM"))
    image = replace(tiny_recipe.image, planes=tiny_recipe.image.planes[:1])
    splits = Splits(train=40, validation=8, test=4)
    recipe = replace(tiny_recipe, source=source, image=image, splits=splits)
    return write_dataset(recipe.with_snr("0:10:10"), tmp_path_factory.mktemp("data") / "two")


class Truth:
    """Whatever it is shown, it answers with images that are brought along; it knows no patches."""

    def __init__(self, dataset, answers=None):
        self.card, self.device, self.image = {}, torch.device("cpu"), dataset.image
        self.pipeline = InputPipeline(dataset.image, IMAGE_ALONE, {}, 1.0)
        self._answers = answers

    def inputs(self, iq):
        return {IMAGE: self.images(iq)}

    def images(self, iq):
        return render_images(iq, self.image)

    def __call__(self, shown):
        return shown[IMAGE] if self._answers is None else self._answers


@pytest.fixture(scope="module")
def images(dataset):
    """Noisy and clean images of each split."""
    found = {}
    for split in ("train", "validation", "test"):
        pairs = dataset.read(split)
        found[split] = tuple(
            render_images(iq, dataset.image) for iq in (pairs.observed.iq, pairs.clean)
        )
    return found


@pytest.fixture(scope="module")
def references(dataset):
    return fit_references(dataset, Truth(dataset), Silent())


@pytest.mark.slow
def test_the_linear_optimum_is_that_of_training_with_the_ridge_of_validation(references, images):
    expected = linear_denoiser(lambda: [images["train"]], lambda: [images["validation"]])
    found = references.linear
    assert found.ridge == expected.ridge
    noisy = images["test"][0]
    np.testing.assert_allclose(found.predict(noisy), expected.predict(noisy), atol=1e-3)


def test_the_references_answer_in_images_and_the_noisy_ones_are_themselves(
    dataset, references, images
):
    noisy = images["test"][0]
    label = dataset.read("test").observed.label
    answers = references.answers(noisy, label)
    assert list(answers) == [*REFERENCES, "class mean", "blank"]
    assert answers["noisy"] is noisy
    for answer in answers.values():
        assert answer.shape == noisy.shape
        assert 0 <= answer.min() <= answer.max() <= 1


def test_the_truth_beats_everybody_and_the_noisy_image_not_itself(dataset, images):
    truth, _ = measure_denoising(dataset, Truth(dataset, images["test"][1]), None, Silent())
    assert "unmasked" not in truth.answers
    assert truth.beats_every_reference.all()
    assert "; all 5 references beaten at 2 of 2 SNR points." in denoising_headline(truth)
    assert len(denoising_headline(truth).split()) <= 20
    itself, _ = measure_denoising(dataset, Truth(dataset), None, Silent())
    assert not itself.beats_every_reference.any()
    noisy = [item for item in itself.differences if item.answer == "noisy"]
    assert len(noisy) == 3
    assert all(np.all(item.per_snr.value == 0) for item in noisy)
