"""Image quality of denoised images and references, as means over single images."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from rfmae.evaluation.classification import nearest_point
from rfmae.evaluation.image_evm import SymbolPlane, evm_percent
from rfmae.evaluation.image_quality import Images, foreground_psnr_db, psnr_db, ssim_of_answers
from rfmae.records import JUDGED, DenoiseReport, FloatArray, ImageQuality, IntArray
from rfmae.units import SnrReference

RECONSTRUCTION = "reconstruction"  # the answer that is compared with the references
NOISY = "noisy"  # the input as an answer
CLEAN = "clean"  # the true images as an answer, for EVM and recognition


@dataclass(frozen=True, slots=True)
class DenoiseBatch:
    """Images (N, C, H, W) of one batch: the clean ones, and every answer to the noisy ones."""

    clean: Images
    answers: dict[str, Images]
    snr_db: FloatArray  # (N,)
    label: IntArray  # (N,)
    symbols: SymbolPlane | None = None  # none where no plane shows symbols


def evaluate_denoising(
    batches: Iterable[DenoiseBatch],
    *,
    snr_db: tuple[float, ...],
    classes: tuple[str, ...],
    snr_reference: SnrReference,
    references: Collection[str] = (),
    device: str = "cpu",
    advance: Callable[[int], None] = lambda _: None,
) -> DenoiseReport:
    """Means over single images, per SNR point and class, of every measure of every answer.

    The reconstruction is compared with each of the `references`, image by image.
    """
    examples = np.zeros(len(snr_db), np.int64)
    sums, differences = (_Sums((len(snr_db), len(classes))) for _ in range(2))
    for batch in batches:
        point = nearest_point(batch.snr_db, snr_db)
        found = measured(batch, device)
        sums.add(found, point, batch.label)
        differences.add(paired_differences(found, references), point, batch.label)
        np.add.at(examples, point, 1)
        advance(len(batch.clean))
    quality = tuple(sums.quality.values())
    return DenoiseReport(
        snr_db=snr_db,
        snr_reference=snr_reference,
        examples_per_snr=examples,
        psnr_db={i.answer: i.per_snr.value for i in quality if i.measure == "psnr_db"},
        ssim={i.answer: i.per_snr.value for i in quality if i.measure == "ssim"},
        classes=classes,
        likeness=quality,
        differences=tuple(differences.quality.values()),
    )


def measured(batch: DenoiseBatch, device: str = "cpu") -> dict[tuple[str, str], FloatArray]:
    """The values (N,) of every image of a batch, by measure and answer."""
    found: dict[tuple[str, str], FloatArray] = {}
    for name, images in batch.answers.items():
        found["psnr_db", name] = psnr_db(images, batch.clean)
        found["foreground_psnr_db", name] = foreground_psnr_db(images, batch.clean)
    for name, values in ssim_of_answers(batch.answers, batch.clean, device).items():
        found["ssim", name] = values
    if batch.symbols is not None:
        for name, images in {**batch.answers, CLEAN: batch.clean}.items():
            found["evm_percent", name] = evm_percent(images, batch.symbols)
    return found


def paired_differences(
    found: Mapping[tuple[str, str], FloatArray], references: Collection[str]
) -> dict[tuple[str, str], FloatArray]:
    """The reconstruction less each reference, image by image (N,), by measure and reference.

    The difference is NaN where the measure is undefined for either image.
    """
    return {
        (measure, answer): found[measure, RECONSTRUCTION] - values
        for (measure, answer), values in found.items()
        if measure in JUDGED and answer in references
    }


@dataclass(slots=True)
class _Sums:
    """Sums that grow batch by batch."""

    shape: tuple[int, int]
    quality: dict[tuple[str, str], ImageQuality] = field(default_factory=dict)

    def add(
        self, found: Mapping[tuple[str, str], FloatArray], point: IntArray, label: IntArray
    ) -> None:
        """Add the finite values (N,) of a batch, by measure and answer."""
        for (measure, answer), values in found.items():
            sums = self.quality.setdefault((measure, answer), self._nothing(measure, answer))
            known = np.isfinite(values)
            cell, kept = (point[known], label[known]), values[known]
            np.add.at(sums.examples, cell, 1)
            np.add.at(sums.total, cell, kept)
            np.add.at(sums.squares, cell, kept**2)

    def _nothing(self, measure: str, answer: str) -> ImageQuality:
        counts = np.zeros(self.shape, np.int64)
        return ImageQuality(measure, answer, counts, np.zeros(self.shape), np.zeros(self.shape))
