"""The tables, verdicts and figure of docs/pretraining.md, from docs/pretraining.json.

    python docs/make_pretraining.py             fills the page from what was measured
    python docs/make_pretraining.py --compute   measures what is missing first (hours on two cores)

What stands between `<!-- NAME -->` and `<!-- end -->` is filled in; the rest is written by hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from few_labels_parts import PRETRAINING_PARTS
from pages import filled, with_student

from rfmae.records import DenoiseReport, FloatArray, wilson_interval
from rfmae.reporting.charts.denoising_charts import quality_panels
from rfmae.reporting.figure_files import save_figure
from rfmae.reporting.figure_pen import figure_of
from rfmae.reporting.table import Table
from rfmae.reporting.table_writers import markdown, text_table
from rfmae.units import SNR_REFERENCE_NAMES

DOCS = Path(__file__).parent
RESULTS = DOCS / "pretraining.json"
FEW_LABELS = DOCS / "few-labels.json"
FROM_DB = -4.0  # the reconstruction is to be ahead from here on
TO_BEAT = ("noisy", "class mean", "linear, masked", "linear, sees all")
DRAWN = ("reconstruction", *TO_BEAT)
BASE = "denomae2"
NAMES = {
    "untrained": "untrained encoder",
    "mae": "MAE, noisy to noisy",
    "denomae": "DenoMAE: no position head",
    "denomae2": "DenoMAE2.0",
    "position-dropout": "+ position dropout",
    "curriculum": "+ curriculum, Laplacian, uniformity",
    "feature-noise": "+ feature noise",
}
"""By the name of the method, in the order of the table."""

Found = dict[str, Any]


def denoise_report(found: Found) -> DenoiseReport:
    """What was measured, as a record."""
    plain = found["denoising"]["report"]
    arrays = {
        measure: {name: np.array(values) for name, values in plain[measure].items()}
        for measure in ("psnr_db", "ssim")
    }
    return DenoiseReport(
        tuple(plain["snr_db"]),
        plain["snr_reference"],
        np.array(plain["examples_per_snr"]),
        **arrays,
    )


def psnr_table(found: Found) -> Table:
    """Mean PSNR of every answer per SNR, the best in bold, and the mean over all last."""
    report = denoise_report(found)
    columns = np.stack([report.psnr_db[name] for name in report.answers], axis=1)
    means = np.array([report.mean(values) for values in report.psnr_db.values()])
    heads = [f"{SNR_REFERENCE_NAMES[report.snr_reference]} (dB)", *report.answers]
    rows = [[f"{snr:g}", *_bold(line)] for snr, line in zip(report.snr_db, columns, strict=True)]
    return text_table(heads, [*rows, ["all", *_bold(means)]])


def _bold(line: FloatArray) -> list[str]:
    best = line.argmax()
    return [f"**{v:.1f}**" if place == best else f"{v:.1f}" for place, v in enumerate(line)]


def verdict(found: Found) -> str:
    """A sentence for each opponent, whatever came out."""
    return "\n".join(f"- {_sentence(found, name)}" for name in TO_BEAT)


def _sentence(found: Found, name: str) -> str:
    report, ahead = denoise_report(found), found["denoising"]["ahead_db"][name]
    points = [place for place, snr in enumerate(report.snr_db) if snr >= FROM_DB]
    surely = [p for p in points if ahead["mean"][p] - ahead["half"][p] > 0]
    least = min(points, key=lambda p: ahead["mean"][p])
    gain = f"{ahead['mean'][least]:+.2f} ± {ahead['half'][least]:.2f} dB"
    where = f"at {report.snr_db[least]:g} dB"
    if len(surely) == len(points):
        return f"**{name}**: beaten at every SNR from {FROM_DB:g} dB; least, {gain}, {where}."
    lost = ", ".join(f"{report.snr_db[p]:g}" for p in points if p not in surely)
    return f"**{name}**: not surely beaten at {lost} dB; worst, {gain}, {where}."


def probe_table(found: Found) -> Table:
    """Accuracy in % of the probes of every method: single seeds, means, and gains over the base."""
    probes = found.get("probes", {})
    seeds = sorted({seed for runs in probes.values() for seed in runs}, key=int)
    heads = [
        "pre-training",
        *(f"linear, seed {seed}" for seed in seeds),
        "mean",
        f"over {NAMES[BASE]}",
        "nearest neighbours, mean",
        "minutes",
    ]
    rows = [_probe_row(found, method, seeds) for method in NAMES if probes.get(method)]
    return text_table(heads, rows)


def _probe_row(found: Found, method: str, seeds: list[str]) -> list[str]:
    runs, base = found["probes"][method], found["probes"].get(BASE, {})
    linear = {seed: _share(run, "linear") for seed, run in runs.items()}
    common = [seed for seed in runs if seed in base]
    gains = [linear[seed] - _share(base[seed], "linear") for seed in common]
    minutes = [run["minutes"] for run in runs.values()]
    return [
        NAMES[method],
        *(_with_wilson(runs[seed]) if seed in runs else "" for seed in seeds),
        with_student(list(linear.values())),
        "" if method == BASE or not gains else with_student(gains, signed=True),
        with_student([_share(run, "nearest") for run in runs.values()]),
        "" if method == "untrained" else f"{np.mean(minutes):.0f}",
    ]


def _share(run: Found, probe: str) -> float:
    """Accuracy of one run in %."""
    return 100 * sum(run[probe]["hits_per_snr"]) / run["examples"]


def _with_wilson(run: Found) -> str:
    hits = sum(run["linear"]["hits_per_snr"])
    low, high = 100 * wilson_interval(np.array(hits), np.array(run["examples"]))
    return f"{_share(run, 'linear'):.1f} ({low:.1f}–{high:.1f})"


def sizes(found: Found) -> str:
    """How large the runs were."""
    settings = found["settings"]
    lines = []
    for name in ("denoising", "probes"):
        size = settings[name]
        took = f", {found[name]['minutes']:.0f} minutes" if "minutes" in found.get(name, {}) else ""
        lines.append(
            f"- {name}: {size['recipe']} at {size['pixels']} pixels in patches of {size['patch']}, "
            f"{100 * size['mask_ratio']:g} % hidden, "
            f"{size['train']} training, {size['validation']} validation and {size['test']} test "
            f"examples per class and SNR point, preset {settings['preset']}, "
            f"{size['epochs']} epochs in batches of {size['batch_size']}{took}"
        )
    return "\n".join(lines)


PARTS = {
    "sizes": sizes,
    "denoising": lambda found: markdown(psnr_table(found)),
    "verdict": verdict,
    "probes": lambda found: markdown(probe_table(found)),
}
"""By the mark in the page."""


def parts(found: Found) -> dict[str, str]:
    """The text of every part, by its mark in the page."""
    few = json.loads(FEW_LABELS.read_text(encoding="utf-8"))
    return {
        **{name: part(found) for name, part in PARTS.items()},
        **{name: part(few) for name, part in PRETRAINING_PARTS.items()},
    }


def drawn_report(found: Found) -> DenoiseReport:
    """The answers that the figure shows, the rest left out."""
    report = denoise_report(found)
    return DenoiseReport(
        report.snr_db,
        report.snr_reference,
        report.examples_per_snr,
        {name: report.psnr_db[name] for name in DRAWN},
        {name: report.ssim[name] for name in DRAWN},
    )


def main() -> None:
    """Measure where requested, then the parts of the page, then the figure."""
    if "--compute" in sys.argv[1:]:
        from pretraining_study import compute
        from rfmae_cli.console import ShownProgress

        compute(ShownProgress())
    page = DOCS / "pretraining.md"
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    page.write_text(filled(page.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")
    (DOCS / "figures").mkdir(exist_ok=True)
    figure = figure_of(quality_panels(drawn_report(found)))
    save_figure(figure, DOCS / "figures" / "pretraining.png")


if __name__ == "__main__":
    main()
