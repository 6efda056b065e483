"""Pre-training, from settings to the best checkpoint."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rfmae.configuration.files import read_over
from rfmae.configuration.methods import METHOD_KEYS, METHODS, OF_PATCHES, Method, find_method
from rfmae.configuration.training import Pretraining
from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.inference import choose_device
from rfmae.models.image_decoder import ImageGrid
from rfmae.models.kinds import Grid, NetworkKind, find_network
from rfmae.models.presets import find_preset, image_grid
from rfmae.models.pretrainers import Pretrainer, pretrainer_of_method
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
from rfmae.workflows.learning.seeing import at_image_size, pretrained_on


def pretrain(
    dataset: Dataset,
    settings: Pretraining,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    logger: MetricLogger | None = None,
) -> Path:
    """Pre-train on the noisy and clean inputs of a data set; returns the best checkpoint."""
    dataset.check_clean()
    progress, chosen = progress or Logged(), choose_device(device)
    kind = find_network(network_for(dataset, settings))
    dataset = at_image_size(dataset, settings.image_size, kind)
    task = _task(dataset, settings, kind)
    plain = task.pretrainer(task.grids)
    plan = training_plan(
        settings,
        dataset.examples("train"),
        batch_size=settings.batch_size or kind.pretraining_batch,
        learning_rate=_peak(settings, kind),
    )

    def make_task(numerics: Numerics, ranks: Ranks) -> PretrainTask:
        shown = progress if ranks.is_writer else Silent()
        grids = task.grids
        if task.method.scaled:
            grids = scaled_grids(dataset, task.modalities, grids, ranks.device)
        return PretrainTask(
            dataset,
            task.pretrainer(grids),
            _source(dataset, task.rendered, settings, plan, ranks, shown),
            _stored(dataset, "validation", task.rendered, settings, plan, ranks, shown),
            modalities=task.rendered,
            seed=settings.seed,
            steps=plan.steps,
            batch_size=plan.batch_size,
            ranks=ranks,
        )

    identity = {
        "stage": "pretrain",
        "dataset": dataset.fingerprint,
        "endless": settings.endless,
        "model": asdict(plain.config),
        "scaled": task.method.scaled,
    }
    return fit(
        make_task,
        plan,
        RunFolder(folder),
        identity,
        device=chosen,
        progress=progress,
        title="pre-train",
        resume=resume,
        logger=logger,
        settings=replace(settings, network=kind.name, method=task.method).table(),
    )


def pretraining_of(table: Mapping[str, Any], source: Described) -> Pretraining:
    """Settings of pre-training from a nested table, as they fit a data set or recipe.

    Keys are those of `Pretraining` and of `Method`, whose name is `method`; what the table lacks
    has its default. Raises `TrainingError` for an unknown key or a value of another type.
    """
    own = {key: given for key, given in table.items() if key not in METHOD_KEYS}
    name = own.pop("method", "denomae2")
    if not isinstance(name, str):
        raise TrainingError(f"method must be a name, got {name!r}; known: {', '.join(METHODS)}")
    settings = read_over(Pretraining(), own, also=(*METHOD_KEYS, "method"))
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
    task.pretrainer(task.grids)


@dataclass(frozen=True, slots=True)
class _Task:
    """The inputs of a network, their grids, the method and the image to predict."""

    kind: NetworkKind
    preset: str
    modalities: tuple[Modality, ...]
    grids: tuple[Grid, ...]
    method: Method
    image: ImageGrid

    def pretrainer(self, grids: tuple[Grid, ...]) -> Pretrainer:
        """The network for inputs with these grids."""
        return pretrainer_of_method(self.method, self.kind.name, self.preset, grids, self.image)

    @property
    def rendered(self) -> tuple[Modality, ...]:
        """All modalities to render, including the image where it is predicted."""
        wanted = (*self.modalities, *IMAGE_ALONE) if self.method.image_weight else self.modalities
        return tuple(dict.fromkeys(wanted))


def _task(source: Dataset | Recipe, settings: Pretraining, kind: NetworkKind) -> _Task:
    modalities = pretrained_on(source, settings.modalities, kind.name)
    _check_patch(settings, kind)
    return _Task(
        kind,
        settings.preset,
        modalities,
        grids_of(source, settings.patch, modalities),
        settings.method or find_method("denomae2", kind.name),
        image_grid(source.image, any_phase=source.any_phase),
    )


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
