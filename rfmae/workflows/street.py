"""The whole street, from a recipe to a report."""

from dataclasses import asdict, dataclass
from pathlib import Path

from rfmae.artefacts import refuse_occupied
from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.inference import choose_device, load_denoiser
from rfmae.models.kinds import find_network
from rfmae.progress import Progress, Silent
from rfmae.records import Comparison
from rfmae.reporting.account import Report
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.training.label_budget import check_labels
from rfmae.workflows.data import synth
from rfmae.workflows.denoise.denoising import denoising_headline, measure_denoising
from rfmae.workflows.exam.evaluation import Told, class_notes, provenance, readings
from rfmae.workflows.exam.exams import Results, comparisons_of, sit_exam
from rfmae.workflows.exam.headlines import percent, share_of_ceiling
from rfmae.workflows.learning.training import Finetuning, Pretraining, finetune, grids_of, pretrain

_BATCH = 64  # labelled examples; smaller ones teach more, but a quickstart counts its minutes
PRETRAINED, SCRATCH = "DenoMAE2.0", "from scratch"  # what the report calls the two classifiers


@dataclass(frozen=True, slots=True)
class Street:
    """The settings of the whole street, from a recipe to a report."""

    preset: str = "tiny"
    pretrain_epochs: int = 22
    finetune_images: int = 40_000  # labelled images shown in all, however many differ
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
    _check(recipe, street, device)
    _refuse_strangers(home)
    report_folder = home / "reports" / f"quickstart-{recipe.folder_name}-seed{street.seed}"
    refuse_occupied(report_folder, replaces=REPORT)
    dataset = synth(
        recipe, home / "datasets" / recipe.folder_name, workers=workers, progress=progress
    )
    pretrained, models = _train(dataset, street, home / "runs", device, progress)
    results = sit_exam(dataset, models, device, progress)
    report = _report(dataset, street, pretrained, models, results, device, progress)
    return Told(report, write_report(report, report_folder, results.answers))


def _train(
    dataset: Dataset, street: Street, runs: Path, device: str, progress: Progress
) -> tuple[Path, dict[str, Path]]:
    """The pre-trained network, and the classifiers with it and from scratch."""
    tail = f"{dataset.folder.name}-{street.preset}-seed{street.seed}"
    pretrained = pretrain(
        dataset,
        Pretraining(  # of patches, for it is to denoise images as well
            street.preset,
            street.pretrain_epochs,
            batch_size=128,
            seed=street.seed,
            network="vit",
        ),
        runs / f"pretrain-{tail}",
        resume=True,
        device=device,
        progress=progress,
    )
    epochs = max(1, round(street.finetune_images / (street.labels or dataset.examples("train"))))
    settings = Finetuning(street.preset, street.labels, epochs, batch_size=_BATCH, seed=street.seed)
    labels = f"{street.labels}-labels" if street.labels else "all-labels"
    classifiers = {
        name: finetune(
            dataset,
            settings,
            runs / f"{stage}-{tail}-{labels}",
            pretrained=encoder,
            resume=True,
            device=device,
            progress=progress,
        )
        for name, stage, encoder in (
            (PRETRAINED, "finetune", pretrained),
            (SCRATCH, "scratch", None),
        )
    }
    return pretrained, classifiers


def _report(
    dataset: Dataset,
    street: Street,
    pretrained: Path,
    models: dict[str, Path],
    results: Results,
    device: str,
    progress: Progress,
) -> Report:
    """All that the report tells."""
    denoiser = load_denoiser(pretrained, device)
    comparisons = comparisons_of(results.answers, street.seed)
    labels = street.labels or dataset.examples("train")
    denoising, gallery = measure_denoising(dataset, denoiser, street.denoised_per_point, progress)
    return Report(
        title=f"rfmae quickstart: {dataset.name}",
        headline=f"{_headline(results, comparisons[0], labels)}.",
        provenance={
            **provenance(dataset, {**results.cards, "denoiser": denoiser.card}),
            "test_split": readings(results, None),
            "street": asdict(street),
            "checkpoints": {name: str(path) for name, path in models.items()},
        },
        accuracy=results.accuracy,
        ceilings=results.ceilings,
        assessments=results.assessments,
        comparisons=comparisons,
        denoising=denoising,
        gallery=gallery,
        notes=(*class_notes(dataset), denoising_headline(denoising)),
    )


def _check(recipe: Recipe, street: Street, device: str) -> None:
    """Find what is wrong with a later stage before the first one has cost time."""
    choose_device(device)
    find_network("vit").encoder(street.preset, grids_of(recipe))
    if street.labels is not None:
        check_labels(street.labels, len(recipe.classes), recipe.examples("train"))


def _refuse_strangers(home: Path) -> None:
    """The home of a quickstart holds nothing but its own three folders."""
    if home.is_dir() and {item.name for item in home.iterdir()} <= {"datasets", "runs", "reports"}:
        return
    refuse_occupied(home)


def _headline(results: Results, difference: Comparison, labels: int) -> str:
    """What pre-training was worth, as it came out on the same examples, and what was possible."""
    pretrained, scratch = results.accuracy[PRETRAINED], results.accuracy[SCRATCH]
    reached = share_of_ceiling(pretrained, results.assessments[PRETRAINED], results.ceilings)
    facts = (
        f"With {labels:,} labels DenoMAE2.0 names {percent(pretrained)} of the test examples "
        f"right{f', {reached}' if reached else ''}, the same network from scratch "
        f"{percent(scratch)}"
    )
    points = 100 * difference.difference
    if difference.low > 0:
        return f"{facts}: pre-training is worth {points:.1f} points here"
    if difference.high < 0:
        return f"{facts}: pre-training costs {-points:.1f} points here"
    return f"{facts}: no difference that these examples could prove"
