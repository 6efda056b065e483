"""How many examples of each class and SNR a data set holds, and the ranges of its parameters."""

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import Dataset
from rfmae.records import FloatArray, IntArray


def example_counts(dataset: Dataset) -> tuple[list[float], dict[str, dict[str, list[int]]]]:
    """The SNR points of all splits, and the examples of each split and class at each of them."""
    columns = {split: dataset.labels(split) for split in SPLITS}
    points = np.unique(np.concatenate([snr_db for _, snr_db in columns.values()]))
    counts = {split: _counts(dataset.classes, *columns[split], points) for split in SPLITS}
    return points.tolist(), counts


def _counts(
    classes: tuple[str, ...], label: IntArray, snr_db: FloatArray, points: FloatArray
) -> dict[str, list[int]]:
    """Examples of each class at each SNR point."""
    table = np.zeros((len(classes), len(points)), int)
    np.add.at(table, (label, np.searchsorted(points, snr_db)), 1)
    return dict(zip(classes, table.tolist(), strict=True))


def sampled_ranges(dataset: Dataset) -> dict[str, list[float]]:
    """The least and the largest value of each sampled parameter, over all splits."""
    ends: dict[str, list[float]] = {}
    for split in SPLITS:
        for name, values in dataset.sampled(split).items():
            if len(values):
                ends.setdefault(name, []).extend([float(values.min()), float(values.max())])
    return {name: [min(values), max(values)] for name, values in ends.items()}
