"""The tables and sentences that few-labels.json fills into docs/results.md and pretraining.md."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from few_labels_data import CHANNELS, DISJOINT, TRANSFERS
from few_labels_networks import VARIANTS
from few_labels_study import BUDGETS, DISJOINT_BUDGETS, OTHER_BUDGETS, PER_POINT
from pages import student_half, with_student

from rfmae.reporting.table import Table
from rfmae.reporting.table_writers import markdown, text_table

Found = dict[str, Any]

EXAMPLES = 20_160  # of the test split of the pairs

METHODS = {
    ("rings", "probe"): "DenoMAE2.0 in rings, linear probe",
    ("rings", "fine-tuned"): "DenoMAE2.0 in rings, fine-tuned",
    ("rings and SNR", "probe"): "beside an estimate of the SNR, linear probe",
    ("rings and SNR", "fine-tuned"): "beside an estimate of the SNR, fine-tuned",
    ("rings, noisy target", "probe"): "noisy target (a plain MAE), linear probe",
    ("position weight 0", "probe"): "without position head, linear probe",
    ("mask ratio 0.75", "probe"): "three quarters hidden, linear probe",
    ("vit", "probe"): "DenoMAE2.0 in square patches, linear probe",
    ("vit", "fine-tuned"): "DenoMAE2.0 in square patches, fine-tuned",
    ("rings from scratch", ""): "rings from scratch",
    ("rings and SNR from scratch", ""): "rings and SNR from scratch",
    ("vit from scratch", ""): "square patches (ViT) from scratch",
    ("cnn from scratch", ""): "small CNN from scratch",
    ("cumulants of the planes + SVM", ""): "cumulants of all planes + SVM",
}
"""What stands in the table of few labels."""


def accuracies(found: Found, keys: Sequence[str], budget: int | str) -> list[float]:
    """Accuracy in % of every seed that is measured."""
    examples = found.get("test examples", {}).get(keys[0], EXAMPLES)
    inner: Any = found
    for key in (*keys, str(budget)):
        inner = inner.get(key, {})
    return [100 * sum(hits) / examples for _, hits in sorted(inner.items())]


def _cell(values: Sequence[float]) -> str:
    return with_student(values) if values else ""


def labels_table(found: Found) -> Table:
    """Every method at every budget, the best in bold."""
    measured = {
        name: [accuracies(found, method, budget) for budget in BUDGETS]
        for method, name in METHODS.items()
    }
    heads = ["labels per class", *(f"{budget:,}" for budget in BUDGETS)]
    return text_table(heads, _rows(measured))


def _rows(measured: Mapping[str, Sequence[Sequence[float]]]) -> list[list[str]]:
    """A row for each name that has figures, the best of each column in bold."""
    columns = zip(*measured.values(), strict=True)
    best = [max((np.mean(v) for v in column if v), default=np.nan) for column in columns]
    rows = []
    for name, values in measured.items():
        cells = [
            f"**{_cell(v)}**" if v and np.mean(v) == top else _cell(v)
            for v, top in zip(values, best, strict=True)
        ]
        if any(cells):
            rows.append([name, *cells])
    return rows


def units_table(found: Found) -> Table:
    """Linear probes in the unit of Mod-CL."""
    names = {"rings": "DenoMAE2.0 in rings", "rings and SNR": "beside an estimate of the SNR"}
    rows = []
    for key, name in names.items():
        cells = [
            _cell(accuracies(found, (key, "probe, per class and SNR"), count))
            for count in PER_POINT
        ]
        if any(cells):
            rows.append([f"{name}, frozen, linear head", *cells])
    return text_table(["labels per class and SNR", *map(str, PER_POINT)], rows)


def labels_verdict(found: Found) -> str:
    """Where pre-training is ahead of everything from scratch, and by how much."""
    scratch = [key for key in METHODS if "scratch" in key[0]]
    beside = [key for key in scratch if "SNR" in key[0]]
    alone = [key for key in scratch if key not in beside]
    return "\n\n".join(
        f"{name} pre-training in rings is worth {gains}; in brackets, whether the 95 % intervals "
        "over the seeds are apart."
        for name, gains in (
            ("Over the best network from scratch", _gains(found, "rings", alone)),
            (
                "Over rings and SNR from scratch, beside an estimate of the SNR,",
                _gains(found, "rings and SNR", beside),
            ),
        )
        if gains
    )


def _gains(found: Found, name: str, rivals: Sequence[tuple[str, str]]) -> str:
    """The better of probe and fine-tuned against the best rival, budget by budget, in points."""
    lines = []
    for budget in BUDGETS:
        ours = [accuracies(found, (name, way), budget) for way in ("probe", "fine-tuned")]
        theirs = [accuracies(found, rival, budget) for rival in rivals]
        if not any(ours) or not any(theirs):
            continue
        mine, best = (max((v for v in part if v), key=np.mean) for part in (ours, theirs))
        apart = _interval(mine)[0] > _interval(best)[1]
        word = "apart" if apart else "not apart"
        lines.append(f"{np.mean(mine) - np.mean(best):+.1f} points with {budget:,} ({word})")
    return ", ".join(lines)


def _interval(values: Sequence[float]) -> tuple[float, float]:
    mean, half = float(np.mean(values)), student_half(values)
    return mean - half, mean + half


def all_labels_table(found: Found) -> Table:
    """Every label of the 67,200 pairs."""
    ways = {
        "linear probe": lambda name: ((name, "probe"), "all"),
        "fine-tuned": lambda name: ((f"{name}, pre-trained", "all labels"), "all"),
        "from scratch": lambda name: ((f"{name}, from scratch", "all labels"), "all"),
    }
    rows = [
        [name, *(_cell(accuracies(found, *way(name))) for way in ways.values())]
        for name in ("rings", "rings and SNR")
    ]
    return text_table(["all 67,200 labels", *ways], [row for row in rows if any(row[1:])])


WAYS = ("from scratch", "probe", "fine-tuned")


def disjoint_table(found: Found) -> Table:
    """Pre-trained on five classes, measured on the other five."""
    rows = []
    for split, seen in enumerate(DISJOINT):
        rows += _ways(found, f"disjoint {split}", ", ".join(seen), DISJOINT_BUDGETS)
    heads = ["pre-trained on", "measured on the other five"]
    return text_table([*heads, *(f"{budget:,}" for budget in DISJOINT_BUDGETS)], rows)


def elsewhere_table(found: Found) -> Table:
    """Pre-trained in white noise, measured over other channels and on other data."""
    rows = []
    for name in (*CHANNELS, *TRANSFERS):
        rows += _ways(found, name, ELSEWHERE.get(name, name), OTHER_BUDGETS)
    return text_table(["measured on", "method", "10 labels per class", "100"], rows)


ELSEWHERE = {
    "sdr-linear": "the seven classes of `sdr-linear`",
    "radio-24": "the 24 classes of `radio-24`",
    "imported": "six classes made by komm, imported",
}
"""What other data are called."""


def _ways(found: Found, key: str, name: str, budgets: Sequence[int]) -> list[list[str]]:
    """A row for each way to use labels that is measured."""
    measured = {way: [accuracies(found, (key, way), b) for b in budgets] for way in WAYS}
    return [[name, *row] for row in _rows(measured)]


# --- ablations

ABLATIONS = [name for name in VARIANTS if name not in ("rings", "rings and SNR", "vit")]


def ablations_table(found: Found) -> Table:
    """Linear probes of every change, and what it costs or gains with ten labels, seed by seed."""
    rows = []
    for name in ("rings", *ABLATIONS):
        cells = [_cell(accuracies(found, (name, "probe"), budget)) for budget in BUDGETS]
        if any(cells):
            shown = "as it comes: nothing hidden, position weight 0.1" if name == "rings" else name
            rows.append([shown, *cells, _against(found, name)])
    heads = ["labels per class", *(f"{budget:,}" for budget in BUDGETS), "difference, all budgets"]
    return text_table(heads, rows)


def _against(found: Found, name: str) -> str:
    """The difference from DenoMAE2.0 as it comes, the mean over the budgets, seed by seed."""
    if name == "rings":
        return ""
    mine, base = (_means(found, key) for key in (name, "rings"))
    common = sorted(mine.keys() & base.keys())
    return with_student([mine[s] - base[s] for s in common], signed=True) if common else ""


def _means(found: Found, name: str) -> dict[str, float]:
    """Mean accuracy over the budgets of each seed that has them all."""
    by_budget = [found.get(name, {}).get("probe", {}).get(str(b), {}) for b in BUDGETS]
    seeds = set.intersection(*(set(runs) for runs in by_budget)) if by_budget else set()
    return {
        seed: float(np.mean([100 * sum(runs[seed]) / EXAMPLES for runs in by_budget]))
        for seed in seeds
    }


def _measured(table: Table) -> str:
    return markdown(table) if table.rows else "*Not measured yet; `make results` does.*"


PARTS = {
    "few labels": lambda found: _measured(labels_table(found)),
    "few labels verdict": labels_verdict,
    "few labels units": lambda found: _measured(units_table(found)),
    "all labels": lambda found: _measured(all_labels_table(found)),
    "disjoint": lambda found: _measured(disjoint_table(found)),
    "elsewhere": lambda found: _measured(elsewhere_table(found)),
}
"""Of docs/results.md, by the mark in the page."""

PRETRAINING_PARTS = {"ablations": lambda found: _measured(ablations_table(found))}
"""Of docs/pretraining.md."""
