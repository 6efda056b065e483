"""Fine-tuning for modulation classification: from a pre-trained encoder or from scratch."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.models.checkpoint import Checkpoint, load_encoder_weights, model_card
from rfmae.models.classifier import Classifier, ClassifierConfig, draw_kept
from rfmae.models.transformer import initialise
from rfmae.progress import Progress
from rfmae.records import Modality
from rfmae.training.loaders import InputSplit, image_card, labelled_subset
from rfmae.training.pairs import epoch_rows
from rfmae.training.ranks import Ranks
from rfmae.training.schedule import (
    DROPOUT,
    LABELS,
    WEIGHTS,
    addressed_generator,
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


@dataclass(frozen=True, slots=True)
class FinetuneBatch:
    """Inputs by modality, labels (N,), and which units of each hidden layer stay."""

    inputs: dict[str, Tensor]
    label: Tensor
    kept: list[Tensor]


class FinetuneTask:
    """What a receiver sees to classes, with the labels of a share of the training examples."""

    score_name = "accuracy"
    higher_is_better = True

    def __init__(
        self,
        dataset: Dataset,
        config: ClassifierConfig,
        *,
        modalities: tuple[Modality, ...],
        labels: int | None,
        pretrained: Checkpoint | None,
        frozen: bool,
        seed: int,
        batch_size: int,
        ranks: Ranks,
        progress: Progress,
    ) -> None:
        self.network = Classifier(config)
        initialise(self.network, addressed_generator(seed, WEIGHTS, 1))
        if pretrained is not None:
            load_encoder_weights(self.network.encoder, pretrained)
        self.network.encoder.requires_grad_(not frozen)
        self.network.to(ranks.device)
        self._dataset, self._config, self._modalities = dataset, config, modalities
        self._seed, self._batch_size, self._device = seed, batch_size, ranks.device
        rows = self._labelled_rows(labels)
        device = ranks.device
        self._train = InputSplit(dataset, "train", modalities, device, progress, rows=rows)
        self._validation = InputSplit(dataset, "validation", modalities, device, progress)
        self.examples = len(self._train)

    def batch(self, step: int, piece: slice) -> FinetuneBatch:
        """Labelled examples of the batch of a step, turned where phases are free."""
        rows = epoch_rows(step, self.examples, self._batch_size, self._seed)[piece]
        turns = None
        if self._dataset.any_phase:
            turns = random_quarter_turns(self._batch_size, self._seed, step)[piece]
        inputs = self._train.inputs(rows, turns)
        drawn = addressed_generator(self._seed, DROPOUT, step, self._device)
        kept = [units[piece] for units in draw_kept(self._config, self._batch_size, drawn)]
        return FinetuneBatch(inputs, self._train.label[rows].to(self._device), kept)

    def losses(self, network: nn.Module, batch: FinetuneBatch) -> dict[str, Tensor]:
        """Cross-entropy and accuracy of one batch."""
        logits = network(batch.inputs, batch.kept).float()
        hits = logits.argmax(dim=1) == batch.label
        return {
            "loss": F.cross_entropy(logits, batch.label),
            "accuracy": hits.float().mean(),
        }

    def validation(
        self, network: nn.Module, ranks: Ranks
    ) -> Iterator[tuple[dict[str, Tensor], int]]:
        """Accuracy and cross-entropy on the validation split."""
        everything = torch.arange(len(self._validation))
        for rows in everything.split(_VALIDATION_BATCH):
            mine = rows[ranks.rank :: ranks.world]
            label = self._validation.label[mine].to(self._device)
            batch = FinetuneBatch(self._validation.inputs(mine), label, [])
            yield self.losses(network, batch), len(mine)

    def pictures(self, network: nn.Module) -> dict[str, Tensor]:
        """None: a classifier paints nothing."""
        return {}

    def card(self) -> Card:
        """Card of a classifier."""
        return {
            **model_card(self.network),
            **image_card(self._dataset, self._modalities),
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
