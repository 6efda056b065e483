"""The pages of docs show what comes with rfmae."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_tables_of_ceilings_are_those_that_come_along():
    filled = runpy.run_path(str(DOCS / "make_ceilings.py"))["filled"]
    page = (DOCS / "ceilings.md").read_text(encoding="utf-8")
    assert filled(page) == page


def test_the_figures_of_the_pages_are_there():
    assert (DOCS / "figures" / "ceilings.png").is_file()
