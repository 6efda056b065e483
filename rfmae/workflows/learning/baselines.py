"""Training of baselines: classical ones as arrays, networks as classifier checkpoints."""

from pathlib import Path

import numpy as np

from rfmae.artefacts import Card, refuse_occupied
from rfmae.baselines.files import save_baseline
from rfmae.baselines.scale import Scale
from rfmae.baselines.signals_read import InputSpec, signal_of_plane
from rfmae.baselines.trained import (
    BASELINES,
    LabelledExamples,
    balanced_rows,
    find_method,
    fit_baseline,
    inputs_of,
)
from rfmae.configuration.training import Finetuning
from rfmae.datasets.store import Dataset
from rfmae.errors import RecipeError, nearest
from rfmae.models.kinds import NETWORKS
from rfmae.progress import Logged, Progress
from rfmae.records import IntArray
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.learning.finetuning import finetune, label_budget

_MOST_VALIDATION = 20_000  # examples for the choice of settings


def baseline_names() -> dict[str, str]:
    """Every baseline that can be trained, with a description."""
    networks = {name: kind.about for name, kind in NETWORKS.items() if name != "vit"}
    return {**BASELINES, **networks}


def check_baseline(name: str) -> None:
    """Raise `RecipeError` for an unknown baseline."""
    known = baseline_names()
    if name not in known:
        raise RecipeError(f"unknown baseline {name!r}; {nearest(name, known)}")


def train_baseline(
    dataset: Dataset,
    name: str,
    folder: Path,
    *,
    labels: int | None = None,
    labels_per_class: int | None = None,
    labels_per_class_and_snr: int | None = None,
    epochs: int = 30,
    seed: int = 0,
    device: str = "auto",
    resume: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Train a baseline on a data set; returns its folder, or the best checkpoint of a network.

    Settings are chosen by validation alone. With the same seed the labels are those of
    fine-tuning; None means all. `epochs`, `device` and `resume` are for networks.
    """
    check_baseline(name)
    progress = progress or Logged()
    network = name if name in NETWORKS else None
    settings = Finetuning(
        labels=labels,
        labels_per_class=labels_per_class,
        labels_per_class_and_snr=labels_per_class_and_snr,
        epochs=epochs,
        seed=seed,
        network=network or "vit",
    )
    if network:
        return finetune(dataset, settings, folder, resume=resume, device=device, progress=progress)
    _fit(dataset, name, folder, label_budget(settings), seed, progress)
    return folder


def _fit(
    dataset: Dataset,
    name: str,
    folder: Path,
    budget: LabelBudget,
    seed: int,
    progress: Progress,
) -> None:
    refuse_occupied(folder)
    known = budget.rows(dataset, seed)
    every = np.arange(dataset.examples("train")) if known is None else known.numpy()
    label = dataset.labels("train")[0][every]
    rows = every[balanced_rows(label, find_method(name).largest, seed)]
    if len(rows) < len(every):
        progress.note(f"{name} is fitted to {len(rows):,} of {len(every):,} examples")
    others = balanced_rows(dataset.labels("validation")[0], _MOST_VALIDATION, seed)
    inputs = _inputs(dataset, name)
    baseline = fit_baseline(
        name,
        _read(dataset, "train", rows, inputs),
        _read(dataset, "validation", others, inputs),
        dataset.classes,
        inputs=inputs,
        seed=seed,
        progress=progress,
    )
    card = {**budget.options, **_card(dataset, len(every), seed)}
    save_baseline(baseline, card, folder)


def _inputs(dataset: Dataset, name: str) -> InputSpec:
    """The inputs of a baseline; planes that show the same count once."""
    image = dataset.image
    shown = [
        signal_of_plane(plane, dataset.samples_per_symbol(plane.view)) for plane in image.planes
    ]
    scale = Scale(image.units, image.extent)
    return inputs_of(name, dataset.views, scale, tuple(dict.fromkeys(shown)))


def _read(dataset: Dataset, split: str, rows: IntArray, inputs: InputSpec) -> LabelledExamples:
    """Some rows of a split in the views that a baseline reads."""
    views = {view: dataset.read_observed(split, rows, view).iq for view in inputs.views}
    label, snr_db = dataset.labels(split)
    return LabelledExamples(views, label[rows], snr_db[rows])


def _card(dataset: Dataset, labels: int, seed: int) -> Card:
    """The provenance of a baseline; `labels` may be more than the examples it is fitted to."""
    return {
        "dataset": {"name": dataset.name, "fingerprint": dataset.fingerprint},
        "labels": labels,
        "seed": seed,
        "snr_db": list(dataset.snr_db),
        "snr_reference": dataset.snr_reference,
    }
