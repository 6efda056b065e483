"""A data set in memory, from arrays of I/Q."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rfmae.datasets.store import Dataset, Rows
from rfmae.errors import DatasetError
from rfmae.records import (
    IMAGE_ALONE,
    FloatArray,
    ImageConfig,
    IntArray,
    IqBatch,
    Modality,
    View,
)

_ALL = slice(None)


@dataclass(frozen=True, slots=True)
class HeldDataset(Dataset):
    """Observed examples of one view by split, in memory; there are no clean twins and no folder.

    It can be used wherever a `Dataset` is read.
    """

    held: Mapping[str, IqBatch]

    @property
    def is_on_disk(self) -> bool:
        return False

    def read_observed(self, split: str, rows: Rows = _ALL, view: View | None = None) -> IqBatch:
        self._view(view)  # refuses a missing view
        batch = self.held[split]
        return IqBatch(
            iq=batch.iq[rows],
            label=batch.label[rows],
            snr_db=batch.snr_db[rows],
            classes=batch.classes,
            samples_per_symbol=batch.samples_per_symbol,
            snr_reference=batch.snr_reference,
        )

    def labels(self, split: str) -> tuple[IntArray, FloatArray]:
        return self.held[split].label, self.held[split].snr_db

    def sampled(self, split: str, rows: Rows = _ALL) -> dict[str, FloatArray]:
        return {}


def hold_dataset(
    splits: Mapping[str, IqBatch],
    *,
    name: str,
    view: View,
    image: ImageConfig,
    modalities: tuple[Modality, ...] = IMAGE_ALONE,
    any_phase: bool,
) -> HeldDataset:
    """Batches of I/Q (N, T) by split as a data set; `train` determines classes and lengths.

    `any_phase` is whether the distribution of examples is invariant to a quarter turn.
    """
    first = splits["train"]
    for split, batch in splits.items():
        if (batch.iq.shape[1], batch.classes) != (first.iq.shape[1], first.classes):
            raise DatasetError(
                f"split {split} must hold examples of {first.iq.shape[1]} samples and the classes "
                f"of the training split, got {batch.iq.shape[1]} of {', '.join(batch.classes)}"
            )
    card = {
        "name": name,
        "fingerprint": "in-memory",
        "about": "Arrays that were given.",
        "synthetic": False,
        "classes": list(first.classes),
        "snr_db": np.unique(first.snr_db[np.isfinite(first.snr_db)]).tolist(),  # where stated
        "snr_reference": first.snr_reference,
        "any_phase": any_phase,
        "same_signals": [],
        "views": {
            view: {
                "samples": first.iq.shape[1],
                "samples_per_symbol": first.samples_per_symbol,
            }
        },
        "drawn": [],
        "examples": {split: len(batch) for split, batch in splits.items()},
        "image": asdict(image),
        "modalities": [asdict(modality) for modality in modalities],
    }
    return HeldDataset(Path(name), card, dict(splits))


def divided(label: IntArray, share: float, seed: int) -> tuple[IntArray, IntArray]:
    """Training rows and held-out rows, each ascending, stratified by class.

    Where the share of the smallest class is less than one example, nothing is held out.
    """
    rows = np.arange(len(label))
    held = np.floor(share * np.bincount(label)).astype(int)
    if not held.all():
        return rows, rows[:0]
    order = np.random.default_rng(seed).permutation(len(label))
    chosen = [order[label[order] == value][:count] for value, count in enumerate(held)]
    return np.setdiff1d(rows, np.concatenate(chosen)), np.sort(np.concatenate(chosen))
