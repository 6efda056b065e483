"""Pre-training and fine-tuning, from settings to the best checkpoint."""

from dataclasses import asdict, dataclass
from pathlib import Path

from rfmae.artefacts import Card
from rfmae.datasets.store import Dataset
from rfmae.inference import choose_device
from rfmae.models.checkpoint import DENOMAE, Checkpoint, load_checkpoint
from rfmae.models.presets import classifier_config, denomae_config, encoder_config, find_preset
from rfmae.models.vit import EncoderConfig
from rfmae.progress import Progress, Silent
from rfmae.training.engine import TrainingPlan, fit
from rfmae.training.finetune import FinetuneTask
from rfmae.training.pretrain import PretrainTask
from rfmae.training.run_folder import RunFolder
from rfmae.workflows.finding import check_images


@dataclass(frozen=True, slots=True)
class Pretraining:
    """How a DenoMAE2.0 is pre-trained."""

    preset: str = "small"
    epochs: int = 50
    batch_size: int = 64
    learning_rate: float | None = None  # none takes the preset's own
    mask_ratio: float = 0.75
    position_weight: float = 0.1
    seed: int = 0


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


def pretrain(
    dataset: Dataset,
    settings: Pretraining,
    folder: Path,
    *,
    resume: bool = False,
    device: str = "auto",
    progress: Progress | None = None,
) -> Path:
    """Pre-train DenoMAE2.0 on the noisy and clean images of a data set; the best checkpoint."""
    dataset.check_clean()
    progress, chosen = progress or Silent(), choose_device(device)
    image = dataset.image
    config = denomae_config(
        settings.preset,
        image.size,
        len(image.planes),
        mask_ratio=settings.mask_ratio,
        position_weight=settings.position_weight,
    )
    peak = settings.learning_rate
    if peak is None:
        peak = find_preset(settings.preset).learning_rate
    plan = _plan(settings, dataset.examples("train"), peak)

    return fit(
        lambda precision: PretrainTask(
            dataset,
            config,
            seed=settings.seed,
            device=chosen,
            precision=precision,
            progress=progress,
        ),
        plan,
        RunFolder(folder),
        {"stage": "pretrain", "dataset": dataset.fingerprint, "model": asdict(config)},
        device=chosen,
        progress=progress,
        title="pre-train",
        resume=resume,
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
) -> Path:
    """Fine-tune a classifier, from a pre-trained encoder or from scratch; the best checkpoint."""
    progress, chosen = progress or Silent(), choose_device(device)
    checkpoint = load_checkpoint(pretrained, DENOMAE) if pretrained else None
    encoder = _encoder(dataset, checkpoint, settings.preset)
    config = classifier_config(encoder, len(dataset.classes))
    plan = _plan(settings, settings.labels or dataset.examples("train"), settings.learning_rate)

    return fit(
        lambda precision: FinetuneTask(
            dataset,
            config,
            labels=settings.labels,
            pretrained=checkpoint,
            frozen=settings.frozen,
            seed=settings.seed,
            device=chosen,
            precision=precision,
            progress=progress,
        ),
        plan,
        RunFolder(folder),
        {
            "stage": "finetune",
            "dataset": dataset.fingerprint,
            "model": asdict(config),
            "labels": settings.labels,
            "frozen": settings.frozen,
            "pretrained": _identity(checkpoint),
        },
        device=chosen,
        progress=progress,
        title="fine-tune" if checkpoint else "train from scratch",
        resume=resume,
    )


def _identity(checkpoint: Checkpoint | None) -> Card | None:
    """What tells one pre-training from another."""
    if checkpoint is None:
        return None
    return {key: checkpoint.card.get(key) for key in ("dataset", "step", "score")}


def _plan(settings: Pretraining | Finetuning, examples: int, learning_rate: float) -> TrainingPlan:
    batch_size = min(settings.batch_size, examples)
    return TrainingPlan(
        steps=settings.epochs * (examples // max(1, batch_size)),
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=settings.seed,
    )


def _encoder(dataset: Dataset, checkpoint: Checkpoint | None, preset: str) -> EncoderConfig:
    """The encoder to fine-tune; a checkpoint brings its own size and must know these images."""
    image = dataset.image
    if checkpoint is None:
        return encoder_config(preset, image.size, len(image.planes))
    check_images(dataset, checkpoint.image, checkpoint.folder)
    return EncoderConfig(**checkpoint.card["model"]["encoder"])
