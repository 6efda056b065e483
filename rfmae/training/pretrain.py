"""Pre-training of DenoMAE2.0 on pairs of noisy and clean images."""

import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset
from rfmae.imaging.render import quarter_turned
from rfmae.models.checkpoint import model_card
from rfmae.models.denomae import DenoMAE, DenoMAEConfig
from rfmae.models.objectives import denomae_losses
from rfmae.models.patches import PatchMask, patchify, random_mask
from rfmae.models.transformer import initialise
from rfmae.progress import Progress
from rfmae.training.loaders import ImageSplit, image_card
from rfmae.training.schedule import (
    MASKS,
    VALIDATION,
    WEIGHTS,
    Precision,
    addressed_generator,
    autocast,
    random_quarter_turns,
)

_VALIDATION_BATCH = 256


class PretrainTask:
    """Noisy to clean images through DenoMAE2.0."""

    score_name = "reconstruction_loss"
    higher_is_better = False

    def __init__(
        self,
        dataset: Dataset,
        config: DenoMAEConfig,
        *,
        seed: int,
        device: torch.device,
        precision: Precision,
        progress: Progress,
    ) -> None:
        self.network = DenoMAE(config)
        initialise(self.network, addressed_generator(seed, WEIGHTS, 0))
        self.network.to(device)
        self._dataset, self._config, self._seed = dataset, config, seed
        self._device, self._precision = device, precision
        self._train = ImageSplit(dataset, "train", device, progress, clean=True)
        self._validation = ImageSplit(dataset, "validation", device, progress, clean=True)
        self.examples = len(self._train)

    def losses(self, rows: Tensor, step: int) -> dict[str, Tensor]:
        """Losses of one training batch, under its own masks and, where phases are free, turns."""
        noisy, clean = self._train.noisy(rows), self._train.clean(rows)
        if self._dataset.any_phase:
            turns = random_quarter_turns(len(rows), self._seed, step).to(noisy.device)
            planes = self._dataset.image.planes
            noisy = quarter_turned(noisy, turns, planes)
            clean = quarter_turned(clean, turns, planes)
        return self._losses(noisy, clean, self._mask(len(rows), MASKS, step))

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean losses on the validation split, under the same masks every time."""
        sums: dict[str, float] = {}
        everything = torch.arange(len(self._validation))
        for batch, rows in enumerate(everything.split(_VALIDATION_BATCH)):
            mask = self._mask(len(rows), VALIDATION, batch)
            with autocast(self._device, self._precision):
                noisy, clean = self._validation.noisy(rows), self._validation.clean(rows)
                figures = self._losses(noisy, clean, mask)
            for name, value in figures.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(rows)
        return {name: value / len(everything) for name, value in sums.items()}

    def card(self) -> Card:
        """Card of a pre-trained network."""
        return {
            **model_card(self.network),
            **image_card(self._dataset),
            "dataset": {"name": self._dataset.name, "fingerprint": self._dataset.fingerprint},
            "snr_reference": self._dataset.snr_reference,
        }

    def _losses(self, noisy: Tensor, clean: Tensor, mask: PatchMask) -> dict[str, Tensor]:
        output = self.network(noisy, mask)
        clean_patches = patchify(clean, self._config.encoder.patch_size)
        return denomae_losses(output, clean_patches, self._config.position_weight)

    def _mask(self, n: int, purpose: int, index: int) -> PatchMask:
        generator = addressed_generator(self._seed, purpose, index, self._device)
        return random_mask(n, self._config.encoder.patches, self._config.mask_ratio, generator)
