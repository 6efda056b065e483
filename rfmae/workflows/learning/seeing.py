"""What a classifier is to see of a data set, and the encoder or trunk that sees it."""

from typing import Literal

from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError, check_choice
from rfmae.models.checkpoint import Checkpoint
from rfmae.models.presets import encoder_config
from rfmae.models.trunks import TrunkConfig, trunk_config
from rfmae.models.vit import EncoderConfig
from rfmae.records import Modality, snr_view
from rfmae.workflows.finding import check_images
from rfmae.workflows.learning.running import grids_of

Network = Literal["vit", "cnn", "rings", "resnet", "lstm"]
"""A transformer, or a trunk: cnn and rings of the image, resnet and lstm of I and Q."""

SEEN_BY: dict[Network, str] = {
    "cnn": "image",
    "rings": "image",
    "resnet": "signal",
    "lstm": "signal",
}
"""The one modality that a trunk is for."""

LEARNING_RATES: dict[Network, float] = {
    "vit": 1e-3,
    "cnn": 1e-3,
    "rings": 6e-3,
    "resnet": 1e-3,
    "lstm": 1e-3,
}
"""At the peak, of batches of 32 (docs/results.md)."""


def received(
    dataset: Dataset,
    names: tuple[str, ...] | None,
    checkpoint: Checkpoint | None = None,
    network: Network = "vit",
) -> tuple[Modality, ...]:
    """The modalities to classify by: those that were named, or all that a receiver has.

    Any receiver has the signal of its first view, and an estimate of the SNR, of the waveform where
    there is one, though the data set may list the image alone; they are seen where they are named.
    A pre-trained encoder sees what it knows, a trunk what it is for.
    """
    check_choice("network", network, Network)
    own = tuple(modality for modality in dataset.modalities if modality.is_received)
    learnt = own if checkpoint is None else _learnt(dataset, checkpoint)
    if names is None and network == "vit":
        shared = tuple(m for m in learnt if m.content in [mine.content for mine in own])
        return shared or learnt
    has = {modality.name: modality for modality in (*own, *learnt)}
    if checkpoint is None:
        has.setdefault("signal", Modality("signal", view=dataset.views[0]))
        has.setdefault("snr", Modality("snr", view=dataset.views[-1]))
    names = names or (SEEN_BY[network],)
    for name in names:
        if name not in has:
            raise CheckpointError(
                f"a receiver of {dataset.name} has {', '.join(has)}, but {name!r} was asked for"
            )
    chosen = tuple(modality for name, modality in has.items() if name in names)
    if (seen := snr_view(chosen)) is not None:
        dataset.snr_estimator(seen)  # refuses what shows none before anything is written
    return chosen


def _learnt(dataset: Dataset, checkpoint: Checkpoint) -> tuple[Modality, ...]:
    """What an encoder knows and a receiver of a data set has."""
    grids = {grid.name for grid in checkpoint.transformer.modalities}
    learnt = tuple(m for m in checkpoint.modalities if m.is_received and m.name in grids)
    found = tuple(m for m in learnt if m.what == "image" or m.view in dataset.views)
    if not found:
        raise CheckpointError(
            f"{checkpoint.folder} sees {', '.join(m.name for m in learnt) or 'clean twins alone'}, "
            f"of which a receiver of {dataset.name} has none; pre-train on this data set"
        )
    return found


def encoder_for(
    dataset: Dataset,
    checkpoint: Checkpoint | None,
    network: Network,
    preset: str,
    modalities: tuple[Modality, ...],
    patch: int | None,
) -> EncoderConfig | TrunkConfig:
    """What to fine-tune; a checkpoint brings its own size and must know these inputs."""
    if checkpoint is None:
        grids = grids_of(dataset, patch, modalities)
        return encoder_config(preset, grids) if network == "vit" else trunk_config(network, grids)
    if network != "vit":
        raise CheckpointError(
            f"a {network} starts from scratch, but {checkpoint.folder} was named; leave out one"
        )
    check_images(dataset, checkpoint.image, checkpoint.folder)
    encoder = checkpoint.transformer.of([modality.name for modality in modalities])
    for modality in modalities:
        _check_shape(dataset, modality, encoder, checkpoint)
    return encoder


def _check_shape(
    dataset: Dataset, modality: Modality, encoder: EncoderConfig, checkpoint: Checkpoint
) -> None:
    samples = {view: dataset.samples(view) for view in dataset.views}
    learnt, shape = encoder.grid(modality.name).shape, modality.shape(dataset.image, samples)
    if learnt != shape:
        raise CheckpointError(
            f"{checkpoint.folder} saw {modality.name} of shape {learnt}, but {dataset.name} has "
            f"{shape}; pre-train on this data set"
        )
