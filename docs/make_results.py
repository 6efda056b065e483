"""The tables, sentences and figure of docs/results.md, from docs/results.json.

    python docs/make_results.py                  fills the page from what was measured
    python docs/make_results.py --compute        measures what is missing first (hours on two cores)
    python docs/make_results.py --compute 0/2    every second run, for two processes side by side

What stands between `<!-- NAME -->` and `<!-- end -->` is filled in; the rest is written by hand.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pages import Results, filled, with_student
from results_study import (
    DENOMAE2,
    LEFT_OUT_DB,
    LEGACY,
    LONGER,
    PLANES,
    RECIPES,
    RINGS,
    SCRATCH,
    jobs,
)

from rfmae.datasets.recipe import load_recipe
from rfmae.records import Ceiling, FloatArray, wilson_interval
from rfmae.reporting.tables import Table, markdown
from rfmae.workflows.ceiling import known_ceilings

DOCS = Path(__file__).parent
RESULTS = DOCS / "results.json"

NAMES = {
    SCRATCH: "from scratch",
    "mae": "MAE",
    "denomae": "DenoMAE",
    DENOMAE2: "DenoMAE2.0",
    "cnn": "small CNN",
    RINGS: "rings",
    **{name: f"rings, {images:,} images" for name, images in LONGER.items()},
    "cumulants": "cumulants + SVM",
    "logistic": "logistic regression",
    "likelihood": "likelihood receiver, told the SNR",
    "likelihood-blind": "likelihood receiver, blind",
}
"""By the name of the model in results.json, in the order of the tables."""

TITLES = {"symbols": "Symbol planes alone", "planes": "With trajectory and differential planes"}
_COLOURS = {
    SCRATCH: "#8c8c8c",
    "mae": "#8a5aa8",
    "denomae": "#4a8c5d",
    DENOMAE2: "#0b62a4",
    "cnn": "#d1603d",
    "cumulants": "#b58900",
}

_RINGS = "#c2185b"

_SEE_NO_IMAGE = ("cumulants", "likelihood", "likelihood-blind")

Found = dict[str, Any]
Runs = dict[str, Found]
"""What was measured of one model, by seed."""


# --- numbers


def shares(runs: Runs) -> FloatArray:
    """Accuracy of every seed at every SNR in %, (seeds, S)."""
    return np.array(
        [100 * np.divide(run["hits_per_snr"], run["examples_per_snr"]) for run in runs.values()]
    )


def means(runs: Runs) -> FloatArray:
    """Accuracy of every seed over all SNR points in %."""
    return np.array(
        [100 * sum(run["hits_per_snr"]) / sum(run["examples_per_snr"]) for run in runs.values()]
    )


def ceilings_of(recipe: str) -> dict[str, Ceiling]:
    """What the best receiver reaches of a recipe of the study, by what it sees."""
    return known_ceilings(load_recipe(RECIPES / f"{recipe}.toml"))


def _points(recipe: str) -> tuple[float, ...]:
    return load_recipe(RECIPES / f"{recipe}.toml").source.channel.snr_db


def _bound(ceiling: Ceiling, share: float) -> str:
    return f"{'' if ceiling.is_bound else '≥ '}{100 * share:.1f}"


# --- awgn-ten


def awgn_table(found: Found, planes: str) -> Table:
    """Means over the seeds per SNR, then over all, then as a share of the image's ceiling."""
    runs = _models(found, planes)
    ceilings = ceilings_of(PLANES[planes])
    heads = ["Es/N0 (dB)", *(NAMES[name] for name in runs), *(f"ceiling, {c}" for c in ceilings)]
    columns = [shares(runs[name]).mean(axis=0) for name in runs]
    rows = [
        [
            f"{snr:g}",
            *(f"{column[s]:.1f}" for column in columns),
            *(_bound(ceiling, ceiling.accuracy[s]) for ceiling in ceilings.values()),
        ]
        for s, snr in enumerate(_points(PLANES[planes]))
    ]
    rows.append(
        [
            "mean",
            *(with_student(means(runs[name])) for name in runs),
            *(_bound(ceiling, ceiling.accuracy.mean()) for ceiling in ceilings.values()),
        ]
    )
    limit = 100 * _image(ceilings).accuracy.mean()
    ratios = [
        "" if name in _SEE_NO_IMAGE else f"{100 * means(runs[name]).mean() / limit:.1f} %"
        for name in runs
    ]
    rows.append(["of the image's ceiling", *ratios, *("" for _ in ceilings)])
    return heads, rows


def _models(found: Found, planes: str) -> dict[str, Runs]:
    """What was measured on some planes, and receivers of the sequence beside it."""
    part = found.get("awgn", {})
    everything = {**part.get(planes, {}), **part.get("sequence", {})}
    return {name: everything[name] for name in NAMES if name in everything}


def _image(ceilings: dict[str, Ceiling]) -> Ceiling:
    return next(ceiling for name, ceiling in ceilings.items() if name != "sequence")


def awgn_verdict(found: Found, planes: str) -> str:
    """How near the best of ours comes to what its image allows, and where it falls short."""
    runs = {
        name: values for name, values in _models(found, planes).items() if name not in _SEE_NO_IMAGE
    }
    best = max(runs, key=lambda name: means(runs[name]).mean())
    ceiling = _image(ceilings_of(PLANES[planes]))
    ratio = means(runs[best]).mean() / (100 * ceiling.accuracy.mean())
    short = 100 * ceiling.accuracy - shares(runs[best]).mean(axis=0)
    worst = int(short.argmax())
    aim = "reaches" if ratio >= 0.97 else "misses"
    return (
        f"The best is {NAMES[best]}: {with_student(means(runs[best]))} %, "
        f"**{100 * ratio:.1f} % of what its image allows**, which {aim} the aim of 97 %. It falls "
        f"short most at {_points(PLANES[planes])[worst]:g} dB, by {short[worst]:.1f} points."
        f"{_worth(runs)}"
    )


def _worth(runs: dict[str, Runs]) -> str:
    """What pre-training gains over the same network from scratch, seed by seed."""
    common = sorted(runs.get(DENOMAE2, {}).keys() & runs.get(SCRATCH, {}).keys())
    if not common:
        return ""
    with_it, without = (
        means({seed: runs[name][seed] for seed in common}) for name in (DENOMAE2, SCRATCH)
    )
    gain = with_student(with_it - without, signed=True)
    return f" Pre-training as DenoMAE2.0 is worth {gain} points over the same network from scratch."


# --- legacy


def legacy_table(found: Found) -> Table:
    """Accuracy of all ten classes and of eight, where indistinguishable ones count as one."""
    ceiling = ceilings_of("legacy-small")["sequence"]
    part = found.get("legacy", {})
    heads = ["", "ten classes, each seed", "mean", "eight classes, merged", "examples"]
    rows = [
        [
            NAMES[name],
            ", ".join(f"{value:.1f}" for value in means(part[name])),
            with_student(means(part[name])),
            with_student(_merged(part[name])),
            f"{sum(next(iter(part[name].values()))['examples_per_snr']):,}",
        ]
        for name in LEGACY
        if name in part
    ]
    merged = 100 * ceiling.merged_accuracy.mean()
    rows.append(["ceiling", "", f"{100 * ceiling.accuracy.mean():.1f}", f"{merged:.1f}", ""])
    rows.append(["published DenoMAE2.0", "", "82.4", "", "1,000"])
    return heads, rows


def _merged(runs: Runs) -> FloatArray:
    return np.array(
        [100 * run["merged_hits"] / sum(run["examples_per_snr"]) for run in runs.values()]
    )


def legacy_verdict(found: Found) -> str:
    """Whether anybody stands above the ceiling for more than luck."""
    limit = 100 * ceilings_of("legacy-small")["sequence"].accuracy.mean()
    above = []
    for name, runs in found.get("legacy", {}).items():
        for seed, run in runs.items():
            hits, examples = sum(run["hits_per_snr"]), sum(run["examples_per_snr"])
            low, _ = 100 * wilson_interval(np.array(hits), np.array(examples))
            if low > limit:
                above.append(f"{NAMES[name]}, seed {seed}: {100 * hits / examples:.1f} %")
    if not found.get("legacy"):
        return ""
    if above:
        return f"Above the ceiling for more than luck: {'; '.join(above)}. Something leaks."
    return f"Nobody stands above the ceiling of {limit:.1f} %."


# --- few labels


def labels_part(found: Found) -> str:
    """Accuracy against labels per class, with its figure."""
    part = found.get("labels", {}).get("planes")
    if part is None:
        return ""
    table = markdown((part["heads"], part["rows"]))
    figure = "![accuracy against labels per class](figures/label-curve.png)"
    return f"{_worth_of_few(part)}\n\n{table}\n\n{figure}"


def _worth_of_few(part: Found) -> str:
    """Where pre-training gains most over the same network from scratch."""
    tuned, scratch = (part["heads"].index(name) for name in ("fine-tuned", "from scratch"))
    gains = {row[0]: _mean_of(row[tuned]) - _mean_of(row[scratch]) for row in part["rows"]}
    budget = max(gains, key=lambda name: gains[name])
    last = part["rows"][-1][0]
    return (
        f"Pre-training as DenoMAE2.0 is worth most with {budget} labels of each class, "
        f"{gains[budget]:+.1f} points over the same network from scratch, and {gains[last]:+.1f} "
        f"with {last}."
    )


def _mean_of(cell: str) -> float:
    return float(cell.split()[0])


# --- a point that was never seen


def left_out_table(found: Found) -> Table:
    """Accuracy at a point that training left out, beside those that saw it."""
    part, points = found.get("left out", {}), list(_points(PLANES["planes"]))
    whole = found.get("awgn", {}).get("planes", {}).get(RINGS, {})
    heads = ["left out (dB)", "there", "there, trained on all", "difference", "all other points"]
    rows = []
    for snr in LEFT_OUT_DB:
        runs = part.get(f"{snr:g}", {})
        if not (runs and whole):
            continue
        place = points.index(snr)
        without, seen = shares(runs), shares(whole)
        common = min(len(without), len(seen))
        gap = without[:common, place] - seen[:common, place]
        others = np.delete(without, place, axis=1).mean(axis=1)
        rows.append(
            [
                f"{snr:g}",
                with_student(without[:, place]),
                with_student(seen[:, place]),
                with_student(gap, signed=True),
                with_student(others),
            ]
        )
    return heads, rows


# --- the page


def sizes(found: Found) -> str:
    """How large the runs were."""
    size = found["settings"]
    there = [Results(RESULTS, found).has(*job.keys) for job in jobs()]
    return (
        f"Preset {size['preset']}, images of 32 pixels in patches of 8, batches of "
        f"{size['batch_size']}; {size['pretrained_images']:,} images to pre-train on and "
        f"{size['finetuned_images']:,} to learn classes from, each synthesised once. "
        f"Of {len(there)} runs {sum(there)} are measured so far."
    )


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
    "labels": labels_part,
    "left out": lambda found: markdown(left_out_table(found)),
}
"""By the mark in the page."""


def parts(found: Found) -> dict[str, str]:
    """The text of every part, by its mark in the page."""
    return {name: part(found) for name, part in PARTS.items()}


def draw(found: Found, path: Path) -> None:
    """Accuracy against SNR on either set of planes, below their ceilings."""
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    for axes, planes in zip(figure.subplots(1, 2, sharey=True), PLANES, strict=True):
        _draw_planes(axes, found, planes)
    figure.savefig(path, dpi=140)


def _draw_planes(axes: Axes, found: Found, planes: str) -> None:
    snr = _points(PLANES[planes])
    ceilings = ceilings_of(PLANES[planes])
    axes.fill_between(snr, 100 * ceilings["sequence"].accuracy, 100, color="#00000014", lw=0)
    for name, ceiling in ceilings.items():
        style = "-" if name == "sequence" else "--"
        label = "ceiling, sequence" if name == "sequence" else "ceiling, image (at least)"
        axes.plot(snr, 100 * ceiling.accuracy, style, color="black", lw=1.2, label=label)
    models = _models(found, planes)
    most = [name for name in (RINGS, *LONGER) if name in models][-1:]  # of rings the best taught
    for name, runs in models.items():
        if name in _COLOURS or name in most:
            mean = shares(runs).mean(axis=0)
            colour = _COLOURS.get(name, _RINGS)
            axes.plot(snr, mean, "o-", ms=3, color=colour, label=NAMES[name])
    axes.set_title(TITLES[planes])
    axes.set_xlabel("Es/N0 (dB)")
    axes.set_ylabel("accuracy (%)")
    axes.set_ylim(0, 101)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def main() -> None:
    """Measure where that was asked for, then the parts of the page, then the figure."""
    if "--compute" in sys.argv[1:]:
        from results_study import compute
        from rfmae_cli.console import ShownProgress

        numbers = [text for text in sys.argv[1:] if "/" in text] or ["0/1"]
        first, every = map(int, numbers[0].split("/"))
        compute(ShownProgress(), (first, every))
    page = DOCS / "results.md"
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    page.write_text(filled(page.read_text(encoding="utf-8"), parts(found)), encoding="utf-8")
    draw(found, DOCS / "figures" / "results.png")


if __name__ == "__main__":
    main()
