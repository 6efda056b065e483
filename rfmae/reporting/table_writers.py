"""Tables as Markdown and as CSV; on a terminal and on the page they are shown as printed."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rfmae.plain import harmless
from rfmae.reporting.table import Cell, Column, Format, Ranged, Table, filed

_WRITTEN = Format()
_BREAKS = re.compile(r"[\t\n]")  # of a row of Markdown
_MARKUP = re.compile(r"\||<|\[(?=[^\]]*\]\()")  # cells, tags and links


def markdown(table: Table) -> str:
    """A table as Markdown: texts to the left, numbers to the right."""
    heads, rows = table.in_print()
    rule = ["---:" if column.form.is_number else ":---" for column in table.columns]
    return "\n".join(map(_row, [heads, rule, *rows]))


def write_csv(table: Table, path: Path) -> None:
    """A table as CSV, numbers plain; bounds of intervals are columns of their own, at the end."""
    ranged = [place for place, _ in enumerate(table.columns) if _has_bounds(table, place)]
    heads = [column.head for column in table.columns]
    heads += [f"{heads[place]}, {end}" for place in ranged for end in ("low", "high")]
    rows = [heads, *_filed_rows(table, ranged)]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([harmless(cell) for cell in row] for row in rows)


def text_table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Table:
    """A table of texts that are written already, set to the right."""
    return Table.of((Column(head, _WRITTEN) for head in heads), map(tuple, rows))


def _filed_rows(table: Table, ranged: list[int]) -> Iterator[list[str]]:
    forms = [column.form for column in table.columns]
    for row in table.rows:
        bounds: list[tuple[Cell, int]] = []
        for place in ranged:
            cell = row[place]
            low, high = (cell.low, cell.high) if isinstance(cell, Ranged) else (None, None)
            bounds += [(low, place), (high, place)]
        own = [(cell, place) for place, cell in enumerate(row)]
        yield [filed(cell, forms[place]) for cell, place in [*own, *bounds]]


def _has_bounds(table: Table, place: int) -> bool:
    return any(isinstance(row[place], Ranged) for row in table.rows)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(markdown_text, cells))} |"


def markdown_text(text: str) -> str:
    """A text as a cell of Markdown: no control characters, no tag and no link of its own."""
    plain = _BREAKS.sub("\ufffd", harmless(text))
    return _MARKUP.sub(lambda mark: f"\\{mark[0]}", plain)
