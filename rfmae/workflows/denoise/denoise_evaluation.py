"""Evaluation of a denoiser on the test split, from a checkpoint to a report."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from rfmae.artefacts import refuse_occupied
from rfmae.datasets.store import Dataset
from rfmae.evaluation.denoise_measures import (
    RECONSTRUCTION,
    DenoiseBatch,
    evaluate_denoising,
)
from rfmae.evaluation.gallery import by_snr, gallery_places, gallery_row
from rfmae.evaluation.image_evm import SymbolPlane, sharpest_symbols, symbol_distances
from rfmae.evaluation.recognition import RecognitionTest
from rfmae.evaluation.references import REFERENCES, References
from rfmae.inference import IMAGE, Denoiser, ImageDenoiser, load_denoiser
from rfmae.progress import Logged, Progress
from rfmae.records import DenoiseReport, GalleryRow, IntArray
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.reporting.headlines import denoising_headline
from rfmae.reporting.notes import denoised_split_reading, denoising_notes
from rfmae.reporting.report_record import Report
from rfmae.workflows.denoise.recognition import open_recognition_test
from rfmae.workflows.denoise.references import fit_references
from rfmae.workflows.denoise.rendered_pairs import Pairs, drawn, in_batches, pairs_of
from rfmae.workflows.evaluate.predictors import model_names
from rfmae.workflows.evaluate.snr_evaluation import WrittenReport, provenance


def eval_denoise(
    dataset: Dataset,
    model: Path,
    folder: Path,
    *,
    classifier: Path | None = None,
    per_point: int | None = None,
    command: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> WrittenReport:
    """Compare reconstructions of the test split with references, and write the report.

    `classifier` is evaluated on noisy, denoised and clean images, if one is given; `per_point`
    takes so many examples of each class and SNR point, or all.
    """
    progress = progress or Logged()
    dataset.check_clean()
    refuse_occupied(folder, replaces=REPORT)
    denoiser = load_denoiser(model, device)
    dataset = dataset.rendered_as(denoiser.image)
    recognition_test, cards = None, {"denoiser": denoiser.card}
    if classifier is not None:
        name = model_names([classifier])[0]
        recognition_test = open_recognition_test(classifier, name, dataset, denoiser.image, device)
        cards["classifier"] = recognition_test.card
    denoising, gallery = measure_denoising(dataset, denoiser, per_point, progress, recognition_test)
    report = Report(
        title=f"Denoising on {dataset.name}",
        headline=denoising_headline(denoising),
        provenance={
            **provenance(dataset, cards),
            "test_split": denoised_split_reading(per_point),
            **({"command": command} if command else {}),
        },
        denoising=denoising,
        gallery=gallery,
    )
    return WrittenReport(report, write_report(report, folder))


def measure_denoising(
    dataset: Dataset,
    denoiser: ImageDenoiser,
    per_point: int | None,
    progress: Progress,
    recognition_test: RecognitionTest | None = None,
) -> tuple[DenoiseReport, list[GalleryRow]]:
    """Every measure of every answer to the test images, and a gallery of a few."""
    grid = _rows_per_point(dataset, per_point)
    references = fit_references(dataset, denoiser, progress)
    shown = set(gallery_places(grid).tolist())
    gallery: list[GalleryRow] = []

    def batches() -> Iterator[DenoiseBatch]:
        for chunk in in_batches(grid.ravel()):
            batch = _answers(pairs_of(dataset, "test", chunk, denoiser), denoiser, references)
            if recognition_test is not None:
                recognition_test.add(batch)
            places = [place for place, row in enumerate(chunk.tolist()) if row in shown]
            names = [dataset.classes[batch.label[place]] for place in places]
            gallery.extend(map(gallery_row, [batch] * len(places), places, names))
            yield batch

    with progress.stage("evaluate denoising", grid.size, "images") as stage:
        report = evaluate_denoising(
            batches(),
            snr_db=dataset.snr_db,
            classes=dataset.classes,
            snr_reference=dataset.snr_reference,
            references=REFERENCES,
            device=_measuring_device(denoiser),
            advance=stage.advance,
        )
    if recognition_test is not None:
        recognition = recognition_test.recognition(
            dataset.classes, dataset.snr_db, dataset.snr_reference
        )
        report = replace(report, recognition=recognition)
    return replace(report, notes=denoising_notes(grid.shape[2])), by_snr(gallery)


def _measuring_device(denoiser: ImageDenoiser) -> str:
    """The device of SSIM, which needs double precision."""
    return str(denoiser.device) if denoiser.device.type == "cuda" else "cpu"


def _rows_per_point(dataset: Dataset, per_point: int | None) -> IntArray:
    """Test rows (M, S, N), the first `per_point` of each class and SNR point, or all."""
    rows = np.arange(dataset.examples("test"))
    return rows.reshape(len(dataset.classes), len(dataset.snr_db), -1)[:, :, :per_point]


def _answers(pairs: Pairs, denoiser: ImageDenoiser, references: References) -> DenoiseBatch:
    shown, clean = drawn(pairs, denoiser)
    observed = next(iter(pairs.values())).observed
    return DenoiseBatch(
        clean=clean,
        answers={
            RECONSTRUCTION: denoiser(shown),
            **(denoiser.other_ways(shown) if isinstance(denoiser, Denoiser) else {}),
            **references.answers(shown[IMAGE], observed.label),
        },
        snr_db=observed.snr_db,
        label=observed.label,
        symbols=_symbol_plane(pairs, denoiser),
    )


def _symbol_plane(pairs: Pairs, denoiser: ImageDenoiser) -> SymbolPlane | None:
    number = sharpest_symbols(denoiser.image)
    if number is None:
        return None
    return SymbolPlane(number, symbol_distances(pairs["symbols"].clean, denoiser.image))
