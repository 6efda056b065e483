"""The planes of a constellation image beside a constellation plot."""

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rfmae.records import FloatArray, ImageConfig, Plane
from rfmae.reporting.iq_excerpt import Excerpt
from rfmae.reporting.iq_figures import constellation

_PANEL_INCHES = 2.9


def seen_figure(
    excerpt: Excerpt, seen: Mapping[str, FloatArray], config: ImageConfig, title: str
) -> Figure:
    """One row of planes for each image (C, H, W) in `seen`, by its name; the constellation left.

    Planes are drawn from black (0) to white (1), with the values that the network receives.
    """
    rows, columns = len(seen), len(config.planes)
    across = _PANEL_INCHES * columns + 5.4
    figure = Figure(figsize=(across, max(5.0, _PANEL_INCHES * rows + 0.9)), layout="constrained")
    halves = figure.add_gridspec(1, 2, width_ratios=[5.4, across - 5.4])
    constellation(figure.add_subfigure(halves[0]), excerpt)
    network = figure.add_subfigure(halves[1])
    grid = network.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for line, (name, image) in zip(grid, seen.items(), strict=True):
        for axes, plane, values in zip(line, config.planes, image, strict=True):
            _plane(axes, plane, values, config)
            axes.set_title(f"{name}\n{str(plane).replace(', ', chr(10))}", fontsize=8)
        line[0].set_ylabel("Q")
    for axes in grid[-1]:
        axes.set_xlabel("I")
    units = "rms amplitudes" if config.units == "rms" else "amplitude as stored"
    size = f"{config.size} × {config.size} pixels"
    network.suptitle(f"What a network sees: {size}, axes in {units}", fontsize=10)
    figure.suptitle(title, fontsize=12, fontweight="bold")
    return figure


def _plane(axes: Axes, plane: Plane, values: FloatArray, config: ImageConfig) -> None:
    edge = config.extent
    axes.imshow(
        values,
        cmap="gray",
        vmin=0.0,
        vmax=1.0,
        extent=(-edge, edge, -edge, edge),
        interpolation="nearest",
    )
    axes.tick_params(labelsize=7)
