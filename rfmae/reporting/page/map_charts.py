"""A feature map as two charts of the page: by class and by SNR."""

from collections.abc import Sequence

import numpy as np

from rfmae.records import EmbeddingMap, FloatArray
from rfmae.reporting.page.svg import Frame, dots, drawing, words
from rfmae.reporting.palette import SERIES, STEPS


def class_map(found: EmbeddingMap) -> str:
    """Examples coloured by class, with the name of each class at its middle."""
    frame = _frame(found.places)
    marks, names = [], []
    for index, name in enumerate(found.classes):
        places = found.places[found.label == index]
        if not len(places):
            continue
        colour = f"c{index % len(SERIES)}"
        extra = f' data-class="{index}"'
        marks.append(dots(_at(frame, places), f"speck {colour}", extra))
        middle = _at(frame, _middle(places)[None])[0]
        names.append(words(middle, name, f"place-name {colour}", "middle"))
    label = f"{found.method} of {len(found.label)} examples by class, {found.model}"
    return drawing(frame, [*marks, *names], label, "map")


def snr_map(found: EmbeddingMap) -> str:
    """The same examples coloured by SNR, from low to high."""
    frame = _frame(found.places)
    step = snr_steps(found)
    marks = [
        dots(_at(frame, found.places[step == index]), f"speck q{index}")
        for index in range(len(STEPS))
        if (step == index).any()
    ]
    return drawing(frame, marks, f"The same examples by SNR, {found.model}", "map")


def snr_steps(found: EmbeddingMap) -> FloatArray:
    """The step of the palette of each example, (N,), in equal parts of the range of SNR."""
    low, high = found.snr_db.min(), found.snr_db.max()
    share = (found.snr_db - low) / max(high - low, 1e-9)
    return np.minimum((share * len(STEPS)).astype(int), len(STEPS) - 1)


def _middle(places: FloatArray) -> FloatArray:
    """The example nearest to the median of all, which is inside a cluster, unlike a mean."""
    away = np.linalg.norm(places - np.median(places, axis=0), axis=1)
    return places[away.argmin()]


def _frame(places: FloatArray) -> Frame:
    low, high = places.min(axis=0), places.max(axis=0)
    side = float((high - low).max()) * 1.06 or 1.0
    middle = (low + high) / 2
    x, y = ((float(m) - side / 2, float(m) + side / 2) for m in middle)
    return Frame(440, 440, 8, 8, 8, 8, x, y)


def _at(frame: Frame, places: FloatArray) -> Sequence[tuple[float, float]]:
    return frame.at([(float(x), float(y)) for x, y in places])
