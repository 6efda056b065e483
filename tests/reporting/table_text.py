"""Tables as the text that a file or a reader gets."""

import csv
import tempfile
from pathlib import Path

from rfmae.reporting.table_writers import write_csv


def in_file(table):
    """Heads and rows as they are read back from a CSV file."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "table.csv"
        write_csv(table, path)
        with path.open(newline="", encoding="utf-8") as file:
            heads, *rows = csv.reader(file)
    return heads, rows


def cells(table, written=None):
    """Each row by the heads of its cells, in print or as in a file."""
    heads, rows = written(table) if written else table.in_print()
    return [dict(zip(heads, row, strict=True)) for row in rows]
