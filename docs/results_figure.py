"""The figure of docs/results.md: accuracy against SNR below the ceilings."""

from pathlib import Path

from results_numbers import NAMES, Found, ceilings_of, models_of, shares
from results_study import DENOMAE2, LONGER, PLANES, RINGS, SCRATCH, snr_points

from rfmae.reporting.charts.accuracy_charts import beyond, limit_lines, snr_axis
from rfmae.reporting.charts.chart import Chart, Panels, Series, percent_axis
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.palette import style

TITLES = {"symbols": "Symbol planes alone", "planes": "With trajectory and differential planes"}
_RINGS = "rings"
_DRAWN = (_RINGS, SCRATCH, DENOMAE2, "mae", "denomae", "cnn", "cumulants")


def draw(found: Found, path: Path) -> None:
    """Accuracy against SNR on either set of planes, below their ceilings."""
    charts = tuple(_chart(found, planes) for planes in PLANES)
    save_figure(figure_of(Panels("", charts)), path)


def _chart(found: Found, planes: str) -> Chart:
    snr, ceilings = snr_points(PLANES[planes]), ceilings_of(PLANES[planes])
    models = models_of(found, planes)
    most = [name for name in (RINGS, *LONGER) if name in models][-1:]  # of rings the best taught
    lines = tuple(
        Series(NAMES[name], snr, shares(runs).mean(axis=0), style(_DRAWN.index(shown)))
        for name, runs in models.items()
        if (shown := _RINGS if name in most else name) in _DRAWN and (name in most or name != RINGS)
    )
    kinds = {"known": "image, SNR known (at least)", "unknown": "image, SNR unknown (at least)"}
    names = {name: f"ceiling, {'sequence' if one.is_bound else kinds[one.snr]}"
             for name, one in ceilings.items()}  # fmt: skip
    return Chart(
        TITLES[planes],
        snr_axis(snr, "symbol"),
        percent_axis("accuracy in %"),
        (*lines, *limit_lines(ceilings, names)),
        beyond(ceilings),
    )
