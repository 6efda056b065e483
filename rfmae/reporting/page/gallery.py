"""The gallery on the page of a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rfmae.reporting.charts.chart import signed

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
