"""Does a reconstruction beat its references? Paired differences, a verdict and its sentence."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from rfmae.records import JUDGED, DenoiseReport, ImageQuality, Recognition
from rfmae.reporting.tables import Table
from rfmae.units import SNR_REFERENCE_NAMES

_SHORT = {"psnr_db": "PSNR", "ssim": "SSIM", "evm_percent": "EVM"}
_UNITS = {"psnr_db": " in dB", "ssim": "", "evm_percent": " in points of %"}
_DECIMALS = {"psnr_db": 2, "ssim": 3, "evm_percent": 1}
_MOST_NAMED = 3  # references in a sentence about where they are not beaten


def verdict_sentence(report: DenoiseReport) -> str:
    """At which SNR points the reconstruction beats every reference at once, and where not."""
    beats = report.beats_every_reference
    references = _listed(dict.fromkeys(item.answer for item in report.differences))
    what = f"beats {references} in {_listed(_SHORT[name] for name in _measures(report))} at once"
    points = len(report.snr_db)
    if beats.all():
        where = "at every SNR point" if points > 1 else f"at {_span(report.snr_db)} dB"
        span = f", {_span(report.snr_db)} dB" if points > 1 else ""
        return f"The reconstruction {what} {where}{span} ({_PROOF})."
    if not beats.any():
        return f"The reconstruction {what} at no SNR point ({_PROOF}): {_why_not(report)}."
    return (
        f"The reconstruction {what} at {beats.sum()} of {points} SNR points, "
        f"{_spans(report, beats)} dB ({_PROOF}), not at {_spans(report, ~beats)} dB: "
        f"{_why_not(report)}."
    )


_PROOF = "95 % intervals of paired differences"


def recognition_sentence(recognition: Recognition) -> str:
    """What denoising does to recognition, with the interval of the difference."""
    share = {name: 100 * item.accuracy for name, item in recognition.accuracy.items()}
    told = [
        f"{share[name]:.1f} % of the {word}"
        for name, word in (
            ("noisy", "noisy"),
            ("reconstruction", "denoised"),
            ("clean", "clean images"),
        )
        if name in share
    ]
    sentence = f"{recognition.classifier} names {_listed(told)} right"
    for item in recognition.comparisons:
        if (item.first, item.second) == ("reconstruction", "noisy"):
            low, high, gain = (100 * value for value in (item.low, item.high, item.difference))
            sentence += (
                f"; denoising changes that by {gain:+.1f} points ({low:+.1f} to {high:+.1f})"
            )
    return f"{sentence}."


def verdict_table(report: DenoiseReport) -> Table:
    """Of each SNR point and measure, the references that are not beaten."""
    measures = _measures(report)
    rows = []
    for s, snr_db in enumerate(report.snr_db):
        cells = [", ".join(_unbeaten(report, measure, s)) for measure in measures]
        verdict = "yes" if report.beats_every_reference[s] else "no"
        rows.append([f"{snr_db:g}", *(f"not {cell}" if cell else "yes" for cell in cells), verdict])
    head = f"{SNR_REFERENCE_NAMES[report.snr_reference]} (dB)"
    return [head, *(_SHORT[name] for name in measures), "all at once"], rows


def difference_table(report: DenoiseReport, measure: str) -> Table:
    """The reconstruction less each reference per SNR, ± half of its 95 % interval."""
    held = _of(report, measure)
    means = [item.per_snr for item in held]
    decimals = _DECIMALS[measure]
    rows = [
        [
            f"{snr_db:g}",
            *(_cell(mean.examples[s], mean.value[s], mean.half[s], decimals) for mean in means),
        ]
        for s, snr_db in enumerate(report.snr_db)
    ]
    head = f"{SNR_REFERENCE_NAMES[report.snr_reference]} (dB)"
    return [head, *(f"less {item.answer}" for item in held)], rows


def verdict_tables(report: DenoiseReport) -> dict[str, Table]:
    """The verdict and the differences that it comes from, by their titles."""
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
    heads = ["measure", "reference", "snr_db", "snr_reference", "examples"]
    heads += ["difference", "low_95", "high_95", "better"]
    rows = [
        [
            found["measure"],
            found["reference"],
            f"{snr_db:g}",
            report.snr_reference,
            str(found["examples"][s]),
            *(_number(found[name][s]) for name in ("difference", "low_95", "high_95")),
            "yes" if found["better"][s] else "no",
        ]
        for found in _found(report)
        for s, snr_db in enumerate(report.snr_db)
    ]
    return heads, rows


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


def _why_not(report: DenoiseReport) -> str:
    """Which reference stands in the way, by measure, and at how many SNR points."""
    found = {
        (item.answer, item.measure): int(np.sum(~item.is_better())) for item in report.differences
    }
    worst = sorted(found, key=lambda name: -found[name])
    told = [
        f"{reference} stands in {_SHORT[measure]} at {found[reference, measure]}"
        for reference, measure in worst
        if found[reference, measure]
    ]
    rest = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    return f"{', '.join(told[:_MOST_NAMED])}{rest}"


def _spans(report: DenoiseReport, chosen: Sequence[bool] | np.ndarray[Any, Any]) -> str:
    """SNR points as runs of neighbours, such as −10 to −3 and 5."""
    runs = groupby(zip(report.snr_db, chosen, strict=True), key=lambda pair: bool(pair[1]))
    return _listed(_span([snr_db for snr_db, _ in run]) for is_chosen, run in runs if is_chosen)


def _span(points: Sequence[float]) -> str:
    ends = [f"{value:g}".replace("-", "−") for value in (points[0], points[-1])]
    return ends[0] if len(points) == 1 else " to ".join(ends)


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _cell(examples: int, value: float, half: float, decimals: int) -> str:
    if not examples:
        return "–"
    told = f" ± {half:.{decimals}f}" if np.isfinite(half) else ""
    return f"{value:+.{decimals}f}{told}"


def _number(value: float) -> str:
    return f"{value:.6f}" if np.isfinite(value) else ""
