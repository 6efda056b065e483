"""Denoising on the page of a report: image quality against SNR, and the gallery."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rfmae.records import DenoiseReport, SnrReport
from rfmae.reporting.denoising_tables import MEASURES
from rfmae.reporting.page.charts import Line, lines_panel
from rfmae.reporting.page.svg import signed

_SHOWN_AT_FIRST = 12  # images, while no SNR is chosen
_MOST_BYTES = 3_400_000  # of images, so that the page stays below five million
_GALLERY_IMAGES = ("noisy", "reconstructed", "clean")


@dataclass(frozen=True, slots=True)
class GalleryImage:
    """One row of the gallery: three images as data, and their captions."""

    true: str
    snr: str
    point: int  # of the SNR grid
    at_first: bool
    noisy: str
    reconstructed: str
    clean: str
    psnr: tuple[str, str]  # noisy, reconstructed
    ssim: tuple[str, str]


def answers_of(report: DenoiseReport) -> list[str]:
    """Every measured answer, in the order of its colours."""
    return list(dict.fromkeys([*report.answers, *(item.answer for item in report.likeness)]))


def denoising_panels(report: DenoiseReport) -> dict[str, str]:
    """A chart for each measure, by its title."""
    axis, answers = _axis(report), answers_of(report)
    panels = {}
    for measure, (title, _) in MEASURES.items():
        lines = _lines(report, measure, answers)
        if lines:
            panels[title] = lines_panel(lines, axis, title)
    return panels


def recognition_panels(report: DenoiseReport) -> dict[str, str]:
    """Accuracy of one classifier on noisy, denoised and clean images, if there is one."""
    if report.recognition is None:
        return {}
    lines = [
        Line(name, item.snr_db, 100 * item.accuracy_per_snr, series,
             100 * item.interval_per_snr[:, 0], 100 * item.interval_per_snr[:, 1])
        for series, (name, item) in enumerate(report.recognition.accuracy.items())
    ]  # fmt: skip
    title = f"accuracy of {report.recognition.classifier} in %"
    return {title: lines_panel(lines, _axis(report), title, (0.0, 100.0))}


def gallery_of(rows: Sequence[Mapping[str, Any]], points: Sequence[float]) -> list[GalleryImage]:
    """Images with the SNR point that they belong to, as many as a page can hold."""
    kept = _that_fit(rows)
    first = _evenly(len(kept), _SHOWN_AT_FIRST)
    return [
        GalleryImage(
            true=row["true"],
            snr=signed(row["snr_db"]),
            point=int(np.abs(np.array(points) - row["snr_db"]).argmin()),
            at_first=place in first,
            noisy=row["noisy"],
            reconstructed=row["reconstructed"],
            clean=row["clean"],
            psnr=_pair(row["psnr_db"], 1),
            ssim=_pair(row["ssim"], 2),
        )
        for place, row in enumerate(kept)
    ]


def _axis(report: DenoiseReport) -> SnrReport:
    """The SNR points of a denoising evaluation, without any counts."""
    empty = np.zeros((len(report.snr_db), 0, 0), int)
    return SnrReport(empty, report.snr_db, (), report.snr_reference)


def _lines(report: DenoiseReport, measure: str, answers: Sequence[str]) -> list[Line]:
    kept = report.of(measure)
    if not kept:
        plain = {"psnr_db": report.psnr_db, "ssim": report.ssim}.get(measure, {})
        return [Line(name, report.snr_db, values, answers.index(name))
                for name, values in plain.items()]  # fmt: skip
    lines = []
    for name, item in kept.items():
        mean = item.per_snr
        value = np.where(mean.examples > 0, mean.value, np.nan)
        half = np.nan_to_num(mean.half)
        bounds = (value - half, value + half)
        lines.append(Line(name, report.snr_db, value, answers.index(name), *bounds))
    return lines


def _pair(values: Sequence[float | None], decimals: int) -> tuple[str, str]:
    before, after = ("–" if value is None else f"{value:.{decimals}f}" for value in values)
    return before, after


def _that_fit(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All rows, or evenly chosen ones whose images fit on the page."""
    total = sum(len(row[name]) for row in rows for name in _GALLERY_IMAGES)
    if total <= _MOST_BYTES:
        return list(rows)
    most = max(1, int(len(rows) * _MOST_BYTES / total))
    return [rows[place] for place in sorted(_evenly(len(rows), most))]


def _evenly(total: int, most: int) -> set[int]:
    """At most so many of `total` places, evenly spaced."""
    if not total:
        return set()
    return set(np.linspace(0, total - 1, min(total, most)).round().astype(int).tolist())
