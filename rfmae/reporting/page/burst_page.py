"""The bursts of a recording as one self-contained page of HTML."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from rfmae.records import ComplexArray, FloatArray
from rfmae.reporting.iq_excerpt import FOUND, STATED, Excerpt
from rfmae.reporting.iq_measures import robust_extent
from rfmae.reporting.page.templating import environment, variables, verbatim
from rfmae.reporting.palette import DARK, LIGHT
from rfmae.reporting.plane_png import encode_planes
from rfmae.reporting.spectrogram import spectrogram

_TEMPLATE = "bursts.html.j2"
_PIXELS = 96  # of a constellation
_DPI = 110


@dataclass(frozen=True, slots=True)
class Constellation:
    """Where samples lie, as a PNG, and what is said of it."""

    name: str
    png: str
    about: str


@dataclass(frozen=True, slots=True)
class BurstSection:
    """What is shown of one burst."""

    title: str
    is_known: bool
    facts: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    shares: tuple[tuple[str, float], ...]  # classes and their probabilities, the largest first
    constellations: tuple[Constellation, ...]


@dataclass(frozen=True, slots=True)
class BurstPage:
    """Everything that the page shows."""

    title: str
    headline: str
    notes: tuple[str, ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # cells, and lines beneath
    sections: tuple[BurstSection, ...]
    left_out: int = 0  # bursts without a section of their own


def burst_page(page: BurstPage, excerpt: Excerpt) -> str:
    """The whole page; `excerpt` is the recording, with frames around what is marked."""
    kinds = {mark.is_found for mark in excerpt.marks}
    return environment().get_template(_TEMPLATE).render(
        page=page,
        picture=_picture(excerpt),
        found=FOUND if True in kinds else "",
        stated=STATED if False in kinds else "",
        style=verbatim("report.css"),
        more_style=verbatim("bursts.css"),
        light=variables(LIGHT),
        dark=variables(DARK),
    )  # fmt: skip


def constellation_of(name: str, iq: ComplexArray) -> Constellation:
    """The density of samples over I and Q, Q upwards, as grey values."""
    extent = robust_extent(iq)
    return Constellation(name, encode_planes(_density(iq, extent)[None]), _words(iq, extent))


def _words(iq: ComplexArray, extent: float) -> str:
    return f"{len(iq):,} points, edges ±{extent:.3g}"


def _density(iq: ComplexArray, extent: float) -> FloatArray:
    edges = np.linspace(-extent, extent, _PIXELS + 1)
    counts, _, _ = np.histogram2d(iq.imag, iq.real, bins=(edges, edges))
    shade = np.log1p(counts)
    return np.flipud(shade / max(float(shade.max()), 1.0)).astype(np.float32)


def _picture(excerpt: Excerpt) -> str:
    """The spectrogram as PNG in base64."""
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    grid = figure.add_gridspec(1, 1)
    spectrogram(figure.add_subfigure(grid[0, 0]), excerpt)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return base64.b64encode(file.getvalue()).decode("ascii")


def largest(shares: dict[str, float], most: int) -> Sequence[tuple[str, float]]:
    """The most probable classes, the first first."""
    return sorted(shares.items(), key=lambda item: -item[1])[:most]
