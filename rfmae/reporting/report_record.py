"""The content of a report as a record and as JSON, with conversion both ways."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypedDict

from rfmae.artefacts import versions
from rfmae.errors import ArtefactError
from rfmae.plain import Measured, record, value
from rfmae.records import (
    Assessment,
    Ceiling,
    Comparison,
    DenoiseReport,
    EmbeddingMap,
    GalleryRow,
    RobustnessGrid,
    SnrReport,
    Transfer,
    as_plain,
)
from rfmae.records.label_curve import LabelCurve, LabelDifference
from rfmae.reporting.denoising_verdict import verdict_json
from rfmae.reporting.plane_png import decode_planes, encode_planes

_GALLERY_IMAGES = ("noisy", "reconstructed", "clean")


@dataclass(frozen=True, slots=True)
class Report:
    """A report: the accuracy of some models, the denoising of one, and the provenance.

    The first of `accuracy` is the main model. `ceilings` are the Bayes accuracies of the same class
    list, at the same SNR points, by what the receiver sees; `assessments` have the same names as
    `accuracy`. `label_difference` is the gain by pre-training in `label_curve`.
    `transfer` are models on several data sets.
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
    transfer: Transfer | None = None


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
        "transfer": as_plain(report.transfer) if report.transfer else None,
        # a report that is rendered again keeps the versions that it was made with
        "provenance": report.provenance
        | {"versions": report.provenance.get("versions", versions())},
    }
    return {name: strict(item) for name, item in plain.items()}


def whole_json(report: Report) -> dict[str, Any]:
    """The report with its images: everything that a page needs."""
    return {**report_json(report), "gallery": [_gallery_json(row) for row in report.gallery]}


def report_of(plain: Any) -> Report:
    """The report of a JSON record; parts that an older one lacks stay empty.

    What other programs find beside the records (ratios, intervals, the verdict) follows from them
    and is not read. Raises `ArtefactError` for anything else that does not fit.
    """
    known = _known(Report, value(dict[str, Any], plain, "report"))
    given = {name: item for name, item in known.items() if item is not None}
    rows = [
        _gallery_row(row) for row in value(list[Any], given.pop("gallery", []), "report.gallery")
    ]
    accuracy = given.get("accuracy", {})
    if isinstance(accuracy, Mapping):
        given["accuracy"] = {name: _known(SnrReport, item) for name, item in accuracy.items()}
    if "denoising" in given:
        given["denoising"] = _known(DenoiseReport, given["denoising"])
    found = record(Report, given, "report")
    _check_parts(found)
    return replace(found, gallery=tuple(rows))


def _check_parts(report: Report) -> None:
    """Raise `ArtefactError` where parts of a report are not of the same models or points."""
    if lost := report.assessments.keys() - report.accuracy.keys():
        raise ArtefactError(f"assessments of models without accuracy: {', '.join(sorted(lost))}")
    points = {len(item.snr_db) for item in report.accuracy.values()}
    points |= {len(item.snr_db) for item in report.ceilings.values()}
    for item in report.assessments.values():
        points |= {len(item.macro_f1_per_snr), len(item.calibration.ece_per_snr)}
        if item.gap is not None:
            points |= {len(values) for values in item.gap.ratio_per_snr.values()}
            points |= {len(item.gap.model_loss_per_snr)}
    if len(points) > 1 or 0 in points:
        raise ArtefactError(f"its parts have different numbers of SNR points: {sorted(points)}")
    curve, difference = report.label_curve, report.label_difference
    if curve is not None and not curve.means:
        raise ArtefactError("its label curve has no means")
    if curve is not None and difference is not None:
        for method in (difference.first, difference.second):
            if not any(mean.budget == difference.budget for mean in curve.of(method)):
                raise ArtefactError(f"its label curve lacks {method} at {difference.budget} labels")


def strict(plain: Any) -> Any:
    """The same with null for every number that JSON lacks, such as NaN."""
    if isinstance(plain, dict):
        return {name: strict(item) for name, item in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [strict(item) for item in plain]
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain


def _known(kind: type[Any], plain: Any) -> Any:
    """What a record holds itself, of an object that other programs find more in."""
    if not isinstance(plain, Mapping):
        return plain
    names = {field.name for field in fields(kind)}
    return {name: item for name, item in plain.items() if name in names}


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


def _gallery_json(row: GalleryRow) -> dict[str, Any]:
    return {
        "true": row.true,
        "snr_db": row.snr_db,
        "psnr_db": strict(row.psnr_db),
        "ssim": strict(row.ssim),
        "planes": len(row.clean),
        **{name: encode_planes(getattr(row, name)) for name in _GALLERY_IMAGES},
    }


def _gallery_row(plain: Any) -> GalleryRow:
    kept = value(_StoredRow, plain, "report.gallery")
    images = {name: decode_planes(kept[name], kept["planes"]) for name in _GALLERY_IMAGES}
    return GalleryRow(kept["true"], kept["snr_db"], **images, psnr_db=kept["psnr_db"],
                      ssim=kept["ssim"])  # fmt: skip


class _StoredRow(TypedDict):
    """A row of the gallery, its images as text."""

    true: str
    snr_db: float
    planes: int
    noisy: str
    reconstructed: str
    clean: str
    psnr_db: tuple[Measured, Measured]
    ssim: tuple[Measured, Measured]
