"""Reference denoisers: image filters, linear optima, and two limits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rfmae.analysis.linear_denoiser import LinearDenoiser, linear_denoiser
from rfmae.datasets.store import Dataset
from rfmae.evaluation.filters import (
    WienerFilter,
    fit_non_local_means,
    fit_wiener,
    median_filtered,
    non_local_means,
)
from rfmae.evaluation.image_quality import Images
from rfmae.inference import IMAGE, ImageDenoiser
from rfmae.progress import Progress
from rfmae.records import FloatArray, IntArray
from rfmae.workflows.denoise.recognition import NOISY
from rfmae.workflows.denoise.rendered_pairs import drawn, in_batches, pairs_of

REFERENCES = (NOISY, "median", "non-local means", "Wiener", "linear optimum")
"""The references of a reconstruction; none of them knows class or SNR."""

_EXAMPLES = 100  # training images of a class for its mean and the Wiener filter
_TRIED_EXAMPLES = 8  # of them for the strength of non-local means
_LINEAR_EXAMPLES = 10_000  # training images of the linear optimum
_HELD_OUT_EXAMPLES = 2_000  # validation images for its ridge


@dataclass(frozen=True, slots=True)
class References:
    """The references, fitted without the test images."""

    class_means: FloatArray  # (M, C, H, W), of clean images
    wiener: WienerFilter
    strength: float  # of non-local means
    linear: LinearDenoiser

    def answers(self, noisy: FloatArray, label: IntArray) -> dict[str, FloatArray]:
        """The outputs of all references for noisy images (N, C, H, W), by name.

        The mean image of the true class, which no denoiser knows, and a blank one come last.
        """
        return {
            NOISY: noisy,
            "median": median_filtered(noisy),
            "non-local means": non_local_means(noisy, self.strength),
            "Wiener": self.wiener(noisy),
            "linear optimum": self.linear.predict(noisy).clip(0, 1),
            "class mean": self.class_means[label],
            "blank": np.zeros_like(noisy),
        }


def fit_references(dataset: Dataset, denoiser: ImageDenoiser, progress: Progress) -> References:
    """Fit class means, Wiener filter, non-local means and the linear optimum.

    Training images fit them; validation images choose the ridge of the linear optimum.
    """
    label, _ = dataset.labels("train")
    means: list[FloatArray] = []
    tried: list[tuple[Images, Images]] = []

    def pairs() -> Iterator[tuple[Images, Images]]:
        with progress.stage("fit the references", len(dataset.classes), "classes") as stage:
            for index in range(len(dataset.classes)):
                of_class = np.flatnonzero(label == index)
                rows = of_class[:: max(1, len(of_class) // _EXAMPLES)]
                noisy, clean = _image_pair(dataset, "train", rows, denoiser)
                means.append(clean.mean(axis=0))
                some = slice(None, None, max(1, len(clean) // _TRIED_EXAMPLES))
                # copies, so that the other images can be freed
                tried.append((noisy[some].copy(), clean[some].copy()))
                yield noisy, clean
                stage.advance()

    wiener = fit_wiener(pairs())
    strength, linear = fit_non_local_means(tried), _fit_linear(dataset, denoiser, progress)
    return References(np.stack(means), wiener, strength, linear)


def _fit_linear(dataset: Dataset, denoiser: ImageDenoiser, progress: Progress) -> LinearDenoiser:
    """The linear optimum of the whole image; images are rendered again in each pass."""

    def batches_of(split: str, most: int) -> Callable[[], Iterator[tuple[Images, Images]]]:
        total = dataset.examples(split)
        rows = np.unique(np.linspace(0, total - 1, min(most, total)).astype(int))

        def batches() -> Iterator[tuple[Images, Images]]:
            first, *others = in_batches(rows)
            yield _image_pair(dataset, split, first, denoiser)
            # a caller that takes only the first batch needs just the image size
            title = f"fit the linear optimum on {split}"
            with progress.stage(title, len(rows), "images") as stage:
                stage.advance(len(first))
                for chunk in others:
                    yield _image_pair(dataset, split, chunk, denoiser)
                    stage.advance(len(chunk))

        return batches

    train = batches_of("train", _LINEAR_EXAMPLES)
    return linear_denoiser(train, batches_of("validation", _HELD_OUT_EXAMPLES))


def _image_pair(
    dataset: Dataset, split: str, rows: IntArray, denoiser: ImageDenoiser
) -> tuple[FloatArray, FloatArray]:
    """Noisy and clean images (N, C, H, W) of some rows."""
    shown, clean = drawn(pairs_of(dataset, split, rows, denoiser), denoiser)
    return shown[IMAGE], clean
