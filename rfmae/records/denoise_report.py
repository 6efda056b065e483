"""The report of a denoising evaluation: means over single images, intervals, and a gallery."""

from dataclasses import dataclass, replace

import numpy as np

from rfmae.errors import ShapeError
from rfmae.plain import Measured
from rfmae.records.assessment import Comparison
from rfmae.records.iq import BoolArray, FloatArray, IntArray
from rfmae.records.snr_report import SnrReport, check_shapes
from rfmae.units import SnrReference

_NORMAL_QUANTILE_95 = 1.959963984540054

JUDGED = {"psnr_db": 1, "ssim": 1, "evm_percent": -1}
"""The measures that compare a reconstruction with references, and their better sign."""


@dataclass(frozen=True, slots=True)
class Mean:
    """Means over single images with half the width of their 95 % intervals, all of one shape.

    There is no interval where no class has two images of an SNR point; `half` is NaN there.
    """

    examples: IntArray
    value: FloatArray
    half: FloatArray


@dataclass(frozen=True, slots=True)
class ImageQuality:
    """One measure of the images of one answer: count, sum and sum of squares per SNR and class.

    `measure` is `psnr_db`, `ssim`, `foreground_psnr_db` or `evm_percent`. Images without a defined
    value, as the EVM of a blank one, are not counted.
    """

    measure: str
    answer: str
    examples: IntArray  # (S, M)
    total: FloatArray  # (S, M)
    squares: FloatArray  # (S, M)

    def __post_init__(self) -> None:
        check_shapes(self, self.examples.shape, "total", "squares")

    @property
    def per_snr(self) -> Mean:
        """Over all classes, each (S,)."""
        return self._mean(axis=1)

    @property
    def per_class(self) -> Mean:
        """Over all SNR points, each (M,)."""
        return self._mean(axis=0)

    def cell(self, point: int, label: int) -> Mean:
        """Of one class at one SNR point, each ()."""
        place = np.s_[point : point + 1, label : label + 1]
        return replace(
            self,
            examples=self.examples[place],
            total=self.total[place],
            squares=self.squares[place],
        ).overall

    @property
    def overall(self) -> Mean:
        """Over all images, each ()."""
        return self._mean(axis=(0, 1))

    def _mean(self, axis: int | tuple[int, ...]) -> Mean:
        """Classes and SNR points are fixed, not sampled: the spread is that within them."""
        examples = self.examples.sum(axis)
        value = self.total.sum(axis) / np.maximum(examples, 1)
        within = self.squares - self.total**2 / np.maximum(self.examples, 1)
        free = examples - (self.examples > 0).sum(axis)
        variance = np.maximum(within.sum(axis), 0.0) / np.maximum(free, 1)
        half = _NORMAL_QUANTILE_95 * np.sqrt(variance / np.maximum(examples, 1))
        return Mean(examples, value, np.where(free > 0, half, np.nan))

    def is_better(self) -> BoolArray:
        """Where the whole interval of a mean difference is on the better side of zero, (S,)."""
        mean = self.per_snr
        # a missing interval counts as unbounded
        return np.nan_to_num(JUDGED[self.measure] * mean.value - mean.half, nan=-1.0) > 0


@dataclass(frozen=True, slots=True)
class Recognition:
    """Accuracy of one fixed classifier on noisy, denoised and clean images of the same examples.

    `comparisons` compare each denoised answer with the noisy images themselves.
    """

    classifier: str
    accuracy: dict[str, SnrReport]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class DenoiseReport:
    """PSNR and SSIM against the clean image, a mean per SNR point for every answer.

    `psnr_db` and `ssim` map an answer (noisy, reconstruction, class mean, blank) to (S,) means
    over single images, never over pooled pixels. `likeness` holds every measure of every answer by
    SNR and class, where it was kept; `recognition` is present where a classifier was evaluated.
    `differences` are the reconstruction less each reference, image by image: the `answer` of each
    names the reference.
    """

    snr_db: tuple[float, ...]
    snr_reference: SnrReference
    examples_per_snr: IntArray  # (S,)
    psnr_db: dict[str, FloatArray]
    ssim: dict[str, FloatArray]
    classes: tuple[str, ...] = ()
    likeness: tuple[ImageQuality, ...] = ()
    recognition: Recognition | None = None
    notes: tuple[str, ...] = ()
    differences: tuple[ImageQuality, ...] = ()

    def __post_init__(self) -> None:
        for name, values in (*self.psnr_db.items(), *self.ssim.items()):
            if values.shape != (len(self.snr_db),):
                raise ShapeError(
                    f"{name} must have shape ({len(self.snr_db)},), got {values.shape}"
                )
        expected = (len(self.snr_db), len(self.classes))
        check_shapes(self, expected[:1], "examples_per_snr")
        for item in (*self.likeness, *self.differences):
            if item.examples.shape != expected:
                raise ShapeError(
                    f"{item.measure} of {item.answer} must have shape {expected}, "
                    f"got {item.examples.shape}"
                )
        if any(item.measure not in JUDGED for item in self.differences):
            raise ShapeError(f"differences must be of {', '.join(JUDGED)}")

    @property
    def answers(self) -> tuple[str, ...]:
        return tuple(self.psnr_db)

    def mean(self, values: FloatArray) -> float:
        """The mean over all examples of a per-SNR mean."""
        weights = self.examples_per_snr / max(int(self.examples_per_snr.sum()), 1)
        return float(np.dot(values, weights))

    @property
    def beats_every_reference(self) -> BoolArray:
        """Where the reconstruction is better in every measure at once, (S,).

        Every interval must exclude zero; requiring all of them needs no further correction (an
        intersection-union test, Berger, Technometrics 24, 1982).
        """
        found = [item.is_better() for item in self.differences]
        return np.all(found, axis=0) if found else np.zeros(len(self.snr_db), bool)

    def of(self, measure: str) -> dict[str, ImageQuality]:
        """All values of one measure, by answer; empty where none were kept."""
        return {item.answer: item for item in self.likeness if item.measure == measure}


@dataclass(frozen=True, slots=True)
class GalleryRow:
    """One example that is shown; images are (C, H, W) in [0, 1], at most 112 pixels wide."""

    true: str
    snr_db: float
    noisy: FloatArray
    reconstructed: FloatArray
    clean: FloatArray
    psnr_db: tuple[Measured, Measured]  # noisy, reconstructed
    ssim: tuple[Measured, Measured]
