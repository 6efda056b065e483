"""Accuracy per SNR of trained classifiers, baselines and functions, as a report."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.artefacts import Card, refuse_occupied
from rfmae.datasets.cards import NO_SNR
from rfmae.datasets.class_snr import class_snr
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.robustness_examples import changes_stored, chosen_grids
from rfmae.datasets.store import Dataset
from rfmae.evaluation.comparison import comparisons_of
from rfmae.evaluation.cost import BATCH, measure_cost
from rfmae.progress import Logged, Progress
from rfmae.records import Assessment, EmbeddingMap, IntArray
from rfmae.reporting.class_snr_note import class_snr_note
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.reporting.match_notes import RENORMALISED, condition_note, match_notes
from rfmae.reporting.notes import class_notes, split_reading
from rfmae.reporting.report_record import Report
from rfmae.workflows.evaluate.embedding_maps import embedding_map
from rfmae.workflows.evaluate.evaluating import Results, evaluate_models
from rfmae.workflows.evaluate.home_data import home_of, repeated_note
from rfmae.workflows.evaluate.memory import process_peak_mib
from rfmae.workflows.evaluate.open_sets import measure_open_sets
from rfmae.workflows.evaluate.robustness import PER_POINT, measure_robustness

_CARD_FACTS = (
    "kind",
    "name",
    "function",
    "step",
    "score",
    "labels",
    "labels_per_class",
    "labels_per_class_and_snr",
    "seed",
    "temperature",
    "dataset",
)


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report and the folder it was written to."""

    report: Report
    folder: Path


def eval_snr(
    dataset: Dataset,
    models: dict[str, Path],
    folder: Path,
    *,
    per_point: int | None = None,
    renormalised: bool = False,
    cost: bool = False,
    open_sets: bool = False,
    robustness: tuple[str, ...] = (),
    embedding: bool = False,
    seed: int = 0,
    command: str | None = None,
    ceilings_home: Path | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> WrittenReport:
    """Assess models at every SNR of the test split, compare them, and write the report.

    A model is a classifier's checkpoint or run, a baseline's folder, `likelihood`,
    `likelihood-blind` or `package.module:function`. The test split, or its first `per_point`
    examples of each class and SNR, is read once by each of them. The options are measured on
    other examples: `cost` and the `embedding` of networks on the validation split, `open_sets`
    and the `robustness` grids of those names (or `all`) on new ones. `seed` is that of the
    bootstrap, the map and noise alone. Ceilings are the known ones; none is computed.
    """
    progress = progress or Logged()
    refuse_occupied(folder, replaces=REPORT)
    grids = chosen_grids(dataset, robustness)
    changed = [name for name in grids if changes_stored(dataset, name)]
    results = evaluate_models(
        dataset,
        models,
        device,
        progress,
        per_point=per_point,
        renormalised=renormalised,
        ceilings_home=ceilings_home,
    )
    report = Report(
        title=f"Accuracy per SNR on {dataset.name}",
        headline=results.headline,
        provenance={
            **provenance(dataset, results.cards, command),
            "test_split": split_reading(len(results.answers), per_point, changed, PER_POINT),
            "seed": seed,
        },
        accuracy=results.accuracy,
        ceilings=results.ceilings,
        assessments=_with_extras(dataset, results, cost, open_sets, seed, progress),
        comparisons=comparisons_of(results.answers, seed),
        robustness=measure_robustness(
            dataset, results.predictors, grids, per_point=PER_POINT, progress=progress
        ),
        embedding=_maps(dataset, results, models, seed, device, progress) if embedding else (),
        notes=_notes(dataset, results, renormalised),
    )
    return WrittenReport(report, write_report(report, folder, results.answers))


def _with_extras(
    dataset: Dataset,
    results: Results,
    cost: bool,
    open_sets: bool,
    seed: int,
    progress: Progress,
) -> dict[str, Assessment]:
    """The assessments with measures that need further examples."""
    found = dict(results.assessments)
    for name, predictor in results.predictors.items():
        if open_sets:
            sets = measure_open_sets(dataset, predictor, results.answers[name], progress, seed=seed)
            found[name] = replace(found[name], open_sets=sets)
        if cost:
            progress.note(f"measure the cost of {name}")
            observed = dataset.read_views("validation", predictor.views, _spread(dataset))
            found[name] = replace(
                found[name], cost=measure_cost(predictor, observed, process_peak_mib)
            )
    return found


def _notes(dataset: Dataset, results: Results, renormalised: bool) -> tuple[str, ...]:
    """What is to be said of the classes, and of each model on data that are not its own."""
    conditions = (
        condition_note(name, predictor.card, dataset.card)
        for name, predictor in results.predictors.items()
    )
    beside = dataset.folder.resolve().parent
    repeated = (
        repeated_note(name, dataset, home_of(predictor.card, [dataset], beside))
        for name, predictor in results.predictors.items()
    )
    return (
        *class_notes(dataset.card["same_signals"], dataset.classes),
        *match_notes(results.accuracy, results.assessments),
        *((RENORMALISED,) if renormalised else ()),
        *filter(None, (*conditions, stated_snr_note(dataset), *repeated)),
        *results.shortfalls,
    )


def snr_is_known(dataset: Dataset) -> bool:
    """Whether the source of imported data states SNRs."""
    notes = dataset.card.get("source", {}).get("notes", [])
    return not any(str(note).startswith(NO_SNR) for note in notes)


def stated_snr_note(dataset: Dataset) -> str:
    """What is to be said of the SNR that an imported data set states; empty of a synthetic one."""
    if not snr_is_known(dataset):
        return "No SNR is known of these data: what stands at 0 dB is all of them."
    stated = dataset.snr_reference == "dataset" and len(dataset.snr_db) > 1
    return class_snr_note(class_snr(dataset)) if stated else ""


def _spread(dataset: Dataset) -> IntArray:
    """Rows of the validation split from all classes and SNR points, ascending, each once."""
    total = dataset.examples("validation")
    return np.unique(np.linspace(0, total - 1, min(total, BATCH)).astype(int))


def _maps(
    dataset: Dataset,
    results: Results,
    models: dict[str, Path],
    seed: int,
    device: str,
    progress: Progress,
) -> tuple[EmbeddingMap, ...]:
    """A map for each model that is a network of rfmae; the others have no features to map."""
    return tuple(
        embedding_map(
            dataset,
            models[name],
            seed=seed,
            split="validation",
            name=name,
            device=device,
            progress=progress,
        )
        for name, predictor in results.predictors.items()
        if predictor.network is not None
    )


def provenance(
    dataset: Dataset, cards: dict[str, Card], command: str | None = None
) -> dict[str, Any]:
    """The provenance of a report; `command` is the command line, if there is one."""
    return {
        "data_set": f"{dataset.name}-{dataset.fingerprint}",
        "about": dataset.card["about"],
        "classes": list(dataset.classes),
        "snr_reference": dataset.snr_reference,
        "examples": {split: dataset.examples(split) for split in SPLITS},
        "models": {
            name: {key: card[key] for key in _CARD_FACTS if card.get(key) is not None}
            for name, card in cards.items()
        },
        "selection": "on the validation split; the test split was read for these results alone",
        **({"command": command} if command else {}),
    }
