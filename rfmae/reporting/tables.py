"""Reports as CSV, Markdown and plain text tables."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from rfmae.records import DenoiseReport, SnrReport
from rfmae.units import SNR_REFERENCE_NAMES

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


def accuracy_table(reports: dict[str, SnrReport]) -> Table:
    """Accuracy in % with its interval per SNR, a column for each model, and the overall last."""
    first = next(iter(reports.values()))
    heads = [f"{SNR_REFERENCE_NAMES[first.snr_reference]} (dB)", *reports, "examples"]
    rows = [
        [
            f"{snr_db:g}",
            *(
                _with_interval(r.accuracy_per_snr[s], r.interval_per_snr[s])
                for r in reports.values()
            ),
            str(first.examples_per_snr[s]),
        ]
        for s, snr_db in enumerate(first.snr_db)
    ]
    overall = [_with_interval(report.accuracy, report.interval) for report in reports.values()]
    return heads, [*rows, ["all", *overall, str(first.examples)]]


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


def confusion_csv(report: SnrReport) -> Table:
    """Counts over all SNR points: a row for each true class, a column for each named one."""
    rows = [
        [name, *map(str, line)]
        for name, line in zip(report.classes, report.confusion.tolist(), strict=True)
    ]
    return ["true class", *report.classes], rows


def denoise_table(report: DenoiseReport, decimals: Sequence[int] = (2, 3)) -> Table:
    """PSNR and SSIM of every answer per SNR, and the mean over all examples last."""
    heads = [f"{SNR_REFERENCE_NAMES[report.snr_reference]} (dB)"]
    heads += [f"PSNR {name}" for name in report.answers] + [
        f"SSIM {name}" for name in report.answers
    ]
    heads.append("examples")
    columns = [
        (values, places)
        for measure, places in zip((report.psnr_db, report.ssim), decimals, strict=True)
        for values in measure.values()
    ]
    rows = [
        [
            f"{snr_db:g}",
            *(f"{values[s]:.{places}f}" for values, places in columns),
            str(report.examples_per_snr[s]),
        ]
        for s, snr_db in enumerate(report.snr_db)
    ]
    means = [f"{report.mean(values):.{places}f}" for values, places in columns]
    return heads, [*rows, ["all", *means, str(report.examples_per_snr.sum())]]


def _with_interval(share: float, interval: Iterable[float]) -> str:
    low, high = interval
    return f"{100 * share:.1f} ({100 * low:.1f}–{100 * high:.1f})"
