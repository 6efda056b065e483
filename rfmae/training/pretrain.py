"""The pre-training task: denoising masked autoencoders on pairs of noisy and clean inputs."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset
from rfmae.errors import ShapeError
from rfmae.models.checkpoint import model_card, start_from
from rfmae.models.masking import masking_of_step
from rfmae.models.noising import FeatureNoise
from rfmae.models.objectives.laplacian import hidden_pixels
from rfmae.models.patches import PatchMask, unpatchify
from rfmae.models.pretrainers import IMAGE, PatchPretrainer, Pretrainer, RingsPretrainer
from rfmae.records import Modality
from rfmae.training.batches import Pairs, PairSource, StoredPairs
from rfmae.training.loaders import image_card
from rfmae.training.processes import Ranks
from rfmae.training.sampling import MASKS, NOISE, RATIOS, VALIDATION, WEIGHTS, addressed_generator

_VALIDATION_BATCH = 256
_STRIP_ROWS = 6  # examples
TITLE = "noisy | visible | reconstruction | clean"


@dataclass(frozen=True, slots=True)
class PretrainBatch:
    """Pairs, their masks, and the noise on their features."""

    pairs: Pairs
    masks: dict[str, PatchMask]
    noise: FeatureNoise | None


class PretrainTask:
    """Denoising with one network."""

    score_name = "reconstruction_loss"
    higher_is_better = False

    def __init__(
        self,
        dataset: Dataset,
        pretrainer: Pretrainer,
        source: PairSource,
        validation: StoredPairs,
        *,
        modalities: tuple[Modality, ...],
        seed: int,
        steps: int,
        batch_size: int,
        ranks: Ranks,
        start: Mapping[str, Tensor] | None = None,
    ) -> None:
        """`start` are the weights of a pre-trained network that goes on."""
        network = pretrainer.network(addressed_generator(seed, WEIGHTS, 0))
        if start:
            start_from(network, start, "the pre-trained model")
        self.network = network.to(ranks.device)
        self.examples = source.examples
        self._dataset, self._modalities = dataset, modalities
        self._pretrainer, self._config = pretrainer, pretrainer.config
        self._source, self._validation = source, validation
        self._seed, self._steps, self._batch_size = seed, steps, batch_size
        self._device = ranks.device

    def batch(self, step: int, microbatch: slice) -> PretrainBatch:
        """Pairs of the batch of a step under their own masks."""
        pairs, n = self._source.pairs(step, microbatch), self._batch_size
        # on the CPU: the mask ratio determines the shape of all tensors that follow
        masking = masking_of_step(
            self._config.masking, addressed_generator(self._seed, RATIOS, step)
        )
        drawn = self._generator(MASKS, step)
        masks = self._pretrainer.masks(n, drawn, step, self._steps, masking=masking)
        noise = self._pretrainer.noise(masks, self._generator(NOISE, step))
        return PretrainBatch(
            pairs,
            {name: mask[microbatch] for name, mask in masks.items()},
            noise and noise[microbatch],
        )

    def losses(self, network: nn.Module, batch: PretrainBatch) -> dict[str, Tensor]:
        """The loss of a batch, and its parts."""
        inputs = batch.pairs.inputs
        targets = inputs if self._config.pixels.target == "noisy" else batch.pairs.targets
        metrics = self._pretrainer.losses(network, inputs, targets, batch.masks, batch.noise)
        if self._config.masking.varies:
            metrics["mask_ratio"] = _hidden_share(batch.masks, metrics["loss"])
        return metrics

    def validation(
        self, network: nn.Module, ranks: Ranks
    ) -> Iterator[tuple[dict[str, Tensor], int]]:
        """Losses on the validation split at the final mask ratio, under the same masks every time.

        Where ratios are drawn at random it is the lowest, without feature noise, as in inference.
        """
        for number, first in enumerate(range(0, self._validation.examples, _VALIDATION_BATCH)):
            batch = self._validation_batch(number, first)
            mine = slice(ranks.rank, len(batch.pairs), ranks.world)
            masks = {name: mask[mine] for name, mask in batch.masks.items()}
            part = PretrainBatch(batch.pairs[mine], masks, None)
            yield self.losses(network, part), len(part.pairs)

    def images(self, network: nn.Module) -> dict[str, Tensor]:
        """Strips of some validation images, where the network predicts images.

        Where visible patches are not in the loss, the reconstruction shows the input there.
        """
        batch = self._validation_batch(0, 0)
        if isinstance(self._pretrainer, RingsPretrainer):
            return self._predicted_images(self._pretrainer, network, batch)
        images: dict[str, Tensor] = {}
        assert isinstance(self._pretrainer, PatchPretrainer)
        for grid in self._pretrainer.config.encoder.modalities:
            if len(grid.shape) == 3 and not self._config.pixels.normalised:
                output = network(batch.pairs.inputs, batch.masks, everything=True)
                predicted = unpatchify(output.image(grid.name), grid)
                visible = ~hidden_pixels(batch.masks[grid.name].hidden, grid)
                if self._config.pixels.where == "hidden" and batch.masks[grid.name].hides:
                    predicted = torch.where(visible, batch.pairs.inputs[grid.name], predicted)
                images.update(_strip(grid.name, batch.pairs, visible, predicted))
        return images

    def _predicted_images(
        self, pretrainer: RingsPretrainer, network: nn.Module, batch: PretrainBatch
    ) -> dict[str, Tensor]:
        """Images that rings predict; hidden harmonics correspond to no pixels."""
        if pretrainer.config.image is None:
            return {}
        seen = pretrainer.seen(batch.pairs.inputs)
        predicted = network(seen, batch.masks[pretrainer.config.encoder.harmonics.name]).images
        return _strip(IMAGE, batch.pairs, torch.ones_like(predicted[:, :1]), predicted)

    def card(self) -> Card:
        """Card of a pre-trained network."""
        return {
            **model_card(self.network),
            **image_card(self._dataset, self._modalities),
            "dataset": {"name": self._dataset.name, "fingerprint": self._dataset.fingerprint},
            "snr_reference": self._dataset.snr_reference,
        }

    def _validation_batch(self, number: int, first: int) -> PretrainBatch:
        pairs = self._validation.in_order(slice(first, first + _VALIDATION_BATCH))
        generator = self._generator(VALIDATION, number)
        masks = self._pretrainer.validation_masks(len(pairs), generator)
        return PretrainBatch(pairs, masks, None)

    def _generator(self, purpose: int, index: int) -> torch.Generator:
        return addressed_generator(self._seed, purpose, index, self._device)


def _strip(name: str, pairs: Pairs, visible: Tensor, predicted: Tensor) -> dict[str, Tensor]:
    """A few of the images of a modality side by side, by their title."""
    shown = slice(None, None, max(1, len(pairs) // _STRIP_ROWS))
    title = TITLE if name == IMAGE else f"{name}: {TITLE}"
    noisy, clean = pairs.inputs[name], pairs.targets[name]
    return {title: strip(noisy[shown], visible[shown], predicted[shown], clean[shown])}


def _hidden_share(masks: Mapping[str, PatchMask], like: Tensor) -> Tensor:
    """The hidden share of all patches, as another metric of a step."""
    hidden = sum(mask.patches - mask.visible for mask in masks.values())
    patches = sum(mask.patches for mask in masks.values())
    return like.detach().new_full((), hidden / patches)


# image strips: noisy | visible | reconstruction | clean, row by row -----------------------------

_GAP_PIXELS = 2
_GAP = 0.9  # light
_HIDDEN = 0.5


def strip(noisy: Tensor, visible: Tensor, reconstruction: Tensor, clean: Tensor) -> Tensor:
    """One image (3, H', W') in [0, 1] of images (N, C, H, W): rows are examples.

    The columns are the noisy image, its visible patches, the reconstruction and the clean image.
    `visible` (N, 1, H, W) is one on the pixels of visible patches; hidden ones are grey. Any number
    of planes is shown in colour, and values are clamped to [0, 1].
    """
    _check(noisy, visible, reconstruction, clean)
    predicted = [in_colour(images) for images in (noisy, reconstruction, clean)]
    seen = torch.where(visible.bool(), predicted[0], _HIDDEN)
    columns = torch.stack(
        [predicted[0], seen, predicted[1], predicted[2]], dim=1
    )  # (N, 4, 3, H, W)
    framed = torch.nn.functional.pad(columns, (0, _GAP_PIXELS, 0, _GAP_PIXELS), value=_GAP)
    n, four, colours, height, width = framed.shape
    grid = framed.permute(2, 0, 3, 1, 4).reshape(colours, n * height, four * width)
    return torch.nn.functional.pad(grid, (_GAP_PIXELS, 0, _GAP_PIXELS, 0), value=_GAP)


def in_colour(images: Tensor) -> Tensor:
    """Images (N, C, H, W) as red, green and blue (N, 3, H, W), float32 in [0, 1].

    Three planes are red, green and blue, one is grey; otherwise each has its own hue, and all of
    them together are white.
    """
    values = images.detach().float().nan_to_num().clamp(0, 1)
    mixed = torch.einsum("kc,nkhw->nchw", _hues(images.shape[1]).to(values.device), values)
    return mixed.clamp(0, 1)


def _hues(planes: int) -> Tensor:
    """Colours of planes, (C, 3), evenly around the hue circle; every column sums to one."""
    if planes == 3:
        return torch.eye(3)
    angle = torch.arange(planes)[:, None] / planes - torch.arange(3) / 3
    hues = 1 + torch.cos(2 * math.pi * angle)
    if planes == 1:
        return torch.ones(1, 3)
    return hues / hues.sum(dim=0)


def _check(noisy: Tensor, visible: Tensor, reconstruction: Tensor, clean: Tensor) -> None:
    n, _, height, width = noisy.shape
    if not noisy.shape == reconstruction.shape == clean.shape:
        raise ShapeError(
            "noisy, reconstruction and clean must have one shape (N, C, H, W), got "
            f"{tuple(noisy.shape)}, {tuple(reconstruction.shape)} and {tuple(clean.shape)}"
        )
    if visible.shape != (n, 1, height, width):
        raise ShapeError(
            f"visible must have shape {(n, 1, height, width)}, got {tuple(visible.shape)}"
        )
