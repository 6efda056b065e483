"""The tables and sentences that few-labels.json fills into docs/results.md and pretraining.md."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from few_labels_study import (
    BUDGETS,
    CHANNELS,
    DISJOINT,
    DISJOINT_BUDGETS,
    PER_POINT,
    VARIANTS,
)
from pages import with_student

from rfmae.reporting.tables import Table, markdown

Found = dict[str, Any]

EXAMPLES = 20_160  # of the test split, or as many as a group has

METHODS = {
    ("rings", "probe"): "DenoMAE2.0 in rings, linear probe",
    ("rings", "fine-tuned"): "DenoMAE2.0 in rings, fine-tuned",
    ("rings and SNR", "probe"): "the same beside an estimate of the SNR, linear probe",
    ("rings, noisy target", "probe"): "noisy target (a plain MAE), linear probe",
    ("position weight 0", "probe"): "without position head, linear probe",
    ("vit", "probe"): "DenoMAE2.0 in square patches, linear probe",
    ("vit", "fine-tuned"): "DenoMAE2.0 in square patches, fine-tuned",
    ("rings from scratch", ""): "rings from scratch",
    ("vit from scratch", ""): "square patches (ViT) from scratch",
    ("cnn from scratch", ""): "small CNN from scratch",
    ("cumulants of the planes + SVM", ""): "cumulants of all planes + SVM",
}
"""What stands in the table of few labels."""


def accuracies(
    found: Found, keys: Sequence[str], budget: int | str, points: int = 21
) -> list[float]:
    """Accuracy in % of every seed that is measured."""
    inner: Any = found
    for key in (*keys, str(budget)):
        inner = inner.get(key, {})
    return [100 * sum(hits) / _examples(hits, points) for _, hits in sorted(inner.items())]


def _examples(hits: Sequence[int], points: int) -> int:
    return EXAMPLES * len(hits) // points


def _cell(values: Sequence[float]) -> str:
    return with_student(values) if values else ""


def labels_table(found: Found) -> Table:
    """Every method at every budget, the best in bold."""
    columns = [
        {method: accuracies(found, method, budget) for method in METHODS} for budget in BUDGETS
    ]
    best = [
        max((np.mean(values) for values in column.values() if values), default=np.nan)
        for column in columns
    ]
    rows = []
    for method, name in METHODS.items():
        cells = [
            f"**{_cell(column[method])}**"
            if column[method] and np.mean(column[method]) == top
            else _cell(column[method])
            for column, top in zip(columns, best, strict=True)
        ]
        if any(cells):
            rows.append([name, *cells])
    return ["labels per class", *(f"{budget:,}" for budget in BUDGETS)], rows


def units_table(found: Found) -> Table:
    """Linear probes in the unit of Mod-CL."""
    cells = [
        _cell(accuracies(found, ("rings", "probe, per class and SNR"), count))
        for count in PER_POINT
    ]
    return (
        ["labels per class and SNR", *map(str, PER_POINT)],
        [["DenoMAE2.0 in rings, frozen, linear head", *cells]],
    )


def labels_verdict(found: Found) -> str:
    """Where pre-training is ahead of everything from scratch, and by how much."""
    lines = []
    for budget in BUDGETS:
        ours = {k: accuracies(found, ("rings", k), budget) for k in ("probe", "fine-tuned")}
        mine = max((v for v in ours.values() if v), key=np.mean, default=[])
        others = {
            name: accuracies(found, key, budget)
            for key, name in METHODS.items()
            if "scratch" in key[0]
        }
        rival = max((v for v in others.values() if v), key=np.mean, default=[])
        if not mine or not rival:
            continue
        low, high = _interval(mine)[0], _interval(rival)[1]
        word = "separated" if low > high else "not separated"
        gain = np.mean(mine) - np.mean(rival)
        lines.append(f"{gain:+.1f} points with {budget:,} ({word})")
    return (
        "Over the best network from scratch pre-training in rings is worth "
        f"{', '.join(lines)}; in brackets, whether the 95 % intervals over the seeds are apart."
    )


def _interval(values: Sequence[float]) -> tuple[float, float]:
    mean, _, half = with_student(values).partition(" ± ")
    return float(mean) - float(half or 0), float(mean) + float(half or 0)


def all_labels_table(found: Found) -> Table:
    """Every label of the 67,200 pairs."""
    rows = []
    for name in ("rings", "rings and SNR"):
        for start in ("pre-trained", "from scratch"):
            values = accuracies(found, (f"{name}, {start}", "all labels"), "all")
            if values:
                rows.append([f"{name}, {start}", _cell(values)])
    return ["all 67,200 labels", "accuracy in %"], rows


def disjoint_table(found: Found) -> Table:
    """Pre-trained on five classes, asked about the other five."""
    rows = []
    for split, seen in enumerate(DISJOINT):
        for method in ("from scratch", "probe", "fine-tuned"):
            cells = [
                _cell(_of_half(found, f"disjoint {split}", method, budget))
                for budget in DISJOINT_BUDGETS
            ]
            if any(cells):
                rows.append([", ".join(seen), method, *cells])
    heads = ["pre-trained on", "asked about the other five"]
    return [*heads, *(f"{budget:,}" for budget in DISJOINT_BUDGETS)], rows


def _of_half(found: Found, key: str, method: str, budget: int) -> list[float]:
    """Of half as many test examples."""
    return [2 * value for value in accuracies(found, (key, method), budget)]


def channels_table(found: Found) -> Table:
    """Pre-trained in white noise, asked under another channel."""
    rows = []
    for name in CHANNELS:
        for method in ("from scratch", "probe", "fine-tuned"):
            cells = [_cell(_of_half(found, name, method, budget)) for budget in (10, 100)]
            if any(cells):
                rows.append([name, method, *cells])
    return ["channel", "method", "10 labels per class", "100"], rows


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
    return heads, rows


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
    return markdown(table) if table[1] else "*Not measured yet; `make results` does.*"


PARTS = {
    "few labels": lambda found: _measured(labels_table(found)),
    "few labels verdict": labels_verdict,
    "few labels units": lambda found: _measured(units_table(found)),
    "all labels": lambda found: _measured(all_labels_table(found)),
    "disjoint": lambda found: _measured(disjoint_table(found)),
    "channels": lambda found: _measured(channels_table(found)),
}
"""Of docs/results.md, by the mark in the page."""

PRETRAINING_PARTS = {"ablations": lambda found: _measured(ablations_table(found))}
"""Of docs/pretraining.md."""
