"""Plots of the I/Q of an example or a recording, of its constellation image, of a run."""

import math
from collections.abc import Sequence
from pathlib import Path

from rfmae.artefacts import Card
from rfmae.captures.read_options import ReadOptions
from rfmae.datasets.store import open_dataset
from rfmae.errors import ArtefactError, DatasetError, UnitError, nearest
from rfmae.inference import render_images
from rfmae.records import TRAJECTORY_PLANES, ComplexArray, FloatArray, ImageConfig, View
from rfmae.reporting.curves import curves_figure
from rfmae.reporting.figure_files import check_suffix, save_figure
from rfmae.reporting.image_figures import seen_figure
from rfmae.reporting.iq_excerpt import Excerpt
from rfmae.reporting.iq_figures import PLOTS, iq_figure
from rfmae.workflows.inspect.bands import Band
from rfmae.workflows.inspect.runs import see_run
from rfmae.workflows.inspect.selection import FIRST, WHOLE, Choice, excerpts_of, path_kind

ALL = "all"

_OF_RECORDINGS = ImageConfig(planes=TRAJECTORY_PLANES)
_OF_WAVEFORMS = ("eye", "psd", "spectrogram")


def plot(
    source: Path,
    out: Path,
    *,
    what: Sequence[str] = ("constellation",),
    choice: Choice = FIRST,
    read_options: ReadOptions = WHOLE,
    samples_per_symbol: float | None = None,
    band: Band | None = None,
) -> Card:
    """Draw an example of a data set folder, or a recording, into a PNG or SVG.

    `what` holds names of plots, or `all` for those that the source allows. `choice` is for data
    sets, `read_options` for recordings; a sample rate in it puts Hz and seconds on the axes. Of a
    recording a `band` is filtered first, and what it marks is framed in its spectrogram.
    """
    check_suffix(out)
    _check_kinds(what)
    _check_rate(samples_per_symbol)
    title, views = excerpts_of(source, choice, read_options, samples_per_symbol, band)
    excerpts = {kind: _excerpt(kind, views, source) for kind in _possible(what, views)}
    save_figure(iq_figure(excerpts, title), out)
    return {"figure": str(out), "title": title, "pictures": list(excerpts)}


def _check_rate(samples_per_symbol: float | None) -> None:
    if samples_per_symbol is not None and not 1 <= samples_per_symbol < math.inf:
        raise UnitError(f"--samples-per-symbol must be at least 1, got {samples_per_symbol:g}")


def _check_kinds(what: Sequence[str]) -> None:
    for kind in what:
        if kind not in (*PLOTS, ALL):
            raise ArtefactError(
                f"no plot of the kind {kind!r} (--what); {nearest(kind, [*PLOTS, ALL])}"
            )
    if not what:
        raise ArtefactError(f"--what names no plot; known: {', '.join([*PLOTS, ALL])}")


def _possible(what: Sequence[str], views: dict[View, Excerpt]) -> tuple[str, ...]:
    """The named plots, each once; `all` are those that the views allow."""
    if ALL not in what:
        return tuple(dict.fromkeys(what))
    waveform = views.get("waveform")
    no_eye = waveform is not None and not waveform.samples_per_symbol > 1
    unseen = _OF_WAVEFORMS if waveform is None else ("eye",) if no_eye else ()
    return tuple(kind for kind in PLOTS if kind not in unseen)


def _excerpt(kind: str, views: dict[View, Excerpt], source: Path) -> Excerpt:
    """The view that a plot shows: constellations are of symbols, everything else of waveforms."""
    if kind in _OF_WAVEFORMS and "waveform" not in views:
        raise DatasetError(
            f"{kind} needs waveforms, but {source} holds symbols alone, one sample each; "
            'a recipe stores both with source.receiver.observe = "both"'
        )
    first: View = "symbols" if kind == "constellation" else "waveform"
    excerpt = views.get(first) or next(iter(views.values()))
    if kind == "eye" and not excerpt.samples_per_symbol > 1:
        raise UnitError(
            f"an eye needs more than one sample per symbol, but {source} does not state how many; "
            "name --samples-per-symbol"
        )
    return excerpt


# constellation images -----------------------------------------------------------------------


def plot_image(
    source: Path,
    out: Path,
    *,
    choice: Choice = FIRST,
    read_options: ReadOptions = WHOLE,
    samples_per_symbol: float | None = None,
    band: Band | None = None,
) -> Card:
    """Draw the planes that a network sees, beside a constellation plot.

    A data set has its own image settings; of a recording every sample is shown.
    """
    check_suffix(out)
    _check_rate(samples_per_symbol)
    title, views = excerpts_of(source, choice, read_options, samples_per_symbol, band)
    config = open_dataset(source).image if path_kind(source) == "folder" else _OF_RECORDINGS
    seen = {
        name: _planes(iq, views, config)
        for name, iq in {
            "observed": {view: excerpt.iq for view, excerpt in views.items()},
            "clean": {view: excerpt.clean for view, excerpt in views.items()},
        }.items()
        if all(examples.size for examples in iq.values())
    }
    figure = seen_figure(next(iter(views.values())), seen, config, title)
    save_figure(figure, out)
    return {"figure": str(out), "title": title, "pictures": [str(item) for item in config.planes]}


def _planes(
    iq: dict[View, ComplexArray], views: dict[View, Excerpt], config: ImageConfig
) -> FloatArray:
    """The image (C, H, W) of one example."""
    rate = views[config.views[-1]].samples_per_symbol
    rate = 1.0 if math.isnan(rate) else rate  # as a set that states none is trained on
    return render_images({view: iq[view][None] for view in config.views}, config, rate)[0]


# a run ----------------------------------------------------------------------------------------


def plot_run(source: Path, out: Path) -> Card:
    """Draw the curves of a training run, which may still be running, into a PNG or SVG."""
    check_suffix(out)
    seen = see_run(source)
    stage = seen.card.get("config", {}).get("stage")
    title = f"{stage}: {source.resolve().name}" if stage else source.resolve().name
    save_figure(curves_figure(seen.quantities, title, best_step=seen.best_step), out)
    names = [quantity.in_words for quantity in seen.quantities]
    return {"figure": str(out), "title": title, "pictures": names}
