"""A report as one self-contained page of HTML: no network, no fonts, no other file."""

import json
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from rfmae.reporting.assessment_tables import left_out_lines
from rfmae.reporting.charts.report_charts import embedding_name, model_styles
from rfmae.reporting.denoising_tables import EXPLAINED, denoising_tables, denoising_words
from rfmae.reporting.facts import facts_of
from rfmae.reporting.heat_figures import FEW
from rfmae.reporting.page.gallery import gallery_of
from rfmae.reporting.page.page_tables import page_tables
from rfmae.reporting.page.parts import drawn_panels, snr_points, tiles_of, transfer_fields
from rfmae.reporting.page.templating import environment, variables, verbatim
from rfmae.reporting.palette import DARK, LIGHT
from rfmae.reporting.report_record import Report, whole_json
from rfmae.reporting.tables import snr_knowledge_note

PAGE_NAME = "report.html"

_TEMPLATE = "report.html.j2"


def page(report: Report) -> str:
    """The whole page; equal reports give the same page."""
    record = whole_json(report)
    shown = replace(report, provenance=record["provenance"])  # with the versions
    points, first = snr_points(report), next(iter(report.accuracy.values()), None)
    return environment().get_template(_TEMPLATE).render(
        title=report.title,
        headline=unbroken(report.headline),
        notes=report.notes,
        names=list(report.accuracy),
        ceilings={name: item.is_bound for name, item in report.ceilings.items()},
        snr_knowledge_note=snr_knowledge_note(report.ceilings),
        has_lower_bounds=any(
            item.gap is not None and not item.gap.is_bound for item in report.assessments.values()
        ),
        classes=list(first.classes) if first else [],
        held=[first.classes[row] for row in first.held] if first else [],
        few=FEW,
        tiles=tiles_of(report),
        drawn=drawn_panels(report),
        maps=[embedding_name(place) for place, _ in enumerate(report.embedding)],
        tables=page_tables(report),
        transfer=transfer_fields(report.transfer) if report.transfer else None,
        left_out=left_out_lines(report.robustness),
        points=points,
        gallery=gallery_of(record["gallery"], points),
        denoising=report.denoising,
        denoising_words=_denoising_words(report),
        denoising_tables=denoising_tables(report.denoising) if report.denoising else {},
        explained=EXPLAINED,
        provenance=facts_of(shown),
        data=_data(report, points),
        style=verbatim("report.css"),
        script=verbatim("report.js"),
        light=variables(LIGHT),
        dark=variables(DARK),
        colours=list(LIGHT),
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


def _data(report: Report, points: tuple[float, ...]) -> Markup:
    """The data of the page's script, as JSON that cannot end its element."""
    styles = model_styles(report)
    data: dict[str, Any] = {
        "few": FEW,
        "snr_db": list(points),
        "models": {
            name: {
                "classes": list(item.classes),
                "held": item.held.tolist(),
                "counts": item.counts.tolist(),
                "accuracy": item.accuracy_per_snr.tolist(),
                "interval": item.interval_per_snr.tolist(),
                "overall": [item.accuracy, *item.interval],
                "colour": styles[name].colour,
            }
            for name, item in report.accuracy.items()
        },
        "ceilings": {name: item.accuracy.tolist() for name, item in report.ceilings.items()},
        "readers": [name for name, item in report.ceilings.items() if not item.is_bound],
    }
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))
