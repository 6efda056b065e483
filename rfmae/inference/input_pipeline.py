"""From I/Q to the inputs of a trained network, on a device."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rfmae.errors import CheckpointError, ShapeError
from rfmae.imaging.network_inputs import network_inputs
from rfmae.models.checkpoint import Checkpoint
from rfmae.records import (
    IMAGE_ALONE,
    ComplexArray,
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

IqLike = npt.ArrayLike | Mapping[View, npt.ArrayLike]
"""I/Q of the one view that a model needs, or of each view by its name."""


def checked_views(
    iq: IqLike, needed: tuple[View, ...], *, dimensions: int
) -> dict[View, ComplexArray]:
    """The I/Q of each view that is needed, checked."""
    if not isinstance(iq, Mapping):
        if len(needed) > 1:
            raise ShapeError(
                f"this model sees {' and '.join(needed)}; "
                'give a mapping with the I/Q of each, {"symbols": …, "waveform": …}'
            )
        return {needed[0]: checked_iq(iq, dimensions=dimensions)}
    missing = [view for view in needed if view not in iq]
    if missing:
        raise ShapeError(f"this model needs the {missing[0]}, got {', '.join(iq)}")
    views = {view: checked_iq(iq[view], dimensions=dimensions) for view in needed}
    if dimensions == 2 and len({len(examples) for examples in views.values()}) > 1:
        raise ShapeError("symbols and waveform must hold the same number of examples")
    return views


def checked_iq(iq: npt.ArrayLike, *, dimensions: int) -> ComplexArray:
    """I/Q as complex64, refusing what is no I/Q, empty, of another shape or not finite.

    I and Q may also be real, an axis of two before that of time, or after it.
    """
    array = _joined(np.asarray(iq), dimensions)
    if array.size == 0:
        raise ShapeError(f"iq must hold samples, got shape {array.shape}")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise ShapeError(f"iq must be finite, got {bad} NaN or infinite samples of {array.size}")
    return np.ascontiguousarray(array, np.complex64)


def _joined(array: npt.NDArray[Any], dimensions: int) -> npt.NDArray[Any]:
    """Real I and Q as complex numbers; what is complex already unchanged."""
    if np.iscomplexobj(array) and array.ndim == dimensions:
        return array
    sides = array.shape[-2:]
    signed = array.dtype.kind in "fi"
    if array.ndim != dimensions + 1 or not signed or sides.count(2) != 1:
        shapes = "(N, T), or real (N, 2, T)" if dimensions == 2 else "(T,), or real (2, T)"
        raise ShapeError(
            f"iq must be complex {shapes} of signed numbers, got {array.dtype} {array.shape}"
        )
    pair = array if sides[0] == 2 else array.swapaxes(-1, -2)
    return pair[..., 0, :] + 1j * pair[..., 1, :]


def cut_windows(iq: ComplexArray, length: int) -> ComplexArray:
    """Neighbouring windows (W, length) of a recording (T,); one window where it is shorter.

    The last window ends at the last sample and overlaps the one before as far as needed.
    """
    if len(iq) <= length:
        return iq[None, :]
    starts = [*range(0, len(iq) - length, length), len(iq) - length]
    return np.stack([iq[start : start + length] for start in starts])


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
        samples = checkpoint.typed("samples", dict[View, int])
        rate = checkpoint.typed("samples_per_symbol", float)
        if any(samples.get(view, 0) < 1 for view in needed_views(modalities, checkpoint.image)):
            raise CheckpointError(f"the card of {checkpoint.folder} states no samples of its views")
        if rate <= 0:
            raise CheckpointError(f"the card of {checkpoint.folder} states no samples per symbol")
        return cls(checkpoint.image, modalities, samples, rate, estimator)

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


def choose_device(name: str = "auto") -> torch.device:
    """A device by name; `auto` takes a GPU where there is one."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ShapeError(f"no device {name!r} on this machine; use --device cpu or auto") from error
    return device
