"""The leak audit of a data set: all tests, their verdicts in words, and the report folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.artefacts import refuse_occupied, versions
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.store import Dataset
from rfmae.evaluation.leak_tests import (
    LEVEL,
    LeakFeatures,
    chance_test,
    guessing,
    guessing_beside_snr,
    is_leak,
    known_snr,
    named_by,
    shuffled_control,
)
from rfmae.progress import Progress, Silent
from rfmae.records.audit_report import AuditReport, ChanceTest, Finding
from rfmae.reporting.audit_tables import KIND, write_audit
from rfmae.workflows.auditing.audit_rows import row_findings
from rfmae.workflows.auditing.leak_survey import Split, walk

MOST = 20_000
"""Examples of a split that are measured; equal rows are searched among all."""


@dataclass(frozen=True, slots=True)
class AuditResult:
    """A report and the folder it was written to."""

    report: AuditReport
    folder: Path


@dataclass(frozen=True, slots=True)
class LeakProbe:
    """The features of one leak test, and the accuracy of guessing."""

    name: str
    train: LeakFeatures
    test: LeakFeatures
    chance: float
    if_leak: str  # explanation of a leak
    if_not: str
    harmless: str = ""  # why a leak would be harmless; empty where it is not


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
    progress = progress or Silent()
    refuse_occupied(folder, replaces=KIND)
    splits = walk(dataset, most, seed, progress)
    findings = [
        *class_findings(dataset, splits["train"], splits["test"], seed, progress),
        *row_findings(dataset, splits),
    ]
    report = AuditReport(
        data_set=dataset.name,
        findings=tuple(findings),
        provenance=_provenance(dataset, splits, seed),
    )
    return AuditResult(report, write_audit(report, folder))


def class_findings(
    dataset: Dataset, train: Split, test: Split, seed: int, progress: Progress
) -> list[Finding]:
    """Whether power, distinct points, metadata, or shuffled labels predict the class."""
    rng = np.random.default_rng(seed)
    probes = leak_probes(dataset, train, test)
    tests = len(probes) + 1
    findings: list[Finding] = []
    with progress.stage("test for leaks", len(probes), "tests") as stage:
        for probe in probes:
            findings.append(_tested(probe, tests, rng))
            stage.advance()
    return [*findings, _control(train, test, tests, rng)]


def _tested(probe: LeakProbe, tests: int, rng: np.random.Generator) -> Finding:
    named = named_by(probe.train, probe.test, rng)
    hits = int(np.count_nonzero(named == probe.test.label))
    test = chance_test(hits, len(named), probe.chance, tests)
    return verdict(probe, test)


def verdict(probe: LeakProbe, test: ChanceTest) -> Finding:
    """A leak where hits beat chance; a note where that is harmless or could not be detected."""
    if is_leak(test):
        harmless = probe.harmless
        words = probe.if_leak + (f" {harmless}" if harmless else "")
        return Finding(
            probe.name, "note" if harmless else "leak", test.accuracy, "accuracy", words, test
        )
    if test.noticeable > 1:
        words = (
            f"{test.examples} test examples are too few: not even all hits would be significant."
        )
        return Finding(probe.name, "note", test.accuracy, "accuracy", words, test)
    return Finding(probe.name, "pass", test.accuracy, "accuracy", probe.if_not, test)


# the tests -------------------------------------------------------------------------------------


def leak_probes(dataset: Dataset, train: Split, test: Split) -> list[LeakProbe]:
    """All tests of a data set that need a classifier."""
    probes: list[LeakProbe] = []
    for view in dataset.views:
        probes += _power_probes(dataset, train, test, view)
    probes += [_dots_probe(dataset, train, test, view) for view in dataset.views]
    return [*probes, _metadata_probe(dataset, train, test)]


def _power_probes(dataset: Dataset, train: Split, test: Split, view: str) -> list[LeakProbe]:
    """Tests of the power as stored and as shown to a network, SNR unknown and known."""
    absolute = dataset.image.units == "absolute"
    hidden = (
        "It is no leak to a network, which gets every example at unit power; "
        "other users of the files must normalise, too."
    )
    probes = []
    for key, what, harmless in (
        (f"power {view}", f"power of the {view}, as stored", "" if absolute else hidden),
        (f"shown {view}", f"power of the {view}, as shown", ""),
    ):
        shown = [split.features(split.measures[key]) for split in (train, test)]
        chance = guessing(test.label)
        beside = guessing_beside_snr(test.label, test.snr_db)
        leak = _power_words(dataset, test, key)
        for name, seen, share in (
            (what, shown, chance),
            (f"{what}, SNR known", [features.beside_snr() for features in shown], beside),
        ):
            probes.append(
                LeakProbe(name, seen[0], seen[1], share, leak, _POWER_IS_NO_LEAK, harmless)
            )
    return probes


_POWER_IS_NO_LEAK = "The power of an example, to a hundredth of a dB, does not predict its class."


def _power_words(dataset: Dataset, split: Split, key: str) -> str:
    mean = [float(split.measures[key][split.label == c].mean()) for c in _present(split)]
    names = [dataset.classes[c] for c in _present(split)]
    low, high = int(np.argmin(mean)), int(np.argmax(mean))
    return (
        f"Amplitude predicts the class: the mean level runs from {mean[low]:.2f} dB ({names[low]}) "
        f"to {mean[high]:.2f} dB ({names[high]}), noise included."
    )


def _dots_probe(dataset: Dataset, train: Split, test: Split, view: str) -> LeakProbe:
    key = f"dots {view}"
    shown = [split.features(split.measures[key]).beside_snr() for split in (train, test)]
    few_bits = test.measures[f"quantised {view}"].mean() > _MANY
    return LeakProbe(
        f"number of dots of the {view}",
        shown[0],
        shown[1],
        guessing_beside_snr(test.label, test.snr_db),
        _dots_words(dataset, test, key),
        f"Every class has the same number of distinct points, {_dots_range(test, key)} an "
        "example, or a number that does not predict it.",
        "These samples are quantised, so that values repeat: the number of points is then a "
        "property of the constellation itself."
        if few_bits
        else "",
    )


_MANY = 0.1  # share of quantised examples


def _dots_range(split: Split, key: str) -> str:
    dots = split.measures[key][:, 0]
    low, high = int(dots.min()), int(dots.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _dots_words(dataset: Dataset, split: Split, key: str) -> str:
    """The classes by their median number of points, the most frequent number last."""
    groups: dict[tuple[int, int], list[str]] = {}
    for c in _present(split):
        dots, samples = np.median(split.measures[key][split.label == c], axis=0).astype(int)
        groups.setdefault((int(dots), int(samples)), []).append(dataset.classes[c])
    if len(groups) == 1:
        return "The number of distinct points of an example predicts its class."
    parts = [
        f"{', '.join(names)} {dots:,}" + (f" of {samples:,} samples not zero" if odd else "")
        for (dots, samples), names in sorted(groups.items(), key=lambda item: len(item[1]))
        for odd in (len({other for _, other in groups}) > 1,)
    ]
    listed = "; ".join(parts)
    return f"The number of distinct points of an example predicts its class; medians: {listed}."


def _metadata_probe(dataset: Dataset, train: Split, test: Split) -> LeakProbe:
    """All metadata but the label; the position only where rfmae generated the examples."""
    names = ["SNR", *test.sampled]
    if dataset.has_clean:
        names.append("position within class and SNR")

    def seen(split: Split) -> LeakFeatures:
        columns = [known_snr(split.snr_db), *split.sampled.values()]
        return split.features(*columns, *([split.position] if dataset.has_clean else []))

    listed = ", ".join(names)
    return LeakProbe(
        "metadata",
        seen(train),
        seen(test),
        guessing(test.label),
        f"Metadata predict the class: {listed}.",
        f"Metadata do not predict the class: {listed}.",
    )


def _control(train: Split, test: Split, tests: int, rng: np.random.Generator) -> Finding:
    """A control of the method: with shuffled labels nothing must be predictable."""
    honest, probes = (split.features(split.measures["envelope"]) for split in (train, test))
    found = shuffled_control(honest, probes, rng)
    # a random label is right as often as its class is frequent
    chance = max(guessing(train.label), guessing(test.label))
    words = f"with true labels {100 * found.right:.1f} % are right"
    probe = LeakProbe(
        "shuffled labels",
        honest,
        probes,
        chance,
        f"Nearest neighbours with shuffled labels beat chance ({words}): this audit is invalid.",
        f"Nearest neighbours with shuffled labels do not beat chance; {words}.",
    )
    return verdict(probe, chance_test(found.hits, found.examples, chance, tests))


def _present(split: Split) -> list[int]:
    return [int(c) for c in np.unique(split.label)]


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
