"""The results of a denoiser as tables and as a section of Markdown."""

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np

from rfmae.records import DenoiseReport, ImageQuality, Mean, Recognition
from rfmae.reporting.assessment_tables import comparison_table
from rfmae.reporting.denoising_verdict import (
    VERDICT,
    recognition_sentence,
    verdict_details,
    verdict_sentence,
    verdict_tables,
)
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
)
from rfmae.reporting.table_writers import markdown
from rfmae.reporting.tables import accuracy_csv, accuracy_table, snr_column

MEASURES: dict[str, tuple[str, int]] = {
    "psnr_db": ("PSNR in dB", 2),
    "ssim": ("SSIM", 3),
    "foreground_psnr_db": ("PSNR of the foreground in dB", 2),
    "evm_percent": ("EVM in %", 1),
}
"""Titles of the measures, and the decimals that are printed."""

_OF_CLASSES = ("psnr_db", "ssim")
_SHOWN_BY_CLASS = ("noisy", "reconstruction", "class mean")
_BY_CLASS = "By class"
_RECOGNITION = "Recognition: accuracy in % (95 %)"
_BEFORE_AFTER = "Recognition: paired comparisons"
_ALL = "all"
_EXAMPLES = Column("examples", COUNT)


def denoise_table(report: DenoiseReport, form: Format | None = None) -> Table:
    """Mean PSNR and SSIM of every answer per SNR, and over all examples last."""
    held = {"PSNR": (report.psnr_db, "psnr_db"), "SSIM": (report.ssim, "ssim")}
    means = {
        Column(f"{name} {answer}", form or _form(measure)): values
        for name, (answers, measure) in held.items()
        for answer, values in answers.items()
    }
    rows: list[list[Cell]] = [
        [snr_db, *(values[s] for values in means.values()), int(report.examples_per_snr[s])]
        for s, snr_db in enumerate(report.snr_db)
    ]
    total = int(report.examples_per_snr.sum())
    rows.append([_ALL, *(report.mean(values) for values in means.values()), total])
    return Table.of([snr_column(report.snr_reference), *means, _EXAMPLES], rows, has_total=True)


def image_quality_table(report: DenoiseReport, measure: str, *, intervals: bool = True) -> Table:
    """One measure per SNR, a column an answer, all examples last; ± half of its 95 % interval."""
    held = {name: item for name, item in report.of(measure).items() if item.examples.any()}
    points = [item.per_snr for item in held.values()]
    rows: list[list[Cell]] = [
        [
            snr_db,
            *(_cell(mean, s, spread=intervals) for mean in points),
            int(report.examples_per_snr[s]),
        ]
        for s, snr_db in enumerate(report.snr_db)
    ]
    overall = [_cell(item.overall, spread=intervals) for item in held.values()]
    rows.append([_ALL, *overall, int(report.examples_per_snr.sum())])
    columns = [snr_column(report.snr_reference), *files_columns(held, _form(measure)), _EXAMPLES]
    return Table.of(columns, rows, has_total=True)


def class_table(report: DenoiseReport) -> Table:
    """PSNR and SSIM of each class over all SNR points: noisy, reconstruction, class mean."""
    means = {
        Column(f"{MEASURES[measure][0].split()[0]} {answer}", _form(measure)): item.per_class
        for measure in _OF_CLASSES
        for answer, item in report.of(measure).items()
        if answer in _SHOWN_BY_CLASS
    }
    rows = [
        (name, *(_cell(mean, m) for mean in means.values()))
        for m, name in enumerate(report.classes)
    ]
    return Table.of([Column("class"), *means], rows)


def recognition_table(recognition: Recognition) -> Table:
    """Accuracy in % with Wilson intervals of one classifier per SNR, a column a kind of images."""
    return accuracy_table(recognition.accuracy)


def denoising_csv(report: DenoiseReport) -> Table:
    """One row for each measure, answer, class and SNR, `all` of either included, six decimals."""
    columns = files_columns(("measure", "answer", "class"))
    columns += [Column("snr_db", SNR), Column("snr_reference"), _EXAMPLES]
    columns += files_columns(("mean", "low_95", "high_95"), SIX)
    rows = [
        (item.measure, item.answer, name, snr_db, report.snr_reference, *_numbers(mean))
        for item in report.likeness
        for name, snr_db, mean in _cells(item, report)
    ]
    return Table.of(columns, rows)


def recognition_csv(recognition: Recognition) -> Table:
    """One row for each kind of images and SNR, six decimals."""
    return accuracy_csv(recognition.accuracy, "images")


def denoising_tables(report: DenoiseReport) -> dict[str, Table]:
    """Every table of a report by its title, in order."""
    tables = {
        title: image_quality_table(report, measure)
        for measure, (title, _) in MEASURES.items()
        if report.of(measure)
    } or {"PSNR in dB and SSIM": denoise_table(report)}
    tables |= verdict_tables(report)
    if report.of("psnr_db"):
        tables[_BY_CLASS] = class_table(report)
    if report.recognition is not None:
        tables[_RECOGNITION] = recognition_table(report.recognition)
        tables[_BEFORE_AFTER] = comparison_table(report.recognition.comparisons)
    return tables


def denoising_section(report: DenoiseReport) -> list[str]:
    """The section of a report about denoising, as blocks of Markdown."""
    section = ["## Denoising: similarity to the clean image", *denoising_words(report)]
    section += [f"- {note}" for note in report.notes]
    section.append("![similarity against SNR](figures/denoising.png)")
    if report.recognition is not None:
        section.append("![recognition accuracy against SNR](figures/recognition.png)")
    for title, table in denoising_tables(report).items():
        section += [f"### {title}", *EXPLAINED.get(title, ()), markdown(table)]
    return section


def denoising_words(report: DenoiseReport) -> list[str]:
    """The sentences of a denoising evaluation: the answers, the verdict, recognition."""
    words = [" ".join([_MEANS, *(text for name, text in _ANSWERS if name in report.answers)])]
    if report.differences:
        words += [verdict_sentence(report), verdict_details(report)]
    if report.recognition is not None:
        words.append(recognition_sentence(report.recognition))
    return words


_MEANS = (
    "Means over single images, not over pooled pixels, ± half of their 95 % interval from the "
    "spread within each class and SNR; data range 1."
)
_ANSWERS = (
    ("reconstruction", "*Reconstruction*: the output of the network for the noisy image."),
    (
        "unmasked",
        "Every patch of it was predicted while hidden; *unmasked*: nothing was hidden.",
    ),
    (
        "mask average",
        "Nothing of it was hidden; *mask average*: every patch was predicted while hidden.",
    ),
    ("noisy", "*Noisy*: the input itself."),
    ("median", "*Median*: of 3×3 pixels of the input."),
    (
        "non-local means",
        "*Non-local means*: a weighted mean of pixels with similar patches, its strength fitted on "
        "training images.",
    ),
    (
        "Wiener",
        "*Wiener*: the best shift-invariant linear filter, fitted on training images.",
    ),
    (
        "linear optimum",
        "*Linear optimum*: the best linear map of the whole image, by ridge regression on "
        "training images.",
    ),
    (
        "class mean",
        "*Class mean*: the mean clean image of the true class, which no other method knows.",
    ),
    ("blank", "*Blank*: black."),
)
"""Explanations of the answers."""

EXPLAINED: dict[str, tuple[str, ...]] = {
    MEASURES["ssim"][0]: (
        "Gaussian window of deviation 1.5 pixels, as in scikit-image, mean over the planes.",
    ),
    MEASURES["foreground_psnr_db"][0]: (
        "Over pixels brighter than a tenth of the brightest one of their plane in the clean image.",
    ),
    MEASURES["evm_percent"][0]: (
        "Rms distance of the brightness of the sharpest plane of symbols from the nearest clean "
        "symbol, over the rms amplitude of the clean ones. The kernel that draws a symbol counts "
        "as an error, as the clean images show.",
    ),
    VERDICT: (
        "Yes where the reconstruction is better than every reference on the same images, with "
        "the whole 95 % interval on the better side of zero; otherwise the references that are "
        "not beaten.",
    ),
    _RECOGNITION: ("One classifier on noisy, denoised and clean images of the same examples.",),
    _BEFORE_AFTER: (
        "Each kind of images against the noisy ones, example by example; the last p is corrected "
        "for all pairs of the table (Holm).",
    ),
}
"""Explanations of tables, by their titles."""


def _form(measure: str) -> Format:
    return Format(f".{MEASURES[measure][1]}f", interval="half")


def _cell(mean: Mean, place: int | tuple[()] = (), *, spread: bool = True) -> Cell:
    if not mean.examples[place]:
        return None
    value, half = float(mean.value[place]), float(mean.half[place])
    return Ranged(value, value - half, value + half) if spread else value


def _cells(item: ImageQuality, report: DenoiseReport) -> Iterator[tuple[str, Cell, Mean]]:
    """Class, SNR and mean of all images, of each SNR, of each class, of each of both."""
    yield _ALL, _ALL, item.overall
    points = zip(report.snr_db, _each(item.per_snr), strict=True)
    yield from ((_ALL, snr_db, mean) for snr_db, mean in points)
    of_classes = zip(report.classes, _each(item.per_class), strict=True)
    yield from ((name, _ALL, mean) for name, mean in of_classes)
    for (s, snr_db), (m, name) in product(enumerate(report.snr_db), enumerate(report.classes)):
        yield name, snr_db, item.cell(s, m)


def _each(means: Mean) -> Iterable[Mean]:
    parts = zip(means.examples, means.value, means.half, strict=True)
    return (Mean(*map(np.asarray, part)) for part in parts)


def _numbers(mean: Mean) -> tuple[Cell, ...]:
    """Count, mean and bounds; nothing where unknown."""
    known = bool(mean.examples > 0)
    numbers = (mean.value, mean.value - mean.half, mean.value + mean.half)
    return (int(mean.examples), *(float(number) if known else None for number in numbers))
