"""Tables of the results of classifiers beside their accuracy."""

from collections.abc import Mapping

from rfmae.records import (
    Assessment,
    Band,
    Ceiling,
    Comparison,
    FloatArray,
    Gap,
    RobustnessGrid,
    SnrReport,
    wilson_interval,
)
from rfmae.reporting.table import (
    COUNT,
    PERCENT,
    POINTS,
    PROBABILITY,
    SIX,
    SNR,
    TEXT,
    Cell,
    Column,
    Format,
    Ranged,
    Table,
    files_columns,
    printed,
)
from rfmae.reporting.tables import limit_column, ratio_name, snr_column

_SCORE = Format(".3f")
_MILLISECONDS = Format(".3g")
_WHOLE = Format(",.0f")
_NEVER = Format("g", missing="never")

Assessments = Mapping[str, Assessment]


def summary_table(
    accuracy: Mapping[str, SnrReport],
    assessments: Assessments,
    ceilings: Mapping[str, Ceiling],
) -> Table:
    """A row for each model: all in % but the losses; ratios only where a ceiling is known."""
    limits = _limits(assessments)
    columns = [
        Column("model"),
        Column("accuracy (95 %)", PERCENT),
        *(Column(ratio_name(limit, ceilings), PERCENT) for limit in limits),
        *files_columns(("macro-F1", "same signals merged", "ECE"), PERCENT),
        Column("NLL", _SCORE, "nats"),
        *files_columns(("Brier", "AURC"), _SCORE),
    ]
    if assessments:
        target = next(iter(assessments.values())).selective.target_accuracy
        columns.append(Column(f"answered at {100 * target:g} % accuracy", PERCENT))
    rows = [
        (
            name,
            Ranged(accuracy[name].accuracy, *accuracy[name].interval),
            *(item.gap.ratio.get(limit) if item.gap else None for limit in limits),
            item.macro_f1,
            Ranged.of(item.merged),
            item.calibration.ece,
            item.calibration.nll,
            item.calibration.brier,
            item.selective.aurc,
            item.selective.coverage_at_target,
        )
        for name, item in assessments.items()
    ]
    return Table.of(columns, rows)


def bands_table(assessments: Assessments, ceilings: Mapping[str, Ceiling]) -> Table:
    """Accuracy, macro-F1 and ceilings in % over thirds of the SNR range."""
    limits = list(
        dict.fromkeys(
            limit for item in assessments.values() for band in item.bands for limit in band.ceiling
        )
    )
    columns = [
        Column("model"),
        Column("SNR", TEXT, "dB"),
        *files_columns(("accuracy (95 %)", "macro-F1"), PERCENT),
        *(limit_column(f"ceiling, {limit}", ceilings.get(limit)) for limit in limits),
        Column("examples", COUNT),
    ]
    rows = [
        (
            name,
            _span(band),
            Ranged.of(band.accuracy),
            band.macro_f1,
            *(band.ceiling.get(limit) for limit in limits),
            band.accuracy.examples,
        )
        for name, item in assessments.items()
        for band in item.bands
    ]
    return Table.of(columns, rows)


def confusions_table(assessments: Assessments) -> Table:
    """The most frequent confusions of each model, in % of the examples of the true class."""
    columns = files_columns(("model", "true class", "taken for"))
    columns += [Column("share (95 %)", PERCENT), Column("examples", COUNT)]
    rows = [
        (name, item.true, item.named, Ranged.of(item.share), item.share.hits)
        for name, assessment in assessments.items()
        for item in assessment.confusions
    ]
    return Table.of(columns, rows)


def per_snr_csv(accuracy: Mapping[str, SnrReport], assessments: Assessments) -> Table:
    """One row for each model and SNR with every measure, six decimals."""
    first = next(iter(accuracy.values()))
    measures = {name: _measures(item) for name, item in assessments.items()}
    names = list(dict.fromkeys(name for item in measures.values() for name in item))
    columns = [Column("model"), Column("snr_db", SNR), Column("snr_reference")]
    rows = [
        (
            model,
            snr_db,
            first.snr_reference,
            *(item[name][s] if name in item else None for name in names),
        )
        for model, item in measures.items()
        for s, snr_db in enumerate(first.snr_db)
    ]
    return Table.of([*columns, *files_columns(names, SIX)], rows)


def _measures(item: Assessment) -> dict[str, FloatArray]:
    columns = {
        "macro_f1": item.macro_f1_per_snr,
        "merged_accuracy": item.merged_per_snr,
        "ece": item.calibration.ece_per_snr,
        "nll_nats": item.calibration.nll_per_snr,
        "brier": item.calibration.brier_per_snr,
        "coverage_at_target": item.selective.coverage_at_target_per_snr,
    }
    return columns | (_gap_measures(item.gap) if item.gap else {})


def _gap_measures(gap: Gap) -> dict[str, FloatArray]:
    columns = {f"ratio_to_{name}": values for name, values in gap.ratio_per_snr.items()}
    if gap.image_loss_per_snr is not None:
        columns["image_loss"] = gap.image_loss_per_snr
    return columns | {"model_loss": gap.model_loss_per_snr}


def calibration_table(assessments: Assessments, accuracy: Mapping[str, SnrReport]) -> Table:
    """Expected calibration error in % per SNR, a column a model, and of all examples last."""
    first = next(iter(accuracy.values()))
    columns = [snr_column(first.snr_reference), *files_columns(assessments, PERCENT)]
    rows = [
        (snr_db, *(a.calibration.ece_per_snr[s] for a in assessments.values()))
        for s, snr_db in enumerate(first.snr_db)
    ]
    overall: tuple[Cell, ...] = ("all", *(item.calibration.ece for item in assessments.values()))
    return Table.of(columns, [*rows, overall], has_total=True)


def reliability_csv(assessments: Assessments) -> Table:
    """One row for each model and bin of confidence."""
    columns = [Column("model"), Column("examples", COUNT)]
    columns += files_columns(("confidence", "accuracy", "low_95", "high_95"), SIX)
    rows = [
        (name, int(examples), bins.bin_confidence[b], bins.bin_accuracy[b], *bins.bin_interval[b])
        for name, bins in ((name, item.calibration) for name, item in assessments.items())
        for b, examples in enumerate(bins.bin_examples)
    ]
    return Table.of(columns, rows)


def selective_csv(assessments: Assessments) -> Table:
    """One row for each model and coverage."""
    rows = [
        (name, coverage, risk)
        for name, item in assessments.items()
        for coverage, risk in zip(item.selective.coverage, item.selective.risk, strict=True)
    ]
    return Table.of([Column("model"), *files_columns(("coverage", "risk"), SIX)], rows)


def open_set_table(assessments: Assessments) -> Table:
    """Detection of out-of-distribution signals, a row a model and kind of signal."""
    columns = [
        *files_columns(("model", "unknown")),
        Column("AUROC", _SCORE),
        Column("passes at 95 % (FPR95, %)", PERCENT),
        *files_columns(("known", "unknown examples"), COUNT),
    ]
    rows = [
        (name, one.unknown, one.auroc, one.fpr95, one.known_examples, one.unknown_examples)
        for name, assessment in assessments.items()
        for one in assessment.open_sets
    ]
    return Table.of(columns, rows)


def cost_table(assessments: Assessments) -> Table:
    """Cost of inference, a row a model."""
    columns = [
        Column("model"),
        *files_columns(("parameters", "MACs"), COUNT),
        *(Column(name, _MILLISECONDS, "ms") for name in ("p50", "p95")),
        Column("examples/s", _WHOLE),
        Column("batch", COUNT),
        Column("peak memory", _WHOLE, "MiB"),
        Column("device"),
        Column("threads", COUNT),
    ]
    rows = [
        (
            name,
            cost.parameters,
            cost.macs,
            cost.latency_p50_ms,
            cost.latency_p95_ms,
            cost.examples_per_second,
            cost.batch_size,
            cost.peak_memory_mib,
            cost.device,
            cost.threads,
        )
        for name, item in assessments.items()
        if (cost := item.cost) is not None
    ]
    return Table.of(columns, rows)


def comparison_table(comparisons: tuple[Comparison, ...]) -> Table:
    """Pairs of models on the same examples, differences in percentage points.

    Older reports do not hold the corrected p-value.
    """
    columns = [
        *files_columns(("first", "second")),
        Column("difference (95 %), points", POINTS),
        *files_columns(("first alone right", "second alone right", "examples"), COUNT),
        *files_columns(("McNemar p", "p after Holm"), PROBABILITY),
    ]
    rows = [
        (
            item.first,
            item.second,
            Ranged(item.difference, item.low, item.high),
            item.first_alone,
            item.second_alone,
            item.examples,
            item.p_value,
            item.p_adjusted,
        )
        for item in comparisons
    ]
    return Table.of(columns, rows)


def robustness_csv(grids: tuple[RobustnessGrid, ...]) -> Table:
    """One row for each grid, model and value."""
    columns = [*files_columns(("what", "unit")), Column("value", SNR), Column("model")]
    columns += files_columns(("examples", "hits"), COUNT)
    columns += files_columns(("accuracy", "low_95", "high_95"), SIX)
    rows: list[tuple[Cell, ...]] = []
    for grid in grids:
        for model, hits in grid.hits.items():
            interval = wilson_interval(hits, grid.examples)
            for v, value in enumerate(grid.values):
                share = hits[v] / max(int(grid.examples[v]), 1)
                counts = (int(grid.examples[v]), int(hits[v]))
                rows.append((grid.what, grid.unit, value, model, *counts, share, *interval[v]))
    return Table.of(columns, rows)


def drops_table(grids: tuple[RobustnessGrid, ...]) -> Table:
    """The value at which accuracy is five points lower: a row a grid, a column a model."""
    models = list(dict.fromkeys(model for grid in grids for model in grid.hits))
    columns = [*files_columns(("impairment", "range")), *files_columns(models, _NEVER)]
    rows = [
        (
            f"{grid.what} ({grid.unit})" if grid.unit else grid.what,
            _from_to(min(grid.values), max(grid.values)),
            *(grid.drop_at.get(model) if model in grid.hits else "–" for model in models),
        )
        for grid in grids
    ]
    return Table.of(columns, rows)


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
    return printed(value, PROBABILITY)


def _limits(assessments: Assessments) -> list[str]:
    gaps = [item.gap for item in assessments.values() if item.gap is not None]
    return list(dict.fromkeys(limit for gap in gaps for limit in gap.ratio))


def _span(band: Band) -> str:
    return _from_to(band.from_db, band.to_db)


def _from_to(low: float, high: float) -> str:
    return " to ".join(dict.fromkeys((printed(low, SNR), printed(high, SNR))))
