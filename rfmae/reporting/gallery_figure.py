"""A figure of a gallery: noisy, reconstructed and clean images of a few examples."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rfmae.records import FloatArray, GalleryRow

_STRIP_ROWS = 10


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
