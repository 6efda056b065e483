"""From I/Q to the inputs of a trained network."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from rfmae.imaging.network_inputs import network_inputs
from rfmae.inference.iq_arguments import IqLike, checked_views
from rfmae.models.checkpoint import Checkpoint
from rfmae.records import (
    IMAGE_ALONE,
    FloatArray,
    ImageConfig,
    Modality,
    View,
    Views,
    needed_views,
    snr_view,
)
from rfmae.signal.snr_estimation import SnrEstimator, snr_estimator_from_card

IMAGE = IMAGE_ALONE[0].name
BATCH = 128  # examples of a batch


@dataclass(frozen=True, slots=True)
class InputPipeline:
    """Network inputs of I/Q: the modalities that a receiver has, rendered as in training."""

    image: ImageConfig
    modalities: tuple[Modality, ...]
    samples: dict[View, int]
    samples_per_symbol: float
    snr_estimator: SnrEstimator | None = None  # where the SNR is among the modalities

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "InputPipeline":
        """The inputs of a checkpoint's network that need no clean twins."""
        seen = {grid.name for grid in checkpoint.encoder.modalities}
        modalities = tuple(
            modality
            for modality in checkpoint.modalities
            if modality.is_received and modality.name in seen
        )
        estimator = None
        if snr_view(modalities) is not None:
            estimator = snr_estimator_from_card(checkpoint.field("snr_estimator"))
        return cls(
            checkpoint.image,
            modalities,
            checkpoint.typed("samples", dict[View, int]),
            checkpoint.typed("samples_per_symbol", float),
            estimator,
        )

    @property
    def views(self) -> tuple[View, ...]:
        """The views of I/Q that it needs, symbols first."""
        return needed_views(self.modalities, self.image)

    def inputs(self, iq: IqLike, device: torch.device) -> Iterator[dict[str, Tensor]]:
        """The inputs of complex I/Q (N, T) on the device, batch by batch."""
        views = checked_views(iq, self.views, dimensions=2)
        for first in range(0, len(next(iter(views.values()))), BATCH):
            rows = slice(first, first + BATCH)
            batch = {view: iq[rows] for view, iq in views.items()}
            part = {view: torch.from_numpy(iq).to(device) for view, iq in batch.items()}
            yield network_inputs(
                part,
                None,
                self.image,
                self.modalities,
                self.samples_per_symbol,
                self._snr_db(batch, device),
            )

    def _snr_db(self, views: Views, device: torch.device) -> Tensor | None:
        """SNR estimates (N,), where they are an input of the network."""
        view = snr_view(self.modalities)
        if view is None or self.snr_estimator is None:
            return None
        return torch.from_numpy(self.snr_estimator(views[view])).float().to(device)


def render_images(iq: IqLike, image: ImageConfig, samples_per_symbol: float = 1.0) -> FloatArray:
    """Constellation images of complex I/Q.

    Args:
        iq: Complex (N, T) of any gain; where planes are rendered from symbols and waveform, a
            mapping with the I/Q of each.
        image: Size, extent and planes, such as `load_recipe("awgn-ten").image`.
        samples_per_symbol: Of the waveform, for planes with a lag.

    Returns:
        Images (N, planes, size, size) in [0, 1], float32; the imaginary part grows upwards.

    Raises:
        ShapeError: I/Q that is not complex, finite and (N, T).

    Examples:
        >>> render_images(np.ones((2, 64), complex), load_recipe("sdr-linear").image).shape
        (2, 3, 64, 64)
    """
    pipeline = InputPipeline(image, IMAGE_ALONE, {}, samples_per_symbol)
    batches = pipeline.inputs(iq, torch.device("cpu"))
    return torch.cat([batch[IMAGE] for batch in batches]).numpy()
