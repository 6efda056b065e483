"""Reference denoisers: image filters, a linear denoiser, and two limits."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rfmae.evaluation.denoise_measures import NOISY
from rfmae.evaluation.filters import (
    WienerFilter,
    fit_non_local_means,
    fit_wiener,
    median_filtered,
    non_local_means,
)
from rfmae.evaluation.image_quality import Images
from rfmae.records import FloatArray, IntArray

REFERENCES = (NOISY, "median", "non-local means", "Wiener", "linear optimum")
"""The references of a reconstruction; none of them knows class or SNR."""

_TRIED_EXAMPLES = 8  # of each class for the strength of non-local means


class LinearPrediction(Protocol):
    """A linear map from noisy to clean images."""

    def predict(self, noisy: FloatArray, /) -> FloatArray:
        """Clean images (N, C, H, W) of noisy ones."""
        ...


@dataclass(frozen=True, slots=True)
class References:
    """The references, fitted without the test images."""

    class_means: FloatArray  # (M, C, H, W), of clean images
    wiener: WienerFilter
    strength: float  # of non-local means
    linear: LinearPrediction

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


def fitted_references(
    pairs: Iterable[tuple[Images, Images]], fit_linear: Callable[[], LinearPrediction]
) -> References:
    """Class means, Wiener filter and non-local means from noisy and clean images of each class.

    `fit_linear` fits the linear denoiser, once the pairs are used up.
    """
    means: list[FloatArray] = []
    tried: list[tuple[Images, Images]] = []

    def watched() -> Iterator[tuple[Images, Images]]:
        for noisy, clean in pairs:
            means.append(clean.mean(axis=0))
            some = slice(None, None, max(1, len(clean) // _TRIED_EXAMPLES))
            # copies, so that the other images can be freed
            tried.append((noisy[some].copy(), clean[some].copy()))
            yield noisy, clean

    wiener = fit_wiener(watched())
    return References(np.stack(means), wiener, fit_non_local_means(tried), fit_linear())
