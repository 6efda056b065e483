"""The ceilings that come with rfmae, and the tables and the figure of docs/ceilings.md.

    python docs/make_ceilings.py             fills the page from the ceilings that are there
    python docs/make_ceilings.py --compute   computes them all anew first (an hour on two cores)

A table stands between `<!-- NAME -->` and `<!-- end -->`; the rest of the page is written by hand.
"""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pages import filled
from rfmae_cli.console import ShownProgress

from rfmae.datasets.recipe import load_recipe
from rfmae.records import Ceiling, What
from rfmae.reporting.figures import draw_ceilings
from rfmae.reporting.tables import ceiling_table, markdown
from rfmae.theory.shipped import shipped_ceiling
from rfmae.workflows.ceiling import CEILING_NAME, AnyQuestion, ceiling, question_of_recipe

DOCS = Path(__file__).parent
SHIPPED = DOCS.parent / "data_recipes" / "ceilings"

SYMBOLS: tuple[What, ...] = ("symbols",)
TRAJECTORY: tuple[What, ...] = ("symbols", "trajectory")
DIFFERENTIAL: tuple[What, ...] = ("symbols", "differential")
ALL_PLANES: tuple[What, ...] = ("symbols", "trajectory", "differential")


@dataclass(frozen=True, slots=True)
class Shipped:
    """One ceiling: whose it is, what is seen (nothing: the sequence), from how many frames."""

    recipe: str
    planes: tuple[What, ...]
    frames: int

    @property
    def question(self) -> AnyQuestion:
        """What it answers."""
        return question_of_recipe(load_recipe(self.recipe), self.planes)


CEILINGS = {
    "awgn-ten": Shipped("awgn-ten", (), 200),
    "awgn-ten-symbols": Shipped("awgn-ten", SYMBOLS, 400),
    "awgn-ten-symbols-trajectory": Shipped("awgn-ten", TRAJECTORY, 400),
    "awgn-ten-symbols-differential": Shipped("awgn-ten", DIFFERENTIAL, 400),
    "awgn-ten-all-planes": Shipped("awgn-ten", ALL_PLANES, 400),
    "sdr-linear": Shipped("sdr-linear", (), 400),
    "sdr-linear-symbols": Shipped("sdr-linear", SYMBOLS, 200),
    "legacy": Shipped("legacy", (), 400),
    "legacy-picture": Shipped("legacy", ("trajectory",), 400),
}
"""By the name of its file."""

TABLES = {
    "awgn-ten": {
        "sequence": "awgn-ten",
        "symbols": "awgn-ten-symbols",
        "symbols and trajectory": "awgn-ten-symbols-trajectory",
        "symbols and differential": "awgn-ten-symbols-differential",
        "all three": "awgn-ten-all-planes",
    },
    "sdr-linear": {"sequence": "sdr-linear", "symbols": "sdr-linear-symbols"},
    "legacy": {"sequence": "legacy", "picture": "legacy-picture"},
}
"""The columns of each table and the ceilings that they show."""


def compute() -> None:
    """Every ceiling anew, each written when it is done."""
    for name, shipped in CEILINGS.items():
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / name
            ceiling(shipped.question, folder, frames=shipped.frames, progress=ShownProgress())
            shutil.copyfile(folder / CEILING_NAME, SHIPPED / f"{name}.json")


def columns_of(table: str) -> dict[str, Ceiling]:
    """The ceilings of a table by their heads."""
    found = {}
    for head, name in TABLES[table].items():
        known = shipped_ceiling(CEILINGS[name].question)
        if known is None:
            raise SystemExit(f"no ceiling {name} comes with rfmae; run this with --compute")
        found[head] = known
    return found


def parts() -> dict[str, str]:
    """Every table as it is now, by its mark in the page."""
    return {name: markdown(ceiling_table(columns_of(name))) for name in TABLES}


def main() -> None:
    """Compute where that was asked for, then the tables, then the figure."""
    if "--compute" in sys.argv[1:]:
        compute()
    page = DOCS / "ceilings.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), parts()), encoding="utf-8")
    title = "awgn-ten: ten modulations, 1,024 symbols, unknown carrier phase"
    (DOCS / "figures").mkdir(exist_ok=True)
    draw_ceilings(columns_of("awgn-ten"), title, DOCS / "figures" / "ceilings.png")


if __name__ == "__main__":
    main()
