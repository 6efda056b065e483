"""What travels between rooms: batches of I/Q, the image declaration, and the reports."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError, ShapeError
from rfmae.units import SnrReference

ComplexArray = npt.NDArray[np.complex64]
FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]

View = Literal["symbols", "waveform"]
"""How an example is observed: one point for each symbol, or every sample."""

_SMALLEST_IMAGE = 24  # below, a kernel of half-width 5 falls between two pixels
_NORMAL_QUANTILE_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class IqBatch:
    """Examples of complex baseband with what is known of each.

    `snr_db` is meaningful only together with `snr_reference`; `label` indexes `classes`.
    """

    iq: ComplexArray  # (N, T), time last
    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)
    classes: tuple[str, ...]
    samples_per_symbol: float
    snr_reference: SnrReference

    def __post_init__(self) -> None:
        if self.iq.ndim != 2 or not np.iscomplexobj(self.iq):
            raise ShapeError(
                f"iq must be complex of shape (N, T), got {self.iq.dtype} {self.iq.shape}"
            )
        for name in ("label", "snr_db"):
            shape = getattr(self, name).shape
            if shape != self.iq.shape[:1]:
                raise ShapeError(f"{name} must have shape {self.iq.shape[:1]}, got {shape}")
        if self.label.size and not 0 <= self.label.min() <= self.label.max() < len(self.classes):
            raise ShapeError(
                f"labels must index {len(self.classes)} classes, "
                f"got {self.label.min()} to {self.label.max()}"
            )

    def __len__(self) -> int:
        return len(self.iq)


@dataclass(frozen=True, slots=True)
class IqPairBatch:
    """Observed I/Q and its clean twin: same bits, pulse, path and receiver, no noise."""

    observed: IqBatch
    clean: ComplexArray  # (N, T)

    def __post_init__(self) -> None:
        if self.clean.shape != self.observed.iq.shape:
            raise ShapeError(
                f"clean must have the shape of observed {self.observed.iq.shape}, "
                f"got {self.clean.shape}"
            )

    def __len__(self) -> int:
        return len(self.observed)


@dataclass(frozen=True, slots=True)
class Synthesised:
    """Some examples in each of their views, and what the channel drew for them, each (N,)."""

    views: dict[View, IqPairBatch]
    drawn: dict[str, FloatArray]

    def __len__(self) -> int:
        return len(self.pairs)

    @property
    def pairs(self) -> IqPairBatch:
        """The first view: symbols where they are observed, the waveform elsewhere."""
        return next(iter(self.views.values()))


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How I/Q becomes a constellation image; all that imaging needs to know.

    `half_widths` are those of the decay kernels in pixels of a 224-pixel image and scale with
    `size`. `extent` is the half-width of the I and Q axes in units of the rms amplitude.
    """

    size: int = 224
    extent: float = 2.5
    half_widths: tuple[int, ...] = (5, 25, 50)
    what: Literal["symbols"] = "symbols"
    how: Literal["decay"] = "decay"

    def __post_init__(self) -> None:
        if self.size < _SMALLEST_IMAGE:
            raise RecipeError(
                f"image size must be at least {_SMALLEST_IMAGE} pixels, got {self.size}"
            )
        if not 0 < self.extent < math.inf:
            raise RecipeError(f"image extent must be positive, got {self.extent:g}")
        if not self.half_widths or min(self.half_widths) < 1:
            raise RecipeError(f"image half_widths must all be at least 1, got {self.half_widths}")

    @property
    def planes(self) -> int:
        return len(self.half_widths)


def image_config_from_card(card: dict[str, Any]) -> ImageConfig:
    """The image declaration that a card holds."""
    return ImageConfig(**{**card, "half_widths": tuple(card["half_widths"])})


def wilson_interval(hits: IntArray, counts: IntArray) -> FloatArray:
    """95 % Wilson score interval of a proportion, shape (..., 2); no counts give (0, 1).

    Wilson, J. Amer. Stat. Assoc. 22 (1927).
    """
    hits, counts = np.asarray(hits, float), np.asarray(counts, float)
    z2 = _NORMAL_QUANTILE_95**2
    safe = np.maximum(counts, 1.0)
    share = hits / safe
    centre = (share + z2 / (2 * safe)) / (1 + z2 / safe)
    half = np.sqrt(z2 * (share * (1 - share) / safe + z2 / (4 * safe**2))) / (1 + z2 / safe)
    bounds = np.stack([centre - half, centre + half], axis=-1).clip(0.0, 1.0)
    return np.where((counts > 0)[..., None], bounds, np.array([0.0, 1.0]))


@dataclass(frozen=True, slots=True)
class SnrReport:
    """Counts of true class against named class at every SNR; ratios are computed, never stored."""

    counts: IntArray  # (S, M, M): SNR point, true class, named class
    snr_db: tuple[float, ...]
    classes: tuple[str, ...]
    snr_reference: SnrReference

    def __post_init__(self) -> None:
        expected = (len(self.snr_db), len(self.classes), len(self.classes))
        if self.counts.shape != expected:
            raise ShapeError(f"counts must have shape {expected}, got {self.counts.shape}")

    @property
    def hits_per_snr(self) -> IntArray:
        return np.trace(self.counts, axis1=1, axis2=2)

    @property
    def examples_per_snr(self) -> IntArray:
        return self.counts.sum(axis=(1, 2))

    @property
    def accuracy_per_snr(self) -> FloatArray:
        return self.hits_per_snr / np.maximum(self.examples_per_snr, 1)

    @property
    def interval_per_snr(self) -> FloatArray:
        """95 % Wilson intervals, shape (S, 2)."""
        return wilson_interval(self.hits_per_snr, self.examples_per_snr)

    @property
    def examples(self) -> int:
        return int(self.counts.sum())

    @property
    def accuracy(self) -> float:
        return float(self.hits_per_snr.sum() / max(self.examples, 1))

    @property
    def interval(self) -> tuple[float, float]:
        low, high = wilson_interval(self.hits_per_snr.sum(), np.asarray(self.examples))
        return float(low), float(high)

    @property
    def confusion(self) -> IntArray:
        """Counts over all SNR points, shape (M, M): true class down, named class across."""
        return self.counts.sum(axis=0)


@dataclass(frozen=True, slots=True)
class DenoiseReport:
    """PSNR and SSIM against the clean image, a mean per SNR point for every way of answering.

    `psnr_db` and `ssim` map an answer (noisy, reconstruction, class-mean, blank) to (S,) means
    over single images, never over pooled pixels.
    """

    snr_db: tuple[float, ...]
    snr_reference: SnrReference
    examples_per_snr: IntArray  # (S,)
    psnr_db: dict[str, FloatArray]
    ssim: dict[str, FloatArray]

    def __post_init__(self) -> None:
        for name, values in (*self.psnr_db.items(), *self.ssim.items()):
            if values.shape != (len(self.snr_db),):
                raise ShapeError(
                    f"{name} must have shape ({len(self.snr_db)},), got {values.shape}"
                )

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(self.psnr_db)

    def mean(self, values: FloatArray) -> float:
        """The mean over all examples of a per-SNR mean."""
        weights = self.examples_per_snr / max(int(self.examples_per_snr.sum()), 1)
        return float(np.dot(values, weights))


def as_plain(record: Any) -> dict[str, Any]:
    """A record as plain JSON types."""
    return {name: _plain(value) for name, value in asdict(record).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value
