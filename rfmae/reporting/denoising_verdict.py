"""Whether a reconstruction beats its references: paired differences, verdict and sentences."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from rfmae.records import JUDGED, Comparison, DenoiseReport, ImageQuality, Mean, Recognition
from rfmae.reporting.table import (
    COUNT,
    SIX,
    SNR,
    Cell,
    Column,
    Format,
    Ranged,
    Table,
    files_columns,
    printed,
)
from rfmae.reporting.tables import snr_column

_SHORT = {"psnr_db": "PSNR", "ssim": "SSIM", "evm_percent": "EVM"}
_UNITS = {"psnr_db": " in dB", "ssim": "", "evm_percent": " in points of %"}
_DECIMALS = {"psnr_db": 2, "ssim": 3, "evm_percent": 1}
_MOST_NAMED = 3  # references in a sentence about where they are not beaten


def verdict_sentence(report: DenoiseReport) -> str:
    """At how many SNR points the reconstruction beats every reference, in at most 20 words."""
    beats, points = report.beats_every_reference, len(report.snr_db)
    what = f"{_all_references(report)} in {_listed(_SHORT[name] for name in _measures(report))}"
    if not beats.any():
        return f"The reconstruction beats {what} at no SNR point."
    if beats.all():
        where = "every SNR point, " if points > 1 else ""
        return f"The reconstruction beats {what} at {where}{_span(report.snr_db)} dB."
    return f"The reconstruction beats {what} at {beats.sum()} of {points} SNR points."


def references_beaten(report: DenoiseReport) -> str:
    """The same as a clause: "all 5 references beaten at 12 of 21 SNR points"."""
    beats = report.beats_every_reference
    return f"{_all_references(report)} beaten at {beats.sum()} of {len(beats)} SNR points"


def verdict_details(report: DenoiseReport) -> str:
    """The references, the SNR points where they are beaten, and those that are not beaten."""
    beats = report.beats_every_reference
    words = [f"References: {_listed(_references(report))}; {_PROOF}."]
    if beats.any() and not beats.all():
        words.append(f"All are beaten at {_spans(report, beats)} dB.")
    if not beats.all():
        words.append(f"Not beaten: {_unbeaten_references(report)}.")
    return " ".join(words)


_PROOF = "95 % intervals of paired differences"


def _references(report: DenoiseReport) -> list[str]:
    return list(dict.fromkeys(item.answer for item in report.differences))


def _all_references(report: DenoiseReport) -> str:
    references = _references(report)
    if len(references) < 3:
        return references[0] if len(references) == 1 else "both references"
    return f"all {len(references)} references"


def recognition_sentence(recognition: Recognition) -> str:
    """Accuracy on noisy, denoised and clean images, and the difference by denoising."""
    share = {name: 100 * item.accuracy for name, item in recognition.accuracy.items()}
    parts = [
        f"{share[name]:.1f} % on {word}"
        for name, word in (
            ("noisy", "noisy"),
            ("reconstruction", "denoised"),
            ("clean", "clean images"),
        )
        if name in share
    ]
    sentence = f"{recognition.classifier}: {_listed(parts)}"
    gain = _gain(recognition)
    if gain is not None:
        low, high = (f"{100 * value:+.1f}" for value in (gain.low, gain.high))
        sentence += f"; denoising: {100 * gain.difference:+.1f} points ({low} to {high})"
    return f"{sentence}."


def recognition_gain(recognition: Recognition) -> list[str]:
    """The gain in accuracy by denoising as a clause, if it was measured."""
    gain = _gain(recognition)
    return [] if gain is None else [f"recognition {100 * gain.difference:+.1f} points"]


def _gain(recognition: Recognition) -> Comparison | None:
    """The reconstruction against the noisy images."""
    pairs = ((item.first, item.second) for item in recognition.comparisons)
    found = zip(pairs, recognition.comparisons, strict=True)
    return next((item for pair, item in found if pair == ("reconstruction", "noisy")), None)


def verdict_table(report: DenoiseReport) -> Table:
    """The references that are not beaten, for each SNR point and measure."""
    measures = _measures(report)
    rows: list[tuple[Cell, ...]] = []
    for s, snr_db in enumerate(report.snr_db):
        cells = [", ".join(_unbeaten(report, measure, s)) for measure in measures]
        verdict = "yes" if report.beats_every_reference[s] else "no"
        rows.append((snr_db, *(f"not {cell}" if cell else "yes" for cell in cells), verdict))
    columns = [snr_column(report.snr_reference), *(Column(_SHORT[name]) for name in measures)]
    return Table.of([*columns, Column("all at once")], rows)


def difference_table(report: DenoiseReport, measure: str) -> Table:
    """The reconstruction less each reference per SNR, ± half of its 95 % interval."""
    held = _of(report, measure)
    form = Format(f"+.{_DECIMALS[measure]}f", interval="half")
    columns = [Column(f"less {item.answer}", form) for item in held]
    means = [item.per_snr for item in held]
    rows = [
        (snr_db, *(_difference(mean, s) for mean in means))
        for s, snr_db in enumerate(report.snr_db)
    ]
    return Table.of([snr_column(report.snr_reference), *columns], rows)


def verdict_tables(report: DenoiseReport) -> dict[str, Table]:
    """The tables of the verdict and of its differences, by their titles."""
    if not report.differences:
        return {}
    tables = {VERDICT: verdict_table(report)}
    for measure in _measures(report):
        better = "more" if JUDGED[measure] > 0 else "less"
        title = f"Paired differences: {_SHORT[measure]}{_UNITS[measure]}, {better} is better"
        tables[title] = difference_table(report, measure)
    return tables


VERDICT = "Is every reference beaten?"


def difference_csv(report: DenoiseReport) -> Table:
    """One row for each measure, reference and SNR, six decimals."""
    numbers = ("difference", "low_95", "high_95")
    columns = [*files_columns(("measure", "reference")), Column("snr_db", SNR)]
    columns += [Column("snr_reference"), Column("examples", COUNT)]
    columns += [*files_columns(numbers, SIX), Column("better")]
    rows: list[tuple[Cell, ...]] = [
        (
            found["measure"],
            found["reference"],
            snr_db,
            report.snr_reference,
            found["examples"][s],
            *(found[name][s] for name in numbers),
            "yes" if found["better"][s] else "no",
        )
        for found in _found(report)
        for s, snr_db in enumerate(report.snr_db)
    ]
    return Table.of(columns, rows)


def verdict_json(report: DenoiseReport) -> dict[str, Any] | None:
    """The verdict as plain JSON: the sentence, and every difference per SNR with its interval."""
    if not report.differences:
        return None
    return {
        "sentence": verdict_sentence(report),
        "beats_every_reference_per_snr": report.beats_every_reference.tolist(),
        "differences": list(_found(report)),
    }


def _found(report: DenoiseReport) -> Iterator[dict[str, Any]]:
    for item in report.differences:
        mean = item.per_snr
        value = np.where(mean.examples > 0, mean.value, np.nan)
        yield {
            "measure": item.measure,
            "reference": item.answer,
            "examples": mean.examples.tolist(),
            "difference": value.tolist(),
            "low_95": (value - mean.half).tolist(),
            "high_95": (value + mean.half).tolist(),
            "better": item.is_better().tolist(),
        }


def _measures(report: DenoiseReport) -> list[str]:
    return [name for name in JUDGED if _of(report, name)]


def _of(report: DenoiseReport, measure: str) -> list[ImageQuality]:
    return [item for item in report.differences if item.measure == measure]


def _unbeaten(report: DenoiseReport, measure: str, point: int) -> list[str]:
    return [item.answer for item in _of(report, measure) if not item.is_better()[point]]


def _unbeaten_references(report: DenoiseReport) -> str:
    """References that are not beaten, by measure, and at how many SNR points."""
    found = {
        (item.answer, item.measure): int(np.sum(~item.is_better())) for item in report.differences
    }
    worst = sorted(found, key=lambda name: -found[name])
    named = [
        f"{reference} in {_SHORT[measure]} at {_points(found[reference, measure])}"
        for reference, measure in worst
        if found[reference, measure]
    ]
    rest = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"{', '.join(named[:_MOST_NAMED])}{rest}"


def _points(count: int) -> str:
    return f"{count} SNR point{'' if count == 1 else 's'}"


def _spans(report: DenoiseReport, chosen: Sequence[bool] | np.ndarray[Any, Any]) -> str:
    """SNR points as runs of neighbours, such as −10 to −3 and 5."""
    runs = groupby(zip(report.snr_db, chosen, strict=True), key=lambda pair: bool(pair[1]))
    return _listed(_span([snr_db for snr_db, _ in run]) for is_chosen, run in runs if is_chosen)


def _span(points: Sequence[float]) -> str:
    ends = [printed(value, SNR) for value in (points[0], points[-1])]
    return ends[0] if len(points) == 1 else " to ".join(ends)


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _difference(mean: Mean, point: int) -> Cell:
    if not mean.examples[point]:
        return None
    value, half = float(mean.value[point]), float(mean.half[point])
    return Ranged(value, value - half, value + half)
