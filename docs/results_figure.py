"""The figure of docs/results.md: accuracy against SNR below the ceilings."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from results_numbers import NAMES, Found, ceilings_of, models_of, shares
from results_study import DENOMAE2, LONGER, PLANES, RINGS, SCRATCH, snr_points

TITLES = {"symbols": "Symbol planes alone", "planes": "With trajectory and differential planes"}
_COLOURS = {
    SCRATCH: "#8c8c8c",
    "mae": "#8a5aa8",
    "denomae": "#4a8c5d",
    DENOMAE2: "#0b62a4",
    "cnn": "#d1603d",
    "cumulants": "#b58900",
}
_RINGS = "#c2185b"


def draw(found: Found, path: Path) -> None:
    """Accuracy against SNR on either set of planes, below their ceilings."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    for axes, planes in zip(figure.subplots(1, 2, sharey=True), PLANES, strict=True):
        _draw_planes(axes, found, planes)
    figure.savefig(path, dpi=140)


def _draw_planes(axes: Axes, found: Found, planes: str) -> None:
    snr = snr_points(PLANES[planes])
    ceilings = ceilings_of(PLANES[planes])
    axes.fill_between(snr, 100 * ceilings["sequence"].accuracy, 100, color="#00000014", lw=0)
    for name, ceiling in ceilings.items():
        style = "-" if name == "sequence" else "--"
        label = "ceiling, sequence" if name == "sequence" else "ceiling, image (at least)"
        axes.plot(snr, 100 * ceiling.accuracy, style, color="black", lw=1.2, label=label)
    models = models_of(found, planes)
    most = [name for name in (RINGS, *LONGER) if name in models][-1:]  # of rings the best taught
    for name, runs in models.items():
        if name in _COLOURS or name in most:
            mean = shares(runs).mean(axis=0)
            colour = _COLOURS.get(name, _RINGS)
            axes.plot(snr, mean, "o-", ms=3, color=colour, label=NAMES[name])
    axes.set_title(TITLES[planes])
    axes.set_xlabel("Es/N0 (dB)")
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(0, 101)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
