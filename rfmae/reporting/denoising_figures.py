"""Figures of a denoising evaluation: image quality and accuracy against SNR, and examples."""

from collections.abc import Iterable, Sequence
from itertools import cycle

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rfmae.records import DenoiseReport, FloatArray, GalleryRow, Recognition
from rfmae.reporting.denoising_tables import MEASURES
from rfmae.reporting.palette import SERIES
from rfmae.units import SNR_REFERENCE_NAMES, SnrReference

_STRIP_ROWS = 10
_ANSWER = "reconstruction"  # drawn thicker than the references
_OTHERS = ("noisy", "unmasked", "median", "Wiener", "class mean", "non-local means", "clean")
_COLOURS = {
    **dict(zip((_ANSWER, *_OTHERS), SERIES, strict=True)),
    "mask average": SERIES[1 + _OTHERS.index("unmasked")],  # the two never occur together
    "linear optimum": "#101010",
    "blank": "#a8a8a8",
}
"""An answer has the same colour in every panel."""


def denoising_figures(report: DenoiseReport, gallery: Sequence[GalleryRow]) -> dict[str, Figure]:
    """Every figure of a report by the name of its file."""
    figures = {"denoising": draw_denoising(report)}
    if report.recognition is not None:
        figures["recognition"] = draw_recognition(report.recognition)
    if gallery:
        figures["strip"] = draw_strip(gallery)
    return figures


def draw_denoising(report: DenoiseReport) -> Figure:
    """Every measure against SNR with 95 % intervals: the reconstruction and its references."""
    panels = [name for name in MEASURES if report.of(name)] or ["psnr_db", "ssim"]
    rows = -(-len(panels) // 2)
    figure = Figure(figsize=(9.2, 3.5 * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, 2, squeeze=False).ravel()
    for axes, measure in zip(grid, panels, strict=False):
        _panel(axes, report, measure)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    handles = {
        name: handle
        for axes in grid
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        [*handles.values()],
        [*handles],
        loc="outside lower center",
        ncols=-(-len(handles) // 2),  # two rows: all names fit
        frameon=False,
        fontsize=8,
    )
    total = int(report.examples_per_snr.sum())
    figure.suptitle(
        f"Similarity to the clean image, means over {total:,} single images", fontsize=11
    )
    return figure


def draw_recognition(recognition: Recognition) -> Figure:
    """Accuracy of one classifier against SNR on noisy, denoised and clean images."""
    figure = Figure(figsize=(7.4, 4.4), layout="constrained")
    axes = figure.subplots()
    reports = recognition.accuracy
    for (name, report), colour in zip(reports.items(), _colours(reports), strict=True):
        interval = report.interval_per_snr
        axes.fill_between(report.snr_db, *interval.T, color=colour, alpha=0.1, lw=0)
        axes.plot(report.snr_db, report.accuracy_per_snr, "o-", ms=3.5, color=colour, label=name)
    first = next(iter(reports.values()))
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("accuracy")
    _snr_axis(axes, first.snr_reference)
    axes.legend(frameon=False, fontsize=8)
    axes.set_title(
        f"{recognition.classifier} on {first.examples:,} test examples, 95 % Wilson intervals",
        fontsize=11,
    )
    return figure


def draw_strip(gallery: Sequence[GalleryRow]) -> Figure:
    """Noisy | reconstructed | clean: ten examples at most, PSNR and SSIM under each image."""
    shown = strip_rows(gallery)
    columns = 2 if len(shown) > _STRIP_ROWS // 2 else 1
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(6.6 * columns, 2.4 * lines + 0.3), layout="constrained")
    grid = figure.subplots(lines, 3 * columns, squeeze=False)
    for axes in grid.ravel():
        axes.set_axis_off()
    for place, row in enumerate(shown):
        column, line = divmod(place, lines)
        _strip_line([*grid[line, 3 * column : 3 * column + 3]], row, is_first=line == 0)
    return figure


def strip_rows(gallery: Sequence[GalleryRow]) -> list[GalleryRow]:
    """Ten rows of a gallery, evenly from its first to its last, or all of a shorter one."""
    count = min(_STRIP_ROWS, len(gallery))
    places = np.linspace(0, len(gallery) - 1, count).round().astype(int)
    return [gallery[place] for place in places]


def _panel(axes: Axes, report: DenoiseReport, measure: str) -> None:
    """One measure of every answer."""
    kept = {name: item for name, item in report.of(measure).items() if item.examples.any()}
    bare = {"psnr_db": report.psnr_db, "ssim": report.ssim}.get(measure, {})
    means = {name: item.per_snr.value for name, item in kept.items()} or bare
    for (name, value), colour in zip(means.items(), _colours(means), strict=True):
        if name in kept:
            half = np.nan_to_num(kept[name].per_snr.half)
            axes.fill_between(
                report.snr_db, value - half, value + half, color=colour, alpha=0.2, lw=0
            )
        weight = 2.0 if name == _ANSWER else 1.1
        axes.plot(report.snr_db, value, "o-", ms=1.6 * weight, lw=weight, color=colour, label=name)
    _snr_axis(axes, report.snr_reference)
    axes.set_ylabel(MEASURES[measure][0])


def _colours(answers: Iterable[str]) -> list[str]:
    """A colour for each answer; unknown ones take colours that are not used."""
    named = [*answers]
    taken = {_COLOURS.get(name) for name in named}
    others = cycle([colour for colour in SERIES if colour not in taken] or SERIES)
    return [_COLOURS.get(name) or next(others) for name in named]


def _strip_line(line: Sequence[Axes], row: GalleryRow, *, is_first: bool) -> None:
    images = (row.noisy, row.reconstructed, row.clean)
    captions = [
        f"PSNR {psnr:.1f} dB   SSIM {ssim:.2f}"
        for psnr, ssim in zip(row.psnr_db, row.ssim, strict=True)
    ]
    titles = ("noisy", "reconstructed", "clean")
    for axes, image, caption, title in zip(line, images, [*captions, ""], titles, strict=True):
        axes.set_axis_on()
        axes.imshow(_as_image(image), interpolation="nearest", cmap="gray", vmin=0, vmax=1)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(caption, fontsize=8)
        if is_first:
            axes.set_title(title, fontsize=10)
    line[0].set_ylabel(f"{row.true}, {row.snr_db:g} dB", fontsize=9)


def _as_image(image: FloatArray) -> FloatArray:
    """Planes (C, H, W) for matplotlib: the first three as red, green and blue, or the first."""
    shown = np.moveaxis(image, 0, -1).clip(0.0, 1.0).astype(np.float32)
    return shown[..., :3] if shown.shape[-1] >= 3 else shown[..., 0]


def _snr_axis(axes: Axes, reference: SnrReference) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(f"{SNR_REFERENCE_NAMES[reference]} in dB")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
