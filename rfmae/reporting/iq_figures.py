"""Plots of I/Q: constellation, trajectory, eye, power density, spectrogram."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure

from rfmae.errors import ArtefactError, ShapeError, nearest
from rfmae.records import ComplexArray, FloatArray
from rfmae.reporting.iq_measures import (
    above_floor,
    density_order,
    density_over_time,
    eye_traces,
    loudest_stretch,
    occupied_band,
    power_density,
    reach,
    robust_extent,
    smooth_path,
)
from rfmae.reporting.palette import LIGHT
from rfmae.units import ratio_to_db

_OBSERVED, _CLEAN = LIGHT["s0"], LIGHT["s1"]
_DENSITY = LinearSegmentedColormap.from_list("density", ["#9cc4e4", _OBSERVED, "#062b49"])
_FEWEST_SAMPLES = 16  # of a spectrum
_MOST_POINTS = 200_000
_MOST_VECTORS = 3000  # more drawn objects become pixels in an SVG
_SIDE_BY_SIDE = {"trajectory", "eye", "spectrogram"}  # the clean twin is beside the observed
_PATH_SAMPLES = 1024
_PATH_SYMBOLS = 96
_EYE_SYMBOLS = 400
_DEEPEST_DB = 100.0  # below the strongest frequency
_LARGEST_UNIT = {"Hz": ((1e9, "GHz"), (1e6, "MHz"), (1e3, "kHz")), "s": ()}
_SMALLEST_UNIT = {"Hz": (), "s": ((1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Neighbouring samples of one signal with their rates and units."""

    iq: ComplexArray  # (T,)
    clean: ComplexArray  # (T,), its clean twin; (0,) where there is none
    sample_rate_hz: float  # nan where not known: frequencies are then in cycles per sample
    samples_per_symbol: float  # 1 for symbols, nan where not known
    amplitude: str = "amplitude as stored"  # the unit of the axes of I and Q

    def __post_init__(self) -> None:
        if self.iq.ndim != 1 or self.iq.size == 0:
            raise ShapeError(f"iq to draw must have shape (T,) and samples, got {self.iq.shape}")
        if self.clean.size and self.clean.shape != self.iq.shape:
            raise ShapeError(
                f"clean must have the shape of iq {self.iq.shape}, got {self.clean.shape}"
            )

    @property
    def rate(self) -> float:
        """The sample rate in Hz, or 1 in its absence."""
        return self.sample_rate_hz if math.isfinite(self.sample_rate_hz) else 1.0

    @property
    def count(self) -> str:
        """The number of samples or symbols, in words."""
        return f"{self.iq.size:,} {'symbols' if self.samples_per_symbol == 1 else 'samples'}"

    @property
    def twins(self) -> tuple[tuple[str, str, ComplexArray], ...]:
        """Name, colour and I/Q of the signals that are drawn side by side."""
        observed = ("observed", _OBSERVED, self.iq)
        return (observed, ("clean", _CLEAN, self.clean)) if self.clean.size else (observed,)


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
    """Points on the I/Q plane, darker where they are dense, the clean twin on top."""
    axes = panel.subplots()
    extent = robust_extent(excerpt.iq)
    step = math.ceil(excerpt.iq.size / _MOST_POINTS)
    iq = excerpt.iq[::step]
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
        clean = excerpt.clean[::step]
        axes.plot(clean.real, clean.imag, ".", ms=4, color=_CLEAN, alpha=0.7, label="clean",
                  rasterized=many)  # fmt: skip
        _legend(axes)
    _iq_axes(axes, excerpt, extent)
    outside = int(np.count_nonzero(reach(iq) > extent))
    words = f"{iq.size:,} of {excerpt.count}" if step > 1 else excerpt.count
    beyond = f", {outside:,} of them outside" if outside else ""
    axes.set_title(f"Constellation, {words}{beyond}", fontsize=10)


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
    _panel_title(panel, f"Trajectory, {_part_words(part, excerpt)}", grid[0])


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
    words = f"{_part_words(part, excerpt)}, {excerpt.samples_per_symbol:g} per symbol"
    _panel_title(panel, f"Eye, {words}", grid[0])


def psd(panel: SubFigure, excerpt: Excerpt) -> None:
    """Power density over frequency with the band that holds 99 % of the power."""
    _need_samples(excerpt)
    axes = panel.subplots()
    scale, unit = _unit(excerpt.rate / 2, "Hz") if _timed(excerpt) else (1.0, "cycles per sample")
    for name, colour, iq in excerpt.twins:
        frequencies, density = power_density(iq, excerpt.rate)
        level_db = ratio_to_db(above_floor(density))
        axes.plot(frequencies / scale, level_db, color=colour, lw=1.1, label=name)
    low, high = occupied_band(frequencies, density)  # of the twin without noise, where there is one
    words = f"99 % of the {name} power: {(high - low) / scale:.4g} {unit}"
    axes.axvspan(low / scale, high / scale, color="0.5", alpha=0.12, lw=0, label=words)
    top_db = axes.dataLim.y1
    bottom_db = max(axes.dataLim.y0, top_db - _DEEPEST_DB)
    margin = 0.04 * (top_db - bottom_db) + 1
    axes.set_ylim(bottom_db - margin, top_db + 6 * margin)  # the legend goes on top
    axes.set_xlim(-excerpt.rate / 2 / scale, excerpt.rate / 2 / scale)
    axes.set_xlabel(f"frequency in {unit}")
    axes.set_ylabel(_density_unit(excerpt))
    _plain(axes)
    _legend(axes)
    axes.set_title(f"Power density (Welch), {excerpt.count}", fontsize=10)


def spectrogram(panel: SubFigure, excerpt: Excerpt) -> None:
    """Power density over time and frequency, the clean twin's beside it in the same colours."""
    _need_samples(excerpt)
    grid = panel.subplots(1, len(excerpt.twins), sharey=True, squeeze=False)[0]
    hertz, hertz_unit = _unit(excerpt.rate / 2, "Hz") if _timed(excerpt) else (1.0, "cycles/sample")
    duration = excerpt.iq.size / excerpt.rate
    seconds, seconds_unit = _unit(duration, "s") if _timed(excerpt) else (1.0, "samples")
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
            extent=(
                0,
                duration / seconds,
                -excerpt.rate / 2 / hertz,
                excerpt.rate / 2 / hertz,
            ),
            vmin=bottom_db,
            vmax=top_db,
            cmap="magma",
            interpolation="nearest",
        )
        axes.set_xlabel(f"time in {seconds_unit}")
        axes.set_title(name, fontsize=9)
    grid[0].set_ylabel(f"frequency in {hertz_unit}")
    panel.colorbar(image, ax=list(grid), fraction=0.05, pad=0.02, label=_density_unit(excerpt))
    _panel_title(panel, f"Spectrogram, {excerpt.count}", grid)


PLOTS: dict[str, Callable[[SubFigure, Excerpt], None]] = {
    "constellation": constellation,
    "trajectory": trajectory,
    "eye": eye,
    "psd": psd,
    "spectrogram": spectrogram,
}
"""The kinds of plots by name."""


# helpers ------------------------------------------------------------------------------------


def _need_samples(excerpt: Excerpt) -> None:
    if excerpt.iq.size < _FEWEST_SAMPLES:
        raise ShapeError(
            f"a spectrum needs at least {_FEWEST_SAMPLES} samples, got {excerpt.iq.size}"
        )


def _loud_part(excerpt: Excerpt, symbols: int) -> slice:
    """The loudest part of so many symbols, or of a fixed length where their rate is unknown."""
    known = math.isfinite(excerpt.samples_per_symbol)
    wanted = round(symbols * excerpt.samples_per_symbol) if known else _PATH_SAMPLES
    return loudest_stretch(excerpt.iq, wanted)


def _part_words(part: slice, excerpt: Excerpt) -> str:
    whole = part.stop - part.start == excerpt.iq.size
    return excerpt.count if whole else f"{part.start:,} to {part.stop - 1:,} of {excerpt.count}"


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
    _plain(axes)


def _iq_axes(axes: Axes, excerpt: Excerpt, extent: float, ylabel: bool = True) -> None:
    axes.axhline(0, color="0.6", lw=0.6, zorder=0)
    axes.axvline(0, color="0.6", lw=0.6, zorder=0)
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel(f"I ({excerpt.amplitude})", fontsize=9)
    if ylabel:
        axes.set_ylabel(f"Q ({excerpt.amplitude})", fontsize=9)
    _plain(axes)


def _shown_range(level_db: FloatArray) -> tuple[float, float]:
    """Highest and lowest level of the colours: from the noise, or 60 dB down, to the peak."""
    top = float(level_db.max())
    return top, max(float(np.quantile(level_db, 0.05)), top - 60.0)


def _timed(excerpt: Excerpt) -> bool:
    return math.isfinite(excerpt.sample_rate_hz)


def _density_unit(excerpt: Excerpt) -> str:
    return (
        "power density in dB per Hz" if _timed(excerpt) else "power density in dB per cycle/sample"
    )


def _unit(largest: float, base: str) -> tuple[float, str]:
    """Scale and name of the unit that suits the largest value."""
    steps = (*_LARGEST_UNIT[base], (1.0, base), *_SMALLEST_UNIT[base])
    return next(((scale, unit) for scale, unit in steps if largest >= scale), steps[-1])


def _panel_title(panel: SubFigure, words: str, axes: Sequence[Axes]) -> None:
    """The title of a panel; a single plot takes it itself."""
    if len(axes) == 1:
        axes[0].set_title(words, fontsize=10)
    else:
        panel.suptitle(words, fontsize=10)


def _legend(axes: Axes) -> None:
    axes.legend(fontsize=8, loc="upper right", framealpha=0.85, edgecolor="none", markerscale=2)


def _plain(axes: Axes) -> None:
    axes.grid(alpha=0.2)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
