"""The report folder: JSON, HTML, Markdown, CSV and figures, written atomically."""

from collections.abc import Mapping
from pathlib import Path

from rfmae.artefacts import CARD_NAME, read_card, write_json, written_whole
from rfmae.errors import ArtefactError, RfmaeError
from rfmae.plain import parse
from rfmae.records import Answers
from rfmae.reporting.answer_files import NO_ANSWERS, write_answers
from rfmae.reporting.figure_files import save_both
from rfmae.reporting.markdown_page import markdown_page
from rfmae.reporting.page.contents import csv_files, figures_of
from rfmae.reporting.page.page import PAGE_NAME, page
from rfmae.reporting.report_record import Report as Report
from rfmae.reporting.report_record import report_json as report_json
from rfmae.reporting.report_record import report_of, whole_json
from rfmae.reporting.table_writers import write_csv

KIND = "report"
REPORT_NAME = "report.json"


def write_report(report: Report, folder: Path, answers: Mapping[str, Answers] = NO_ANSWERS) -> Path:
    """Write `report.json` and everything made of it; an older report of that name is replaced.

    `answers` of the models are kept beside it, so that others can be compared with them.
    """
    record = whole_json(report)
    shown = report_of(record)  # everything shown can be rendered again from the JSON
    with written_whole(folder, replaces=KIND) as scratch:
        write_json(scratch / REPORT_NAME, record)
        (scratch / PAGE_NAME).write_text(page(shown), encoding="utf-8")
        (scratch / "report.md").write_text(markdown_page(shown), encoding="utf-8")
        for name, table in csv_files(shown).items():
            write_csv(table, scratch / f"{name}.csv")
        _draw(shown, scratch / "figures")
        write_answers(answers, scratch)
        write_json(scratch / CARD_NAME, {"kind": KIND, "title": report.title})
    return folder


def read_report(folder: Path) -> Report:
    """The report in a folder; older reports lack some parts."""
    if (read_card(folder) or {}).get("kind") != KIND:
        raise ArtefactError(f"{folder} holds no report; name a folder that `rfmae eval-snr` wrote")
    try:
        return report_of(parse((folder / REPORT_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, RfmaeError) as error:
        reason = " ".join(str(error).split())
        raise ArtefactError(
            f"the report {folder / REPORT_NAME} cannot be read: {reason}; evaluate again"
        ) from error


def _draw(report: Report, folder: Path) -> None:
    """Every figure as PNG and SVG."""
    folder.mkdir()
    for name, draw in figures_of(report):
        save_both(draw(), folder, name)
