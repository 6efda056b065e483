"""A spectrogram with frames around what is marked in it."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.patches import Rectangle

from rfmae.records import FloatArray
from rfmae.reporting.iq_axes import (
    density_unit,
    frequency_unit,
    need_samples,
    panel_title,
    timed,
    unit_of,
)
from rfmae.reporting.iq_excerpt import Excerpt, Mark
from rfmae.reporting.iq_measures import above_floor, density_over_time
from rfmae.units import ratio_to_db

_MOST_FRAMES, _MOST_LABELS = 300, 40  # more would hide what they frame


def spectrogram(panel: SubFigure, excerpt: Excerpt) -> None:
    """Power density over time and frequency, the clean twin's beside it in the same colours."""
    need_samples(excerpt)
    grid = panel.subplots(1, len(excerpt.twins), sharey=True, squeeze=False)[0]
    hertz, hertz_unit = frequency_unit(excerpt)
    low, high = (excerpt.centre_hz / hertz + side * excerpt.rate / 2 / hertz for side in (-1, 1))
    duration = excerpt.iq.size / excerpt.rate
    seconds, seconds_unit = unit_of(duration, "s") if timed(excerpt) else (1.0, "samples")
    top_db = bottom_db = 0.0
    for axes, (name, _, iq) in zip(grid, excerpt.twins, strict=True):
        _, _, density = density_over_time(iq, excerpt.rate)
        level_db = ratio_to_db(above_floor(density))
        if name == "observed":
            top_db, bottom_db = _shown_range(level_db)
        image = axes.imshow(
            level_db,
            origin="lower",
            aspect="auto",
            extent=(0, duration / seconds, low, high),
            vmin=bottom_db,
            vmax=top_db,
            cmap="magma",
            interpolation="nearest",
        )
        axes.ticklabel_format(useOffset=False, style="plain")
        _frames(axes, excerpt, seconds, hertz)
        axes.set_xlabel(f"time in {seconds_unit}")
        axes.set_title(name, fontsize=9)
    grid[0].set_ylabel(f"frequency in {hertz_unit}")
    panel.colorbar(image, ax=list(grid), fraction=0.05, pad=0.02, label=density_unit(excerpt))
    panel_title(panel, f"Spectrogram, {excerpt.count}{_marked(excerpt)}", grid)


def _marked(excerpt: Excerpt) -> str:
    """How many of the marks are framed, where it is not all of them."""
    count = len(excerpt.marks)
    return f", {_MOST_FRAMES} of {count:,} marks" if count > _MOST_FRAMES else ""


def _frames(axes: Axes, excerpt: Excerpt, seconds: float, hertz: float) -> None:
    """A frame around each mark, and its label above it while there is room for labels."""
    edge = excerpt.rate / 2
    for number, mark in enumerate(excerpt.marks[:_MOST_FRAMES]):
        low, high = _edges(mark, edge)
        left, width = (value / excerpt.rate / seconds for value in (mark.start, mark.count))
        bottom, top = ((excerpt.centre_hz + value) / hertz for value in (low, high))
        axes.add_patch(
            Rectangle(
                (left, bottom),
                width,
                top - bottom,
                fill=False,
                ec=mark.colour,
                lw=1.0,
                ls="-" if mark.is_found else "--",
            )
        )
        if mark.label and number < _MOST_LABELS:
            _label(axes, mark, left, bottom if mark.is_found else top)


def _label(axes: Axes, mark: Mark, left: float, edge: float) -> None:
    """The label of a mark outside of its frame, or inside at the edge of the axes."""
    low, high = axes.get_ylim()
    room = 0.05 * (high - low)
    below = mark.is_found != (edge < low + room if mark.is_found else edge > high - room)
    axes.annotate(
        mark.label,
        (left, edge),
        xytext=(2, -2 if below else 1),
        textcoords="offset points",
        va="top" if below else "bottom",
        fontsize=7,
        color=mark.colour,
        clip_on=True,
    )


def _edges(mark: Mark, edge: float) -> tuple[float, float]:
    """The edges of a mark within the band; those that are not stated are the band's."""
    low = -edge if math.isnan(mark.low_hz) else max(mark.low_hz, -edge)
    high = edge if math.isnan(mark.high_hz) else min(mark.high_hz, edge)
    return low, high


def _shown_range(level_db: FloatArray) -> tuple[float, float]:
    """Highest and lowest level of the colours: from the noise, or 60 dB down, to the peak."""
    top = float(level_db.max())
    return top, max(float(np.quantile(level_db, 0.05)), top - 60.0)
