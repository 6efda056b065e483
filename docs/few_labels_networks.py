"""The networks of the study: what is pre-trained, what is taught, and how often it is right."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from few_labels_data import HOME, split_of
from pages import alone_with

from rfmae.configuration.methods import Method, find_method, with_switches
from rfmae.configuration.training import Finetuning, Pretraining
from rfmae.datasets.store import Dataset
from rfmae.evaluation.probe import Features, linear_probe
from rfmae.models.checkpoint import load_checkpoint
from rfmae.models.encoders import AnyEncoder
from rfmae.records import IntArray, Modality
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.learning.finetuning import finetune
from rfmae.workflows.learning.training import pretrain

EPOCHS = 8  # of 67,200 pairs, 2,096 steps of 256
SHOWN = 12_800  # labelled images that a network is shown at every budget
ALL_IMAGES = 201_600  # shown with all labels, each three times
STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0)

HARMONICS, SNR, IMAGE = Modality("harmonics"), Modality("snr", view="waveform"), Modality()


@dataclass(frozen=True, slots=True)
class Variant:
    """A pre-training: the network, what it sees, and what differs from DenoMAE2.0."""

    network: str = "rings"
    modalities: tuple[Modality, ...] = (HARMONICS,)
    switches: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(modality.name for modality in self.modalities)

    @property
    def method(self) -> Method:
        return with_switches(find_method("denomae2", self.network), self.switches)


VARIANTS: dict[str, Variant] = {
    "rings": Variant(),
    "rings, noisy target": Variant(switches={"pixels.target": "noisy"}),
    "rings and SNR": Variant(modalities=(HARMONICS, SNR)),
    "position weight 0": Variant(switches={"position.weight": 0.0, "position.dropout": 0.0}),
    "position weight 0.01": Variant(switches={"position.weight": 0.01}),
    "position weight 1": Variant(switches={"position.weight": 1.0}),
    "position dropout 0.1": Variant(switches={"position.dropout": 0.1}),
    "mask ratio 0.25": Variant(switches={"masking.ratio": 0.25}),
    "mask ratio 0.5": Variant(switches={"masking.ratio": 0.5}),
    "mask ratio 0.75": Variant(switches={"masking.ratio": 0.75}),
    "mask ratio 0.9": Variant(switches={"masking.ratio": 0.9}),
    "mask ratio 0 to 0.75": Variant(switches={"masking.ratio": 0.75, "masking.lowest": 0.0}),
    "mask ratio 0.75, hidden tokens alone judged": Variant(
        switches={"masking.ratio": 0.75, "pixels.where": "hidden"}
    ),
    "decoder of 1 perceptron": Variant(switches={"decoder_depth": 1}),
    "decoder of 4 perceptrons": Variant(switches={"decoder_depth": 4}),
    "curriculum": Variant(
        switches={
            "masking.ratio": 0.5,
            "masking.start_ratio": 0.25,
            "laplacian_weight": 0.05,
            "uniformity_weight": 0.01,
        }
    ),
    "vit": Variant("vit", (IMAGE,)),
}
"""What is pre-trained; each but the last is DenoMAE2.0 in rings with one thing changed."""


def encoder_of(dataset: Dataset, name: str, seed: int, home: str = "") -> Path:
    """The checkpoint of a pre-training."""
    variant = VARIANTS[name]
    split_of(dataset.folder, dataset.image, "train", variant.modalities, targets=True)
    transformer = variant.network == "vit"
    settings = Pretraining(
        "tiny" if transformer else "small",
        EPOCHS // 8 if transformer else EPOCHS,
        batch_size=32 if transformer else None,
        learning_rate=1.5e-3 if transformer else None,
        seed=seed,
        method=variant.method,
        network=variant.network,
        modalities=variant.names,
    )
    words = name.replace(" ", "-").replace(",", "")
    folder = HOME / "few-labels" / f"{home}pretrain-{words}-seed{seed}"
    with alone_with(folder.with_suffix(".json")):  # another process may want it, too
        return pretrain(dataset, settings, folder, resume=True, device="cpu")


def classifier_of(
    dataset: Dataset,
    labels: dict[str, int],
    seed: int,
    *,
    modalities: tuple[Modality, ...],
    encoder: Path | None = None,
    network: str = "rings",
    shown: int = SHOWN,
    name: str,
) -> Path:
    """A classifier of few labels, from an encoder or from scratch."""
    budget = LabelBudget.of(**labels).total(dataset) or dataset.examples("train")
    settings = Finetuning(
        "tiny" if network == "vit" else "small",
        epochs=max(1, round(shown / budget)),
        seed=seed,
        network=network,
        modalities=tuple(modality.name for modality in modalities),
        **labels,
    )
    folder = HOME / "few-labels" / "classifiers" / name
    return finetune(dataset, settings, folder, pretrained=encoder, resume=True, device="cpu")


def hits_of(named: IntArray, dataset: Dataset) -> list[int]:
    """Test examples named right at each SNR point."""
    label, snr_db = dataset.labels("test")
    right = named == label
    return [int(right[np.isclose(snr_db, point)].sum()) for point in dataset.snr_db]


@torch.no_grad()
def classifier_hits(best: Path, dataset: Dataset, modalities: tuple[Modality, ...]) -> list[int]:
    """Hits of a classifier's checkpoint."""
    network = load_checkpoint(best).build()
    split = split_of(dataset.folder, dataset.image, "test", modalities)
    rows = torch.arange(len(split)).split(512)
    scores = torch.cat([network(split.inputs(part)) for part in rows])
    return hits_of(scores.argmax(dim=1).numpy(), dataset)


@torch.no_grad()
def features_of(
    encoder: AnyEncoder,
    dataset: Dataset,
    split: str,
    modalities: tuple[Modality, ...],
    rows: IntArray | None = None,
) -> Features:
    """What a frozen encoder makes of the rows of a split."""
    rendered = split_of(dataset.folder, dataset.image, split, modalities)
    every = torch.arange(len(rendered)) if rows is None else torch.from_numpy(rows)
    values = torch.cat([encoder.features(rendered.inputs(part)) for part in every.split(512)])
    label, snr_db = dataset.labels(split)
    return Features(values.numpy(), label[every.numpy()], snr_db[every.numpy()])


class Probed:
    """Linear probes of one encoder at any budget."""

    def __init__(self, best: Path, dataset: Dataset, modalities: tuple[Modality, ...]) -> None:
        self._encoder: AnyEncoder = load_checkpoint(best).build().encoder
        self._dataset, self._modalities = dataset, modalities
        self._held = {
            split: features_of(self._encoder, dataset, split, modalities)
            for split in ("validation", "test")
        }

    def hits(self, labels: dict[str, int], seed: int) -> list[int]:
        """Hits of the probe whose strength validation chooses."""
        rows = LabelBudget.of(**labels).rows(self._dataset, seed)
        known = features_of(
            self._encoder,
            self._dataset,
            "train",
            self._modalities,
            None if rows is None else rows.numpy(),
        )
        probe = linear_probe(known, self._held["validation"], STRENGTHS)
        return hits_of(probe.name(self._held["test"].values), self._dataset)
