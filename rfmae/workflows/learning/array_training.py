"""Fine-tuning on arrays in memory, without files left on disk."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rfmae.configuration.training import Finetuning
from rfmae.datasets.held import hold_dataset
from rfmae.errors import RecipeError, nearest
from rfmae.inference import InputPipeline
from rfmae.models.checkpoint import Checkpoint, load_checkpoint
from rfmae.progress import Progress
from rfmae.records import DECAY_PLANES, WHATS, ComplexArray, IntArray, IqBatch, Plane
from rfmae.training.metrics import MetricLogger
from rfmae.workflows.learning.finetuning import finetune

NAME = "arrays"
"""The name of a data set without recipe and folder."""


def planes_by_name(shown: Sequence[str | Plane]) -> tuple[Plane, ...]:
    """Planes of an image by what they show, each under the three kernels of DenoMAE2.0.

    A differential is over one symbol. A `Plane` stays unchanged.
    """
    return tuple(plane for what in shown for plane in _planes_of(what))


def _planes_of(what: str | Plane) -> tuple[Plane, ...]:
    if isinstance(what, Plane):
        return (what,)
    for known in WHATS:
        if what == known:
            lag = 1.0 if "differential" in known else 0.0
            return tuple(replace(plane, what=known, lag_symbols=lag) for plane in DECAY_PLANES)
    raise RecipeError(f"no plane shows {what!r}; {nearest(str(what), WHATS)}")


def batch_of(
    iq: ComplexArray, label: IntArray, classes: tuple[str, ...], samples_per_symbol: float
) -> IqBatch:
    """Examples (N, T) and labels (N,) without a stated SNR."""
    return IqBatch(
        iq=iq,
        label=label,
        snr_db=np.full(len(label), np.nan),
        classes=classes,
        samples_per_symbol=samples_per_symbol,
        snr_reference="dataset",
    )


def finetune_on_arrays(
    train: IqBatch,
    validation: IqBatch | None,
    settings: Finetuning,
    *,
    pipeline: InputPipeline,
    any_phase: bool,
    pretrained: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    logger: MetricLogger | None = None,
) -> Checkpoint:
    """Fine-tune as `finetune` does; returns the best checkpoint by validation, in memory.

    Without validation examples those of training select it, and confidence is not calibrated.
    `pipeline` defines the inputs of the network, from one view. `any_phase` examples are turned by
    quarters in training. Checkpoints are in a temporary folder during training.
    """
    (view,) = pipeline.views
    dataset = hold_dataset(
        {"train": train, "validation": validation or train},
        name=NAME,
        view=view,
        image=pipeline.image,
        modalities=pipeline.modalities,
        any_phase=any_phase,
    )
    with tempfile.TemporaryDirectory(prefix="rfmae-") as scratch:
        best = finetune(
            dataset,
            settings,
            Path(scratch) / "run",
            pretrained=pretrained,
            device=device,
            progress=progress,
            logger=logger,
        )
        found = load_checkpoint(best)
    fitted = (
        {} if validation else {"temperature": 1.0}
    )  # a temperature cannot be fitted on training examples
    return replace(found, card={**found.card, **fitted}, folder=Path(NAME))
