"""Pre-training, from settings to the best checkpoint; fine-tuning goes out by the same door."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset
from rfmae.inference import choose_device
from rfmae.models.presets import find_preset
from rfmae.progress import Progress, Silent
from rfmae.training.engine import fit
from rfmae.training.numerics import Numerics
from rfmae.training.pairs import EndlessPairs, PairSource, StoredPairs
from rfmae.training.plan import TrainingPlan
from rfmae.training.pretrain import PretrainTask
from rfmae.training.ranks import Ranks
from rfmae.training.run_folder import RunFolder
from rfmae.training.scaling import scaled_grids
from rfmae.training.watching import Watch
from rfmae.workflows.learning.finetuning import Finetuning, finetune
from rfmae.workflows.learning.methods import Method
from rfmae.workflows.learning.running import Running, grids_of, training_plan

__all__ = ["Finetuning", "Pretraining", "Running", "finetune", "grids_of", "pretrain"]


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
    plan = training_plan(
        settings.running,
        dataset.examples("train"),
        epochs=settings.epochs,
        batch_size=settings.batch_size,
        learning_rate=peak,
        seed=settings.seed,
    )

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
