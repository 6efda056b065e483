"""Fine-tuning for modulation classification: from a pre-trained encoder or from scratch."""

import torch
from torch import Tensor
from torch.nn import functional as F

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.imaging.render import quarter_turned
from rfmae.models.checkpoint import Checkpoint, load_encoder, model_card
from rfmae.models.classifier import Classifier, ClassifierConfig
from rfmae.models.transformer import initialise
from rfmae.progress import Progress
from rfmae.training.loaders import ImageSplit, image_card, labelled_subset
from rfmae.training.schedule import (
    DROPOUT,
    LABELS,
    WEIGHTS,
    Precision,
    addressed_generator,
    autocast,
    random_quarter_turns,
)

_VALIDATION_BATCH = 256


def check_labels(labels: int, classes: int, examples: int) -> None:
    """Refuse fewer labels than classes and more than there are training examples."""
    if not classes <= labels <= examples:
        raise TrainingError(
            f"labels must lie between the {classes} classes and the {examples} training examples, "
            f"got {labels}"
        )


class FinetuneTask:
    """Noisy images to classes, with the labels of a share of the training examples."""

    score_name = "accuracy"
    higher_is_better = True

    def __init__(
        self,
        dataset: Dataset,
        config: ClassifierConfig,
        *,
        labels: int | None,
        pretrained: Checkpoint | None,
        frozen: bool,
        seed: int,
        device: torch.device,
        precision: Precision,
        progress: Progress,
    ) -> None:
        self.network = Classifier(config)
        initialise(self.network, addressed_generator(seed, WEIGHTS, 1))
        if pretrained is not None:
            load_encoder(self.network.encoder, pretrained)
        self.network.encoder.requires_grad_(not frozen)
        self.network.to(device)
        self._dataset, self._seed = dataset, seed
        self._device, self._precision = device, precision
        rows = self._labelled_rows(labels)
        self._train = ImageSplit(dataset, "train", device, progress, clean=False, rows=rows)
        self._validation = ImageSplit(dataset, "validation", device, progress, clean=False)
        self.examples = len(self._train)

    def losses(self, rows: Tensor, step: int) -> dict[str, Tensor]:
        """Cross-entropy of one batch of labelled examples, turned where phases are free."""
        images = self._train.noisy(rows)
        if self._dataset.any_phase:
            turns = random_quarter_turns(len(rows), self._seed, step)
            planes = self._dataset.image.planes
            images = quarter_turned(images, turns.to(images.device), planes)
        dropout = addressed_generator(self._seed, DROPOUT, step, self._device)
        logits = self.network(images, dropout).float()
        label = self._train.label[rows].to(self._device)
        accuracy = (logits.argmax(dim=1) == label).float().mean()
        return {"loss": F.cross_entropy(logits, label), "accuracy": accuracy}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Accuracy and cross-entropy on the validation split."""
        hits, surprise = 0.0, 0.0
        everything = torch.arange(len(self._validation))
        for rows in everything.split(_VALIDATION_BATCH):
            with autocast(self._device, self._precision):
                logits = self.network(self._validation.noisy(rows)).float()
            label = self._validation.label[rows].to(self._device)
            hits += float((logits.argmax(dim=1) == label).sum())
            surprise += float(F.cross_entropy(logits, label, reduction="sum"))
        return {"accuracy": hits / len(everything), "loss": surprise / len(everything)}

    def card(self) -> Card:
        """Card of a classifier."""
        return {
            **model_card(self.network),
            **image_card(self._dataset),
            "classes": list(self._dataset.classes),
            "dataset": {"name": self._dataset.name, "fingerprint": self._dataset.fingerprint},
            "labels": self.examples,
            "snr_db": list(self._dataset.snr_db),
            "snr_reference": self._dataset.snr_reference,
        }

    def _labelled_rows(self, labels: int | None) -> Tensor | None:
        """Rows of the training examples whose labels may be seen; none means all."""
        if labels is None:
            return None
        label, _ = self._dataset.labels("train")
        check_labels(labels, len(self._dataset.classes), len(label))
        generator = addressed_generator(self._seed, LABELS, 0)
        return labelled_subset(torch.from_numpy(label), labels, generator)
