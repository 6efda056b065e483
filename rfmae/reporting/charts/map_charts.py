"""A feature map as two charts: by class and by SNR."""

import numpy as np

from rfmae.records import EmbeddingMap, FloatArray, IntArray
from rfmae.reporting.charts.chart import Axis, Chart, Note, Panels, Series, signed
from rfmae.reporting.palette import STEPS, step_style, style


def map_panels(found: EmbeddingMap) -> Panels:
    """The same examples by class and by SNR."""
    title = f"{found.method} of {len(found.label)} examples, {found.model}"
    return Panels(title, (_class_map(found), _snr_map(found)))


def _class_map(found: EmbeddingMap) -> Chart:
    """Examples by class, with the name of each class at its middle."""
    series, notes = [], []
    for index, name in enumerate(found.classes):
        places = found.places[found.label == index]
        series.append(Series(name, places[:, 0], places[:, 1], style(index), dots="alone"))
        if len(places):
            x, y = _middle(places)
            colour = style(index).colour
            notes.append(Note((float(x), float(y)), name, colour, is_bold=True, is_centred=True))
    about = f"{found.method} of {len(found.label)} examples by class, {found.model}"
    return Chart(f"{found.model}: {found.method} by class", *_axes(found.places), tuple(series),
                 notes=tuple(notes), about=about, shape="map")  # fmt: skip


def _snr_map(found: EmbeddingMap) -> Chart:
    """The same examples by SNR, from low to high."""
    step = snr_steps(found)
    low, high = float(found.snr_db.min()), float(found.snr_db.max())
    edges = np.linspace(low, high, STEPS + 1)
    series = []
    for n in np.unique(step):
        places, ends = found.places[step == n], edges[n : n + 2].round(1)
        name = f"{' to '.join(map(signed, ends))} dB"
        series.append(Series(name, places[:, 0], places[:, 1], step_style(int(n)), dots="alone"))
    return Chart("by SNR", *_axes(found.places), tuple(series),
                 about=f"The same examples by SNR, {found.model}", shape="map")  # fmt: skip


def snr_steps(found: EmbeddingMap) -> IntArray:
    """The step of the palette of each example, (N,), in equal parts of the range of SNR."""
    low, high = found.snr_db.min(), found.snr_db.max()
    share = (found.snr_db - low) / max(high - low, 1e-9)
    return np.minimum((share * STEPS).astype(int), STEPS - 1)


def _middle(places: FloatArray) -> FloatArray:
    """The example nearest to the median of all, which is inside a cluster, unlike a mean."""
    away = np.linalg.norm(places - np.median(places, axis=0), axis=1)
    return places[away.argmin()]


def _axes(places: FloatArray) -> tuple[Axis, Axis]:
    """Two axes of one scale."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = (float((high - low).max()) * 1.06 or 1.0) / 2
    middle = (low + high) / 2
    x, y = (Axis("", float(m) - half, float(m) + half) for m in middle)
    return x, y
