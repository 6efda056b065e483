"""Pre-training and fine-tuning, from settings to the best checkpoint."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from rfmae.artefacts import Card
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError
from rfmae.imaging.inputs import input_shapes
from rfmae.inference import choose_device
from rfmae.models.checkpoint import DENOMAE, Checkpoint, load_checkpoint
from rfmae.models.patches import PatchGrid
from rfmae.models.presets import classifier_config, encoder_config, find_preset, patch_grid
from rfmae.models.vit import EncoderConfig
from rfmae.progress import Progress, Silent
from rfmae.records import Modality
from rfmae.training.drawing import Described
from rfmae.training.engine import fit
from rfmae.training.finetune import FinetuneTask
from rfmae.training.numerics import Numerics
from rfmae.training.pairs import EndlessPairs, PairSource, StoredPairs
from rfmae.training.plan import Compile, TrainingPlan
from rfmae.training.pretrain import PretrainTask
from rfmae.training.ranks import Ranks
from rfmae.training.run_folder import RunFolder
from rfmae.training.scaling import scaled_grids
from rfmae.training.watching import Watch
from rfmae.workflows.finding import check_images
from rfmae.workflows.methods import Method


@dataclass(frozen=True, slots=True)
class Running:
    """How a training runs, beside what is learnt."""

    precision: str = "auto"  # or float32, bfloat16
    accumulate: int = 1  # pieces of a batch, one after the other, where memory is short
    ema: float | None = None  # what averaged weights keep in a step
    gradient_clip: float | None = 1.0
    compile: Compile = "auto"
    shard_weights: bool = False


@dataclass(frozen=True, slots=True)
class Pretraining:
    """How a network is pre-trained: its size, how long, and what it is taught.

    `endless` examples are synthesised as they are needed, as many as the epochs of the data set
    would show. `patch` counts pixels of an image patch; none leaves it to the image size.
    """

    preset: str = "small"
    epochs: int = 50
    batch_size: int = 64
    learning_rate: float | None = None  # none takes the preset's own
    seed: int = 0
    method: Method = field(default_factory=Method)
    running: Running = field(default_factory=Running)
    endless: bool = False
    patch: int | None = None


@dataclass(frozen=True, slots=True)
class Finetuning:
    """How a classifier is fine-tuned; no `labels` means all of them.

    The preset decides the encoder from scratch; a pre-trained one brings its own size.
    """

    preset: str = "small"
    labels: int | None = None
    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 1e-3
    frozen: bool = False
    seed: int = 0
    layer_decay: float = 1.0
    scaled: bool = True  # from scratch: take mean and deviation of each plane off the input
    running: Running = field(default_factory=Running)
    modalities: tuple[str, ...] | None = None  # none takes all that a receiver has


def pretrain(
    dataset: Dataset,
    settings: Pretraining,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Path:
    """Pre-train on the noisy and clean inputs of a data set; the best checkpoint."""
    dataset.check_clean()
    progress, chosen = progress or Silent(), choose_device(device)
    plain = settings.method.config(settings.preset, grids_of(dataset, settings.patch))
    peak = settings.learning_rate
    if peak is None:
        peak = find_preset(settings.preset).learning_rate
    plan = _plan(settings, dataset.examples("train"), peak)

    def make_task(numerics: Numerics, ranks: Ranks) -> PretrainTask:
        told = progress if ranks.is_writer else Silent()
        grids = plain.encoder.modalities
        if settings.method.scaled:
            grids = scaled_grids(dataset, dataset.modalities, grids, ranks.device)
        return PretrainTask(
            dataset,
            settings.method.config(settings.preset, grids),
            _source(dataset, settings, plan, ranks, told),
            _stored(dataset, "validation", settings, plan, ranks, told),
            modalities=dataset.modalities,
            seed=settings.seed,
            steps=plan.steps,
            batch_size=plan.batch_size,
            ranks=ranks,
        )

    identity = {
        "stage": "pretrain",
        "dataset": dataset.fingerprint,
        "endless": settings.endless,
        "model": asdict(plain),
        "scaled": settings.method.scaled,
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
        watch=watch,
        precision=settings.running.precision,
    )


def finetune(
    dataset: Dataset,
    settings: Finetuning,
    folder: Path,
    *,
    pretrained: Path | None = None,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Path:
    """Fine-tune a classifier, from a pre-trained encoder or from scratch; the best checkpoint."""
    progress, chosen = progress or Silent(), choose_device(device)
    checkpoint = load_checkpoint(pretrained, DENOMAE) if pretrained else None
    modalities = _received(dataset, settings.modalities)
    encoder = _encoder(dataset, checkpoint, settings.preset, modalities)
    config = classifier_config(encoder, len(dataset.classes))
    examples = settings.labels or dataset.examples("train")
    plan = _plan(settings, examples, settings.learning_rate, settings.layer_decay)

    def make_task(numerics: Numerics, ranks: Ranks) -> FinetuneTask:
        seen = encoder
        if checkpoint is None and settings.scaled:  # a pre-trained one brings its own
            grids = scaled_grids(dataset, modalities, encoder.modalities, ranks.device)
            seen = replace(encoder, modalities=grids)
        return FinetuneTask(
            dataset,
            replace(config, encoder=seen),
            modalities=modalities,
            labels=settings.labels,
            pretrained=checkpoint,
            frozen=settings.frozen,
            seed=settings.seed,
            batch_size=plan.batch_size,
            ranks=ranks,
            progress=progress if ranks.is_writer else Silent(),
        )

    identity = {
        "stage": "finetune",
        "dataset": dataset.fingerprint,
        "model": asdict(config),
        "labels": settings.labels,
        "frozen": settings.frozen,
        "scaled": settings.scaled,
        "pretrained": _identity(checkpoint),
    }
    return fit(
        make_task,
        plan,
        RunFolder(folder),
        identity,
        device=chosen,
        progress=progress,
        title="fine-tune" if checkpoint else "train from scratch",
        resume=resume,
        watch=watch,
        precision=settings.running.precision,
    )


def _identity(checkpoint: Checkpoint | None) -> Card | None:
    """What tells one pre-training from another."""
    if checkpoint is None:
        return None
    return {key: checkpoint.card.get(key) for key in ("dataset", "step", "score")}


def _plan(
    settings: Pretraining | Finetuning,
    examples: int,
    learning_rate: float,
    layer_decay: float = 1.0,
) -> TrainingPlan:
    batch_size, running = min(settings.batch_size, examples), settings.running
    return TrainingPlan(
        steps=settings.epochs * (examples // max(1, batch_size)),
        batch_size=batch_size,
        learning_rate=learning_rate,
        gradient_clip=running.gradient_clip,
        layer_decay=layer_decay,
        ema=running.ema,
        seed=settings.seed,
        accumulate=running.accumulate,
        compile=running.compile,
        shard_weights=running.shard_weights,
    )


def grids_of(
    source: Described,
    image_patch: int | None = None,
    modalities: tuple[Modality, ...] | None = None,
) -> tuple[PatchGrid, ...]:
    """How each modality of a recipe or data set is cut."""
    modalities = source.modalities if modalities is None else modalities
    samples = {view: source.samples(view) for view in source.views}
    shapes = input_shapes(source.image, modalities, samples)
    return tuple(
        patch_grid(
            modality,
            shapes[modality.name],
            patch=image_patch if modality.what == "image" else None,
        )
        for modality in modalities
    )


def _source(
    dataset: Dataset,
    settings: Pretraining,
    plan: TrainingPlan,
    ranks: Ranks,
    progress: Progress,
) -> PairSource:
    if not settings.endless:
        return _stored(dataset, "train", settings, plan, ranks, progress)
    recipe = load_recipe(dataset.folder / "recipe.toml")
    return EndlessPairs(recipe, dataset.modalities, ranks.device, batch_size=plan.batch_size)


def _stored(
    dataset: Dataset,
    split: str,
    settings: Pretraining,
    plan: TrainingPlan,
    ranks: Ranks,
    progress: Progress,
) -> StoredPairs:
    return StoredPairs(
        dataset,
        split,
        dataset.modalities,
        ranks.device,
        progress,
        batch_size=plan.batch_size,
        seed=settings.seed,
        turn=not any(modality.form == "folded" for modality in dataset.modalities),
    )


def _received(dataset: Dataset, names: tuple[str, ...] | None) -> tuple[Modality, ...]:
    """The modalities to classify by: all that a receiver has, or those that were named."""
    received = [modality for modality in dataset.modalities if modality.is_received]
    for name in names or ():
        if name not in [modality.name for modality in received]:
            raise CheckpointError(
                f"a receiver of {dataset.name} has {', '.join(m.name for m in received)}, "
                f"but {name!r} was asked for"
            )
    return tuple(modality for modality in received if not names or modality.name in names)


def _encoder(
    dataset: Dataset,
    checkpoint: Checkpoint | None,
    preset: str,
    modalities: tuple[Modality, ...],
) -> EncoderConfig:
    """The encoder to fine-tune; a checkpoint brings its own size and must know these inputs."""
    if checkpoint is None:
        return encoder_config(preset, grids_of(dataset, modalities=modalities))
    check_images(dataset, checkpoint.image, checkpoint.folder)
    names = [modality.name for modality in modalities]
    return checkpoint.encoder.of(names)
