"""Fine-tuning for modulation classification, pre-trained or from scratch; its temperature."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rfmae.artefacts import CARD_NAME, Card, read_card, write_json
from rfmae.datasets.store import Dataset
from rfmae.evaluation.calibration import fit_temperature
from rfmae.models.checkpoint import Checkpoint, load_checkpoint, load_encoder_weights, model_card
from rfmae.models.classifier import (
    Classifier,
    ClassifierConfig,
    draw_kept,
    initialise_classifier,
)
from rfmae.models.rings import RingsEncoder
from rfmae.models.transformer import draw_paths
from rfmae.models.vit import Encoder, EncoderConfig
from rfmae.records import FloatArray, Modality
from rfmae.training.batches import LabelledSource
from rfmae.training.loaders import InputSplit, image_card
from rfmae.training.processes import Ranks
from rfmae.training.sampling import DROPOUT, PATHS, WEIGHTS, LabelBudget, addressed_generator

_VALIDATION_BATCH = 256
_RATES = ((50, 1e-4), (500, 5e-4))
_FASTEST = 2e-3


@dataclass(frozen=True, slots=True)
class FinetuneBatch:
    """Inputs by modality, labels (N,), which units of each hidden layer stay, and which branches
    of the encoder's blocks.
    """

    inputs: dict[str, Tensor]
    label: Tensor
    kept: list[Tensor]
    paths: Tensor | None = None


def rate_from_probe(labels_per_class: int) -> float:
    """The peak of a start from the probe: 1e-4 up to 50 labels of a class, 5e-4 up to 500, 2e-3."""
    return next((rate for most, rate in _RATES if labels_per_class <= most), _FASTEST)


def beginning(
    config: ClassifierConfig, pretrained: Checkpoint | None, *, frozen: bool, seed: int
) -> Classifier:
    """A classifier before the first step; of a `frozen` one the head alone is trained."""
    network = Classifier(config)
    initialise_classifier(network, addressed_generator(seed, WEIGHTS, 1))
    if pretrained is not None and isinstance(network.encoder, Encoder | RingsEncoder):
        load_encoder_weights(network.encoder, pretrained)
    network.encoder.requires_grad_(not frozen)
    return network


class FinetuneTask:
    """Classification of received signals, with the labels of a share of the training examples."""

    score_name = "accuracy"
    higher_is_better = True

    def __init__(
        self,
        dataset: Dataset,
        network: Classifier,
        source: LabelledSource,
        validation: InputSplit,
        *,
        modalities: tuple[Modality, ...],
        drop_path: float,
        seed: int,
        batch_size: int,
        ranks: Ranks,
        budget: LabelBudget | None = None,
    ) -> None:
        self.network = network.to(ranks.device)
        self._dataset, self._config, self._modalities = dataset, network.config, modalities
        self._seed, self._batch_size, self._device = seed, batch_size, ranks.device
        self._source, self._validation, self._drop_path = source, validation, drop_path
        self._budget = budget or LabelBudget()
        self.examples = source.examples

    def batch(self, step: int, microbatch: slice) -> FinetuneBatch:
        """Labelled examples of the batch of a step, with its dropout masks."""
        examples = self._source.labelled(step, microbatch)
        drawn = addressed_generator(self._seed, DROPOUT, step, self._device)
        kept = [units[microbatch] for units in draw_kept(self._config, self._batch_size, drawn)]
        return FinetuneBatch(examples.inputs, examples.label, kept, self._paths(step, microbatch))

    def _paths(self, step: int, microbatch: slice) -> Tensor | None:
        """Which branches of the encoder stay at a step; without an encoder there are none."""
        encoder = self._config.encoder
        if not self._drop_path or not isinstance(encoder, EncoderConfig):
            return None
        drawn = addressed_generator(self._seed, PATHS, step, self._device)
        paths = draw_paths(encoder.depth, self._batch_size, self._drop_path, drawn)
        return None if paths is None else paths[..., microbatch]

    def losses(self, network: nn.Module, batch: FinetuneBatch) -> dict[str, Tensor]:
        """Cross-entropy and accuracy of one batch."""
        logits = network(batch.inputs, batch.kept, batch.paths).float()
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

    def images(self, network: nn.Module) -> dict[str, Tensor]:
        """None: a classifier predicts no images."""
        return {}

    def card(self) -> Card:
        """Card of a classifier."""
        return {
            **model_card(self.network),
            **image_card(self._dataset, self._modalities),
            "classes": list(self._dataset.classes),
            "dataset": {"name": self._dataset.name, "fingerprint": self._dataset.fingerprint},
            **self._budget.options,
            "labels": self.examples,  # none where they never end
            "snr_db": list(self._dataset.snr_db),
            "snr_reference": self._dataset.snr_reference,
        }


# temperature -----------------------------------------------------------------------------------


_TOGETHER = 256
_KEY = "temperature"


def keep_temperature(
    checkpoint: Path, validation: Callable[[], InputSplit], device: torch.device
) -> None:
    """Fit the temperature of a classifier's checkpoint, unless its card has one already.

    It is fitted on validation (Guo et al., On Calibration of Modern Neural Networks, ICML 2017).
    """
    card = read_card(checkpoint) or {}
    if _KEY in card:
        return
    split = validation()
    fitted = fit_temperature(probabilities(checkpoint, split, device), split.label.numpy())
    write_json(checkpoint / CARD_NAME, {**card, _KEY: round(fitted, 4)})


@torch.inference_mode()
def probabilities(checkpoint: Path, split: InputSplit, device: torch.device) -> FloatArray:
    """Class probabilities (N, M) of a checkpoint's classifier on a split, at temperature 1."""
    network = load_checkpoint(checkpoint).build().to(device)
    found = [
        network(split.inputs(rows)).float().softmax(dim=1).cpu()
        for rows in torch.arange(len(split)).split(_TOGETHER)
    ]
    return torch.cat(found).numpy()
