"""Fitting of the reference denoisers to the rendered images of a data set."""

from collections.abc import Callable, Iterator

import numpy as np

from rfmae.analysis.linear_denoiser import LinearDenoiser, linear_denoiser
from rfmae.datasets.store import Dataset
from rfmae.evaluation.image_quality import Images
from rfmae.evaluation.references import References, fitted_references
from rfmae.inference import IMAGE, ImageDenoiser
from rfmae.progress import Progress
from rfmae.records import FloatArray, IntArray
from rfmae.workflows.denoise.rendered_pairs import drawn, in_batches, pairs_of

_EXAMPLES = 100  # training images of a class for its mean and the Wiener filter
_LINEAR_EXAMPLES = 10_000  # training images of the linear optimum
_HELD_OUT_EXAMPLES = 2_000  # validation images for its ridge


def fit_references(dataset: Dataset, denoiser: ImageDenoiser, progress: Progress) -> References:
    """Fit class means, Wiener filter, non-local means and the linear optimum.

    Training images fit them; validation images choose the ridge of the linear optimum.
    """
    label, _ = dataset.labels("train")

    def pairs() -> Iterator[tuple[Images, Images]]:
        with progress.stage("fit the references", len(dataset.classes), "classes") as stage:
            for index in range(len(dataset.classes)):
                of_class = np.flatnonzero(label == index)
                rows = of_class[:: max(1, len(of_class) // _EXAMPLES)]
                yield _image_pair(dataset, "train", rows, denoiser)
                stage.advance()

    return fitted_references(pairs(), lambda: _fit_linear(dataset, denoiser, progress))


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
