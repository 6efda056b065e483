"""Reports as CSV, Markdown and plain text tables."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from rfmae.records import Ceiling, FloatArray, SnrReport
from rfmae.units import SNR_REFERENCE_NAMES

NO_CEILINGS: Mapping[str, Ceiling] = {}

Table = tuple[list[str], list[list[str]]]
"""Column heads and rows, all text."""


def write_csv(table: Table, path: Path) -> None:
    """A table as CSV."""
    heads, rows = table
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heads, *rows])


def markdown(table: Table) -> str:
    """A table as Markdown, numbers to the right."""
    heads, rows = table
    lines = [_row(heads), _row(["---:"] * len(heads)), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def accuracy_table(
    reports: dict[str, SnrReport], ceilings: Mapping[str, Ceiling] = NO_CEILINGS
) -> Table:
    """Accuracy in % with its interval per SNR, a column for each model, and the overall last.

    Ceilings of the same SNR points are in further columns.
    """
    first = next(iter(reports.values()))
    heads = [
        f"{SNR_REFERENCE_NAMES[first.snr_reference]} (dB)",
        *reports,
        *(f"ceiling, {name}" for name in ceilings),
        "examples",
    ]
    rows = [
        [
            f"{snr_db:g}",
            *(
                with_interval(r.accuracy_per_snr[s], r.interval_per_snr[s])
                for r in reports.values()
            ),
            *(as_bound(ceiling, ceiling.accuracy[s]) for ceiling in ceilings.values()),
            str(first.examples_per_snr[s]),
        ]
        for s, snr_db in enumerate(first.snr_db)
    ]
    overall = [with_interval(report.accuracy, report.interval) for report in reports.values()]
    # SNR points are weighted by their examples, as in the accuracy
    weights = first.examples_per_snr / max(first.examples, 1)
    limits = [as_bound(item, float(weights @ item.accuracy)) for item in ceilings.values()]
    return heads, [*rows, ["all", *overall, *limits, str(first.examples)]]


def ceiling_table(ceilings: Mapping[str, Ceiling]) -> Table:
    """Bayes accuracy in % per SNR, a column for each ceiling, and the mean over the points last.

    Where classes send the same signals, a second column counts them as one class.
    """
    first = next(iter(ceilings.values()))
    heads = [f"{SNR_REFERENCE_NAMES[first.snr_reference]} (dB)"]
    columns: list[tuple[Ceiling, FloatArray]] = []
    for name, ceiling in ceilings.items():
        heads.append(name)
        columns.append((ceiling, ceiling.accuracy))
        if len(ceiling.groups) < len(ceiling.classes):
            heads.append(f"{name}, merged")
            columns.append((ceiling, ceiling.merged_accuracy))
    rows = [
        [f"{snr_db:g}", *(as_bound(ceiling, values[s]) for ceiling, values in columns)]
        for s, snr_db in enumerate(first.snr_db)
    ]
    means = [as_bound(ceiling, float(values.mean())) for ceiling, values in columns]
    return heads, [*rows, ["mean", *means]]


def snr_knowledge_note(ceilings: Mapping[str, Ceiling]) -> str:
    """The ceilings with SNR known, as a sentence; empty where there are none."""
    known = [name for name, ceiling in ceilings.items() if ceiling.snr == "known"]
    if not known:
        return ""
    return f"SNR known: {'; '.join(known)}. With SNR unknown the ceiling may be lower."


def ratio_name(limit: str, ceilings: Mapping[str, Ceiling]) -> str:
    """The reference of a ratio of accuracies: a ceiling, or only a lower bound of one."""
    is_bound = limit not in ceilings or ceilings[limit].is_bound
    return f"{'of the ceiling' if is_bound else 'of the lower bound'}, {limit}"


def ceiling_csv(ceilings: Mapping[str, Ceiling]) -> Table:
    """One row for each ceiling and SNR, both estimates, ratios in full precision."""
    estimates = (
        "mean_posterior",
        "posterior_error",
        "hit_rate",
        "merged_mean_posterior",
        "merged_hit_rate",
    )
    heads = ["ceiling", "snr_db", "snr_reference", "symbols", "is_bound", *estimates]
    rows = [
        [
            name,
            f"{snr_db:g}",
            ceiling.snr_reference,
            str(ceiling.symbols_per_example),
            str(ceiling.is_bound).lower(),
            *(f"{getattr(ceiling, estimate)[s]:.5f}" for estimate in estimates),
        ]
        for name, ceiling in ceilings.items()
        for s, snr_db in enumerate(ceiling.snr_db)
    ]
    return heads, rows


def accuracy_csv(reports: dict[str, SnrReport]) -> Table:
    """One row for each model and SNR, ratios in full precision."""
    heads = [
        "model",
        "snr_db",
        "snr_reference",
        "examples",
        "hits",
        "accuracy",
        "low_95",
        "high_95",
    ]
    rows = []
    for name, report in reports.items():
        for s, snr_db in enumerate(report.snr_db):
            low, high = report.interval_per_snr[s]
            numbers = [report.accuracy_per_snr[s], low, high]
            rows.append(
                [
                    name,
                    f"{snr_db:g}",
                    report.snr_reference,
                    str(report.examples_per_snr[s]),
                    str(report.hits_per_snr[s]),
                    *(f"{number:.6f}" for number in numbers),
                ]
            )
    return heads, rows


def confusion_per_snr_csv(reports: Mapping[str, SnrReport]) -> Table:
    """One row for each model, SNR, true class and predicted class that occurs."""
    heads = ["model", "snr_db", "true class", "named class", "examples"]
    rows = [
        [name, f"{report.snr_db[s]:g}", report.classes[true], report.classes[named], str(count)]
        for name, report in reports.items()
        for (s, true, named), count in np.ndenumerate(report.counts)
        if count
    ]
    return heads, rows


def confusion_csv(report: SnrReport) -> Table:
    """Counts over all SNR points: a row for each true class, a column for each predicted one."""
    rows = [
        [name, *map(str, line)]
        for name, line in zip(report.classes, report.confusion.tolist(), strict=True)
    ]
    return ["true class", *report.classes], rows


def as_bound(ceiling: Ceiling, share: float) -> str:
    """A ceiling in %; a lower bound is marked ≥."""
    return f"{'' if ceiling.is_bound else '≥ '}{100 * share:.1f}"


def with_interval(share: float, interval: Iterable[float]) -> str:
    """A share in % with its interval, such as `97.3 (96.1–98.2)`."""
    low, high = interval
    return f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def in_words(value: object) -> str:
    """Nested facts as one line: names before their values, separated by commas."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {in_words(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(in_words, value))
    return str(value)
