"""Fill docs/recording-model.md from the report of README's model of recordings.

rfmae quickstart --recipe sdr-linear --labels 0 --out sdr
python docs/make_recording_model.py sdr/reports/quickstart-*/report.json
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from pages import filled

from rfmae.datasets.recipe import load_recipe
from rfmae.records import Ceiling
from rfmae.workflows.ceilings import known_ceilings

HERE = Path(__file__).parent
PAGE = HERE / "recording-model.md"
CEILING = "symbols, SNR unknown"
LAST_DB = 14  # above which every class is recognised always, by both


def table(report: dict[str, Any], ceiling: Ceiling) -> str:
    """Recall of each class at each SNR, and that of the ceiling where it is not 100 %."""
    counted = report["accuracy"]["pre-trained"]
    counts, snr_db = np.array(counted["counts"]), counted["snr_db"]
    points = [place for place, snr in enumerate(snr_db) if snr <= LAST_DB]
    heads = " | ".join(f"{snr_db[place]:g} dB" for place in points)
    rows = [f"| class | {heads} |", f"| :--- |{' ---: |' * len(points)}"]
    for label, name in enumerate(counted["classes"]):
        recall = counts[:, label, label] / counts[:, label].sum(axis=1)
        best = ceiling.recall[:, label]
        cells = [f"{100 * recall[p]:.0f} of {100 * best[p]:.0f}" for p in points]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    mean = np.einsum("sii->s", counts) / counts.sum(axis=(1, 2))
    cells = [f"{100 * mean[p]:.0f} of {100 * ceiling.accuracy[p]:.0f}" for p in points]
    return "\n".join([*rows, f"| all | {' | '.join(cells)} |"])


def main() -> None:
    """Fill the page."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    ceiling = known_ceilings(load_recipe("sdr-linear"))[CEILING]
    parts = {"classes": table(report, ceiling)}
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main()
