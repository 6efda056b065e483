"""Fine-tuning, from settings to the best checkpoint and its temperature."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from rfmae.artefacts import Card
from rfmae.datasets.augmenting import Augmentation, Augmenter
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import TrainingError
from rfmae.inference import choose_device
from rfmae.models.checkpoint import Checkpoint, load_checkpoint
from rfmae.models.encoders import AnyEncoderConfig, with_grids
from rfmae.models.kinds import find_network
from rfmae.models.presets import Head, classifier_config
from rfmae.progress import Progress, Silent
from rfmae.records import Modality
from rfmae.training.calibrating import keep_temperature
from rfmae.training.drawing import drawing
from rfmae.training.engine import MakeTask, fit
from rfmae.training.finetune import FinetuneTask, beginning
from rfmae.training.label_budget import LabelBudget
from rfmae.training.labelled import (
    DrawnLabels,
    IqSource,
    LabelledSource,
    StoredIq,
    StoredLabels,
    StreamIq,
    course_of,
)
from rfmae.training.loaders import InputSplit
from rfmae.training.numerics import Numerics
from rfmae.training.plan import TrainingPlan
from rfmae.training.ranks import Ranks, ranks
from rfmae.training.run_folder import RunFolder
from rfmae.training.scaling import scaled_grids
from rfmae.training.watching import Watch
from rfmae.workflows.learning.running import Running, training_plan
from rfmae.workflows.learning.seeing import encoder_for, received


@dataclass(frozen=True, slots=True)
class Finetuning:
    """How a classifier is fine-tuned; no `labels` means all of them.

    The preset decides the encoder from scratch; a pre-trained one brings its own size. Another
    `network` than vit is always from scratch. `endless` examples are synthesised as they are
    needed, as many as the epochs of the data set would show. With `patience`, a run stops after so
    many validations without a better score.
    """

    preset: str = "small"
    labels: int | None = None
    epochs: int = 30
    batch_size: int = 32
    learning_rate: float | None = None  # none takes the network's own
    frozen: bool = False
    seed: int = 0
    layer_decay: float = 1.0
    scaled: bool = True  # from scratch: take mean and deviation of each plane off the input
    running: Running = field(default_factory=Running)
    modalities: tuple[str, ...] | None = None  # none takes all that a receiver has
    endless: bool = False
    labels_per_class: int | None = None
    labels_per_class_and_snr: int | None = None
    head: Head = "preset"
    drop_path: float = 0.0  # of the last block; from scratch and pre-trained alike
    balanced: bool = False  # every class equally often in a batch
    augmentation: Augmentation = field(default_factory=Augmentation)
    validations: int = 8
    patience: int | None = None
    network: str = "vit"
    patch: int | None = None  # of the image, from scratch

    def __post_init__(self) -> None:
        budget = self.budget
        if self.endless and budget.count is not None:
            raise TrainingError(
                f"endless examples bring their labels, but {budget} were asked for; "
                "leave out one of the two"
            )
        if self.endless and self.balanced:
            raise TrainingError(
                "endless examples are of every class equally often; leave out balanced"
            )
        if not 0 <= self.drop_path < 1:
            raise TrainingError(f"drop_path must lie in [0, 1), got {self.drop_path:g}")

    @property
    def budget(self) -> LabelBudget:
        """Which training labels may be seen."""
        return LabelBudget.of(self.labels, self.labels_per_class, self.labels_per_class_and_snr)


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
    """Fine-tune a classifier, from a pre-trained encoder or from scratch; the best checkpoint.

    Its card tells the temperature that validation asks for.
    """
    progress, chosen = progress or Silent(), choose_device(device)
    if settings.endless:
        dataset.check_clean()
    checkpoint = load_checkpoint(pretrained) if pretrained else None
    modalities = received(dataset, settings.modalities, checkpoint, settings.network)
    encoder = encoder_for(
        dataset, checkpoint, settings.network, settings.preset, modalities, settings.patch
    )
    plan = _plan(settings, settings.budget.total(dataset) or dataset.examples("train"))

    @cache
    def validation(ranks: Ranks) -> InputSplit:
        told = progress if ranks.is_writer else Silent()
        return InputSplit(dataset, "validation", modalities, ranks.device, told)

    identity = _identity(dataset, settings, encoder, checkpoint)
    best = fit(
        _task_maker(dataset, settings, encoder, checkpoint, modalities, plan, validation, progress),
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
    here = ranks(chosen)
    here.by_writer(lambda: keep_temperature(best, lambda: validation(here), here.device))
    return best


def _task_maker(
    dataset: Dataset,
    settings: Finetuning,
    encoder: AnyEncoderConfig,
    checkpoint: Checkpoint | None,
    modalities: tuple[Modality, ...],
    plan: TrainingPlan,
    validation: Callable[[Ranks], InputSplit],
    progress: Progress,
) -> MakeTask:
    def make_task(numerics: Numerics, ranks: Ranks) -> FinetuneTask:
        told = progress if ranks.is_writer else Silent()
        seen = encoder
        if checkpoint is None and settings.scaled:  # a pre-trained one brings its own
            grids = scaled_grids(dataset, modalities, encoder.modalities, ranks.device)
            seen = with_grids(encoder, grids)
        # a damaged checkpoint shows before anything is drawn
        config = classifier_config(seen, len(dataset.classes), settings.head)
        network = beginning(config, checkpoint, frozen=settings.frozen, seed=settings.seed)
        return FinetuneTask(
            dataset,
            network,
            _labelled(dataset, modalities, settings, plan, ranks, told),
            validation(ranks),
            modalities=modalities,
            drop_path=settings.drop_path,
            seed=settings.seed,
            batch_size=plan.batch_size,
            ranks=ranks,
            budget=settings.budget,
        )

    return make_task


def _plan(settings: Finetuning, examples: int) -> TrainingPlan:
    peak = settings.learning_rate
    if peak is None:
        peak = find_network(settings.network).learning_rate
    return training_plan(
        settings.running,
        examples,
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=peak,
        seed=settings.seed,
        layer_decay=settings.layer_decay,
        validations=settings.validations,
        patience=settings.patience,
    )


def _identity(
    dataset: Dataset,
    settings: Finetuning,
    encoder: AnyEncoderConfig,
    checkpoint: Checkpoint | None,
) -> Card:
    """What tells one run from another; what is off is none, as if it had never been thought of."""
    off = settings.augmentation.is_off
    return {
        "stage": "finetune",
        "dataset": dataset.fingerprint,
        "model": asdict(classifier_config(encoder, len(dataset.classes), settings.head)),
        "labels": settings.budget.total(dataset),
        "labels_per_class_and_snr": settings.labels_per_class_and_snr,
        "endless": settings.endless,
        "frozen": settings.frozen,
        "scaled": settings.scaled,
        "drop_path": settings.drop_path or None,
        "balanced": settings.balanced or None,
        "augmentation": None if off else asdict(settings.augmentation),
        "pretrained": _pretraining(checkpoint),
    }


def _pretraining(checkpoint: Checkpoint | None) -> Card | None:
    """What tells one pre-training from another."""
    if checkpoint is None:
        return None
    return {key: checkpoint.card.get(key) for key in ("dataset", "step", "score")}


def _labelled(
    dataset: Dataset,
    modalities: tuple[Modality, ...],
    settings: Finetuning,
    plan: TrainingPlan,
    ranks: Ranks,
    progress: Progress,
) -> LabelledSource:
    """Examples from the files or from the stream, drawn once or, where they change, every time."""
    augmenter = _augmenter(dataset, modalities, settings, plan, ranks)
    if settings.endless:
        how = drawing(dataset, modalities, ranks.device, targets=False)
        recipe = load_recipe(dataset.folder / "recipe.toml")
        stream: IqSource = StreamIq(recipe, how, batch_size=plan.batch_size)
        return DrawnLabels(stream, how, modalities, augmenter)
    rows = settings.budget.rows(dataset, settings.seed)
    course = course_of(
        dataset,
        rows,
        batch_size=plan.batch_size,
        seed=settings.seed,
        balanced=settings.balanced,
    )
    if augmenter is None:
        split = InputSplit(dataset, "train", modalities, ranks.device, progress, rows=rows)
        return StoredLabels(split, course, ranks.device)
    how = drawing(dataset, modalities, ranks.device, targets=False)
    stored = StoredIq(dataset, rows, course, how, clean=augmenter.needs_clean)
    return DrawnLabels(stored, how, modalities, augmenter)


def _augmenter(
    dataset: Dataset,
    modalities: tuple[Modality, ...],
    settings: Finetuning,
    plan: TrainingPlan,
    ranks: Ranks,
) -> Augmenter | None:
    if settings.augmentation.is_off:
        return None
    views = drawing(dataset, modalities, ranks.device, targets=False).views
    return Augmenter(
        dataset, settings.augmentation, views, batch_size=plan.batch_size, seed=settings.seed
    )
