"""The content of a report as a record and as JSON, with conversion both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rfmae.artefacts import versions
from rfmae.records import (
    Assessment,
    Ceiling,
    Comparison,
    DenoiseReport,
    EmbeddingMap,
    GalleryRow,
    RobustnessGrid,
    SnrReport,
    as_plain,
)
from rfmae.records.label_curve import LabelCurve, LabelDifference
from rfmae.reporting.denoising_verdict import verdict_json
from rfmae.reporting.deserialise import deserialised, strict
from rfmae.reporting.plane_png import decode_planes, encode_planes

_GALLERY_IMAGES = ("noisy", "reconstructed", "clean")


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the accuracy of some models, the denoising of one, and the provenance.

    The first of `accuracy` is the main model. `ceilings` are the Bayes accuracies of the same class
    list, at the same SNR points, by what the receiver sees; `assessments` have the same names as
    `accuracy`. `label_difference` is the gain by pre-training in `label_curve`.
    """

    title: str
    headline: str
    provenance: dict[str, Any]
    accuracy: dict[str, SnrReport] = field(default_factory=dict)
    ceilings: dict[str, Ceiling] = field(default_factory=dict)
    assessments: dict[str, Assessment] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    robustness: tuple[RobustnessGrid, ...] = ()
    embedding: tuple[EmbeddingMap, ...] = ()
    denoising: DenoiseReport | None = None
    gallery: Sequence[GalleryRow] = ()
    notes: tuple[str, ...] = ()
    label_curve: LabelCurve | None = None
    label_difference: LabelDifference | None = None


def report_json(report: Report) -> dict[str, Any]:
    """The report as plain JSON, without its images."""
    plain = {
        "title": report.title,
        "headline": report.headline,
        "notes": list(report.notes),
        "accuracy": {name: _accuracy_json(item) for name, item in report.accuracy.items()},
        "ceilings": {name: as_plain(item) for name, item in report.ceilings.items()},
        "assessments": {name: as_plain(item) for name, item in report.assessments.items()},
        "comparisons": [as_plain(item) for item in report.comparisons],
        "robustness": [as_plain(item) for item in report.robustness],
        "embedding": [as_plain(item) for item in report.embedding],
        "denoising": _denoising_json(report.denoising) if report.denoising else None,
        "label_curve": as_plain(report.label_curve) if report.label_curve else None,
        "label_difference": as_plain(report.label_difference) if report.label_difference else None,
        # a report that is rendered again keeps the versions that it was made with
        "provenance": report.provenance
        | {"versions": report.provenance.get("versions", versions())},
    }
    return {name: strict(item) for name, item in plain.items()}


def whole_json(report: Report) -> dict[str, Any]:
    """The report with its images: everything that a page needs."""
    return {**report_json(report), "gallery": [_gallery_json(row) for row in report.gallery]}


def report_of(record: Mapping[str, Any]) -> Report:
    """The report of a JSON record; parts that an older one lacks stay empty."""
    denoising = record.get("denoising")
    curve, difference = record.get("label_curve"), record.get("label_difference")
    return Report(
        title=record["title"],
        headline=record["headline"],
        provenance=record["provenance"],
        accuracy=_named(SnrReport, record, "accuracy"),
        ceilings=_named(Ceiling, record, "ceilings"),
        assessments=_named(Assessment, record, "assessments"),
        comparisons=_listed(Comparison, record, "comparisons"),
        robustness=_listed(RobustnessGrid, record, "robustness"),
        embedding=_listed(EmbeddingMap, record, "embedding"),
        denoising=deserialised(DenoiseReport, denoising) if denoising else None,
        gallery=tuple(map(_gallery_row, record.get("gallery", ()))),
        notes=tuple(record.get("notes", ())),
        label_curve=deserialised(LabelCurve, curve) if curve else None,
        label_difference=deserialised(LabelDifference, difference) if difference else None,
    )


def _accuracy_json(report: SnrReport) -> dict[str, Any]:
    return {
        "accuracy": report.accuracy,
        "interval_95": list(report.interval),
        "accuracy_per_snr": report.accuracy_per_snr.tolist(),
        "interval_95_per_snr": report.interval_per_snr.tolist(),
        "examples_per_snr": report.examples_per_snr.tolist(),
        **as_plain(report),
    }


def _denoising_json(report: DenoiseReport) -> dict[str, Any]:
    verdict = verdict_json(report)
    return {**as_plain(report), **({"verdict": verdict} if verdict else {})}


def _named(kind: type[Any], record: Mapping[str, Any], part: str) -> dict[str, Any]:
    return {name: deserialised(kind, item) for name, item in record.get(part, {}).items()}


def _listed(kind: type[Any], record: Mapping[str, Any], part: str) -> tuple[Any, ...]:
    return tuple(deserialised(kind, item) for item in record.get(part, ()))


def _gallery_json(row: GalleryRow) -> dict[str, Any]:
    return {
        "true": row.true,
        "snr_db": row.snr_db,
        "psnr_db": strict(row.psnr_db),
        "ssim": strict(row.ssim),
        "planes": len(row.clean),
        **{name: encode_planes(getattr(row, name)) for name in _GALLERY_IMAGES},
    }


def _gallery_row(plain: Mapping[str, Any]) -> GalleryRow:
    images = {name: decode_planes(plain[name], plain["planes"]) for name in _GALLERY_IMAGES}
    return deserialised(GalleryRow, {**plain, **images})
