"""Feature maps of an encoder on a data set."""

from pathlib import Path

import numpy as np

from rfmae.datasets.store import Dataset
from rfmae.evaluation.embedding import embedded, evenly_chosen
from rfmae.evaluation.probe import Features
from rfmae.inference import FeatureEncoder, load_encoder
from rfmae.progress import Logged, Progress
from rfmae.records import EmbeddingMap, FloatArray, IntArray

EXAMPLES = 1500
"""Enough to see clusters, few enough for half a minute."""

_TOGETHER = 128


def embedding_map(
    dataset: Dataset,
    model: Path,
    *,
    examples: int = EXAMPLES,
    seed: int = 0,
    split: str = "test",
    name: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> EmbeddingMap:
    """Two-dimensional features of examples of a split by the encoder of any checkpoint.

    The examples are stratified by class and SNR; `seed` decides the sample and the start of the
    map. `name` is that of the model, by default its folder.
    """
    progress, encoder = progress or Logged(), load_encoder(model, device)
    label, snr_db = dataset.labels(split)
    rows = evenly_chosen(label, snr_db, examples, np.random.default_rng(seed))
    values = _features(dataset, split, rows, encoder, progress)
    with progress.stage("map features", len(rows), "examples") as stage:
        found = embedded(
            Features(values, label[rows], snr_db[rows]),
            classes=dataset.classes,
            model=name or model.name,
            seed=seed,
        )
        stage.advance(len(rows))
    return found


def _features(
    dataset: Dataset, split: str, rows: IntArray, encoder: FeatureEncoder, progress: Progress
) -> FloatArray:
    """Features (N, D) of some rows."""
    parts = []
    with progress.stage("encode", len(rows), "examples") as stage:
        for chunk in np.split(rows, range(_TOGETHER, len(rows), _TOGETHER)):
            views = dataset.read_views(split, encoder.pipeline.views, chunk)
            parts.append(encoder({view: batch.iq for view, batch in views.items()}))
            stage.advance(len(chunk))
    return np.concatenate(parts)
