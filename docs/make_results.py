"""The tables, sentences and figure of docs/results.md, from results.json and few-labels.json.

    python docs/make_results.py                  fills the page from what was measured
    python docs/make_results.py --compute        measures what is missing first (hours on two cores)
    python docs/make_results.py --compute 0/2    every second run, for two processes side by side

What stands between `<!-- NAME -->` and `<!-- end -->` is filled in; the rest is written by hand.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from few_labels_parts import PARTS as FEW_LABELS_PARTS
from pages import Results, filled
from results_figure import draw
from results_numbers import Found
from results_parts import (
    awgn_table,
    awgn_verdict,
    known_table,
    known_verdict,
    labels_part,
    left_out_table,
    legacy_table,
    legacy_verdict,
    rates_table,
)
from results_study import PLANES, jobs

from rfmae.reporting.table_writers import markdown

DOCS = Path(__file__).parent
RESULTS = DOCS / "results.json"
FEW_LABELS = DOCS / "few-labels.json"


def sizes(found: Found) -> str:
    """How large the runs were."""
    size = found["settings"]
    there = [Results(RESULTS, found).has(*job.keys) for job in jobs()]
    return (
        f"Preset {size['preset']}, images of 32 pixels in patches of 8, batches of "
        f"{size['batch_size']}; {size['pretrained_images']:,} images to pre-train on and "
        f"{size['finetuned_images']:,} to learn classes from, each synthesised once. "
        f"{_progress(there)}"
    )


def _progress(there: list[bool]) -> str:
    if all(there):
        return f"All {len(there)} runs are measured."
    return f"Of {len(there)} runs {sum(there)} are measured so far."


PARTS: dict[str, Callable[[Found], str]] = {
    "sizes": sizes,
    "legacy": lambda found: markdown(legacy_table(found)),
    "legacy verdict": legacy_verdict,
    **{
        f"awgn {planes}": lambda found, planes=planes: markdown(awgn_table(found, planes))
        for planes in PLANES
    },
    **{
        f"awgn {planes} verdict": lambda found, planes=planes: awgn_verdict(found, planes)
        for planes in PLANES
    },
    "known": lambda found: markdown(known_table(found)),
    "known verdict": known_verdict,
    "rates": lambda found: markdown(rates_table(found)),
    "labels": labels_part,
    "left out": lambda found: markdown(left_out_table(found)),
}
"""By the mark in the page."""


def parts(found: Found) -> dict[str, str]:
    """The text of every part, by its mark in the page."""
    few = json.loads(FEW_LABELS.read_text(encoding="utf-8"))
    return {
        **{name: part(found) for name, part in PARTS.items()},
        **{name: part(few) for name, part in FEW_LABELS_PARTS.items()},
    }


def main() -> None:
    """Measure where requested, then the parts of the page, then the figure."""
    if "--compute" in sys.argv[1:]:
        import few_labels_study
        from results_study import compute
        from rfmae_cli.console import ShownProgress

        numbers = [text for text in sys.argv[1:] if "/" in text] or ["0/1"]
        first, every = map(int, numbers[0].split("/"))
        few_labels_study.compute(ShownProgress(), (first, every))
        compute(ShownProgress(), (first, every))
    page = DOCS / "results.md"
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    page.write_text(filled(page.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")
    draw(found, DOCS / "figures" / "results.png")


if __name__ == "__main__":
    main()
