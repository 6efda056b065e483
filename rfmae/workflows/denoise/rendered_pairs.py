"""Inputs of a denoiser with the images of their clean twins."""

from collections.abc import Mapping

import numpy as np

from rfmae.datasets.store import Dataset
from rfmae.inference import ImageDenoiser
from rfmae.records import FloatArray, IntArray, IqPairBatch, View

_BATCH = 64

Pairs = Mapping[View, IqPairBatch]
"""The same examples and their clean twins in every view that images are drawn from."""


def in_batches(rows: IntArray) -> list[IntArray]:
    """Rows in batches."""
    return np.split(rows, range(_BATCH, len(rows), _BATCH))


def pairs_of(dataset: Dataset, split: str, rows: IntArray, denoiser: ImageDenoiser) -> Pairs:
    """The same examples in every view that the denoiser's images are drawn from."""
    return {view: dataset.read(split, rows, view) for view in denoiser.pipeline.views}


def drawn(pairs: Pairs, denoiser: ImageDenoiser) -> tuple[dict[str, FloatArray], FloatArray]:
    """The inputs of the denoiser, and the clean images (N, C, H, W)."""
    shown = denoiser.inputs({view: batch.observed.iq for view, batch in pairs.items()})
    return shown, denoiser.images({view: batch.clean for view, batch in pairs.items()})
