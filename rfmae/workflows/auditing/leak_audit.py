"""The leak audit of a data set: all tests, their findings in words, and the report folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from rfmae.artefacts import refuse_occupied, versions
from rfmae.datasets.recipe import SPLITS, load_recipe
from rfmae.datasets.store import Dataset
from rfmae.evaluation.leak_measures import Split
from rfmae.evaluation.leak_probes import (
    LeakProbe,
    dots_probe,
    metadata_probe,
    power_probes,
    probed,
    shuffled_probe,
)
from rfmae.evaluation.leak_tests import LEVEL, is_leak
from rfmae.evaluation.leak_watch import NoiseWatcher, noise_rows
from rfmae.progress import Logged, Progress
from rfmae.records.audit_report import AuditReport, Finding
from rfmae.reporting.audit_findings import (
    Wording,
    chance_finding,
    control_wording,
    dots_wording,
    metadata_wording,
    power_wordings,
)
from rfmae.reporting.audit_tables import KIND, write_audit
from rfmae.workflows.auditing.audit_rows import row_findings
from rfmae.workflows.auditing.class_names import name_finding
from rfmae.workflows.auditing.class_shapes import (
    count_of_tests,
    shape_findings,
    watchers_of,
)
from rfmae.workflows.auditing.copies import copy_findings, copy_watcher, noise_findings
from rfmae.workflows.auditing.leak_survey import chosen, walk

T = TypeVar("T")

_NOISE_TESTS = 1

MOST = 20_000
"""Examples of a split that are measured; equal rows are searched among all."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """A report and the folder it was written to."""

    report: AuditReport
    folder: Path


def audit(
    dataset: Dataset,
    folder: Path,
    *,
    most: int = MOST,
    seed: int = 0,
    progress: Progress | None = None,
) -> AuditResult:
    """Test whether anything but the signal predicts the class, and write a report folder.

    Nothing is selected on the test split: forests of fixed settings are fitted on train and
    evaluated on test.
    """
    progress = progress or Logged()
    refuse_occupied(folder, replaces=KIND)
    recipe = load_recipe(dataset.folder / "recipe.toml") if dataset.has_clean else None
    shapes, copies = watchers_of(dataset, recipe), copy_watcher(dataset, recipe)
    noise = _noise_watcher(dataset, most, seed)
    splits = walk(dataset, most, seed, progress, [*shapes, copies, noise])
    more = count_of_tests(shapes) + _NOISE_TESTS
    chance, tests = class_findings(
        dataset, splits["train"], splits["test"], seed, progress, more=more
    )
    findings = [
        *chance,
        *shape_findings(dataset, shapes, tests),
        *copy_findings(dataset, splits, copies, seed),
        *noise_findings(dataset, copies, noise, splits, tests, seed),
        *row_findings(dataset, splits),
        *([] if dataset.has_clean else [name_finding(dataset)]),
    ]
    report = AuditReport(
        data_set=dataset.name,
        findings=tuple(findings),
        provenance=_provenance(dataset, splits, seed),
    )
    return AuditResult(report, write_audit(report, folder))


def _noise_watcher(dataset: Dataset, most: int, seed: int) -> NoiseWatcher:
    """Of the default view, the measured examples of the lowest SNRs."""
    rng = np.random.default_rng(seed)
    rows = {
        split: noise_rows(chosen(dataset, split, most, seed), dataset.labels(split)[1], rng)
        for split in SPLITS
    }
    return NoiseWatcher(dataset.default_view, rows)


def class_findings(
    dataset: Dataset, train: Split, test: Split, seed: int, progress: Progress, *, more: int = 0
) -> tuple[list[Finding], int]:
    """Whether power, distinct points, metadata, or shuffled labels predict the class.

    Also how many tests share the level of the audit, with so many `more`.
    """
    rng = np.random.default_rng(seed)
    probes = leak_probes(dataset, train, test)
    tests = len(probes) + 1 + more
    findings: list[Finding] = []
    with progress.stage("test for leaks", len(probes), "tests") as stage:
        for probe, words in probes:
            found = probed(probe, tests, rng)
            findings.append(chance_finding(words, found, leaks=is_leak(found)))
            stage.advance()
    control, right = shuffled_probe(train, test, tests, rng)
    findings.append(chance_finding(control_wording(right), control, leaks=is_leak(control)))
    return findings, tests


def leak_probes(dataset: Dataset, train: Split, test: Split) -> list[tuple[LeakProbe, Wording]]:
    """All tests of a data set that need a classifier, and what their outcomes mean."""
    probes = [
        pair
        for view in dataset.views
        for measure in ("power", "shown")
        for pair in _of_power(dataset, train, test, measure, view)
    ]
    for view in dataset.views:
        medians = _by_name(dataset, test.median_dots(view))
        words = dots_wording(view, test.dot_range(view), medians, test.quantised_share(view))
        probes.append((dots_probe(train, test, view), words))
    names = ["SNR", *test.sampled]
    if dataset.has_clean:  # else the order of rows is somebody else's
        names.append("position within class and SNR")
    metadata = metadata_probe(train, test, with_position=dataset.has_clean)
    return [*probes, (metadata, metadata_wording(names))]


def _of_power(
    dataset: Dataset, train: Split, test: Split, measure: str, view: str
) -> list[tuple[LeakProbe, Wording]]:
    """Tests of the power as stored or as shown to a network, SNR unknown and known."""
    name = f"{measure} {view}"
    words = power_wordings(
        view,
        _by_name(dataset, test.levels_db(name)),
        shown=measure == "shown",
        absolute=dataset.image.units == "absolute",
    )
    return list(zip(power_probes(train, test, name), words, strict=True))


def _by_name(dataset: Dataset, values: Mapping[int, T]) -> dict[str, T]:
    """Values by the names of the classes."""
    return {dataset.classes[c]: value for c, value in values.items()}


def _provenance(dataset: Dataset, splits: dict[str, Split], seed: int) -> dict[str, Any]:
    return {
        "data_set": f"{dataset.name}-{dataset.fingerprint}",
        "about": dataset.card["about"],
        "classes": list(dataset.classes),
        "image_units": dataset.image.units,
        "examples": {split: dataset.examples(split) for split in SPLITS},
        "measured": {name: len(split.label) for name, split in splits.items()},
        "level": f"{LEVEL:g} for all tests together, exact binomial tests after Bonferroni",
        "seed": seed,
        "test_split": "evaluated with forests of fixed settings fitted on train; nothing selected",
        "versions": versions(),
    }
