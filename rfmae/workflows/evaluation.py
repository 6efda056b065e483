"""Accuracy per SNR and denoising, from checkpoints to a report."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.artefacts import Card, refuse_occupied
from rfmae.datasets.recipe import SPLITS, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError
from rfmae.evaluation.classification import Exam, evaluate_classifier
from rfmae.evaluation.denoising import DenoiseBatch, evaluate_denoising, psnr_db, ssim
from rfmae.inference import IMAGE, Denoiser, load_denoiser
from rfmae.models.checkpoint import BEST_NAME
from rfmae.progress import Progress, Silent
from rfmae.records import (
    Ceiling,
    DenoiseReport,
    FloatArray,
    IntArray,
    IqBatch,
    IqPairBatch,
    SnrReport,
    View,
)
from rfmae.reporting.figures import StripRow
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import Report, write_report
from rfmae.workflows.candidates import Candidate, open_candidate
from rfmae.workflows.ceiling import known_ceilings
from rfmae.workflows.finding import check_images

_BATCH = 128
_TEMPLATE_EXAMPLES = 200  # clean training images of a class that its mean is taken over
_STRIP_ROWS = 5


@dataclass(frozen=True, slots=True)
class Told:
    """A report and the folder it was written to."""

    report: Report
    folder: Path


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


def eval_snr(
    dataset: Dataset,
    models: dict[str, Path],
    folder: Path,
    *,
    ceilings_home: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> Told:
    """Accuracy and confusion at every SNR of the test split, one or several classifiers.

    Ceilings that come with rfmae or lie in `ceilings_home` stand beside them; none is computed.
    """
    progress = progress or Silent()
    refuse_occupied(folder, replaces=REPORT)
    accuracy, cards = measure_accuracies(dataset, models, device, progress)
    ceilings = ceilings_of(dataset, ceilings_home)
    results = "; ".join(f"{name}: {percent(item)}" for name, item in accuracy.items())
    report = Report(
        title=f"Accuracy per SNR on {dataset.name}",
        headline=f"{results}{possible(ceilings, next(iter(accuracy.values())))}.",
        provenance=provenance(dataset, cards),
        accuracy=accuracy,
        ceilings=ceilings,
        notes=class_notes(dataset),
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
    dataset.check_clean()
    refuse_occupied(folder, replaces=REPORT)
    denoiser = load_denoiser(model, device)
    check_images(dataset, denoiser.image, model)
    denoising, strip = measure_denoising(dataset, denoiser, per_point, progress)
    report = Report(
        title=f"Denoising on {dataset.name}",
        headline=denoising_headline(denoising),
        provenance=provenance(dataset, {"denoiser": denoiser.card}),
        denoising=denoising,
        strip=strip,
    )
    return Told(report, write_report(report, folder))


def ceilings_of(dataset: Dataset, home: Path | None = None) -> dict[str, Ceiling]:
    """What the best receiver reaches on a data set, as far as it is known, by what it sees."""
    if not dataset.has_clean:
        return {}  # recorded or imported: nobody knows the law of its signals
    return known_ceilings(load_recipe(dataset.folder / "recipe.toml"), home)


def possible(ceilings: dict[str, Ceiling], report: SnrReport) -> str:
    """The first ceiling in words, over the examples of a report; nothing where there is none."""
    for name, ceiling in ceilings.items():
        share = report.examples_per_snr @ ceiling.accuracy / max(report.examples, 1)
        return f"; the best receiver of the {name} reaches {100 * share:.1f} %"
    return ""


def measure_accuracies(
    dataset: Dataset, models: dict[str, Path], device: str, progress: Progress
) -> tuple[dict[str, SnrReport], dict[str, Card]]:
    """Counts over the test split and the card of every classifier; all are opened first."""
    candidates = {name: open_candidate(dataset, path, device) for name, path in models.items()}
    accuracy = {
        name: _accuracy(dataset, candidate, name, progress)
        for name, candidate in candidates.items()
    }
    return accuracy, {name: candidate.card for name, candidate in candidates.items()}


def _accuracy(dataset: Dataset, candidate: Candidate, name: str, progress: Progress) -> SnrReport:
    """Counts of right and wrong over the whole test split."""
    total = dataset.examples("test")

    def exams() -> Iterator[Exam]:
        for rows in _chunks(np.arange(total)):
            yield dataset.read_views("test", candidate.views, rows)

    with progress.stage(f"evaluate {name}", total, "examples") as stage:
        return evaluate_classifier(
            candidate.answer,
            exams(),
            snr_db=dataset.snr_db,
            classes=dataset.classes,
            snr_reference=dataset.snr_reference,
            advance=stage.advance,
        )


def measure_denoising(
    dataset: Dataset, denoiser: Denoiser, per_point: int | None, progress: Progress
) -> tuple[DenoiseReport, list[StripRow]]:
    """PSNR and SSIM of every answer to the test images, and a few of them to be shown."""
    rows = _rows_per_point(dataset, per_point)
    templates = _class_means(dataset, denoiser)
    shown = set(_strip_rows(dataset, rows).tolist())
    strip: list[StripRow] = []

    def answered() -> Iterator[DenoiseBatch]:
        for chunk in _chunks(rows):
            pairs = _pairs(dataset, "test", chunk, denoiser)
            batch = _answers(pairs, denoiser, templates)
            strip.extend(
                _strip_row(batch, place, next(iter(pairs.values())).observed)
                for place, row in enumerate(chunk.tolist())
                if row in shown
            )
            yield batch

    with progress.stage("evaluate denoising", len(rows), "images") as stage:
        report = evaluate_denoising(
            answered(),
            snr_db=dataset.snr_db,
            snr_reference=dataset.snr_reference,
            advance=stage.advance,
        )
    return report, strip


def _chunks(rows: IntArray) -> list[IntArray]:
    return np.split(rows, range(_BATCH, len(rows), _BATCH))


def _rows_per_point(dataset: Dataset, per_point: int | None) -> IntArray:
    """Test rows, the first `per_point` of each class and SNR point, or all."""
    points = len(dataset.classes) * len(dataset.snr_db)
    grid = np.arange(dataset.examples("test")).reshape(points, -1)
    return grid[:, :per_point].ravel()


def _strip_rows(dataset: Dataset, rows: IntArray) -> IntArray:
    """A few test rows that walk through the classes and down the SNR axis at once."""
    grid = rows.reshape(len(dataset.classes), len(dataset.snr_db), -1)[:, :, 0]
    steps = np.linspace(0.1, 0.9, _STRIP_ROWS)
    return grid[(steps * grid.shape[0]).astype(int), (steps[::-1] * grid.shape[1]).astype(int)]


def _pairs(
    dataset: Dataset, split: str, rows: IntArray, denoiser: Denoiser
) -> dict[View, IqPairBatch]:
    """The same examples in every view that the denoiser's images are drawn from."""
    return {view: dataset.read(split, rows, view) for view in denoiser.sight.views}


def _answers(
    pairs: Mapping[View, IqPairBatch], denoiser: Denoiser, templates: FloatArray
) -> DenoiseBatch:
    shown = denoiser.inputs({view: batch.observed.iq for view, batch in pairs.items()})
    clean = denoiser.images({view: batch.clean for view, batch in pairs.items()})
    observed = next(iter(pairs.values())).observed
    return DenoiseBatch(
        clean=clean,
        answers={
            "reconstruction": denoiser(shown),
            "noisy": shown[IMAGE],
            "class mean": templates[observed.label],
            "blank": np.zeros_like(clean),
        },
        snr_db=observed.snr_db,
    )


def _class_means(dataset: Dataset, denoiser: Denoiser) -> FloatArray:
    """The mean clean training image of each class, (M, C, H, W)."""
    label, _ = dataset.labels("train")
    means = []
    for index in range(len(dataset.classes)):
        of_class = np.flatnonzero(label == index)
        step = max(1, len(of_class) // _TEMPLATE_EXAMPLES)
        pairs = _pairs(dataset, "train", of_class[::step], denoiser)
        clean = {view: batch.clean for view, batch in pairs.items()}
        means.append(denoiser.images(clean).mean(axis=0))
    return np.stack(means)


def _strip_row(batch: DenoiseBatch, place: int, observed: IqBatch) -> StripRow:
    one = slice(place, place + 1)
    clean = batch.clean[one]
    noisy, reconstructed = batch.answers["noisy"][one], batch.answers["reconstruction"][one]
    return StripRow(
        title=f"{observed.classes[observed.label[place]]}, {observed.snr_db[place]:g} dB",
        noisy=noisy[0],
        reconstructed=reconstructed[0],
        clean=clean[0],
        psnr_db=(float(psnr_db(noisy, clean)[0]), float(psnr_db(reconstructed, clean)[0])),
        ssim=(float(ssim(noisy, clean)[0]), float(ssim(reconstructed, clean)[0])),
    )


def class_notes(dataset: Dataset) -> tuple[str, ...]:
    """What a reader must know of the class list."""
    notes = [
        f"{' and '.join(group)} send the same signals: nobody can tell them apart."
        for group in dataset.card["same_signals"]
    ]
    if any(name.endswith("ASK") for name in dataset.classes):
        notes.append("ASK is unipolar, PAM bipolar.")
    return tuple(notes)


def provenance(dataset: Dataset, cards: dict[str, Card]) -> dict[str, Any]:
    """How the figures of a report came about."""
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


def denoising_headline(report: DenoiseReport) -> str:
    """What the reconstruction gained over its input and over the best guess at the class."""
    mean = {name: report.mean(values) for name, values in report.psnr_db.items()}
    return (
        f"Mean PSNR against the clean image: reconstruction {mean['reconstruction']:.1f} dB, "
        f"noisy input {mean['noisy']:.1f} dB, mean image of the true class "
        f"{mean['class mean']:.1f} dB."
    )


def percent(report: SnrReport) -> str:
    """Accuracy with its interval, in words."""
    low, high = report.interval
    return f"{100 * report.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
