"""Checkpoints as plain callables for SDR scripts: numpy in, numpy out, no flags.

>>> from rfmae import load_classifier                       # doctest: +SKIP
>>> classifier = load_classifier("artifacts/runs/finetune-…")  # doctest: +SKIP
>>> classifier.name(symbols)                                # doctest: +SKIP
'QPSK'
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rfmae.artefacts import Card
from rfmae.errors import ShapeError
from rfmae.imaging.render import constellation_images
from rfmae.models.checkpoint import CLASSIFIER, DENOMAE, load_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.patches import complementary_masks, unpatchify
from rfmae.records import ComplexArray, FloatArray, ImageConfig, View

_BATCH = 128


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


Asked = npt.ArrayLike | Mapping[View, npt.ArrayLike]
"""I/Q of the one view that a model's images are drawn from, or of each by its name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Class probabilities of a recording: of each window, and of all of them together."""

    classes: tuple[str, ...]
    windows: FloatArray  # (W, M)
    window_length: int

    @property
    def whole(self) -> FloatArray:
        """The geometric mean of the windows, normalised, (M,).

        Windows of one recording share their defects, so their evidence is averaged, not added up.
        """
        evidence = np.log(np.maximum(self.windows, 1e-12)).mean(axis=0)
        weights = np.exp(evidence - evidence.max())
        return weights / weights.sum()

    @property
    def name(self) -> str:
        """The most probable class of the whole."""
        return self.classes[int(self.whole.argmax())]


class SignalClassifier:
    """I/Q as it was trained on, symbols or waveform, to class probabilities.

    Calling it with I/Q (N, T) gives probabilities (N, M); `answer` cuts a recording (T,) into
    windows of the length that it was trained on. Where its images show both views (see
    `image.views`), either takes a mapping with the I/Q of each.
    """

    def __init__(self, network: Classifier, card: Card, image: ImageConfig, device: torch.device):
        self.card, self.image = card, image
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.samples: dict[View, int] = dict(card["samples"])
        self._network, self._device = network.to(device), device

    @torch.inference_mode()
    def __call__(self, iq: Asked) -> FloatArray:
        """Probabilities (N, M) of complex I/Q (N, T), any gain and carrier phase."""
        rate = float(self.card["samples_per_symbol"])
        images = _drawn(iq, self.image, rate, self._device)
        return torch.cat([self._network(batch).softmax(dim=-1).cpu() for batch in images]).numpy()

    def answer(self, iq: Asked) -> Answer:
        """Probabilities of each window of a recording (T,) and of the whole."""
        windows = {
            view: cut_windows(recording, self.samples[view])
            for view, recording in checked_views(iq, self.image, dimensions=1).items()
        }
        lengths = [cut.shape[1] for cut in windows.values()]
        if len({len(cut) for cut in windows.values()}) > 1:
            raise ShapeError(
                f"symbols and waveform must be of one recording, but they fill "
                f"{' and '.join(str(len(cut)) for cut in windows.values())} windows"
            )
        return Answer(self.classes, self(windows), lengths[0])

    def name(self, iq: Asked) -> str:
        """The most probable class of a recording (T,)."""
        return self.answer(iq).name


class Denoiser:
    """Noisy constellation images to clean ones, with the images drawn as in training."""

    def __init__(self, network: DenoMAE, card: Card, image: ImageConfig, device: torch.device):
        self.card, self.image = card, image
        self._network, self._device = network.to(device), device

    @torch.inference_mode()
    def images(self, iq: Asked) -> FloatArray:
        """Constellation images (N, C, H, W) of complex I/Q (N, T), drawn as in training."""
        rate = float(self.card["samples_per_symbol"])
        return torch.cat([*_drawn(iq, self.image, rate, self._device)]).cpu().numpy()

    @torch.inference_mode()
    def __call__(self, images: FloatArray, seed: int = 0) -> FloatArray:
        """Reconstructions (N, C, H, W) of noisy images, in [0, 1].

        The visible sets of the masks divide the patches, so each patch is predicted several times
        while it is hidden; the predictions are averaged. `seed` decides the masks.
        """
        noisy = torch.from_numpy(np.asarray(images, np.float32)).to(self._device)
        config = self._network.config
        generator = torch.Generator(self._device).manual_seed(seed)
        n, patches = len(noisy), config.encoder.patches
        total = noisy.new_zeros(n, patches, config.encoder.patch_pixels)
        times = noisy.new_zeros(n, patches, 1)
        for mask in complementary_masks(n, patches, config.mask_ratio, generator):
            hidden = mask.hidden[..., None]
            total += torch.where(hidden, self._network(noisy, mask).patches.float(), 0.0)
            times += hidden
        mean = unpatchify(total / times, config.encoder.patch_size, config.encoder.planes)
        return mean.clamp(0, 1).cpu().numpy()


def load_classifier(path: str | Path, device: str = "auto") -> SignalClassifier:
    """The classifier of a checkpoint or run folder."""
    checkpoint, chosen = load_checkpoint(path, CLASSIFIER), choose_device(device)
    network = checkpoint.build()
    assert isinstance(network, Classifier)
    return SignalClassifier(network, checkpoint.card, checkpoint.image, chosen)


def load_denoiser(path: str | Path, device: str = "auto") -> Denoiser:
    """The denoiser of a pre-training checkpoint or run folder."""
    checkpoint, chosen = load_checkpoint(path, DENOMAE), choose_device(device)
    network = checkpoint.build()
    assert isinstance(network, DenoMAE)
    return Denoiser(network, checkpoint.card, checkpoint.image, chosen)


def draw_images(iq: Asked, image: ImageConfig, samples_per_symbol: float = 1.0) -> FloatArray:
    """Constellation images (N, planes, size, size) in [0, 1] of complex I/Q (N, T), float32.

    Where planes are drawn from symbols and waveform, `iq` is a mapping with the I/Q of each.
    """
    return torch.cat([*_drawn(iq, image, samples_per_symbol, torch.device("cpu"))]).numpy()


def _drawn(
    iq: Asked, image: ImageConfig, samples_per_symbol: float, device: torch.device
) -> Iterator[Tensor]:
    """Constellation images (N, C, H, W) on the device, batch by batch."""
    views = checked_views(iq, image, dimensions=2)
    for first in range(0, len(next(iter(views.values()))), _BATCH):
        rows = slice(first, first + _BATCH)
        batch = {view: torch.from_numpy(iq[rows]).to(device) for view, iq in views.items()}
        yield constellation_images(batch, image, samples_per_symbol)


def checked_views(iq: Asked, image: ImageConfig, *, dimensions: int) -> dict[View, ComplexArray]:
    """The I/Q of each view that an image is drawn from, checked."""
    if not isinstance(iq, Mapping):
        if len(image.views) > 1:
            raise ShapeError(
                f"the images of this model show {' and '.join(image.views)}; "
                'give a mapping with the I/Q of each, {"symbols": …, "waveform": …}'
            )
        return {image.views[0]: checked_iq(iq, dimensions=dimensions)}
    missing = [view for view in image.views if view not in iq]
    if missing:
        raise ShapeError(f"the images of this model need the {missing[0]}, got {', '.join(iq)}")
    views = {view: checked_iq(iq[view], dimensions=dimensions) for view in image.views}
    if dimensions == 2 and len({len(examples) for examples in views.values()}) > 1:
        raise ShapeError("symbols and waveform must hold the same number of examples")
    return views


def checked_iq(iq: npt.ArrayLike, *, dimensions: int) -> ComplexArray:
    """I/Q as complex64, refusing what is not complex, empty, of another shape or not finite."""
    array: npt.NDArray[Any] = np.asarray(iq)
    shape = "(N, T)" if dimensions == 2 else "(T,)"
    if not np.iscomplexobj(array) or array.ndim != dimensions:
        raise ShapeError(f"iq must be complex of shape {shape}, got {array.dtype} {array.shape}")
    if array.size == 0:
        raise ShapeError(f"iq must hold samples, got shape {array.shape}")
    bad = int(np.count_nonzero(~np.isfinite(array)))
    if bad:
        raise ShapeError(f"iq must be finite, got {bad} NaN or infinite samples of {array.size}")
    return np.ascontiguousarray(array, np.complex64)


def cut_windows(iq: ComplexArray, length: int) -> ComplexArray:
    """Neighbouring windows (W, length) of a recording (T,); one window where it is shorter.

    The last window reaches to the last sample and overlaps the one before as far as it must.
    """
    if len(iq) <= length:
        return iq[None, :]
    starts = [*range(0, len(iq) - length, length), len(iq) - length]
    return np.stack([iq[start : start + length] for start in starts])
