"""Plots of I/Q: constellation, trajectory, eye, power density, spectrogram."""

import math
from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure

from rfmae.errors import ArtefactError, ShapeError, nearest
from rfmae.records import FloatArray
from rfmae.reporting.iq_axes import (
    density_unit,
    frequency_unit,
    legend,
    need_samples,
    panel_title,
    part_words,
    plain,
)
from rfmae.reporting.iq_excerpt import CLEAN, OBSERVED, Excerpt
from rfmae.reporting.iq_measures import (
    above_floor,
    density_order,
    eye_traces,
    loudest_stretch,
    occupied_band,
    power_density,
    reach,
    robust_extent,
    smooth_path,
)
from rfmae.reporting.spectrogram import spectrogram
from rfmae.units import ratio_to_db

_DENSITY = LinearSegmentedColormap.from_list("density", ["#9cc4e4", OBSERVED, "#062b49"])
_POINTS = 4096  # of a constellation: more are those of several signals, and of noise
_MOST_VECTORS = 3000  # more drawn objects become pixels in an SVG
_SIDE_BY_SIDE = {"trajectory", "eye", "spectrogram"}  # the clean twin is beside the observed
_PATH_SAMPLES = 1024
_PATH_SYMBOLS = 96
_EYE_SYMBOLS = 400
_DEEPEST_DB = 100.0  # below the strongest frequency


def iq_figure(excerpts: Mapping[str, Excerpt], title: str) -> Figure:
    """One figure with a panel for each kind of plot in `PLOTS` and the excerpt it shows."""
    for kind in excerpts:
        if kind not in PLOTS:
            raise ArtefactError(f"no plot of the kind {kind!r}; {nearest(kind, PLOTS)}")
    columns = 1 if len(excerpts) == 1 else 2
    rows = math.ceil(len(excerpts) / columns)
    width = 8.6 if columns == 1 and excerpts.keys() & _SIDE_BY_SIDE else 6.4
    figure = Figure(figsize=(width * columns, 5.0 * rows + 0.4), layout="constrained")
    grid = figure.add_gridspec(rows, columns)
    for place, (kind, excerpt) in enumerate(excerpts.items()):
        row, column = divmod(place, columns)
        alone = place == len(excerpts) - 1 and column == 0  # the last one takes the whole row
        cell = grid[row, :] if alone else grid[row, column]
        PLOTS[kind](figure.add_subfigure(cell), excerpt)
    figure.suptitle(title, fontsize=12, fontweight="bold")
    return figure


# the plots ----------------------------------------------------------------------------------


def constellation(panel: SubFigure, excerpt: Excerpt) -> None:
    """Points on the I/Q plane where the signal is loud, darker where they are dense, the clean twin
    on top.
    """
    axes = panel.subplots()
    part = loudest_stretch(excerpt.iq, _POINTS)
    iq = excerpt.iq[part]
    extent = robust_extent(iq)
    order, shade = density_order(iq, extent)
    many = iq.size > _MOST_VECTORS
    points = axes.scatter(
        iq.real[order],
        iq.imag[order],
        c=shade[order],
        s=float(np.clip(9000 / iq.size, 1.0, 14.0)),
        cmap=_DENSITY,
        alpha=float(np.clip(30 / math.sqrt(iq.size), 0.25, 0.85)),
        linewidths=0,
        rasterized=many,
        label="observed",
    )
    points.set_clim(0, 1)
    if excerpt.clean.size:
        clean = excerpt.clean[part]
        axes.plot(clean.real, clean.imag, ".", ms=4, color=CLEAN, alpha=0.7, label="clean",
                  rasterized=many)  # fmt: skip
        legend(axes)
    _iq_axes(axes, excerpt, extent)
    outside = int(np.count_nonzero(reach(iq) > extent))
    beyond = f", {outside:,} of them outside" if outside else ""
    axes.set_title(f"Constellation, {part_words(part, excerpt)}{beyond}", fontsize=10)


def trajectory(panel: SubFigure, excerpt: Excerpt) -> None:
    """The path from sample to sample where the signal is loud, the clean twin's beside it."""
    part = _loud_part(excerpt, _PATH_SYMBOLS)
    extent = robust_extent(excerpt.iq[part], share=1.0)
    grid = panel.subplots(1, len(excerpt.twins), sharex=True, sharey=True, squeeze=False)
    for axes, (name, colour, iq) in zip(grid[0], excerpt.twins, strict=True):
        path = smooth_path(iq[part], excerpt.samples_per_symbol)
        axes.plot(path.real, path.imag, color=colour, lw=0.8, alpha=0.55,
                  rasterized=path.size > 4 * _MOST_VECTORS)  # fmt: skip
        _iq_axes(axes, excerpt, extent, ylabel=name == "observed")
        axes.set_anchor("N")
        axes.set_title(name, fontsize=9)
    panel_title(panel, f"Trajectory, {part_words(part, excerpt)}", grid[0])


def eye(panel: SubFigure, excerpt: Excerpt) -> None:
    """I and Q over two symbols, one trace from each symbol on."""
    grid = panel.subplots(2, len(excerpt.twins), sharex=True, sharey=True, squeeze=False)
    part = _loud_part(excerpt, _EYE_SYMBOLS)
    traces = [eye_traces(iq[part], excerpt.samples_per_symbol) for _, _, iq in excerpt.twins]
    if not len(traces[0]):
        raise ShapeError(
            f"an eye needs more than two symbols, got {excerpt.count} at "
            f"{excerpt.samples_per_symbol:g} samples per symbol"
        )
    extent = max(robust_extent(lines, share=1.0) for lines in traces)
    for column, (name, colour, _), lines in zip(grid.T, excerpt.twins, traces, strict=True):
        for axes, rail, letter in zip(column, (lines.real, lines.imag), "IQ", strict=True):
            _traces(axes, rail, colour, extent)
            if name == "observed":
                axes.set_ylabel(f"{letter} ({excerpt.amplitude})", fontsize=8)
        column[0].set_title(name, fontsize=9)
        column[-1].set_xlabel("time in symbols", fontsize=9)
    words = f"{part_words(part, excerpt)}, {excerpt.samples_per_symbol:g} per symbol"
    panel_title(panel, f"Eye, {words}", grid[0])


def psd(panel: SubFigure, excerpt: Excerpt) -> None:
    """Power density over frequency with the band that holds 99 % of the power."""
    need_samples(excerpt)
    axes = panel.subplots()
    scale, unit = frequency_unit(excerpt)
    middle = excerpt.centre_hz / scale
    for name, colour, iq in excerpt.twins:
        frequencies, density = power_density(iq, excerpt.rate)
        level_db = ratio_to_db(above_floor(density))
        axes.plot(middle + frequencies / scale, level_db, color=colour, lw=1.1, label=name)
    low, high = occupied_band(frequencies, density)  # of the twin without noise, where there is one
    words = f"99 % of the {name} power: {(high - low) / scale:.4g} {unit}"
    axes.axvspan(
        middle + low / scale, middle + high / scale, color="0.5", alpha=0.12, lw=0, label=words
    )
    top_db = axes.dataLim.y1
    bottom_db = max(axes.dataLim.y0, top_db - _DEEPEST_DB)
    margin = 0.04 * (top_db - bottom_db) + 1
    axes.set_ylim(bottom_db - margin, top_db + 6 * margin)  # the legend goes on top
    reach_of_axis = excerpt.rate / 2 / scale
    axes.set_xlim(middle - reach_of_axis, middle + reach_of_axis)
    axes.ticklabel_format(axis="x", useOffset=False, style="plain")
    axes.set_xlabel(f"frequency in {unit}")
    axes.set_ylabel(density_unit(excerpt))
    plain(axes)
    legend(axes)
    axes.set_title(f"Power density (Welch), {excerpt.count}", fontsize=10)


PLOTS: dict[str, Callable[[SubFigure, Excerpt], None]] = {
    "constellation": constellation,
    "trajectory": trajectory,
    "eye": eye,
    "psd": psd,
    "spectrogram": spectrogram,
}
"""The kinds of plots by name."""


# helpers ------------------------------------------------------------------------------------


def _loud_part(excerpt: Excerpt, symbols: int) -> slice:
    """The loudest part of so many symbols, or of a fixed length where their rate is unknown."""
    known = math.isfinite(excerpt.samples_per_symbol)
    wanted = round(symbols * excerpt.samples_per_symbol) if known else _PATH_SAMPLES
    return loudest_stretch(excerpt.iq, wanted)


def _traces(axes: Axes, traces: FloatArray, colour: str, extent: float) -> None:
    """Lines over two symbols, the fainter the more there are."""
    time = np.linspace(0, 2, traces.shape[1])
    lines = np.stack(np.broadcast_arrays(time, traces), axis=-1)
    alpha = float(np.clip(6 / math.sqrt(len(traces)), 0.05, 0.7))
    axes.add_collection(
        LineCollection(
            list(lines), colors=colour, linewidths=0.7, alpha=alpha, rasterized=len(lines) > 500
        )
    )
    axes.set(xlim=(0, 2), ylim=(-extent, extent))
    axes.set_xticks([0, 0.5, 1, 1.5, 2])
    plain(axes)


def _iq_axes(axes: Axes, excerpt: Excerpt, extent: float, ylabel: bool = True) -> None:
    axes.axhline(0, color="0.6", lw=0.6, zorder=0)
    axes.axvline(0, color="0.6", lw=0.6, zorder=0)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel(f"I ({excerpt.amplitude})", fontsize=9)
    if ylabel:
        axes.set_ylabel(f"Q ({excerpt.amplitude})", fontsize=9)
    plain(axes)
