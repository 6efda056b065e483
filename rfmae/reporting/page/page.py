"""A report as one self-contained page of HTML: no network, no fonts, no other file."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from rfmae.reporting.assessment_tables import left_out_lines
from rfmae.reporting.denoising_tables import denoising_words
from rfmae.reporting.page.page_denoising import gallery_of
from rfmae.reporting.page.page_tables import page_denoising_tables, page_tables
from rfmae.reporting.page.parts import (
    legends_of,
    panels_of,
    snr_points,
    tiles_of,
    wide_charts,
)
from rfmae.reporting.palette import SERIES, SERIES_ON_DARK, STEPS, STEPS_ON_DARK
from rfmae.reporting.report_record import Report, whole_json
from rfmae.reporting.tables import snr_knowledge_note

PAGE_NAME = "report.html"

_TEMPLATE = "report.html.j2"


def page(report: Report) -> str:
    """The whole page; equal reports give the same page."""
    record = whole_json(report)
    points = snr_points(report)
    return _environment().get_template(_TEMPLATE).render(
        title=report.title,
        headline=unbroken(report.headline),
        notes=report.notes,
        names=list(report.accuracy),
        ceilings={name: item.is_bound for name, item in report.ceilings.items()},
        snr_knowledge_note=snr_knowledge_note(report.ceilings),
        has_lower_bounds=any(
            item.gap is not None and not item.gap.is_bound for item in report.assessments.values()
        ),
        classes=list(_classes(report)),
        tiles=tiles_of(report),
        charts=_marked(wide_charts(report)),
        panels_by_name={name: _marked(items) for name, items in panels_of(report).items()},
        legends=legends_of(report),
        tables=page_tables(report),
        left_out=left_out_lines(report.robustness),
        points=points,
        gallery=gallery_of(record["gallery"], points),
        denoising=report.denoising,
        denoising_words=_denoising_words(report),
        denoising_tables=page_denoising_tables(report),
        embedding=report.embedding,
        limits=report.label_curve.ceilings if report.label_curve else (),
        provenance=record["provenance"],
        data=_data(report, points),
        style=_verbatim("report.css"),
        script=_verbatim("report.js"),
        light=_variables(SERIES, STEPS),
        dark=_variables(SERIES_ON_DARK, STEPS_ON_DARK),
        series=len(SERIES),
        steps=len(STEPS),
    )  # fmt: skip


def _denoising_words(report: Report) -> list[str]:
    """The sentences about denoising, without Markdown."""
    sentences = denoising_words(report.denoising) if report.denoising else []
    return [unbroken(sentence.replace("*", "")) for sentence in sentences]


def unbroken(text: str) -> str:
    """Text that is not broken before a unit or at the dash of an interval."""
    for mark, glued in _GLUED.items():
        text = text.replace(mark, glued)
    return text


_GLUED = {" %": "\u00a0%", " dB": "\u00a0dB", "–": "\u2060–\u2060"}


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("rfmae.reporting.page", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _verbatim(name: str) -> Markup:
    """A style sheet or a script, not rendered as a template."""
    return Markup(files("rfmae.reporting.page").joinpath("templates", name).read_text("utf-8"))


def _marked(items: Mapping[str, str]) -> dict[str, Markup]:
    """Drawings, whose texts are escaped already, as markup."""
    return {name: Markup(text) for name, text in items.items()}


def _classes(report: Report) -> tuple[str, ...]:
    return next(iter(report.accuracy.values())).classes if report.accuracy else ()


def _data(report: Report, points: tuple[float, ...]) -> Markup:
    """The data of the page's script, as JSON that cannot end its element."""
    data: dict[str, Any] = {
        "snr_db": list(points),
        "classes": list(_classes(report)),
        "models": {
            name: {
                "counts": item.counts.tolist(),
                "accuracy": item.accuracy_per_snr.tolist(),
                "interval": item.interval_per_snr.tolist(),
                "overall": [item.accuracy, *item.interval],
            }
            for name, item in report.accuracy.items()
        },
        "ceilings": {name: item.accuracy.tolist() for name, item in report.ceilings.items()},
        "readers": [name for name, item in report.ceilings.items() if not item.is_bound],
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def _variables(series: tuple[str, ...], steps: tuple[str, ...]) -> Markup:
    """Colours as variables of a style sheet."""
    named = [*(f"--s{n}:{colour}" for n, colour in enumerate(series))]
    named += [f"--q{n}:{colour}" for n, colour in enumerate(steps)]
    return Markup(";".join(named))
