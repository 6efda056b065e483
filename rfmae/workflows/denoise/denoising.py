"""What a denoiser is worth on the test split, from a checkpoint to a report."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rfmae.artefacts import refuse_occupied
from rfmae.datasets.store import Dataset
from rfmae.evaluation.denoising import DenoiseBatch, evaluate_denoising
from rfmae.evaluation.filters import (
    WienerFilter,
    fit_non_local_means,
    fit_wiener,
    median_filtered,
    non_local_means,
)
from rfmae.evaluation.likeness import Images
from rfmae.evaluation.picture_evm import SymbolPlane, sharpest_symbols, symbol_distances
from rfmae.inference import IMAGE, Denoiser, load_denoiser
from rfmae.progress import Progress, Silent
from rfmae.records import (
    DenoiseReport,
    FloatArray,
    GalleryRow,
    IntArray,
    IqPairBatch,
    View,
)
from rfmae.reporting.account import Report
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.workflows.denoise.gallery import by_snr, gallery_places, gallery_row
from rfmae.workflows.denoise.recognition import NOISY, Examiner, open_examiner
from rfmae.workflows.exam.candidates import model_names
from rfmae.workflows.exam.evaluation import Told, provenance
from rfmae.workflows.finding import check_images

_BATCH = 64
_OPPONENT_EXAMPLES = 100  # training images of a class that its mean and the Wiener filter know
_TRIED_EXAMPLES = 8  # of them that say how strict non-local means should be
_ENOUGH_IMAGES = 100  # of each class and SNR point

Pairs = Mapping[View, IqPairBatch]
"""The same examples and their clean twins in every view that images are drawn from."""


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
) -> Told:
    """Reconstructions of the test split beside what they have to beat, and what they help.

    `classifier` is asked to name noisy, denoised and clean images, if one is given; `per_point`
    takes so many examples of each class and SNR point, or all.
    """
    progress = progress or Silent()
    dataset.check_clean()
    refuse_occupied(folder, replaces=REPORT)
    denoiser = load_denoiser(model, device)
    check_images(dataset, denoiser.image, model)
    examiner, cards = None, {"denoiser": denoiser.card}
    if classifier is not None:
        name = model_names([classifier])[0]
        examiner = open_examiner(classifier, name, dataset, denoiser.image, device)
        cards["classifier"] = examiner.card
    denoising, gallery = measure_denoising(dataset, denoiser, per_point, progress, examiner)
    report = Report(
        title=f"Denoising on {dataset.name}",
        headline=denoising_headline(denoising),
        provenance={
            **provenance(dataset, cards),
            "test_split": _reading(per_point),
            **({"command": command} if command else {}),
        },
        denoising=denoising,
        gallery=gallery,
    )
    return Told(report, write_report(report, folder))


def measure_denoising(
    dataset: Dataset,
    denoiser: Denoiser,
    per_point: int | None,
    progress: Progress,
    examiner: Examiner | None = None,
) -> tuple[DenoiseReport, list[GalleryRow]]:
    """Every measure of every answer to the test images, and a few of them to be shown."""
    grid = _rows_per_point(dataset, per_point)
    opponents = fit_opponents(dataset, denoiser, progress)
    shown = set(gallery_places(grid).tolist())
    gallery: list[GalleryRow] = []

    def answered() -> Iterator[DenoiseBatch]:
        for chunk in _chunks(grid.ravel()):
            batch = _answers(_pairs(dataset, "test", chunk, denoiser), denoiser, opponents)
            if examiner is not None:
                examiner.ask(batch)
            places = [place for place, row in enumerate(chunk.tolist()) if row in shown]
            names = [dataset.classes[batch.label[place]] for place in places]
            gallery.extend(map(gallery_row, [batch] * len(places), places, names))
            yield batch

    with progress.stage("evaluate denoising", grid.size, "images") as stage:
        report = evaluate_denoising(
            answered(),
            snr_db=dataset.snr_db,
            classes=dataset.classes,
            snr_reference=dataset.snr_reference,
            device=_measuring_device(denoiser),
            advance=stage.advance,
        )
    recognition = None if examiner is None else examiner.recognition(dataset)
    return replace(report, recognition=recognition, notes=_notes(grid)), by_snr(gallery)


@dataclass(frozen=True, slots=True)
class Opponents:
    """What a denoiser has to beat and what was learnt from training images alone."""

    class_means: FloatArray  # (M, C, H, W), of clean images
    wiener: WienerFilter
    strength: float  # of non-local means


def fit_opponents(dataset: Dataset, denoiser: Denoiser, progress: Progress) -> Opponents:
    """What training images tell: class means, the Wiener filter, how strict to be with pixels."""
    label, _ = dataset.labels("train")
    means: list[FloatArray] = []
    tried: list[tuple[Images, Images]] = []

    def pairs() -> Iterator[tuple[Images, Images]]:
        with progress.stage("fit the opponents", len(dataset.classes), "classes") as stage:
            for index in range(len(dataset.classes)):
                of_class = np.flatnonzero(label == index)
                step = max(1, len(of_class) // _OPPONENT_EXAMPLES)
                noisy, clean = _drawn(
                    _pairs(dataset, "train", of_class[::step], denoiser), denoiser
                )
                means.append(clean.mean(axis=0))
                some = slice(None, None, max(1, len(clean) // _TRIED_EXAMPLES))
                # copies, so that the other images may go
                tried.append((noisy[IMAGE][some].copy(), clean[some].copy()))
                yield noisy[IMAGE], clean
                stage.advance()

    wiener = fit_wiener(pairs())
    return Opponents(np.stack(means), wiener, fit_non_local_means(tried))


def denoising_headline(report: DenoiseReport) -> str:
    """What the reconstruction gained over its input and over the best guess at the class."""
    mean = {name: report.mean(values) for name, values in report.psnr_db.items()}
    psnr = (
        f"Mean PSNR against the clean image: reconstruction {mean['reconstruction']:.1f} dB, "
        f"noisy input {mean[NOISY]:.1f} dB, mean image of the true class "
        f"{mean['class mean']:.1f} dB"
    )
    if report.recognition is None:
        return f"{psnr}."
    accuracy = report.recognition.accuracy
    named = (100 * accuracy[name].accuracy for name in (NOISY, "reconstruction", "clean"))
    words = "{:.1f} % of the noisy, {:.1f} % of the denoised and {:.1f} % of the clean images"
    return f"{psnr}; {report.recognition.classifier} names {words.format(*named)} right."


def _measuring_device(denoiser: Denoiser) -> str:
    """Where SSIM is computed in double precision, which not every accelerator knows."""
    return str(denoiser.device) if denoiser.device.type == "cuda" else "cpu"


def _reading(per_point: int | None) -> str:
    which = "all examples" if per_point is None else f"the first {per_point} of each class and SNR"
    return f"{which} read once, for every answer alike"


def _notes(grid: IntArray) -> tuple[str, ...]:
    examples = grid.shape[2]
    if examples >= _ENOUGH_IMAGES:
        return ()
    return (
        f"Images of each class and SNR point: {examples}, fewer than {_ENOUGH_IMAGES}; look at the "
        "intervals before comparing.",
    )


def _chunks(rows: IntArray) -> list[IntArray]:
    return np.split(rows, range(_BATCH, len(rows), _BATCH))


def _rows_per_point(dataset: Dataset, per_point: int | None) -> IntArray:
    """Test rows (M, S, N), the first `per_point` of each class and SNR point, or all."""
    rows = np.arange(dataset.examples("test"))
    return rows.reshape(len(dataset.classes), len(dataset.snr_db), -1)[:, :, :per_point]


def _pairs(dataset: Dataset, split: str, rows: IntArray, denoiser: Denoiser) -> Pairs:
    """The same examples in every view that the denoiser's images are drawn from."""
    return {view: dataset.read(split, rows, view) for view in denoiser.sight.views}


def _drawn(pairs: Pairs, denoiser: Denoiser) -> tuple[dict[str, FloatArray], FloatArray]:
    """All that the denoiser is shown, and the clean images (N, C, H, W)."""
    shown = denoiser.inputs({view: batch.observed.iq for view, batch in pairs.items()})
    return shown, denoiser.images({view: batch.clean for view, batch in pairs.items()})


def _answers(pairs: Pairs, denoiser: Denoiser, opponents: Opponents) -> DenoiseBatch:
    shown, clean = _drawn(pairs, denoiser)
    noisy = shown[IMAGE]
    observed = next(iter(pairs.values())).observed
    return DenoiseBatch(
        clean=clean,
        answers={
            "reconstruction": denoiser(shown),
            "unmasked": denoiser.unmasked(shown),
            NOISY: noisy,
            "median": median_filtered(noisy),
            "non-local means": non_local_means(noisy, opponents.strength),
            "Wiener": opponents.wiener(noisy),
            "class mean": opponents.class_means[observed.label],
            "blank": np.zeros_like(clean),
        },
        snr_db=observed.snr_db,
        label=observed.label,
        symbols=_symbol_plane(pairs, denoiser),
    )


def _symbol_plane(pairs: Pairs, denoiser: Denoiser) -> SymbolPlane | None:
    number = sharpest_symbols(denoiser.image)
    if number is None:
        return None
    return SymbolPlane(number, symbol_distances(pairs["symbols"].clean, denoiser.image))
