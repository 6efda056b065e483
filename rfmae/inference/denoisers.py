"""Denoisers of constellation images."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.errors import CheckpointError, ShapeError
from rfmae.inference.input_pipeline import IMAGE, InputPipeline, IqLike, choose_device
from rfmae.models.checkpoint import DENOMAE, load_checkpoint
from rfmae.models.denomae import DenoMAE
from rfmae.models.masking import complementary_masks, everything_visible
from rfmae.models.patches import PatchGrid, PatchMask, unpatchify
from rfmae.models.rings_mae import RingsMAE
from rfmae.records import IMAGE_ALONE, FloatArray, ImageConfig

UNMASKED, MASK_AVERAGE = "unmasked", "mask average"
"""The two ways to denoise with a network of patches: without masks, or each patch while hidden."""


_IMAGE_DIMENSIONS = 4


class ImageDenoiser(Protocol):
    """The interface of denoisers of constellation images."""

    card: Card
    pipeline: InputPipeline
    device: torch.device

    @property
    def image(self) -> ImageConfig:
        """How its constellation images are rendered."""
        ...

    def inputs(self, iq: IqLike) -> dict[str, FloatArray]:
        """Its inputs of complex I/Q (N, T), by modality; `image` is (N, C, H, W)."""
        ...

    def images(self, iq: IqLike) -> FloatArray:
        """Constellation images (N, C, H, W) of complex I/Q (N, T), rendered as in training."""
        ...

    def __call__(self, shown: FloatArray | Mapping[str, FloatArray], /) -> FloatArray:
        """Reconstructions (N, C, H, W) in [0, 1] of noisy images, alone or among other inputs."""
        ...


class _Rendering:
    """The inputs of a denoiser, rendered as in training."""

    def __init__(self, card: Card, pipeline: InputPipeline, device: torch.device) -> None:
        self.card, self.pipeline, self.device = card, pipeline, device

    @property
    def image(self) -> ImageConfig:
        """How its constellation images are rendered."""
        return self.pipeline.image

    @torch.inference_mode()
    def inputs(self, iq: IqLike) -> dict[str, FloatArray]:
        """Its inputs of complex I/Q (N, T), by modality; `image` is (N, C, H, W)."""
        batches = [*self.pipeline.inputs(iq, self.device)]
        return {
            name: torch.cat([batch[name] for batch in batches]).cpu().numpy() for name in batches[0]
        }

    def images(self, iq: IqLike) -> FloatArray:
        """Constellation images (N, C, H, W) of complex I/Q (N, T), rendered as in training."""
        return self.inputs(iq)[IMAGE]

    def _tensors(self, shown: FloatArray | Mapping[str, FloatArray]) -> dict[str, Tensor]:
        named = shown if isinstance(shown, Mapping) else {IMAGE: shown}
        for name, values in named.items():
            if np.iscomplexobj(values):
                raise ShapeError(
                    f"a denoiser takes images, got complex {np.shape(values)} as {name}; "
                    "give what its `inputs` makes of the I/Q"
                )
        if IMAGE in named and np.ndim(named[IMAGE]) != _IMAGE_DIMENSIONS:
            raise ShapeError(
                f"images must have the shape (N, C, H, W), got {np.shape(named[IMAGE])}; "
                "`images` renders those of I/Q"
            )
        return {
            name: torch.from_numpy(np.asarray(values, np.float32)).to(self.device)
            for name, values in named.items()
        }


class RingsDenoiser(_Rendering):
    """Denoises a constellation from its noisy harmonics to clean images, in one pass."""

    def __init__(
        self, network: RingsMAE, card: Card, pipeline: InputPipeline, device: torch.device
    ) -> None:
        """`pipeline` renders the inputs of the network, and images for comparison."""
        super().__init__(card, pipeline, device)
        self._network = network.to(device)

    @torch.inference_mode()
    def __call__(self, shown: FloatArray | Mapping[str, FloatArray]) -> FloatArray:
        """Clean images (N, C, H, W) in [0, 1] of `inputs`; noisy images alone do not suffice."""
        tensors, seen = self._tensors(shown), self._network.config.encoder.modalities
        if missing := [grid.name for grid in seen if grid.name not in tensors]:
            raise ShapeError(
                f"rings denoise {' and '.join(grid.name for grid in seen)}, "
                f"got {' and '.join(tensors) or 'nothing'} without {' and '.join(missing)}; "
                "give all that `inputs` makes of the I/Q"
            )
        images = self._network.images({grid.name: tensors[grid.name] for grid in seen})
        return images.cpu().numpy()


class Denoiser(_Rendering):
    """Noisy constellation images to clean ones by a network of patches.

    A network that was also trained without masks denoises in one pass; with any other, every patch
    is predicted while it is hidden.
    """

    def __init__(
        self, network: DenoMAE, card: Card, pipeline: InputPipeline, device: torch.device
    ) -> None:
        super().__init__(card, pipeline, device)
        self._network = network.to(device)

    @torch.inference_mode()
    def __call__(self, shown: FloatArray | Mapping[str, FloatArray], seed: int = 0) -> FloatArray:
        """Reconstructions (N, C, H, W) in [0, 1] of noisy images, alone or among other inputs.

        `seed` determines the masks, where any are needed.
        """
        if self._network.config.masking.includes_zero:
            return self.unmasked(shown)
        return self.mask_average(shown, seed)

    def other_ways(self, shown: FloatArray | Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """The reconstructions of the other way, by its name, where there is one."""
        masking = self._network.config.masking
        if not masking.includes_zero:
            return {UNMASKED: self.unmasked(shown)}
        return {MASK_AVERAGE: self.mask_average(shown)} if masking.ratio else {}

    @torch.inference_mode()
    def mask_average(
        self, shown: FloatArray | Mapping[str, FloatArray], seed: int = 0
    ) -> FloatArray:
        """Reconstructions of which every patch was predicted while it was hidden.

        The visible sets of the masks divide the patches, so each patch is predicted several times;
        the predictions are averaged. `seed` determines the masks.
        """
        inputs = self._tensors(shown)
        predictions, hidden = [], []
        for masks in self._complementary(len(inputs[IMAGE]), inputs, seed):
            hidden.append(masks[IMAGE].hidden[..., None])
            predictions.append(self._network(inputs, masks).image(IMAGE) * hidden[-1])
        return self._as_images(torch.stack(predictions).sum(dim=0) / torch.stack(hidden).sum(dim=0))

    @torch.inference_mode()
    def unmasked(self, shown: FloatArray | Mapping[str, FloatArray]) -> FloatArray:
        """Reconstructions in one pass, without masks."""
        inputs = self._tensors(shown)
        masks = {
            name: everything_visible(len(values), self._grid(name).patches, self.device)
            for name, values in inputs.items()
        }
        output = self._network(inputs, masks, everything=True)
        return self._as_images(output.image(IMAGE))

    def _complementary(
        self, n: int, inputs: Mapping[str, Tensor], seed: int
    ) -> Iterator[dict[str, PatchMask]]:
        """Masks of every modality, in as many rounds as the image needs."""
        generator = torch.Generator(self.device).manual_seed(seed)
        rounds = {}
        for name in sorted(inputs, key=lambda name: name != IMAGE):  # the image draws first
            patches = self._grid(name).patches
            if self._grid(name).is_scalar:
                rounds[name] = [everything_visible(n, patches, self.device)]
                continue
            visible = self._network.config.masking.visible_at(patches, 1, 1)
            rounds[name] = complementary_masks(n, patches, visible, generator)
        for turn in range(len(rounds[IMAGE])):
            yield {name: masks[turn % len(masks)] for name, masks in rounds.items()}

    def _grid(self, name: str) -> PatchGrid:
        return self._network.config.encoder.grid(name)

    def _as_images(self, patches: Tensor) -> FloatArray:
        return unpatchify(patches, self._grid(IMAGE)).clamp(0, 1).cpu().numpy()


def load_denoiser(path: str | Path, device: str = "auto") -> Denoiser | RingsDenoiser:
    """The denoiser of a pre-training checkpoint or run folder that predicts clean images.

    Args:
        path: Checkpoint or run folder of `rfmae pretrain`, of rings with `--method denoiser`.
        device: `auto`, `cpu`, `cuda`, …

    Returns:
        A callable from its inputs to clean images (N, planes, size, size) in [0, 1]; `inputs`
        makes them of complex I/Q (N, T).

    Raises:
        CheckpointError: A checkpoint that predicts no images.

    Examples:
        >>> data = synthesise("sdr-linear", "data", snr="20", examples=(6, 2, 2))
        >>> model = pretrain(data, "clean", method="denoiser", preset="tiny", epochs=1)
        >>> denoiser = load_denoiser(model, "cpu")
        >>> denoiser(denoiser.inputs(data.read_observed("test").iq)).shape
        (14, 3, 64, 64)
    """
    checkpoint, chosen = load_checkpoint(path, DENOMAE), choose_device(device)
    network = checkpoint.build()
    pipeline = InputPipeline.of(checkpoint)
    if isinstance(network, RingsMAE):
        if network.image_decoder is None:
            raise CheckpointError(
                f"{path} holds rings that make clean harmonics and no images; to denoise, "
                "run `rfmae pretrain --method denoiser`, or name an --image-weight"
            )
        both = replace(pipeline, modalities=(*pipeline.modalities, *IMAGE_ALONE))
        return RingsDenoiser(network, checkpoint.card, both, chosen)
    assert isinstance(network, DenoMAE)
    if IMAGE not in [modality.name for modality in pipeline.modalities]:
        raise CheckpointError(f"{path} predicts no images: its network was not trained on any")
    if network.config.pixels.normalised:
        raise CheckpointError(
            f"{path} was trained to predict patches of mean 0 and variance 1, without their "
            "brightness; pre-train without --normalised-targets to denoise"
        )
    return Denoiser(network, checkpoint.card, pipeline, chosen)
