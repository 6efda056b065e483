"""Charts drawn with matplotlib, as PNG or SVG files."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.patches import Patch
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

from rfmae.reporting.charts.chart import Chart, Difference, Guide, Note, Panels, Series
from rfmae.reporting.charts.end_labels import EndLabel, end_labels
from rfmae.reporting.palette import LIGHT, MARKERS, Style

_WIDTHS = {"thin": 1.0, "normal": 1.5, "strong": 2.4}
_SIZES = {"thin": 4.6, "normal": 5.4, "strong": 6.2}
_SPECK, _RING = 18.0, 160.0  # square points
_PANEL_INCHES = {"panel": (3.9, 3.0), "square": (3.4, 3.4), "map": (4.8, 5.0), "wide": (8.2, 4.5)}
_FEW_INCHES = {"panel": (5.2, 4.0)}  # of two panels or fewer
_MOST_COLUMNS = 3
_SHADE, _FAINT, _CROWD = 0.16, 0.05, 4  # of bands; how many lines have faint ones
_LINE_POINTS, _BESIDE_POINTS = 10.5, 62.0  # of a line of text; of what is above and below a field


def figure_of(panels: Panels) -> Figure:
    """All charts side by side with one legend; lines of a single chart are named at their ends."""
    charts = panels.charts
    columns = min(len(charts), _MOST_COLUMNS if len(charts) > 4 else 2)
    rows = -(-len(charts) // columns)
    sizes = {**_PANEL_INCHES, **(_FEW_INCHES if columns <= 2 else {})}
    wide, high = sizes[charts[0].shape]
    figure = Figure(figsize=(wide * columns, high * rows + 0.5), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axes in grid[len(charts) :]:
        axes.set_axis_off()
    labels = _labels_of(charts, high)
    for axes, chart in zip(grid, charts, strict=False):
        _draw(axes, chart, labels)
        if chart.shape == "map":
            axes.legend(*_handles([chart]), fontsize=7, frameon=False, ncols=4, loc="upper center",
                        bbox_to_anchor=(0.5, 0.0), columnspacing=1, handletextpad=0.2)  # fmt: skip
    if panels.title and len(charts) > 1:
        figure.suptitle(panels.title, fontsize=11)
    elif panels.title:
        grid[0].set_title(panels.title, fontsize=10)
    if labels is None and charts[0].shape != "map":
        _legend(figure, charts)
    return figure


def _labels_of(charts: Sequence[Chart], inches: float) -> list[EndLabel] | None:
    if len(charts) > 1:
        return None
    return end_labels(charts[0], 72 * inches - _BESIDE_POINTS, _LINE_POINTS)


def _legend(figure: Figure, charts: Sequence[Chart]) -> None:
    handles, names = _handles(charts)
    if not names:
        return
    characters = max(map(len, names)) + 7
    columns = max(1, min(4, len(names), int(16 * figure.get_figwidth() // characters)))
    figure.legend(handles, names, loc="outside lower center", ncols=columns, frameon=False,
                  fontsize=8, handlelength=3.4)  # fmt: skip


def _handles(charts: Sequence[Chart]) -> tuple[list[Artist], list[str]]:
    """Every named area and line, once."""
    found: dict[str, Artist] = {}
    for chart in charts:
        found |= {one.name: Patch(color=LIGHT[one.colour]) for one in chart.areas if one.name}
        found |= {one.name: Line2D([], [], **_look(one)) for one in chart.series if one.name}
    return list(found.values()), list(found)


def _draw(axes: Axes, chart: Chart, labels: Sequence[EndLabel] | None) -> None:
    """Everything in one field."""
    _set_axes(axes, chart)
    for one in chart.areas:
        axes.fill_between(one.x, one.low, one.high, color=LIGHT[one.colour], lw=0, zorder=0.5)
    for guide in chart.guides:
        _draw_guide(axes, guide)
    is_crowded = sum(one.bounds is not None for one in chart.series) > _CROWD
    for series in chart.series:
        _draw_series(axes, series, _FAINT if is_crowded else _SHADE)
    for difference in chart.differences:
        _draw_difference(axes, difference)
    for note in chart.notes:
        _draw_note(axes, note)
    for label in labels or ():
        _draw_label(axes, label, 72 * _PANEL_INCHES["wide"][1] - _BESIDE_POINTS)


def _set_axes(axes: Axes, chart: Chart) -> None:
    axes.set_title(chart.title, fontsize=10, wrap=True)
    if chart.shape == "map":
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")  # a box that may shrink hides its legend
        return
    axes.set(xlim=(chart.x.low, chart.x.high), ylim=(chart.y.low, chart.y.high))
    if chart.x.is_log:
        axes.set_xscale("log")
        axes.minorticks_off()
    for axis, described, most in ((axes.xaxis, chart.x, 9), (axes.yaxis, chart.y, 6)):
        marks = described.marks(most)
        axis.set_ticks([value for value, _ in marks], [label for _, label in marks])
    axes.tick_params(labelsize=8)
    axes.set_xlabel(chart.x.title, fontsize=9)
    axes.set_ylabel(chart.y.title, fontsize=9)
    axes.set_xlim(chart.x.low, chart.x.high)
    if chart.shape == "square":
        axes.set_aspect("equal")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_series(axes: Axes, series: Series, shade: float) -> None:
    colour = LIGHT[series.style.colour]
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    if series.dots == "alone":
        axes.scatter(x, y, s=_SPECK, lw=0, alpha=0.8, color=colour, marker=_marker(series.style))
        return
    if series.bounds is not None:
        if series.has_bars:
            axes.vlines(x, *series.bounds.T, color=colour, lw=1.2)
        else:
            axes.fill_between(x, *series.bounds.T, color=colour, alpha=shade, lw=0)
    every = {"all": None, "last": [len(x) - 1] if len(x) else []}.get(series.dots)
    look = _look(series) if series.dots != "none" else {**_look(series), "marker": ""}
    axes.plot(x, y, **look, markevery=every, label=series.name, clip_on=False, zorder=2.5)
    if series.ring is not None:
        axes.scatter(x[series.ring], y[series.ring], s=_RING, lw=0, alpha=0.35, color=colour)


def _look(series: Series) -> dict[str, Any]:
    """How a line and its marker look, for itself and for the legend."""
    dash, width = series.style.dash, _WIDTHS[series.weight]
    return {
        "color": LIGHT[series.style.colour],
        "linestyle": "none" if series.dots == "alone" else (0, dash) if dash else "-",
        "linewidth": width,
        "marker": "" if series.style.marker is None else _marker(series.style),
        "markersize": _SIZES[series.weight],
        "markeredgewidth": 0,
    }


def _marker(style: Style) -> MarkerStyle:
    corners = MARKERS[style.marker or 0]
    # matplotlib makes every shape equally wide; they are to fill one circle
    size = Affine2D().scale(float(np.abs(corners).max()))
    return MarkerStyle(Path([*corners, corners[0]], closed=True), transform=size)


def _draw_guide(axes: Axes, guide: Guide) -> None:
    (x, y), (other, _) = guide.start, guide.end
    axes.plot(*zip(guide.start, guide.end, strict=True), color="0.55", lw=0.8, ls="--")
    if guide.label:
        side = "left" if x < other else "right"
        axes.annotate(guide.label, (x, y), xytext=(4 if side == "left" else -4, 3), ha=side,
                      textcoords="offset points", fontsize=8, color=LIGHT["quiet"])  # fmt: skip


def _draw_note(axes: Axes, note: Note) -> None:
    axes.text(*note.at, note.text, fontsize=8, color=LIGHT[note.colour],
              fontweight="bold" if note.is_bold else "normal",
              ha="center" if note.is_centred else "left")  # fmt: skip


def _draw_difference(axes: Axes, one: Difference) -> None:
    arrow = {"arrowstyle": "<->", "color": "0.2", "lw": 1.2, "shrinkA": 3, "shrinkB": 3}
    axes.annotate("", (one.x, one.high), (one.x, one.low), arrowprops=arrow)
    axes.annotate("\n".join(one.lines), (one.x, (one.low + one.high) / 2), xytext=(8, 0),
                  textcoords="offset points", va="center", fontsize=9, fontweight="bold",
                  color="0.2")  # fmt: skip


def _draw_label(axes: Axes, label: EndLabel, height: float) -> None:
    """The name of a line right of the field, with a thread to where the line ends."""
    colour = LIGHT[label.series.style.colour]
    thread = {"arrowstyle": "-", "color": colour, "lw": 0.7, "alpha": 0.6, "shrinkA": 1,
              "shrinkB": 4, "relpos": (0.0, 0.5)}  # fmt: skip
    weight = "normal" if label.series.dots == "none" else "bold"
    axes.annotate("\n".join(label.lines), label.end, xytext=(1.035, label.height / height),
                  textcoords=axes.transAxes, va="center", fontsize=8, color=colour,
                  fontweight=weight, arrowprops=thread, annotation_clip=False)  # fmt: skip
