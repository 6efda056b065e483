"""The tables and sentences of docs/results.md, from what was measured."""

import numpy as np
from pages import with_student
from results_numbers import (
    NAMES,
    SEE_NO_IMAGE,
    Found,
    Runs,
    ceilings_of,
    image_ceiling,
    means,
    models_of,
    shares,
)
from results_study import (
    DENOMAE2,
    LEFT_OUT_DB,
    LEGACY,
    LONGER,
    PLANES,
    RATED,
    RATES_TRIED,
    RINGS,
    SCRATCH,
    snr_points,
)

from rfmae.records import Ceiling, FloatArray, wilson_interval
from rfmae.reporting.table import Table
from rfmae.reporting.table_writers import markdown, text_table

OF_BOUND = "share of the lower bound"  # and no aim: the ceiling itself may be higher
_LONGEST = max(LONGER, key=lambda name: LONGER[name])  # taught of the networks of all points

# --- awgn-ten


def _bound(ceiling: Ceiling, share: float) -> str:
    return f"{'' if ceiling.is_bound else '≥ '}{100 * share:.1f}"


def awgn_table(found: Found, planes: str) -> Table:
    """Means over the seeds per SNR, then over all, then as shares of the image's lower bound."""
    runs = models_of(found, planes)
    ceilings = ceilings_of(PLANES[planes])
    heads = ["Es/N0 (dB)", *(NAMES[name] for name in runs), *(f"ceiling, {c}" for c in ceilings)]
    columns = [shares(runs[name]).mean(axis=0) for name in runs]
    rows = [
        [
            f"{snr:g}",
            *(f"{column[s]:.1f}" for column in columns),
            *(_bound(ceiling, ceiling.accuracy[s]) for ceiling in ceilings.values()),
        ]
        for s, snr in enumerate(snr_points(PLANES[planes]))
    ]
    rows.append(
        [
            "mean",
            *(with_student(means(runs[name])) for name in runs),
            *(_bound(ceiling, ceiling.accuracy.mean()) for ceiling in ceilings.values()),
        ]
    )
    limit = 100 * image_ceiling(ceilings).accuracy.mean()
    ratios = [
        "" if name in SEE_NO_IMAGE else f"{100 * means(runs[name]).mean() / limit:.1f} %"
        for name in runs
    ]
    rows.append([OF_BOUND, *ratios, *("" for _ in ceilings)])
    return text_table(heads, rows)


def awgn_verdict(found: Found, planes: str) -> str:
    """The best of ours as a share of the lower bound of the ceiling, and where it falls short."""
    runs = {
        name: values
        for name, values in models_of(found, planes).items()
        if name not in SEE_NO_IMAGE
    }
    best = max(runs, key=lambda name: means(runs[name]).mean())
    ceiling = image_ceiling(ceilings_of(PLANES[planes]))
    ratio = means(runs[best]).mean() / (100 * ceiling.accuracy.mean())
    reached, possible = shares(runs[best]).mean(axis=0), 100 * ceiling.accuracy
    snr, worst = snr_points(PLANES[planes]), int((possible - reached).argmax())
    return (
        f"The best is {NAMES[best]}: {with_student(means(runs[best]))} %, "
        f"**{100 * ratio:.1f} % of one lower bound of the ceiling**: of what one classifier of "
        f"such images reached that does not know the SNR, either. The ceiling itself may be "
        f"higher. It falls short of that bound most at {snr[worst]:g} dB, "
        f"{reached[worst]:.1f} of {possible[worst]:.1f} %.{_worth(runs)}"
    )


def _of(runs: Runs, seeds: list[str]) -> FloatArray:
    """Accuracy in % of some seeds in their order, (seeds, S); every point has as many examples."""
    return shares({seed: runs[seed] for seed in seeds})


def _worth(runs: dict[str, Runs]) -> str:
    """What pre-training gains over the same network from scratch, seed by seed."""
    common = sorted(runs.get(DENOMAE2, {}).keys() & runs.get(SCRATCH, {}).keys())
    if not common:
        return ""
    with_it, without = (_of(runs[name], common).mean(axis=1) for name in (DENOMAE2, SCRATCH))
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
    return text_table(heads, rows)


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
    table = markdown(text_table(part["heads"], part["rows"]))
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
    part, grid = found.get("left out", {}), list(snr_points(PLANES["planes"]))
    whole = found.get("awgn", {}).get("planes", {}).get(RINGS, {})
    heads = ["left out (dB)", "there", "there, trained on all", "difference", "all other points"]
    rows = []
    for snr in LEFT_OUT_DB:
        runs = part.get(f"{snr:g}", {})
        if not (runs and whole):
            continue
        place = grid.index(snr)
        without, seen = shares(runs), shares(whole)
        common = sorted(runs.keys() & whole.keys())
        gap = _of(runs, common)[:, place] - _of(whole, common)[:, place]
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
    return text_table(heads, rows)


# --- the SNR known


def known_table(found: Found) -> Table:
    """A network for each SNR point, beside one for all of them and the ceiling."""
    snr, alone, together, possible = _known(found)
    size = found["settings"]["finetuned_images"]
    heads = [
        "Es/N0 (dB)",
        NAMES[_LONGEST],
        f"rings, {size:,} images of this point alone",
        "ceiling, image, SNR known",
    ]
    rows = [
        [f"{snr[s]:g}", f"{together[s]:.1f}", f"{alone[s]:.1f}", f"≥ {possible[s]:.1f}"]
        for s in range(len(snr))
    ]
    if not rows:
        return text_table(heads, rows)
    whole = [float(column.mean()) for column in (together, alone, possible)]
    rows.append(["mean", f"{whole[0]:.1f}", f"{whole[1]:.1f}", f"≥ {whole[2]:.1f}"])
    ratios = (f"{100 * part / whole[2]:.1f} %" for part in whole[:2])
    return text_table(heads, [*rows, [OF_BOUND, *ratios, ""]])


def known_verdict(found: Found) -> str:
    """What knowing the SNR is worth."""
    snr, alone, together, possible = _known(found)
    if not len(snr):
        return ""
    ratio, gain = alone.mean() / possible.mean(), alone - together
    beaten = " Where they stand above it, the ceiling is higher than that bound."
    return (
        f"Networks that know the SNR gain {gain.mean():.1f} points in the mean of these, "
        f"{gain.max():.1f} at {snr[gain.argmax()]:g} dB, where one network for all lacks "
        f"{(possible - together).mean():.1f} in the mean: they reach **{100 * ratio:.1f} % of one "
        f"lower bound of the ceiling**, what one classifier of them reached that knew it, too."
        f"{beaten if (alone > possible).any() else ''}"
    )


def _known(found: Found) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The points in dB that are measured; accuracies in % of networks of each alone, of one for
    all, and possible.
    """
    part, snr = found.get("known", {}), np.array(snr_points(PLANES["planes"]))
    there = [s for s, point in enumerate(snr) if f"{point:g}" in part]
    alone = np.array([means(part[f"{snr[s]:g}"]).mean() for s in there])
    together = shares(found["awgn"]["planes"][_LONGEST]).mean(axis=0)[there]
    possible = 100 * image_ceiling(ceilings_of(PLANES["planes"]), "known").accuracy[there]
    return snr[there], alone, together, possible


# --- how fast to learn


def rates_table(found: Found) -> Table:
    """Accuracy on validation examples in % of the networks at the rates that were tried."""
    part = found.get("rates", {})
    rows = [
        [NAMES[name], *(_rated(part[name].get(f"{rate:g}")) for rate in RATES_TRIED)]
        for name in RATED
        if name in part
    ]
    return text_table(["learning rate", *(f"{rate:g}" for rate in RATES_TRIED)], rows)


def _rated(run: Found | None) -> str:
    return "" if run is None else f"{100 * run['validation accuracy']:.1f}"
