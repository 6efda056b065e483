"""Recognition after denoising: one fixed classifier on noisy, denoised and clean images."""

from collections import defaultdict
from pathlib import Path

import numpy as np

from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError
from rfmae.evaluation.classification import counted
from rfmae.evaluation.comparison import compare
from rfmae.evaluation.denoise_measures import CLEAN, DenoiseBatch
from rfmae.inference import SignalClassifier, load_classifier
from rfmae.records import (
    Answers,
    FloatArray,
    ImageConfig,
    IntArray,
    Recognition,
    holm_adjusted,
)

NOISY = "noisy"
GIVEN_THE_CLASS = ("class mean", "blank")  # not informative for a classifier

_BOOTSTRAP_SEED = 0


class RecognitionTest:
    """Applies a classifier to every answer of every batch, and keeps its probabilities."""

    def __init__(self, name: str, classifier: SignalClassifier) -> None:
        self.name, self.card, self._classifier = name, classifier.card, classifier
        self._probabilities: dict[str, list[FloatArray]] = defaultdict(list)
        self._label: list[IntArray] = []
        self._snr_db: list[FloatArray] = []

    def add(self, batch: DenoiseBatch) -> None:
        """Classify each of the answers and the clean images of a batch."""
        for name, images in {**batch.answers, CLEAN: batch.clean}.items():
            if name not in GIVEN_THE_CLASS:
                self._probabilities[name].append(self._classifier.of_images(images))
        self._label.append(batch.label)
        self._snr_db.append(batch.snr_db)

    def recognition(self, dataset: Dataset) -> Recognition:
        """The accuracy on all batches, and each answer compared with the noisy images."""
        answers = {
            name: self._answers(parts, dataset) for name, parts in self._probabilities.items()
        }
        rng = np.random.default_rng(_BOOTSTRAP_SEED)
        return Recognition(
            self.name,
            {name: counted(item) for name, item in answers.items()},
            holm_adjusted(
                compare(item, answers[NOISY], (name, NOISY), rng)
                for name, item in answers.items()
                if name != NOISY
            ),
        )

    def _answers(self, parts: list[FloatArray], dataset: Dataset) -> Answers:
        return Answers(
            np.concatenate(parts),
            np.concatenate(self._label),
            np.concatenate(self._snr_db),
            dataset.classes,
            dataset.snr_db,
            dataset.snr_reference,
        )


def open_recognition_test(
    path: Path, name: str, dataset: Dataset, image: ImageConfig, device: str
) -> RecognitionTest:
    """A classifier of the denoiser's kind of images; raises `CheckpointError` for others."""
    classifier = load_classifier(path, device)
    if classifier.classes != dataset.classes:
        raise CheckpointError(
            f"{path} knows the classes {', '.join(classifier.classes)}, but {dataset.folder.name} "
            f"holds {', '.join(dataset.classes)}; fine-tune on this data set"
        )
    if not classifier.sees_images_alone:
        seen = ", ".join(modality.name for modality in classifier.pipeline.modalities)
        raise CheckpointError(
            f"{path} sees {seen}, but only denoised images are available; "
            "name a classifier of the image alone"
        )
    if classifier.image != image:
        raise CheckpointError(
            f"{path} was trained on images {classifier.image}, but the denoiser's are {image}; "
            "fine-tune on images of the same kind"
        )
    return RecognitionTest(name, classifier)
