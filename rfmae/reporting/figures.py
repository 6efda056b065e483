"""Figures of the reports: accuracy against SNR, confusion, the denoising strip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rfmae.records import Ceiling, DenoiseReport, SnrReport
from rfmae.reporting.tables import NO_CEILINGS
from rfmae.units import SNR_REFERENCE_NAMES, SnrReference

_DPI = 140
_CEILING_DASHES = ("-", (0, (6, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)), (0, (1, 1)))
_COLOURS = ("#0b62a4", "#d1603d", "#4a8c5d", "#8a5aa8", "#8c8c8c")


@dataclass(frozen=True, slots=True)
class StripRow:
    """One example of the denoising strip; images are (C, H, W) in [0, 1]."""

    title: str
    noisy: npt.NDArray[Any]
    reconstructed: npt.NDArray[Any]
    clean: npt.NDArray[Any]
    psnr_db: tuple[float, float]  # noisy, reconstructed
    ssim: tuple[float, float]


def draw_accuracy(
    reports: dict[str, SnrReport], path: Path, ceilings: Mapping[str, Ceiling] = NO_CEILINGS
) -> None:
    """Accuracy against SNR with 95 % Wilson intervals, one line a model, and the chance level.

    What lies above the first ceiling is shaded: nobody gets there.
    """
    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.subplots()
    _draw_ceilings(axes, ceilings)
    for (name, report), colour in zip(reports.items(), cycle(_COLOURS), strict=False):
        interval = report.interval_per_snr
        axes.fill_between(report.snr_db, interval[:, 0], interval[:, 1], color=colour, alpha=0.18)
        axes.plot(report.snr_db, report.accuracy_per_snr, "o-", ms=3.5, color=colour, label=name)
    first = next(iter(reports.values()))
    _chance(axes, len(first.classes), first.snr_db[0])
    _snr_axis(axes, first.snr_reference)
    axes.set_ylabel("accuracy")
    axes.set_title(f"Accuracy on {first.examples} test examples, 95 % Wilson intervals")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=_DPI)


def draw_ceilings(ceilings: Mapping[str, Ceiling], title: str, path: Path) -> None:
    """Bayes accuracy against SNR, one line a ceiling, and the chance level."""
    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    axes = figure.subplots()
    first = next(iter(ceilings.values()))
    _draw_ceilings(axes, ceilings)
    _chance(axes, len(first.classes), first.snr_db[0])
    _snr_axis(axes, first.snr_reference)
    axes.set_ylabel("Bayes accuracy")
    axes.set_title(title, fontsize=11)
    axes.legend(fontsize=8, loc="lower right", edgecolor="none")
    figure.savefig(path, dpi=_DPI)


def _draw_ceilings(axes: Axes, ceilings: Mapping[str, Ceiling]) -> None:
    for place, (name, ceiling) in enumerate(ceilings.items()):
        if place == 0:
            axes.fill_between(ceiling.snr_db, ceiling.accuracy, 1.02, color="0.9", lw=0)
        bound = "ceiling" if ceiling.is_bound else "reached by a reader"
        axes.plot(
            ceiling.snr_db,
            ceiling.accuracy,
            color="0.25",
            lw=1.2,
            ls=_CEILING_DASHES[place % len(_CEILING_DASHES)],
            label=f"{bound}: {name}",
        )
    axes.set_ylim(0, 1.02)


def _chance(axes: Axes, classes: int, snr_db: float) -> None:
    chance = 1 / classes
    axes.axhline(chance, color="0.5", lw=0.8, ls="--")
    axes.annotate("chance", (snr_db, chance), xytext=(2, 3), textcoords="offset points",
                  fontsize=8, color="0.4")  # fmt: skip


def draw_confusion(report: SnrReport, title: str, path: Path) -> None:
    """Confusion over all SNR points; each row is a true class and sums to 100 %."""
    counts = report.confusion
    shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.0 + 0.5 * len(report.classes)
    figure = Figure(figsize=(side + 0.9, side), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for row, column in np.ndindex(shares.shape):
        share = shares[row, column]
        if share >= 0.5:
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=8,
                      color="white" if share > 55 else "black")  # fmt: skip
    names = list(report.classes)
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("named class")
    axes.set_ylabel("true class")
    axes.set_title(title, fontsize=10)
    figure.colorbar(picture, ax=axes, fraction=0.045, pad=0.03, label="% of the true class")
    figure.savefig(path, dpi=_DPI)


def draw_denoising(report: DenoiseReport, path: Path) -> None:
    """Mean PSNR and SSIM against SNR of the reconstruction and of what it has to beat."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, values, label in (
        (left, report.psnr_db, "PSNR in dB"),
        (right, report.ssim, "SSIM"),
    ):
        for (name, line), colour in zip(values.items(), cycle(_COLOURS), strict=False):
            axes.plot(report.snr_db, line, "o-", ms=3.5, color=colour, label=name)
        _snr_axis(axes, report.snr_reference)
        axes.set_ylabel(label)
    names = left.get_legend_handles_labels()
    figure.legend(*names, loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    total = int(report.examples_per_snr.sum())
    figure.suptitle(f"Likeness to the clean image, means over {total} single images")
    figure.savefig(path, dpi=_DPI)


def draw_strip(rows: Sequence[StripRow], path: Path) -> None:
    """Noisy | reconstructed | clean, one example a row, PSNR and SSIM under each picture."""
    figure = Figure(figsize=(6.6, 2.35 * len(rows) + 0.3), layout="constrained")
    grid = figure.subplots(len(rows), 3, squeeze=False)
    for line, row in zip(grid, rows, strict=True):
        noisy = f"PSNR {row.psnr_db[0]:.1f} dB   SSIM {row.ssim[0]:.2f}"
        reconstructed = f"PSNR {row.psnr_db[1]:.1f} dB   SSIM {row.ssim[1]:.2f}"
        for axes, image, caption in zip(
            line,
            (row.noisy, row.reconstructed, row.clean),
            (noisy, reconstructed, ""),
            strict=True,
        ):
            axes.imshow(_as_picture(image), interpolation="nearest")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.set_xlabel(caption, fontsize=8)
        line[0].set_ylabel(row.title, fontsize=9)
    for axes, title in zip(grid[0], ("noisy", "reconstructed", "clean"), strict=True):
        axes.set_title(title, fontsize=10)
    figure.savefig(path, dpi=_DPI)


def _as_picture(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Planes (C, H, W) as something matplotlib shows: three planes are red, green and blue."""
    picture = np.moveaxis(image, 0, -1).clip(0.0, 1.0).astype(np.float32)
    return picture if picture.shape[-1] == 3 else picture[..., 0]


def _snr_axis(axes: Axes, reference: SnrReference) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))
    axes.set_xlabel(f"{SNR_REFERENCE_NAMES[reference]} in dB")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
