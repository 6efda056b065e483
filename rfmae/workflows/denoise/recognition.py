"""A classifier for the test of recognition after denoising, from its checkpoint."""

from pathlib import Path

from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError
from rfmae.evaluation.recognition import RecognitionTest
from rfmae.inference import load_classifier
from rfmae.records import ImageConfig


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
    return RecognitionTest(name, classifier.card, classifier.of_images)
