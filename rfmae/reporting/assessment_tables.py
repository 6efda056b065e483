"""Tables of the results of classifiers beside their accuracy."""

from collections.abc import Mapping
from functools import partial

from rfmae.records import (
    Assessment,
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
    Getter,
    Ranged,
    Table,
    files_columns,
    printed,
    tabulated,
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
    columns: dict[Column, Getter] = {
        Column("model"): lambda name, _: name,
        Column("accuracy (95 %)", PERCENT): lambda name, _: Ranged(
            accuracy[name].accuracy, *accuracy[name].interval
        ),
    }
    for limit in _limits(assessments):
        columns[Column(ratio_name(limit, ceilings), PERCENT)] = partial(_ratio, limit)
    columns |= {
        Column("macro-F1", PERCENT): lambda _, item: item.macro_f1,
        Column("same signals merged", PERCENT): lambda _, item: Ranged.of(item.merged),
        Column("ECE", PERCENT): lambda _, item: item.calibration.ece,
        Column("NLL", _SCORE, "nats"): lambda _, item: item.calibration.nll,
        Column("Brier", _SCORE): lambda _, item: item.calibration.brier,
        Column("AURC", _SCORE): lambda _, item: item.selective.aurc,
    }
    for first in list(assessments.values())[:1]:
        target = Column(
            f"answered at {100 * first.selective.target_accuracy:g} % accuracy", PERCENT
        )
        columns[target] = lambda _, item: item.selective.coverage_at_target
    return tabulated(assessments.items(), columns)


def _ratio(limit: str, _: str, item: Assessment) -> float | None:
    return item.gap.ratio.get(limit) if item.gap else None


def bands_table(assessments: Assessments, ceilings: Mapping[str, Ceiling]) -> Table:
    """Accuracy, macro-F1 and ceilings in % over thirds of the SNR range."""
    bands = [(name, band) for name, item in assessments.items() for band in item.bands]
    columns: dict[Column, Getter] = {
        Column("model"): lambda name, _: name,
        Column("SNR", TEXT, "dB"): lambda _, band: _from_to(band.from_db, band.to_db),
        Column("accuracy (95 %)", PERCENT): lambda _, band: Ranged.of(band.accuracy),
        Column("macro-F1", PERCENT): lambda _, band: band.macro_f1,
    }
    for limit in dict.fromkeys(limit for _, band in bands for limit in band.ceiling):
        head = limit_column(f"ceiling, {limit}", ceilings.get(limit))
        columns[head] = lambda _, band, limit=limit: band.ceiling.get(limit)
    columns[Column("examples", COUNT)] = lambda _, band: band.accuracy.examples
    return tabulated(bands, columns)


def confusions_table(assessments: Assessments) -> Table:
    """The most frequent confusions of each model, in % of the examples of the true class."""
    return tabulated(
        ((name, one) for name, item in assessments.items() for one in item.confusions),
        {
            Column("model"): lambda name, _: name,
            Column("true class"): lambda _, one: one.true,
            Column("taken for"): lambda _, one: one.named,
            Column("share (95 %)", PERCENT): lambda _, one: Ranged.of(one.share),
            Column("examples", COUNT): lambda _, one: one.share.hits,
        },
    )


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
    return tabulated(
        ((name, one) for name, item in assessments.items() for one in item.open_sets),
        {
            Column("model"): lambda name, _: name,
            Column("unknown"): lambda _, one: one.unknown,
            Column("AUROC", _SCORE): lambda _, one: one.auroc,
            Column("passes at 95 % (FPR95, %)", PERCENT): lambda _, one: one.fpr95,
            Column("known", COUNT): lambda _, one: one.known_examples,
            Column("unknown examples", COUNT): lambda _, one: one.unknown_examples,
        },
    )


def cost_table(assessments: Assessments) -> Table:
    """Cost of inference, a row a model."""
    return tabulated(
        ((name, item.cost) for name, item in assessments.items() if item.cost is not None),
        {
            Column("model"): lambda name, _: name,
            Column("parameters", COUNT): lambda _, cost: cost.parameters,
            Column("MACs", COUNT): lambda _, cost: cost.macs,
            Column("p50", _MILLISECONDS, "ms"): lambda _, cost: cost.latency_p50_ms,
            Column("p95", _MILLISECONDS, "ms"): lambda _, cost: cost.latency_p95_ms,
            Column("examples/s", _WHOLE): lambda _, cost: cost.examples_per_second,
            Column("batch", COUNT): lambda _, cost: cost.batch_size,
            Column("peak memory", _WHOLE, "MiB"): lambda _, cost: cost.peak_memory_mib,
            Column("device"): lambda _, cost: cost.device,
            Column("threads", COUNT): lambda _, cost: cost.threads,
        },
    )


def comparison_table(comparisons: tuple[Comparison, ...]) -> Table:
    """Pairs of models on the same examples, differences in percentage points.

    Older reports do not hold the corrected p-value.
    """
    return tabulated(
        ((pair,) for pair in comparisons),
        {
            Column("first"): lambda pair: pair.first,
            Column("second"): lambda pair: pair.second,
            Column("difference (95 %), points", POINTS): lambda pair: Ranged(
                pair.difference, pair.low, pair.high
            ),
            Column("first alone right", COUNT): lambda pair: pair.first_alone,
            Column("second alone right", COUNT): lambda pair: pair.second_alone,
            Column("examples", COUNT): lambda pair: pair.examples,
            Column("McNemar p", PROBABILITY): lambda pair: pair.p_value,
            Column("p after Holm", PROBABILITY): lambda pair: pair.p_adjusted,
        },
    )


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


def _from_to(low: float, high: float) -> str:
    return " to ".join(dict.fromkeys((printed(low, SNR), printed(high, SNR))))
