"""The report folder: one account in JSON, CSV, Markdown and figures, complete or not there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rfmae.artefacts import CARD_NAME, versions, write_json, written_whole
from rfmae.records import Ceiling, DenoiseReport, SnrReport, as_plain
from rfmae.reporting.figures import (
    StripRow,
    draw_accuracy,
    draw_confusion,
    draw_denoising,
    draw_strip,
)
from rfmae.reporting.tables import (
    accuracy_csv,
    accuracy_table,
    ceiling_csv,
    confusion_csv,
    denoise_table,
    markdown,
    write_csv,
)

KIND = "report"


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be told: the accuracy of some models, the denoising of one, and how it came.

    The first of `accuracy` is the model whose confusion is drawn. `ceilings` hold what the best
    receiver could reach on the same class list, at the same SNR points, by what it sees.
    """

    title: str
    headline: str
    provenance: dict[str, Any]
    accuracy: dict[str, SnrReport] = field(default_factory=dict)
    ceilings: dict[str, Ceiling] = field(default_factory=dict)
    denoising: DenoiseReport | None = None
    strip: Sequence[StripRow] = ()
    notes: tuple[str, ...] = ()


def write_report(report: Report, folder: Path) -> Path:
    """Write `report.json`, tables and figures; an older report of that name is replaced."""
    with written_whole(folder, replaces=KIND) as scratch:
        figures = scratch / "figures"
        figures.mkdir()
        sections = [f"# {report.title}", report.headline]
        sections += [f"- {note}" for note in report.notes]
        if report.accuracy:
            sections += _accuracy_section(report, scratch, figures)
        if report.denoising is not None:
            sections += _denoising_section(report, scratch, figures)
        sections += ["## How this came about", _provenance(report.provenance)]
        (scratch / "report.md").write_text("\n\n".join(sections) + "\n", encoding="utf-8")
        write_json(scratch / "report.json", report_json(report))
        write_json(scratch / CARD_NAME, {"kind": KIND, "title": report.title})
    return folder


def report_json(report: Report) -> dict[str, Any]:
    """The whole account as plain JSON."""
    return {
        "title": report.title,
        "headline": report.headline,
        "notes": list(report.notes),
        "accuracy": {name: _accuracy_json(item) for name, item in report.accuracy.items()},
        "ceilings": {name: as_plain(item) for name, item in report.ceilings.items()},
        "denoising": as_plain(report.denoising) if report.denoising else None,
        "provenance": {**report.provenance, "versions": versions()},
    }


def _accuracy_json(report: SnrReport) -> dict[str, Any]:
    return {
        "accuracy": report.accuracy,
        "interval_95": list(report.interval),
        "accuracy_per_snr": report.accuracy_per_snr.tolist(),
        "interval_95_per_snr": report.interval_per_snr.tolist(),
        "examples_per_snr": report.examples_per_snr.tolist(),
        **as_plain(report),
    }


def _accuracy_section(report: Report, folder: Path, figures: Path) -> list[str]:
    name, first = next(iter(report.accuracy.items()))
    draw_accuracy(report.accuracy, figures / "accuracy.png", report.ceilings)
    draw_confusion(first, f"{name}, all SNR points", figures / "confusion.png")
    write_csv(accuracy_csv(report.accuracy), folder / "accuracy.csv")
    write_csv(confusion_csv(first), folder / "confusion.csv")
    if report.ceilings:
        write_csv(ceiling_csv(report.ceilings), folder / "ceilings.csv")
    return [
        "## Accuracy in % with 95 % Wilson intervals",
        markdown(accuracy_table(report.accuracy, report.ceilings)),
        *([_ABOUT_CEILINGS] if report.ceilings else []),
        "![accuracy against SNR](figures/accuracy.png)",
        f"## Confusion of {name}",
        "![confusion matrix](figures/confusion.png)",
    ]


_ABOUT_CEILINGS = (
    "A *ceiling* is the Bayes accuracy of the class list: what the best receiver reaches that sees "
    "the whole sequence, or what the planes of the image show; one marked ≥ is what a reader of "
    "those planes reached, so that theirs lies no lower."
)


def _denoising_section(report: Report, folder: Path, figures: Path) -> list[str]:
    assert report.denoising is not None
    draw_denoising(report.denoising, figures / "denoising.png")
    write_csv(denoise_table(report.denoising, decimals=(6, 6)), folder / "denoising.csv")
    section = [
        "## Denoising: PSNR in dB and SSIM against the clean image",
        "Means over single images; data range 1. Every patch was predicted while it was hidden. "
        "*Class mean* answers every image with the mean clean image of its true class, *blank* "
        "with black.",
        markdown(denoise_table(report.denoising)),
        "![PSNR and SSIM against SNR](figures/denoising.png)",
    ]
    if report.strip:
        draw_strip(report.strip, figures / "strip.png")
        section.append("![noisy, reconstructed, clean](figures/strip.png)")
    return section


def _provenance(facts: dict[str, Any]) -> str:
    return "\n".join(
        f"- {name.replace('_', ' ')}: {_words(value)}" for name, value in facts.items()
    )


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_words, value))
    return str(value)
