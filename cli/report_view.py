"""A report on the terminal: its tables, a line for each result, and its path."""

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rfmae_cli import console

if TYPE_CHECKING:
    from rfmae.records import (
        Assessment,
        Comparison,
        DenoiseReport,
        RobustnessGrid,
        Transfer,
    )
    from rfmae.reporting.report_record import Report
    from rfmae.reporting.table import Table


def print_report(result: Any, as_json: bool, verbose: bool = False) -> None:
    """Print what a report comes to, with its path; with all tables, or as JSON."""
    from rfmae.reporting.report_record import report_json

    report = result.report
    if as_json:
        console.say_json({"folder": str(result.folder), **report_json(report)})
        return
    if report.transfer is not None:
        _print_transfer(report.transfer, verbose)
    if verbose:
        _print_results(report)
    for note in report.notes:
        console.say(f"Note: {note}")
    if not verbose:
        for line in _accuracy_lines(report):
            console.say(line)
    console.say(report.headline)
    console.say(f"Report: {result.folder / 'report.html'}")


def _print_transfer(transfer: "Transfer", verbose: bool) -> None:
    """A row for each pair; in detail also what is to be known of them."""
    from rfmae.reporting.transfer_tables import remarks_table, transfer_table

    console.say_table(*transfer_table(transfer).in_print())
    console.say("")
    for data, model, words in remarks_table(transfer).rows:
        if verbose or str(words).startswith("not evaluated"):
            console.say(f"{model} on {data}: {words}")


def _accuracy_lines(report: "Report") -> Iterator[str]:
    """The accuracy of each of several models; the headline has that of one."""
    from rfmae.reporting.headlines import ceiling_clause

    if len(report.accuracy) < 2:
        return
    for name, found in report.accuracy.items():
        low, high = found.interval
        accuracy = f"{100 * found.accuracy:.1f} % ({100 * low:.1f}–{100 * high:.1f})"
        item = report.assessments.get(name)
        limit = ceiling_clause(found, item, report.ceilings) if item else ""
        yield f"{name}: {', '.join(filter(None, [accuracy, limit]))}"


def _print_results(report: "Report") -> None:
    """All tables, and a line for each further result."""
    if report.accuracy:
        console.say("Accuracy in % with 95 % Wilson intervals")
        console.say_table(*_accuracy_table(report).in_print())
        console.say("")
    if report.denoising is not None:
        _print_denoising(report.denoising)
    for line in _findings(report):
        console.say(line)


def command_line(name: str) -> str | None:
    """The command line of this command; None where it was called in another way."""
    return shlex.join(["rfmae", *sys.argv[1:]]) if sys.argv[1:2] == [name] else None


def _print_denoising(denoising: "DenoiseReport") -> None:
    """A table for each measure; the intervals are in the report."""
    from rfmae.reporting.denoising_tables import MEASURES, image_quality_table, recognition_table

    for measure, (title, _) in MEASURES.items():
        if denoising.of(measure):
            console.say(f"Similarity to the clean image: {title}")
            table = image_quality_table(denoising, measure, intervals=False)
            console.say_table(*table.in_print())
            console.say("")
    if denoising.recognition is not None:
        console.say(f"Accuracy of {denoising.recognition.classifier} in %, by kind of images")
        console.say_table(*recognition_table(denoising.recognition).in_print())
        console.say("")
    for note in denoising.notes:
        console.say(f"Note: {note}")


def _accuracy_table(report: "Report") -> "Table":
    """Accuracy and ceilings, and their ratio for a single model."""
    from rfmae.reporting.table import PERCENT, Column
    from rfmae.reporting.tables import accuracy_table, ratio_name

    table = accuracy_table(report.accuracy, report.ceilings)
    gaps = [item.gap for item in report.assessments.values()]
    if len(gaps) != 1 or gaps[0] is None:
        return table
    seen = gaps[0].image or "sequence"
    ratio = Column(ratio_name(seen, report.ceilings), PERCENT)
    ratios = [*gaps[0].ratio_per_snr[seen], gaps[0].ratio[seen]]
    return table.with_column(ratio, ratios, place=-1)


def _findings(report: "Report") -> Iterator[str]:
    """A line for each result beside the accuracy."""
    from rfmae.reporting.assessment_tables import left_out_lines
    from rfmae.reporting.headlines import ceiling_clause

    for name, item in report.assessments.items():
        yield name
        limit = ceiling_clause(report.accuracy[name], item, report.ceilings)
        yield from (f"  {line}" for line in (limit, *_assessment_lines(item)) if line)
    for comparison in report.comparisons:
        yield _comparison_line(comparison)
    for grid in report.robustness:
        yield _robustness_line(grid)
    yield from left_out_lines(report.robustness)
    for found in report.embedding:
        yield f"{found.method} of {found.model}: {len(found.label):,} examples"


def _assessment_lines(item: "Assessment") -> Iterator[str]:
    calibration, selective = item.calibration, item.selective
    yield f"macro-F1 {100 * item.macro_f1:.1f} %{_merged(item)}"
    tempered = calibration.temperature
    yield (
        f"calibration error {100 * calibration.ece:.1f} %, NLL {calibration.nll:.3f} nats, "
        f"Brier {calibration.brier:.3f}"
        + (f", temperature {tempered:.2f}" if tempered is not None else "")
    )
    yield (
        f"coverage {100 * selective.coverage_at_target:.1f} % at "
        f"{100 * selective.target_accuracy:g} % accuracy, area under risk-coverage "
        f"{selective.aurc:.3f}"
    )
    if item.open_sets:
        found = "; ".join(
            f"{each.unknown} {each.auroc:.3f}, {100 * each.fpr95:.0f} %" for each in item.open_sets
        )
        yield f"out-of-distribution signals, AUROC and FPR95: {found}"
    if item.cost is not None:
        yield _cost(item.cost)


def _merged(item: "Assessment") -> str:
    if item.merged.hits == sum(band.accuracy.hits for band in item.bands):
        return ""
    return f"; {100 * item.merged.value:.1f} % right with classes of equal signals merged"


def _cost(cost: Any) -> str:
    facts = [
        f"latency {cost.latency_p50_ms:.3g} ms (95 %: {cost.latency_p95_ms:.3g} ms)",
        f"{cost.examples_per_second:,.0f} examples/s in batches of {cost.batch_size}",
    ]
    if cost.parameters is not None:
        facts.append(f"{cost.parameters:,} parameters")
    if cost.macs is not None:
        facts.append(f"{cost.macs:,} multiply-accumulates")
    if cost.peak_memory_mib is not None:
        facts.append(f"{cost.peak_memory_mib:,.0f} MiB at most")
    return f"{', '.join(facts)}, on {cost.device} with {_threads(cost.threads)}"


def _comparison_line(item: "Comparison") -> str:
    return (
        f"{item.first} less {item.second}: {100 * item.difference:+.2f} points "
        f"({100 * item.low:+.2f} to {100 * item.high:+.2f}), McNemar p {_p_values(item)}, "
        f"{item.examples:,} examples"
    )


def _p_values(item: "Comparison") -> str:
    """The p-value, and the corrected one where there are more pairs."""
    result = _probability(item.p_value)
    if item.p_adjusted is None or item.p_adjusted == item.p_value:
        return result
    return f"{result} (after Holm {_probability(item.p_adjusted)})"


def _probability(value: float) -> str:
    from rfmae.reporting.assessment_tables import probability

    result = probability(value)
    return result if result.startswith("<") else f"= {result}"


def _robustness_line(grid: "RobustnessGrid") -> str:
    drops = ", ".join(
        f"by {model} " + ("never" if value is None else f"at {value:g}")
        for model, value in grid.drop_at.items()
    )
    unit = f" ({grid.unit})" if grid.unit else ""
    return (
        f"{grid.what}{unit}, {grid.values[0]:g} to {grid.values[-1]:g}: five points are lost "
        f"{drops or 'by no model that could be evaluated'}"
    )


def _threads(count: int) -> str:
    return f"{count} thread{'' if count == 1 else 's'}"
