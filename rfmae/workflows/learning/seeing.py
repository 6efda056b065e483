"""The modalities that a network gets from a data set, and its encoder."""

from dataclasses import replace

from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError
from rfmae.models.checkpoint import Checkpoint
from rfmae.models.encoders import AnyEncoderConfig, PretrainableConfig
from rfmae.models.kinds import NetworkKind, find_network
from rfmae.models.rings import HarmonicGrid, RingsConfig
from rfmae.models.vit import EncoderConfig, resized
from rfmae.progress import Progress
from rfmae.records import Modality, snr_view
from rfmae.records.differences import differences
from rfmae.workflows.learning.running import grids_of


def network_of(checkpoint: Checkpoint) -> NetworkKind:
    """The kind of network of a checkpoint."""
    return find_network("rings" if isinstance(checkpoint.pretrainable, RingsConfig) else "vit")


def as_seen_by(
    checkpoint: Checkpoint, dataset: Dataset, progress: Progress | None = None
) -> Dataset:
    """The data set with images rendered as in the training of a network, which a note says.

    Raises where the data set lacks the views for them.
    """
    if not any(modality.of_planes for modality in checkpoint.modalities):
        return dataset
    if progress is not None and checkpoint.image != dataset.image:
        changed = differences(checkpoint.image, dataset.image)
        progress.note(f"images are rendered as the network has learnt them: {changed}")
    return dataset.rendered_as(checkpoint.image)


def at_image_size(dataset: Dataset, size: int | None, network: NetworkKind) -> Dataset:
    """The data set with images of a size; a network that sees no images has none."""
    if size is None:
        return dataset
    if network.sees not in (None, "image"):
        raise CheckpointError(
            f"network {network.name} sees {network.sees} and no images, got image size {size}; "
            "leave it out"
        )
    return dataset.rendered_as(replace(dataset.image, size=size))


def received(
    dataset: Dataset | Recipe,
    names: tuple[str, ...] | None,
    checkpoint: Checkpoint | None = None,
    network: str = "vit",
) -> tuple[Modality, ...]:
    """The modalities of a classifier: the named ones, or all that a receiver has.

    Any receiver has the signal of its first view, the harmonics of its image and an estimate of the
    SNR, of the waveform where there is one, even if the data set lists the image alone; they are
    used where they are named. A pre-trained encoder gets the modalities it was trained on, any
    other network than a transformer its own.
    """
    kind = find_network(network)
    own = tuple(modality for modality in dataset.modalities if modality.is_received)
    learnt = own if checkpoint is None else _learnt(dataset, checkpoint)
    if names is None and checkpoint is not None and network_of(checkpoint).sees is not None:
        return learnt  # such a network takes only these
    if names is None and (checkpoint is not None or kind.sees is None):
        shared = tuple(m for m in learnt if m.content in [mine.content for mine in own])
        return shared or learnt
    has = {modality.name: modality for modality in (*own, *learnt)}
    if checkpoint is None:
        has.setdefault("signal", Modality("signal", view=dataset.views[0]))
        has.setdefault("harmonics", Modality("harmonics"))
        has.setdefault("snr", Modality("snr", view=dataset.views[-1]))
    names = _as_seen(names or (kind.sees or "",), kind)
    for name in names:
        if name not in has and checkpoint is not None:
            raise CheckpointError(
                f"{checkpoint.folder} was trained with {', '.join(m.name for m in learnt)}, but "
                f"not with {name!r}; name a checkpoint that was, or leave it out"
            )
        if name not in has:
            raise CheckpointError(
                f"a receiver of {dataset.name} has {', '.join(has)}, but not {name!r}"
            )
    chosen = tuple(modality for name, modality in has.items() if name in names)
    if (seen := snr_view(chosen)) is not None:
        dataset.snr_estimator(seen)  # raises where there is none, before anything is written
    return chosen


def _as_seen(names: tuple[str, ...], kind: NetworkKind) -> tuple[str, ...]:
    """The named modalities; rings get harmonics in place of an image."""
    if kind.sees != "harmonics":
        return names
    return tuple("harmonics" if name == "image" else name for name in names)


def pretrained_on(
    dataset: Dataset | Recipe, names: tuple[str, ...] | None, network: str
) -> tuple[Modality, ...]:
    """The modalities for pre-training: those that the data set lists, or the network's own.

    `names` choose others.
    """
    kind = find_network(network)
    if not kind.is_pretrained:
        raise CheckpointError(
            f"{kind.name} learns from labels alone; pre-train network vit or rings"
        )
    listed = tuple(modality.name for modality in dataset.modalities)
    if names is None and (kind.sees is None or kind.sees in listed):
        return dataset.modalities
    if names is None and "snr" in listed:
        names = (kind.sees or "", "snr")
    return received(dataset, names, None, network)


def _learnt(dataset: Dataset | Recipe, checkpoint: Checkpoint) -> tuple[Modality, ...]:
    """The modalities of an encoder that a receiver of a data set has."""
    grids = {grid.name for grid in checkpoint.pretrainable.modalities}
    learnt = tuple(m for m in checkpoint.modalities if m.is_received and m.name in grids)
    found = tuple(m for m in learnt if m.of_planes or m.view in dataset.views)
    if not found:
        raise CheckpointError(
            f"{checkpoint.folder} sees {', '.join(m.name for m in learnt) or 'clean twins alone'}, "
            f"of which a receiver of {dataset.name} has none; pre-train on this data set"
        )
    return found


def encoder_for(
    dataset: Dataset,
    checkpoint: Checkpoint | None,
    network: str | None,
    preset: str,
    modalities: tuple[Modality, ...],
    patch: int | None,
) -> AnyEncoderConfig:
    """The encoder to fine-tune; a checkpoint has its own kind and size and must fit the inputs."""
    if checkpoint is None:
        return find_network(network or "vit").encoder(preset, grids_of(dataset, patch, modalities))
    own = network_of(checkpoint).name
    if network not in (None, own):
        raise CheckpointError(
            f"{checkpoint.folder} holds {own}, but network {network} was requested; leave out one"
        )
    encoder = _of_size(
        checkpoint.pretrainable.of([modality.name for modality in modalities]), dataset, checkpoint
    )
    check_inputs_of(dataset, modalities, encoder, checkpoint)
    return encoder


def check_inputs_of(
    dataset: Dataset,
    modalities: tuple[Modality, ...],
    encoder: PretrainableConfig,
    checkpoint: Checkpoint,
) -> None:
    """Raise where the inputs of a data set are not those that an encoder has learnt from."""
    for modality in modalities:
        _check_shape(dataset, modality, encoder, checkpoint)


def _of_size(
    encoder: PretrainableConfig, dataset: Dataset, checkpoint: Checkpoint
) -> PretrainableConfig:
    """The encoder for images of the size that the data set has."""
    size = dataset.image.size
    if not isinstance(encoder, EncoderConfig) or size == checkpoint.image.size:
        return encoder
    if not any(grid.name == "image" for grid in encoder.modalities):
        return encoder
    planes = encoder.grid("image").planes
    return resized(encoder, "image", (planes, size, size))


def _check_shape(
    dataset: Dataset, modality: Modality, encoder: PretrainableConfig, checkpoint: Checkpoint
) -> None:
    samples = {view: dataset.samples(view) for view in dataset.views}
    grid, shape = encoder.grid(modality.name), modality.shape(dataset.image, samples)
    if grid.shape != shape:
        raise CheckpointError(
            f"{checkpoint.folder} saw {modality.name} of shape {grid.shape}, but {dataset.name} "
            f"has {shape}; pre-train on this data set"
        )
    if isinstance(grid, HarmonicGrid) and all(grid.known_phase) and dataset.any_phase:
        raise CheckpointError(
            f"{checkpoint.folder} learnt from examples of known carrier phase, but that of "
            f"{dataset.name} is unknown; train on this data set"
        )
