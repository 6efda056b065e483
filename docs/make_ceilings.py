"""The ceilings that come with rfmae, and the tables and the figure of docs/ceilings.md.

    python docs/make_ceilings.py             fills the page from the ceilings that are there
    python docs/make_ceilings.py --compute   computes them all anew first (an hour and a half)
    python docs/make_ceilings.py --compute NAME ...   computes those of these names anew first

A table stands between `<!-- NAME -->` and `<!-- end -->`; the rest of the page is written by hand.
"""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pages import consistent, filled
from rfmae_cli.console import ShownProgress

from rfmae.datasets.recipe import load_recipe
from rfmae.records import Ceiling, What
from rfmae.reporting.charts.accuracy_charts import ceiling_chart
from rfmae.reporting.charts.chart import Panels
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.table_writers import markdown
from rfmae.reporting.tables import ceiling_table
from rfmae.workflows.ceilings import (
    CEILING_NAME,
    AnyQuestion,
    ceiling,
    ceiling_spec_of,
    known_ceiling,
    with_unknown_snr,
)

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
    knows_snr: bool = True

    @property
    def spec(self) -> AnyQuestion:
        """What it answers."""
        spec = ceiling_spec_of(load_recipe(self.recipe), self.planes)
        return spec if self.knows_snr else with_unknown_snr(spec)


CEILINGS = {
    "awgn-ten": Shipped("awgn-ten", (), 200),
    "awgn-ten-symbols": Shipped("awgn-ten", SYMBOLS, 400),
    "awgn-ten-symbols-trajectory": Shipped("awgn-ten", TRAJECTORY, 400),
    "awgn-ten-symbols-differential": Shipped("awgn-ten", DIFFERENTIAL, 400),
    "awgn-ten-all-planes": Shipped("awgn-ten", ALL_PLANES, 400),
    "sdr-linear": Shipped("sdr-linear", (), 400),
    "sdr-linear-symbols": Shipped("sdr-linear", SYMBOLS, 200),
    "awgn-ten-symbols-unknown-snr": Shipped("awgn-ten", SYMBOLS, 200, knows_snr=False),
    "awgn-ten-all-planes-unknown-snr": Shipped("awgn-ten", ALL_PLANES, 90, knows_snr=False),
    "awgn-ten-quick-symbols-unknown-snr": Shipped("awgn-ten-quick", SYMBOLS, 100, knows_snr=False),
    "sdr-linear-symbols-unknown-snr": Shipped("sdr-linear", SYMBOLS, 80, knows_snr=False),
    "legacy": Shipped("legacy", (), 400),
    "legacy-picture": Shipped("legacy", ("trajectory",), 400),
}
"""By the name of its file; a sequence comes before its images, which are held below it."""

TABLES = {
    "awgn-ten": {
        "sequence": "awgn-ten",
        "symbols": "awgn-ten-symbols",
        "symbols, SNR unknown": "awgn-ten-symbols-unknown-snr",
        "symbols and trajectory": "awgn-ten-symbols-trajectory",
        "symbols and differential": "awgn-ten-symbols-differential",
        "all three": "awgn-ten-all-planes",
        "all three, SNR unknown": "awgn-ten-all-planes-unknown-snr",
    },
    "sdr-linear": {
        "sequence": "sdr-linear",
        "symbols": "sdr-linear-symbols",
        "symbols, SNR unknown": "sdr-linear-symbols-unknown-snr",
    },
    "legacy": {"sequence": "legacy", "picture": "legacy-picture"},
}
"""The columns of each table and the ceilings that they show."""

DRAWN = ("sequence", "symbols", "symbols, SNR unknown", "all three", "all three, SNR unknown")
"""The columns of awgn-ten that its figure shows."""


def compute(names: Sequence[str] = ()) -> None:
    """The ceilings of some names anew, or all of them, each written when it is done."""
    for name in names or CEILINGS:
        shipped = CEILINGS[name]
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / name
            ceiling(shipped.spec, folder, frames=shipped.frames, progress=ShownProgress())
            shutil.copyfile(folder / CEILING_NAME, SHIPPED / f"{name}.json")


def columns_of(table: str) -> dict[str, Ceiling]:
    """The ceilings of a table by their heads."""
    found = {}
    for head, name in TABLES[table].items():
        known = known_ceiling(CEILINGS[name].spec)
        if known is None:
            raise SystemExit(f"no ceiling {name} comes with rfmae; run this with --compute")
        found[head] = known
    return consistent(found)


def parts() -> dict[str, str]:
    """Every table as it is now, and how far it can be trusted, by its mark in the page."""
    tables = {name: markdown(ceiling_table(columns_of(name))) for name in TABLES}
    return {**tables, "confidence": _confidence()}


def _confidence() -> str:
    """How far the figures of the tables may be from the truth, at a point and in the mean."""
    shown = [ceiling for name in TABLES for ceiling in columns_of(name).values()]
    classifiers = [ceiling for ceiling in shown if not ceiling.is_bound]
    kinds = {
        "true ceilings": [ceiling for ceiling in shown if ceiling.is_bound],
        "readers that know the SNR": [one for one in classifiers if one.snr == "known"],
        "readers that do not": [one for one in classifiers if one.snr == "unknown"],
    }
    words = [f"{kind} are right to {_within(ceilings)}" for kind, ceilings in kinds.items()]
    return f"With 95 % confidence {', '.join(words[:-1])}, and {words[-1]}."


def _within(ceilings: Sequence[Ceiling]) -> str:
    """Half the widest 95 % interval of some ceilings, in points."""
    errors = [196 * ceiling.accuracy_error for ceiling in ceilings]
    at_a_point = max(error.max() for error in errors)
    of_the_mean = max(np.sqrt(np.square(error).sum()) / len(error) for error in errors)
    return f"{at_a_point:.1f} points at any SNR and {of_the_mean:.1f} in the mean"


def main() -> None:
    """Compute where requested, then the tables, then the figure."""
    if sys.argv[1:2] == ["--compute"]:
        compute(sys.argv[2:])
    page = DOCS / "ceilings.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), parts()), encoding="utf-8")
    title = "awgn-ten: ten modulations, 1,024 symbols, unknown carrier phase"
    (DOCS / "figures").mkdir(exist_ok=True)
    columns = columns_of("awgn-ten")
    drawn = {head: columns[head] for head in DRAWN}
    figure = figure_of(Panels("", (ceiling_chart(drawn, title),)))
    save_figure(figure, DOCS / "figures" / "ceilings.png")


if __name__ == "__main__":
    main()
