"""Checkpoints as plain callables for SDR scripts: numpy in, numpy out, no flags.

>>> from rfmae import load_classifier                       # doctest: +SKIP
>>> classifier = load_classifier("artifacts/runs/finetune-…")  # doctest: +SKIP
>>> classifier.name(symbols)                                # doctest: +SKIP
'QPSK'
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rfmae.artefacts import Card
from rfmae.errors import ShapeError
from rfmae.imaging.render import constellation_images
from rfmae.models.checkpoint import CLASSIFIER, DENOMAE, load_checkpoint
from rfmae.models.classifier import Classifier
from rfmae.models.denomae import DenoMAE
from rfmae.models.patches import complementary_masks, unpatchify
from rfmae.records import ComplexArray, FloatArray, ImageConfig

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
    """I/Q of symbol-spaced samples to class probabilities.

    Calling it with I/Q (N, T) gives probabilities (N, M); `answer` cuts a recording (T,) into
    windows of the length that it was trained on.
    """

    def __init__(self, network: Classifier, card: Card, image: ImageConfig, device: torch.device):
        self.card, self.image = card, image
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.symbols_per_example = int(card["symbols_per_example"])
        self._network, self._device = network.to(device), device

    @torch.inference_mode()
    def __call__(self, iq: npt.ArrayLike) -> FloatArray:
        """Probabilities (N, M) of complex I/Q (N, T), any gain and carrier phase."""
        rows = []
        for batch in torch.from_numpy(checked_iq(iq, dimensions=2)).split(_BATCH):
            images = constellation_images(batch.to(self._device), self.image)
            rows.append(self._network(images).softmax(dim=-1).cpu())
        return torch.cat(rows).numpy()

    def answer(self, iq: npt.ArrayLike) -> Answer:
        """Probabilities of each window of a recording (T,) and of the whole."""
        windows = cut_windows(checked_iq(iq, dimensions=1), self.symbols_per_example)
        return Answer(self.classes, self(windows), windows.shape[1])

    def name(self, iq: npt.ArrayLike) -> str:
        """The most probable class of a recording (T,)."""
        return self.answer(iq).name


class Denoiser:
    """Noisy constellation images to clean ones, with the images drawn as in training."""

    def __init__(self, network: DenoMAE, card: Card, image: ImageConfig, device: torch.device):
        self.card, self.image = card, image
        self._network, self._device = network.to(device), device

    @torch.inference_mode()
    def images(self, iq: npt.ArrayLike) -> FloatArray:
        """Constellation images (N, C, H, W) of complex I/Q (N, T), drawn as in training."""
        batches = torch.from_numpy(checked_iq(iq, dimensions=2)).split(_BATCH)
        drawn = [constellation_images(batch.to(self._device), self.image) for batch in batches]
        return torch.cat(drawn).cpu().numpy()

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
