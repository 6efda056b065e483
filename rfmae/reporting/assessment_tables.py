"""Tables of the results of classifiers beside their accuracy."""

from collections.abc import Mapping
from math import isfinite

from rfmae.records import (
    Assessment,
    Band,
    Ceiling,
    Comparison,
    FloatArray,
    Gap,
    RobustnessGrid,
    Share,
    SnrReport,
    wilson_interval,
)
from rfmae.reporting.tables import Table, as_bound, ratio_name, with_interval
from rfmae.units import SNR_REFERENCE_NAMES

_NOTHING = "–"

Assessments = Mapping[str, Assessment]


def summary_table(
    accuracy: Mapping[str, SnrReport],
    assessments: Assessments,
    ceilings: Mapping[str, Ceiling],
) -> Table:
    """A row for each model: all in % but the losses; ratios only where a ceiling is known."""
    limits = _limits(assessments)
    heads = [
        "model",
        "accuracy (95 %)",
        *(ratio_name(limit, ceilings) for limit in limits),
        "macro-F1",
        "same signals merged",
        "ECE",
        "NLL (nats)",
        "Brier",
        "AURC",
    ]
    if assessments:
        target = next(iter(assessments.values())).selective.target_accuracy
        heads.append(f"answered at {100 * target:g} % accuracy")
    rows = [
        [
            name,
            with_interval(accuracy[name].accuracy, accuracy[name].interval),
            *(_percent(item.gap.ratio.get(limit) if item.gap else None) for limit in limits),
            _percent(item.macro_f1),
            with_interval(item.merged.value, (item.merged.low, item.merged.high)),
            _percent(item.calibration.ece),
            f"{item.calibration.nll:.3f}",
            f"{item.calibration.brier:.3f}",
            f"{item.selective.aurc:.3f}",
            _percent(item.selective.coverage_at_target),
        ]
        for name, item in assessments.items()
    ]
    return heads, rows


def bands_table(assessments: Assessments, ceilings: Mapping[str, Ceiling]) -> Table:
    """Accuracy, macro-F1 and ceilings in % over thirds of the SNR range."""
    limits = list(
        dict.fromkeys(
            limit for item in assessments.values() for band in item.bands for limit in band.ceiling
        )
    )
    heads = ["model", "SNR (dB)", "accuracy (95 %)", "macro-F1"]
    heads += [*(f"ceiling, {limit}" for limit in limits), "examples"]
    rows = [
        [
            name,
            _span(band),
            _share(band.accuracy),
            _percent(band.macro_f1),
            *(_limit(band, limit, ceilings) for limit in limits),
            str(band.accuracy.examples),
        ]
        for name, item in assessments.items()
        for band in item.bands
    ]
    return heads, rows


def confusions_table(assessments: Assessments) -> Table:
    """The most frequent confusions of each model, in % of the examples of the true class."""
    rows = [
        [name, item.true, item.named, _share(item.share), str(item.share.hits)]
        for name, assessment in assessments.items()
        for item in assessment.confusions
    ]
    return ["model", "true class", "taken for", "share (95 %)", "examples"], rows


def per_snr_csv(accuracy: Mapping[str, SnrReport], assessments: Assessments) -> Table:
    """One row for each model and SNR with every measure, ratios in full precision."""
    first = next(iter(accuracy.values()))
    columns = {name: _columns(item) for name, item in assessments.items()}
    names = list(dict.fromkeys(column for item in columns.values() for column in item))
    rows = [
        [
            model,
            f"{snr_db:g}",
            first.snr_reference,
            *(f"{item[name][s]:.6f}" if name in item else "" for name in names),
        ]
        for model, item in columns.items()
        for s, snr_db in enumerate(first.snr_db)
    ]
    return ["model", "snr_db", "snr_reference", *names], rows


def _columns(item: Assessment) -> dict[str, FloatArray]:
    columns = {
        "macro_f1": item.macro_f1_per_snr,
        "merged_accuracy": item.merged_per_snr,
        "ece": item.calibration.ece_per_snr,
        "nll_nats": item.calibration.nll_per_snr,
        "brier": item.calibration.brier_per_snr,
        "coverage_at_target": item.selective.coverage_at_target_per_snr,
    }
    return columns | (_gap_columns(item.gap) if item.gap else {})


def _gap_columns(gap: Gap) -> dict[str, FloatArray]:
    columns = {f"ratio_to_{name}": values for name, values in gap.ratio_per_snr.items()}
    if gap.image_loss_per_snr is not None:
        columns["image_loss"] = gap.image_loss_per_snr
    return columns | {"model_loss": gap.model_loss_per_snr}


def calibration_table(assessments: Assessments, accuracy: Mapping[str, SnrReport]) -> Table:
    """Expected calibration error in % per SNR, a column a model, and of all examples last."""
    first = next(iter(accuracy.values()))
    heads = [f"{SNR_REFERENCE_NAMES[first.snr_reference]} (dB)", *assessments]
    rows = [
        [f"{snr_db:g}", *(_percent(a.calibration.ece_per_snr[s]) for a in assessments.values())]
        for s, snr_db in enumerate(first.snr_db)
    ]
    overall = [_percent(item.calibration.ece) for item in assessments.values()]
    return heads, [*rows, ["all", *overall]]


def reliability_csv(assessments: Assessments) -> Table:
    """One row for each model and bin of confidence."""
    heads = ["model", "examples", "confidence", "accuracy", "low_95", "high_95"]
    rows = []
    for name, item in assessments.items():
        bins = item.calibration
        for b, examples in enumerate(bins.bin_examples):
            numbers = (bins.bin_confidence[b], bins.bin_accuracy[b], *bins.bin_interval[b])
            rows.append([name, str(examples), *(f"{number:.6f}" for number in numbers)])
    return heads, rows


def selective_csv(assessments: Assessments) -> Table:
    """One row for each model and coverage."""
    rows = [
        [name, f"{coverage:.6f}", f"{risk:.6f}"]
        for name, item in assessments.items()
        for coverage, risk in zip(item.selective.coverage, item.selective.risk, strict=True)
    ]
    return ["model", "coverage", "risk"], rows


def open_set_table(assessments: Assessments) -> Table:
    """Detection of out-of-distribution signals, a row a model and kind of signal."""
    heads = ["model", "unknown", "AUROC", "passes at 95 % (FPR95, %)", "known", "unknown examples"]
    rows = [
        [
            name,
            item.unknown,
            f"{item.auroc:.3f}",
            _percent(item.fpr95),
            str(item.known_examples),
            str(item.unknown_examples),
        ]
        for name, assessment in assessments.items()
        for item in assessment.open_sets
    ]
    return heads, rows


def cost_table(assessments: Assessments) -> Table:
    """Cost of inference, a row a model."""
    heads = ["model", "parameters", "MACs", "p50 (ms)", "p95 (ms)", "examples/s", "batch"]
    heads += ["peak memory (MiB)", "device", "threads"]
    rows = [
        [
            name,
            _count(cost.parameters),
            _count(cost.macs),
            f"{cost.latency_p50_ms:.3g}",
            f"{cost.latency_p95_ms:.3g}",
            f"{cost.examples_per_second:,.0f}",
            str(cost.batch_size),
            _NOTHING if cost.peak_memory_mib is None else f"{cost.peak_memory_mib:,.0f}",
            cost.device,
            str(cost.threads),
        ]
        for name, item in assessments.items()
        if (cost := item.cost) is not None
    ]
    return heads, rows


def comparison_table(comparisons: tuple[Comparison, ...]) -> Table:
    """Pairs of models on the same examples, differences in percentage points.

    Older reports do not hold the corrected p-value.
    """
    heads = ["first", "second", "difference (95 %), points", "first alone right"]
    heads += ["second alone right", "examples", "McNemar p", "p after Holm"]
    rows = [
        [
            item.first,
            item.second,
            f"{_points(item.difference)} ({_points(item.low)} to {_points(item.high)})",
            str(item.first_alone),
            str(item.second_alone),
            str(item.examples),
            probability(item.p_value),
            _NOTHING if item.p_adjusted is None else probability(item.p_adjusted),
        ]
        for item in comparisons
    ]
    return heads, rows


def robustness_csv(grids: tuple[RobustnessGrid, ...]) -> Table:
    """One row for each grid, model and value."""
    heads = ["what", "unit", "value", "model", "examples", "hits", "accuracy", "low_95", "high_95"]
    rows = []
    for grid in grids:
        for model, hits in grid.hits.items():
            interval = wilson_interval(hits, grid.examples)
            for v, value in enumerate(grid.values):
                share = hits[v] / max(int(grid.examples[v]), 1)
                numbers = [f"{number:.6f}" for number in (share, *interval[v])]
                counts = [str(grid.examples[v]), str(hits[v])]
                rows.append([grid.what, grid.unit, f"{value:g}", model, *counts, *numbers])
    return heads, rows


def drops_table(grids: tuple[RobustnessGrid, ...]) -> Table:
    """The value at which accuracy is five points lower: a row a grid, a column a model."""
    models = list(dict.fromkeys(model for grid in grids for model in grid.hits))
    rows = [
        [
            f"{grid.what} ({grid.unit})" if grid.unit else grid.what,
            f"{min(grid.values):g} to {max(grid.values):g}".replace("-", "−"),
            *(_drop(grid, model) for model in models),
        ]
        for grid in grids
    ]
    return ["impairment", "range", *models], rows


def left_out_lines(grids: tuple[RobustnessGrid, ...]) -> list[str]:
    """A line for each grid that some models could not be evaluated on, with the reason."""
    return [f"{grid.what} without {_left_out(grid)}" for grid in grids if grid.left_out]


def _left_out(grid: RobustnessGrid) -> str:
    """Names grouped by reason."""
    names: dict[str, list[str]] = {}
    for name, why in grid.left_out.items():
        names.setdefault(why, []).append(name)
    return "; ".join(f"{', '.join(those)}: {why}" for why, those in names.items())


def probability(value: float) -> str:
    """A p-value in print: three decimals, or less than a thousandth."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "−")


def _drop(grid: RobustnessGrid, model: str) -> str:
    if model not in grid.hits:
        return _NOTHING
    drop = grid.drop_at.get(model)
    return "never" if drop is None else f"{drop:g}".replace("-", "−")


def _limits(assessments: Assessments) -> list[str]:
    gaps = [item.gap for item in assessments.values() if item.gap is not None]
    return list(dict.fromkeys(limit for gap in gaps for limit in gap.ratio))


def _limit(band: Band, limit: str, ceilings: Mapping[str, Ceiling]) -> str:
    """The ceiling of a band in %, marked where it is only a lower bound."""
    if limit in band.ceiling and limit in ceilings:
        return as_bound(ceilings[limit], band.ceiling[limit])
    return _percent(band.ceiling.get(limit))


def _span(band: Band) -> str:
    ends = dict.fromkeys((f"{band.from_db:g}", f"{band.to_db:g}"))
    return " to ".join(ends).replace("-", "−")


def _share(share: Share) -> str:
    return with_interval(share.value, (share.low, share.high))


def _percent(share: float | None) -> str:
    return _NOTHING if share is None or not isfinite(share) else f"{100 * share:.1f}"


def _count(number: int | None) -> str:
    return _NOTHING if number is None else f"{number:,}"
