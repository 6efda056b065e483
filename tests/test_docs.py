"""The pages of docs show what comes with rfmae."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_the_tables_of_ceilings_are_those_that_come_along():
    filled = runpy.run_path(str(DOCS / "make_ceilings.py"))["filled"]
    page = (DOCS / "ceilings.md").read_text(encoding="utf-8")
    assert filled(page) == page


def test_the_tables_of_pretraining_are_what_was_measured():
    filled = runpy.run_path(str(DOCS / "make_pretraining.py"))["filled"]
    page = (DOCS / "pretraining.md").read_text(encoding="utf-8")
    assert filled(page) == page


def test_the_figures_of_the_pages_are_there():
    for name in ("ceilings", "pretraining"):
        assert (DOCS / "figures" / f"{name}.png").is_file()
