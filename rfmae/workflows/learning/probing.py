"""Evaluation of the features of a frozen encoder by probes, as a report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from rfmae.artefacts import Card, refuse_occupied
from rfmae.datasets.store import Dataset
from rfmae.evaluation.assessing import assess
from rfmae.evaluation.comparison import comparisons_of
from rfmae.evaluation.probe import (
    Features,
    Probe,
    linear_probe,
    neighbour_probe,
    probe_answers,
    probe_temperature,
)
from rfmae.inference import load_encoder
from rfmae.models.checkpoint import load_checkpoint
from rfmae.progress import Logged, Progress
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.reporting.notes import class_notes
from rfmae.reporting.report_record import Report
from rfmae.training.sampling import LabelBudget
from rfmae.workflows.evaluate.evaluating import Results, ceilings_of, image_seen
from rfmae.workflows.evaluate.snr_evaluation import WrittenReport, provenance
from rfmae.workflows.learning.label_methods import FrozenFeatures

LINEAR, NEIGHBOURS = "linear probe", "nearest neighbours"


def probe(
    dataset: Dataset,
    model: Path,
    folder: Path,
    *,
    labels_per_class: int | None = None,
    labels_per_class_and_snr: int | None = None,
    seed: int = 0,
    ceilings_home: Path | None = None,
    command: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> WrittenReport:
    """Classify the test examples by the frozen features of the encoder of any checkpoint.

    A linear probe and nearest neighbours are fitted to training examples, `labels_per_class` of
    them, `labels_per_class_and_snr` or all, in the order of `seed`; strength, number of neighbours
    and temperature are chosen on validation. The test split is read once.
    """
    budget = LabelBudget.of(None, labels_per_class, labels_per_class_and_snr)
    rows = budget.rows(dataset, seed)
    progress, encoder = progress or Logged(), load_encoder(model, device)
    refuse_occupied(folder, replaces=REPORT)
    features = FrozenFeatures(dataset, encoder, progress)
    learnt = np.arange(dataset.examples("train")) if rows is None else rows.numpy()
    probes = _chosen(features.of("train", learnt), _all(features, dataset, "validation"), progress)
    card = {
        **load_checkpoint(model).card,
        "modalities": [asdict(modality) for modality in encoder.pipeline.modalities],
        "labels": len(learnt),
        "labels_per_class": labels_per_class,
        "labels_per_class_and_snr": labels_per_class_and_snr,
        "seed": seed,
    }
    results = _evaluated(dataset, probes, _all(features, dataset, "test"), card, ceilings_home)
    report = Report(
        title=f"Probes of frozen features on {dataset.name}",
        headline=results.headline,
        provenance={
            **provenance(dataset, dict.fromkeys(probes, card), command),
            "encoder": str(model),
            "probes": {name: found.facts for name, found in probes.items()},
            "test_split": "all examples read once for both probes",
            "seed": seed,
        },
        accuracy=results.accuracy,
        ceilings=results.ceilings,
        assessments=results.assessments,
        comparisons=comparisons_of(results.answers, seed),
        notes=(
            *class_notes(dataset.card["same_signals"], dataset.classes),
            *results.shortfalls,
        ),
    )
    return WrittenReport(report, write_report(report, folder, results.answers))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A fitted probe, its temperature, and the settings chosen on validation."""

    probe: Probe
    temperature: float
    facts: Card


def _all(features: FrozenFeatures, dataset: Dataset, split: str) -> Features:
    return features.of(split, np.arange(dataset.examples(split)))


def _chosen(train: Features, validation: Features, progress: Progress) -> dict[str, _Chosen]:
    """Both probes, by name."""
    with progress.stage("fit the probes", 2, "probes") as stage:
        linear = linear_probe(train, validation)
        stage.advance()
        near = neighbour_probe(train, validation)
        stage.advance()
    made: dict[str, tuple[Probe, Card]] = {
        LINEAR: (linear, {"strength": linear.strength}),
        NEIGHBOURS: (near, {"neighbours": near.neighbours}),
    }
    found = {}
    for name, (fitted, facts) in made.items():
        temperature = round(probe_temperature(fitted, validation), 4)
        found[name] = _Chosen(fitted, temperature, {**facts, "temperature": temperature})
    return found


def _evaluated(
    dataset: Dataset,
    probes: Mapping[str, _Chosen],
    test: Features,
    card: Card,
    ceilings_home: Path | None,
) -> Results:
    """Answers and assessments of the probes on the test split."""
    ceilings = ceilings_of(dataset, ceilings_home)
    answers = {
        name: probe_answers(
            found.probe,
            test,
            snr_db=dataset.snr_db,
            classes=dataset.classes,
            snr_reference=dataset.snr_reference,
            temperature=found.temperature,
        )
        for name, found in probes.items()
    }
    assessments = {
        name: assess(
            answers[name],
            ceilings=ceilings,
            image=image_seen(dataset, card, ceilings),
            groups=dataset.card["same_signals"],
            temperature=found.temperature,
        )
        for name, found in probes.items()
    }
    return Results({}, answers, assessments, ceilings)
