"""Pre-training, from settings to the best checkpoint."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rfmae.configuration.files import read_over
from rfmae.configuration.methods import METHOD_KEYS, METHODS, OF_PATCHES, Method, find_method
from rfmae.configuration.training import Pretraining
from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError, TrainingError
from rfmae.inference import choose_device
from rfmae.models.checkpoint import DENOMAE, WEIGHTS_NAME, Checkpoint, load_checkpoint, sha256_of
from rfmae.models.kinds import Grid, NetworkKind, find_network
from rfmae.models.presets import find_preset, image_grid
from rfmae.models.pretrainers import (
    PretrainConfig,
    Pretrainer,
    continued,
    pretrainer_of,
    pretrainer_of_method,
)
from rfmae.progress import Logged, Progress, Silent
from rfmae.records import IMAGE_ALONE, Modality
from rfmae.training.batches import EndlessPairs, PairSource, StoredPairs
from rfmae.training.engine import fit
from rfmae.training.loaders import scaled_grids
from rfmae.training.metrics import MetricLogger
from rfmae.training.numerics import Numerics
from rfmae.training.plan import TrainingPlan
from rfmae.training.pretrain import PretrainTask
from rfmae.training.processes import Ranks
from rfmae.training.rendering import Described
from rfmae.training.run_folder import RunFolder
from rfmae.workflows.learning.running import grids_of, training_plan
from rfmae.workflows.learning.seeing import (
    as_seen_by,
    at_image_size,
    check_inputs_of,
    network_of,
    pretrained_on,
    received,
)
from rfmae.workflows.learning.targets import with_targets


def pretrain(
    dataset: Dataset,
    settings: Pretraining,
    folder: Path,
    *,
    model: Path | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    logger: MetricLogger | None = None,
) -> Path:
    """Pre-train on the noisy and clean inputs of a data set; returns the best checkpoint.

    Examples without clean twins are their own targets (see `with_targets`). With a pre-trained
    `model` its network goes on, on images as it has learnt them; a `method` changes what it is
    trained to do, not its size.
    """
    progress, chosen = progress or Logged(), choose_device(device)
    learnt = None if model is None else load_checkpoint(model, DENOMAE)
    kind = _kind(dataset, settings, learnt)
    if learnt is not None:
        dataset = as_seen_by(learnt, dataset, progress)
    dataset = at_image_size(dataset, settings.image_size, kind)
    task = (
        _task(dataset, settings, kind) if learnt is None else _going_on(learnt, dataset, settings)
    )
    dataset = with_targets(dataset, settings, task.objective.pixels, progress)
    plan = training_plan(
        settings,
        dataset.examples("train"),
        batch_size=settings.batch_size or kind.pretraining_batch,
        learning_rate=_peak(settings, kind),
    )

    def make_task(numerics: Numerics, ranks: Ranks) -> PretrainTask:
        shown = progress if ranks.is_writer else Silent()
        grids = task.grids
        if task.scaled:
            grids = scaled_grids(dataset, task.modalities, grids, ranks.device)
        return PretrainTask(
            dataset,
            task.make(grids),
            _source(dataset, task.rendered, settings, plan, ranks, shown),
            _stored(dataset, "validation", task.rendered, settings, plan, ranks, shown),
            modalities=task.rendered,
            seed=settings.seed,
            steps=plan.steps,
            batch_size=plan.batch_size,
            ranks=ranks,
            start={} if learnt is None else learnt.weights,
        )

    chosen_method = _method(settings, kind, learnt)
    return fit(
        make_task,
        plan,
        RunFolder(folder),
        _identity(dataset, settings, task, learnt),
        device=chosen,
        progress=progress,
        title="pre-train",
        resume=resume,
        logger=logger,
        settings={
            **replace(settings, network=kind.name, method=chosen_method).table(),
            **({} if model is None else {"model": str(model)}),
        },
    )


def _identity(
    dataset: Dataset, settings: Pretraining, task: "_Task", learnt: Checkpoint | None
) -> dict[str, Any]:
    """What a run that is resumed must have in common; unused settings are left out, as before."""
    return {
        "stage": "pretrain",
        **({} if learnt is None else {"model_sha256": sha256_of(learnt.folder / WEIGHTS_NAME)}),
        **({} if settings.added_noise is None else {"added_noise": settings.added_noise}),
        "dataset": dataset.fingerprint,
        "endless": settings.endless,
        "model": asdict(task.objective),
        "scaled": task.scaled,
    }


def pretraining_of(
    table: Mapping[str, Any], source: Described, *, with_model: bool = False
) -> Pretraining:
    """Settings of pre-training from a nested table, as they fit a data set or recipe.

    Keys are those of `Pretraining` and of `Method`, whose name is `method`; what the table lacks
    has its default, or is as the network that goes on has it (`with_model`). Raises
    `TrainingError` for an unknown key or a value of another type.
    """
    own = {key: given for key, given in table.items() if key not in METHOD_KEYS}
    name = own.pop("method", "denomae2")
    if not isinstance(name, str):
        raise TrainingError(f"method must be a name, got {name!r}; known: {', '.join(METHODS)}")
    settings = read_over(Pretraining(), own, also=(*METHOD_KEYS, "method", "model"))
    if with_model and not {*table} & {*METHOD_KEYS, "method"}:
        return settings
    kind = network_for(source, settings, name)
    switches = {key: given for key, given in table.items() if key in METHOD_KEYS}
    method = read_over(find_method(name, kind), switches)
    return replace(settings, network=kind, method=method)


def network_for(dataset: Described, settings: Pretraining, method: str = "denomae2") -> str:
    """The named network, or rings where the carrier phase is unknown, else vit.

    Rings are for images that a phase turns, so they are not chosen where all planes are
    differential or where another input or a patch is requested.
    """
    if settings.network is not None:
        return settings.network
    if method in OF_PATCHES:
        return "vit"
    listed = settings.modalities or tuple(modality.name for modality in dataset.modalities)
    fits = {*listed} <= {"image", "harmonics", "snr"} and settings.patch is None
    turns = dataset.any_phase and not all(plane.is_differential for plane in dataset.image.planes)
    return "rings" if turns and fits else "vit"


def check_pretraining(recipe: Recipe, settings: Pretraining) -> None:
    """Raise for settings that do not fit a recipe, before its examples are synthesised."""
    task = _task(recipe, settings, find_network(network_for(recipe, settings)))
    task.make(task.grids)


@dataclass(frozen=True, slots=True)
class _Task:
    """The inputs of a network, their grids, and how its pre-trainer is made for grids."""

    kind: NetworkKind
    modalities: tuple[Modality, ...]
    grids: tuple[Grid, ...]
    scaled: bool  # whether the scale of the inputs is still to be measured
    make: Callable[[tuple[Grid, ...]], Pretrainer]

    @property
    def objective(self) -> PretrainConfig:
        """What the network is trained to do."""
        return self.make(self.grids).config

    @property
    def rendered(self) -> tuple[Modality, ...]:
        """All modalities to render, including the image where it is predicted."""
        predicts = getattr(self.objective, "image_weight", 0)  # of rings alone
        return tuple(dict.fromkeys((*self.modalities, *(IMAGE_ALONE if predicts else ()))))


def _task(source: Dataset | Recipe, settings: Pretraining, kind: NetworkKind) -> _Task:
    modalities = pretrained_on(source, settings.modalities, kind.name)
    _check_patch(settings, kind)
    method = _method(settings, kind, None) or Method()
    image = image_grid(source.image, any_phase=source.any_phase)

    def make(grids: tuple[Grid, ...]) -> Pretrainer:
        return pretrainer_of_method(method, kind.name, settings.preset, grids, image)

    grids = grids_of(source, settings.patch, modalities)
    return _Task(kind, modalities, grids, method.scaled, make)


def _method(settings: Pretraining, kind: NetworkKind, learnt: Checkpoint | None) -> Method | None:
    """The named method or the default; of a network that goes on None, where none is named."""
    if settings.method is None and learnt is None:
        return find_method("denomae2", kind.name)
    return settings.method


def _going_on(learnt: Checkpoint, dataset: Dataset, settings: Pretraining) -> _Task:
    """The task of a pre-trained network that goes on; its inputs, scale and size are its own."""
    modalities = received(dataset, None, learnt)
    encoder = learnt.pretrainable
    if {modality.name for modality in modalities} != {grid.name for grid in encoder.modalities}:
        raise CheckpointError(
            f"{learnt.folder} learnt from {', '.join(g.name for g in encoder.modalities)}, of "
            f"which {dataset.name} has {', '.join(m.name for m in modalities)}; pre-train on it "
            "without a model"
        )
    check_inputs_of(dataset, modalities, encoder, learnt)
    config = continued(learnt.pretraining, settings.method)
    return _Task(
        network_of(learnt), modalities, encoder.modalities, False, lambda _: pretrainer_of(config)
    )


def _kind(dataset: Dataset, settings: Pretraining, learnt: Checkpoint | None) -> NetworkKind:
    """The kind of network; that of a model cannot be changed."""
    if learnt is None:
        return find_network(network_for(dataset, settings))
    own = network_of(learnt)
    if settings.network not in (None, own.name):
        raise CheckpointError(
            f"{learnt.folder} holds {own.name}, but network {settings.network} was requested; "
            "leave out one"
        )
    return own


def _peak(settings: Pretraining, kind: NetworkKind) -> float:
    if settings.learning_rate is not None:
        return settings.learning_rate
    return kind.pretraining_rate or find_preset(settings.preset).learning_rate


def _check_patch(settings: Pretraining, kind: NetworkKind) -> None:
    if settings.patch is not None and kind.name != "vit":
        raise TrainingError(
            f"network {kind.name} has no patches, got patch {settings.patch}; leave it out, or "
            "take network vit"
        )


def _source(
    dataset: Dataset,
    modalities: tuple[Modality, ...],
    settings: Pretraining,
    plan: TrainingPlan,
    ranks: Ranks,
    progress: Progress,
) -> PairSource:
    if not settings.endless:
        return _stored(dataset, "train", modalities, settings, plan, ranks, progress)
    recipe = load_recipe(dataset.folder / "recipe.toml")
    return EndlessPairs(recipe, modalities, ranks.device, batch_size=plan.batch_size)


def _stored(
    dataset: Dataset,
    split: str,
    modalities: tuple[Modality, ...],
    settings: Pretraining,
    plan: TrainingPlan,
    ranks: Ranks,
    progress: Progress,
) -> StoredPairs:
    return StoredPairs(
        dataset,
        split,
        modalities,
        ranks.device,
        progress,
        batch_size=plan.batch_size,
        seed=settings.seed,
        # rings are phase-invariant, and a folded signal cannot be turned
        turn=not any(m.form == "folded" or m.what == "harmonics" for m in modalities),
    )
