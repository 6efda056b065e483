"""One function for each job of the toolkit; the one module that knows the whole house."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rfmae.artefacts import CARD_NAME, Card, read_card, refuse_occupied
from rfmae.datasets.captures import Capture, read_sigmf
from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.datasets.store import KIND as DATASET
from rfmae.datasets.store import Dataset, open_dataset, write_dataset
from rfmae.errors import ArtefactError, CaptureError, CheckpointError, DatasetError
from rfmae.evaluation.classification import evaluate_classifier
from rfmae.evaluation.denoising import DenoiseBatch, evaluate_denoising, psnr_db, ssim
from rfmae.imaging.render import constellation_images
from rfmae.inference import (
    Answer,
    Denoiser,
    SignalClassifier,
    choose_device,
    load_classifier,
    load_denoiser,
)
from rfmae.models.checkpoint import BEST_NAME, DENOMAE, Checkpoint, load_checkpoint
from rfmae.models.presets import classifier_config, denomae_config, encoder_config, find_preset
from rfmae.models.vit import EncoderConfig
from rfmae.progress import Progress, Silent
from rfmae.records import DenoiseReport, IqBatch, IqPairBatch, SnrReport
from rfmae.reporting.figures import StripRow
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import Report, write_report
from rfmae.signal.modulations import equal_laws
from rfmae.training.engine import TrainingPlan, fit
from rfmae.training.finetune import FinetuneTask
from rfmae.training.pretrain import PretrainTask
from rfmae.training.run_folder import KIND as RUN
from rfmae.training.run_folder import RunFolder
from rfmae.training.schedule import Precision

_EVALUATION_BATCH = 128
_TEMPLATE_EXAMPLES = 200  # clean training images of a class that its mean is taken over
_STRIP_ROWS = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a classifier says of one recording."""

    capture: Capture
    answer: Answer


@dataclass(frozen=True, slots=True)
class Told:
    """A report and the folder it was written to."""

    report: Report
    folder: Path


# data ---------------------------------------------------------------------------------------


def synth(
    recipe: Recipe, folder: Path, *, workers: int = 1, progress: Progress | None = None
) -> Dataset:
    """Synthesise a recipe into a data set folder; one that holds the same recipe is kept."""
    progress = progress or Silent()
    card = read_card(folder)
    if card is not None and card.get("fingerprint") == recipe.fingerprint:
        progress.note(f"data set {folder} is there already")
        return open_dataset(folder)
    return write_dataset(recipe, folder, workers=workers, progress=progress)


def newest_dataset(home: Path) -> Path:
    """The newest data set among the folders of `home`."""
    return _newest(home, lambda card: card.get("kind") == DATASET, "data set", "rfmae synth")


def newest_run(home: Path, stage: str) -> Path:
    """The newest run of a stage, `pretrain` or `finetune`, among the folders of `home`."""
    return _newest(
        home,
        lambda card: card.get("kind") == RUN and card["config"]["stage"] == stage,
        f"{stage} run",
        f"rfmae {stage}",
    )


def _newest(home: Path, wanted: Callable[[Card], bool], what: str, maker: str) -> Path:
    cards = home.glob(f"*/{CARD_NAME}") if home.is_dir() else ()
    found = [card for card in cards if wanted(read_card(card.parent) or {})]
    if not found:
        raise ArtefactError(f"no {what} in {home}; name its folder or run `{maker}` first")
    return max(found, key=lambda card: card.stat().st_mtime).parent


def dataset_of(model: Path, named: Path | None, home: Path) -> Dataset:
    """The data set that was named, or the one in `home` that a model was trained on."""
    if named is not None:
        return open_dataset(named)
    trained_on = load_checkpoint(model).card["dataset"]
    folder = home / f"{trained_on['name']}-{trained_on['fingerprint']}"
    if not folder.is_dir():
        raise DatasetError(f"{model} was trained on {folder}, which is not there; name --data")
    return open_dataset(folder)


def model_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each model: its folder's, and for a checkpoint its run's too."""
    names = []
    for path in paths:
        run = path.resolve().parent.parent
        inside_run = (run / BEST_NAME).is_file()
        names.append(f"{run.name}-{path.name}" if inside_run else path.name)
    if len(set(names)) < len(names):
        raise CheckpointError(f"models must have names of their own, got {', '.join(names)}")
    return names


# training -----------------------------------------------------------------------------------


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
    """How a classifier is fine-tuned; no `labels` means all of them."""

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
    progress, chosen = progress or Silent(), choose_device(device)
    image = dataset.image
    config = denomae_config(
        settings.preset,
        image.size,
        image.planes,
        mask_ratio=settings.mask_ratio,
        position_weight=settings.position_weight,
    )
    plan = _plan(
        settings, dataset.examples("train"), settings.learning_rate or find_preset(settings.preset).learning_rate
    )

    def make_task(precision: Precision) -> PretrainTask:
        return PretrainTask(
            dataset,
            config,
            seed=settings.seed,
            device=chosen,
            precision=precision,
            progress=progress,
        )

    return fit(
        make_task,
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
    config = classifier_config(encoder, settings.preset, len(dataset.classes))
    plan = _plan(settings, settings.labels or dataset.examples("train"), settings.learning_rate)

    def make_task(precision: Precision) -> FinetuneTask:
        return FinetuneTask(
            dataset,
            config,
            labels=settings.labels,
            pretrained=checkpoint,
            frozen=settings.frozen,
            seed=settings.seed,
            device=chosen,
            precision=precision,
            progress=progress,
        )

    return fit(
        make_task,
        plan,
        RunFolder(folder),
        {
            "stage": "finetune",
            "dataset": dataset.fingerprint,
            "model": asdict(config),
            "labels": settings.labels,
            "frozen": settings.frozen,
            "pretrained": checkpoint.card["dataset"] if checkpoint else None,
        },
        device=chosen,
        progress=progress,
        title="fine-tune" if checkpoint else "train from scratch",
        resume=resume,
    )


def _plan(
    settings: Pretraining | Finetuning, examples: int, learning_rate: float
) -> TrainingPlan:
    batch_size = min(settings.batch_size, examples)
    return TrainingPlan(
        steps=settings.epochs * max(1, examples // max(1, batch_size)),
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=settings.seed,
    )


def _encoder(dataset: Dataset, checkpoint: Checkpoint | None, preset: str) -> EncoderConfig:
    """The encoder to fine-tune; a checkpoint brings its own size and must know these images."""
    image = dataset.image
    if checkpoint is None:
        return encoder_config(preset, image.size, image.planes)
    if checkpoint.image != image:
        raise CheckpointError(
            f"{checkpoint.folder} was trained on images {checkpoint.image}, "
            f"but {dataset.folder.name} asks for {image}; pre-train on this data set"
        )
    return EncoderConfig(**checkpoint.card["model"]["encoder"])


# evaluation ---------------------------------------------------------------------------------


def eval_snr(
    dataset: Dataset,
    models: dict[str, Path],
    folder: Path,
    *,
    device: str = "auto",
    progress: Progress | None = None,
) -> Told:
    """Accuracy and confusion at every SNR of the test split, one or several classifiers."""
    progress = progress or Silent()
    refuse_occupied(folder, replaces=REPORT)
    classifiers = {name: _classifier_for(dataset, path, device) for name, path in models.items()}
    accuracy = {
        name: _accuracy(dataset, classifier, name, progress)
        for name, classifier in classifiers.items()
    }
    report = Report(
        title=f"Accuracy per SNR on {dataset.name}",
        headline="; ".join(f"{name}: {_percent(item)}" for name, item in accuracy.items()) + ".",
        provenance=_provenance(dataset, {name: item.card for name, item in classifiers.items()}),
        accuracy=accuracy,
        notes=_class_notes(dataset),
    )
    return Told(report, write_report(report, folder))


def eval_denoise(
    dataset: Dataset,
    model: Path,
    folder: Path,
    *,
    per_point: int | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Told:
    """PSNR and SSIM of reconstructions of the test split, beside what they have to beat."""
    progress = progress or Silent()
    refuse_occupied(folder, replaces=REPORT)
    denoiser = load_denoiser(model, device)
    denoising, strip = _denoising(dataset, denoiser, per_point, progress)
    gain = denoising.mean(denoising.psnr_db["reconstruction"] - denoising.psnr_db["noisy"])
    report = Report(
        title=f"Denoising on {dataset.name}",
        headline=f"The reconstruction is {_signed(gain)} dB PSNR {_than(gain)} the noisy image, "
        "mean over all test images.",
        provenance=_provenance(dataset, {"denoiser": denoiser.card}),
        denoising=denoising,
        strip=strip,
    )
    return Told(report, write_report(report, folder))


def _classifier_for(dataset: Dataset, path: Path, device: str) -> SignalClassifier:
    classifier = load_classifier(path, device)
    if classifier.classes != dataset.classes:
        raise CheckpointError(
            f"{path} knows the classes {', '.join(classifier.classes)}, but {dataset.folder.name} "
            f"holds {', '.join(dataset.classes)}; fine-tune on this data set"
        )
    return classifier


def _accuracy(
    dataset: Dataset, classifier: SignalClassifier, name: str, progress: Progress
) -> SnrReport:
    total = dataset.examples("test")
    with progress.stage(f"evaluate {name}", total, "examples") as stage:
        return evaluate_classifier(
            classifier,
            _observed(dataset),
            snr_db=dataset.snr_db,
            classes=dataset.classes,
            snr_reference=dataset.snr_reference,
            advance=stage.advance,
        )


def _observed(dataset: Dataset) -> Iterator[IqBatch]:
    for rows in np.split(*_batches(np.arange(dataset.examples("test")))):
        yield dataset.read("test", rows).observed


def _batches(rows: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], list[int]]:
    return rows, list(range(_EVALUATION_BATCH, len(rows), _EVALUATION_BATCH))


def _denoising(
    dataset: Dataset, denoiser: Denoiser, per_point: int | None, progress: Progress
) -> tuple[DenoiseReport, list[StripRow]]:
    rows = _rows_per_point(dataset, per_point)
    templates = _class_means(dataset, denoiser)
    strip_rows = set(_strip_rows(dataset, rows).tolist())
    strip: list[StripRow] = []

    def answered() -> Iterator[DenoiseBatch]:
        for chunk in np.split(*_batches(rows)):
            pairs = dataset.read("test", chunk)
            batch = _answers(pairs, denoiser, templates)
            for place, row in enumerate(chunk):
                if row in strip_rows:
                    strip.append(_strip_row(batch, place, pairs))
            yield batch

    with progress.stage("evaluate denoising", len(rows), "images") as stage:
        report = evaluate_denoising(
            answered(),
            snr_db=dataset.snr_db,
            snr_reference=dataset.snr_reference,
            advance=stage.advance,
        )
    return report, strip


def _rows_per_point(dataset: Dataset, per_point: int | None) -> np.ndarray[Any, Any]:
    """Test rows, the first `per_point` of each class and SNR point, or all."""
    points = len(dataset.classes) * len(dataset.snr_db)
    grid = np.arange(dataset.examples("test")).reshape(points, -1)
    return grid[:, :per_point].ravel()


def _strip_rows(dataset: Dataset, rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A few test rows that walk through the classes and up the SNR axis at once."""
    grid = rows.reshape(len(dataset.classes), len(dataset.snr_db), -1)[:, :, 0]
    steps = np.linspace(0.1, 0.9, _STRIP_ROWS)
    return grid[(steps * grid.shape[0]).astype(int), (steps[::-1] * grid.shape[1]).astype(int)]


def _answers(
    pairs: IqPairBatch, denoiser: Denoiser, templates: np.ndarray[Any, Any]
) -> DenoiseBatch:
    noisy = constellation_images(torch.from_numpy(pairs.observed.iq), denoiser.image)
    clean = constellation_images(torch.from_numpy(pairs.clean), denoiser.image).numpy()
    return DenoiseBatch(
        clean=clean,
        answers={
            "reconstruction": denoiser(noisy).clamp(0, 1).cpu().numpy(),
            "noisy": noisy.numpy(),
            "class mean": templates[pairs.observed.label],
            "blank": np.zeros_like(clean),
        },
        snr_db=pairs.observed.snr_db,
    )


def _class_means(dataset: Dataset, denoiser: Denoiser) -> np.ndarray[Any, Any]:
    """The mean clean training image of each class, (M, C, H, W)."""
    label, _ = dataset.labels("train")
    means = []
    for index in range(len(dataset.classes)):
        of_class = np.flatnonzero(label == index)
        step = max(1, len(of_class) // _TEMPLATE_EXAMPLES)
        clean = dataset.read("train", of_class[::step]).clean
        means.append(constellation_images(torch.from_numpy(clean), denoiser.image).mean(dim=0))
    return torch.stack(means).numpy()


def _strip_row(batch: DenoiseBatch, place: int, pairs: IqPairBatch) -> StripRow:
    one = slice(place, place + 1)
    clean = batch.clean[one]
    noisy, reconstructed = batch.answers["noisy"][one], batch.answers["reconstruction"][one]
    name = pairs.observed.classes[pairs.observed.label[place]]
    return StripRow(
        title=f"{name}, {pairs.observed.snr_db[place]:g} dB",
        noisy=noisy[0],
        reconstructed=reconstructed[0],
        clean=clean[0],
        psnr_db=(float(psnr_db(noisy, clean)[0]), float(psnr_db(reconstructed, clean)[0])),
        ssim=(float(ssim(noisy, clean)[0]), float(ssim(reconstructed, clean)[0])),
    )


def _class_notes(dataset: Dataset) -> tuple[str, ...]:
    notes = [
        f"{' and '.join(group)} send the same signals: nobody can tell them apart."
        for group in equal_laws(dataset.classes)
    ]
    if any(name.endswith("ASK") for name in dataset.classes):
        notes.append("ASK is unipolar, PAM bipolar.")
    return tuple(notes)


def _provenance(dataset: Dataset, cards: dict[str, Card]) -> dict[str, Any]:
    return {
        "data_set": f"{dataset.name}-{dataset.fingerprint}",
        "about": dataset.card["about"],
        "classes": list(dataset.classes),
        "snr_reference": dataset.snr_reference,
        "examples": {split: dataset.examples(split) for split in SPLITS},
        "models": {
            name: {key: card[key] for key in ("kind", "step", "score", "labels") if key in card}
            for name, card in cards.items()
        },
        "selection": "on the validation split; the test split was opened for these figures alone",
    }


def _percent(report: SnrReport) -> str:
    low, high = report.interval
    return f"{100 * report.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _signed(value: float) -> str:
    return f"{abs(value):.1f}"


def _than(value: float) -> str:
    return "above" if value >= 0 else "below"


# recordings ---------------------------------------------------------------------------------


def classify(
    recordings: Sequence[Path], model: Path, *, device: str = "auto"
) -> list[Verdict]:
    """Name the modulation of recordings of symbol-spaced samples."""
    classifier = load_classifier(model, device)
    captures = [read_sigmf(path) for path in recordings]  # all are read before one is answered
    for capture in captures:
        if not np.any(capture.iq):
            raise CaptureError(f"{capture.path} holds nothing but zeros")
    return [Verdict(capture, classifier.answer(capture.iq)) for capture in captures]


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON."""
    answer = verdict.answer
    return {
        "recording": str(verdict.capture.path),
        "labels": list(verdict.capture.labels),
        "samples": len(verdict.capture.iq),
        "window_length": answer.window_length,
        "class": answer.name,
        "probability": float(answer.whole.max()),
        "probabilities": dict(zip(answer.classes, answer.whole.tolist(), strict=True)),
        "windows": [
            {"class": answer.classes[int(row.argmax())], "probability": float(row.max())}
            for row in answer.windows
        ],
    }


def show(path: Path) -> Card:
    """What an artefact is: the card of a data set, checkpoint, run or report, or a recording."""
    if path.suffix == ".sigmf-meta":
        capture = read_sigmf(path)
        return {
            "kind": "recording",
            "samples": len(capture.iq),
            "sample_rate_hz": capture.sample_rate_hz,
            "seconds": len(capture.iq) / capture.sample_rate_hz,
            "labels": list(capture.labels),
        }
    card = read_card(path)
    if card is None:
        raise ArtefactError(f"{path} is no artefact of rfmae: it has no card.json")
    if card.get("kind") == DATASET:
        open_dataset(path)  # says what is wrong with it, if anything is
    if card.get("kind") == RUN:
        run = RunFolder(path)
        best = run.best
        return {**card, "steps_done": run.last_step, "best_checkpoint": best and best.name}
    return card


# quickstart ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Street:
    """The settings of the whole street, from a recipe to a report."""

    preset: str = "tiny"
    pretrain_epochs: int = 20
    finetune_epochs: int = 45
    labels: int | None = 1_000
    denoised_per_point: int = 6
    seed: int = 0


def quickstart(
    recipe: Recipe,
    street: Street,
    home: Path,
    *,
    device: str = "auto",
    workers: int = 2,
    progress: Progress | None = None,
) -> Told:
    """The whole street: synthesise, pre-train, fine-tune, train from scratch, evaluate, report.

    Stages that `home` holds already are kept; one that was interrupted is resumed.
    """
    progress = progress or Silent()
    _refuse_strangers(home)
    report_folder = home / "reports" / f"quickstart-{recipe.folder_name}-seed{street.seed}"
    refuse_occupied(report_folder, replaces=REPORT)
    dataset = synth(
        recipe, home / "datasets" / recipe.folder_name, workers=workers, progress=progress
    )
    runs = home / "runs"
    tail = f"{dataset.folder.name}-{street.preset}-seed{street.seed}"
    pretrained = pretrain(
        dataset,
        Pretraining(street.preset, street.pretrain_epochs, batch_size=128, seed=street.seed),
        runs / f"pretrain-{tail}",
        resume=True,
        device=device,
        progress=progress,
    )
    settings = Finetuning(street.preset, street.labels, street.finetune_epochs, seed=street.seed)
    labels = f"{street.labels}-labels" if street.labels else "all-labels"
    models = {
        "DenoMAE2.0": finetune(
            dataset,
            settings,
            runs / f"finetune-{tail}-{labels}",
            pretrained=pretrained,
            resume=True,
            device=device,
            progress=progress,
        ),
        "from scratch": finetune(
            dataset,
            settings,
            runs / f"scratch-{tail}-{labels}",
            resume=True,
            device=device,
            progress=progress,
        ),
    }
    classifiers = {name: _classifier_for(dataset, path, device) for name, path in models.items()}
    accuracy = {
        name: _accuracy(dataset, classifier, name, progress)
        for name, classifier in classifiers.items()
    }
    denoiser = load_denoiser(pretrained, device)
    denoising, strip = _denoising(dataset, denoiser, street.denoised_per_point, progress)
    cards = {name: item.card for name, item in classifiers.items()} | {"denoiser": denoiser.card}
    report = Report(
        title=f"rfmae quickstart: {dataset.name}",
        headline=_headline(accuracy, street.labels or dataset.examples("train")),
        provenance={
            **_provenance(dataset, cards),
            "street": asdict(street),
            "checkpoints": {name: str(path) for name, path in models.items()},
        },
        accuracy=accuracy,
        denoising=denoising,
        strip=strip,
        notes=_class_notes(dataset),
    )
    return Told(report, write_report(report, report_folder))


def _refuse_strangers(home: Path) -> None:
    """The home of a quickstart holds nothing but its own three folders."""
    if home.is_dir() and {item.name for item in home.iterdir()} <= {"datasets", "runs", "reports"}:
        return
    refuse_occupied(home)


def _headline(accuracy: dict[str, SnrReport], labels: int) -> str:
    """What pre-training was worth, as it came out."""
    pretrained, scratch = accuracy["DenoMAE2.0"], accuracy["from scratch"]
    points = 100 * (pretrained.accuracy - scratch.accuracy)
    facts = (
        f"With {labels:,} labels DenoMAE2.0 names {_percent(pretrained)} of the test examples "
        f"right, the same network from scratch {_percent(scratch)}"
    )
    if pretrained.interval[0] > scratch.interval[1]:
        return f"{facts}: pre-training is worth {points:.1f} points here."
    if pretrained.interval[1] < scratch.interval[0]:
        return f"{facts}: pre-training costs {-points:.1f} points here."
    return f"{facts}: no difference that these examples could prove."
