"""Tables of accuracy, confusion and ceilings."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rfmae.records import Ceiling, FloatArray, SnrReport
from rfmae.reporting.table import (
    BOUND,
    COUNT,
    PERCENT,
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
    tabulated,
)
from rfmae.units import SNR_REFERENCE_NAMES, SnrReference

NO_CEILINGS: Mapping[str, Ceiling] = {}

_FIVE = Format(".5f", file=".5f")


def snr_column(reference: SnrReference) -> Column:
    """The head of a column of SNR points."""
    return Column(SNR_REFERENCE_NAMES[reference], SNR, "dB")


def limit_column(name: str, ceiling: Ceiling | None) -> Column:
    """The head of a ceiling in %; a lower bound is marked ≥."""
    return Column(name, PERCENT if ceiling is None or ceiling.is_bound else BOUND)


def accuracy_table(
    reports: Mapping[str, SnrReport], ceilings: Mapping[str, Ceiling] = NO_CEILINGS
) -> Table:
    """Accuracy in % with its interval per SNR, a column for each model, and the overall last.

    Ceilings of the same SNR points are in further columns.
    """
    first = next(iter(reports.values()))
    columns = [
        snr_column(first.snr_reference),
        *(Column(name, PERCENT) for name in reports),
        *(limit_column(f"ceiling, {name}", item) for name, item in ceilings.items()),
        *_examples_columns(reports),
    ]
    counted = _examples_of(reports)
    rows: list[list[Cell]] = [
        [
            snr_db,
            *(Ranged(r.accuracy_per_snr[s], *r.interval_per_snr[s]) for r in reports.values()),
            *(ceiling.accuracy[s] for ceiling in ceilings.values()),
            *(int(report.examples_per_snr[s]) for report in counted),
        ]
        for s, snr_db in enumerate(first.snr_db)
    ]
    overall = [Ranged(report.accuracy, *report.interval) for report in reports.values()]
    # SNR points are weighted by their examples, as in the accuracy
    weights = first.examples_per_snr / max(first.examples, 1)
    limits = [float(weights @ item.accuracy) for item in ceilings.values()]
    rows.append(["all", *overall, *limits, *(report.examples for report in counted)])
    return Table.of(columns, rows, has_total=True)


def _examples_of(reports: Mapping[str, SnrReport]) -> list[SnrReport]:
    """The reports whose numbers of examples are shown: one, where all have the same."""
    first, *others = reports.values()
    same = all(np.array_equal(first.examples_per_snr, one.examples_per_snr) for one in others)
    return [first] if same else [first, *others]


def _examples_columns(reports: Mapping[str, SnrReport]) -> list[Column]:
    """A column for each of these."""
    if len(_examples_of(reports)) == 1:
        return [Column("examples", COUNT)]
    return [Column(f"examples, {name}", COUNT) for name in reports]


def ceiling_table(ceilings: Mapping[str, Ceiling]) -> Table:
    """Bayes accuracy in % per SNR, a column for each ceiling, and the mean over the points last.

    Where classes send the same signals, a second column counts them as one class.
    """
    first = next(iter(ceilings.values()))
    columns = [snr_column(first.snr_reference)]
    shares: list[FloatArray] = []
    for name, ceiling in ceilings.items():
        columns.append(limit_column(name, ceiling))
        shares.append(ceiling.accuracy)
        if len(ceiling.groups) < len(ceiling.classes):
            columns.append(limit_column(f"{name}, merged", ceiling))
            shares.append(ceiling.merged_accuracy)
    rows = [(snr_db, *(one[s] for one in shares)) for s, snr_db in enumerate(first.snr_db)]
    mean: tuple[Cell, ...] = ("mean", *(float(one.mean()) for one in shares))
    return Table.of(columns, [*rows, mean], has_total=True)


def snr_knowledge_note(ceilings: Mapping[str, Ceiling]) -> str:
    """The ceilings with SNR known, as a sentence; empty where there are none."""
    known = [name for name, ceiling in ceilings.items() if ceiling.snr == "known"]
    if not known:
        return ""
    return f"SNR known: {'; '.join(known)}. With SNR unknown the ceiling may be lower."


def ratio_name(limit: str, ceilings: Mapping[str, Ceiling]) -> str:
    """The reference of a ratio of accuracies: a ceiling, or only a lower bound of one."""
    is_bound = limit not in ceilings or ceilings[limit].is_bound
    return f"{'of the ceiling' if is_bound else 'of the lower bound'}, {limit}"


def ceiling_csv(ceilings: Mapping[str, Ceiling]) -> Table:
    """One row for each ceiling and SNR, both estimates, five decimals."""
    columns: dict[Column, Getter] = {
        Column("ceiling"): lambda name, *_: name,
        Column("snr_db", SNR): lambda _, one, s: one.snr_db[s],
        Column("snr_reference"): lambda _, one, __: one.snr_reference,
        Column("symbols", COUNT): lambda _, one, __: one.symbols_per_example,
        Column("is_bound"): lambda _, one, __: str(one.is_bound).lower(),
        Column("mean_posterior", _FIVE): lambda _, one, s: one.mean_posterior[s],
        Column("posterior_error", _FIVE): lambda _, one, s: one.posterior_error[s],
        Column("hit_rate", _FIVE): lambda _, one, s: one.hit_rate[s],
        Column("merged_mean_posterior", _FIVE): lambda _, one, s: one.merged_mean_posterior[s],
        Column("merged_hit_rate", _FIVE): lambda _, one, s: one.merged_hit_rate[s],
    }
    return tabulated(_at_every_snr(ceilings), columns)


def accuracy_csv(reports: Mapping[str, SnrReport], what: str = "model") -> Table:
    """One row for each model and SNR, ratios with six decimals."""
    columns: dict[Column, Getter] = {
        Column(what): lambda name, *_: name,
        Column("snr_db", SNR): lambda _, one, s: one.snr_db[s],
        Column("snr_reference"): lambda _, one, __: one.snr_reference,
        Column("examples", COUNT): lambda _, one, s: int(one.examples_per_snr[s]),
        Column("hits", COUNT): lambda _, one, s: int(one.hits_per_snr[s]),
        Column("accuracy", SIX): lambda _, one, s: one.accuracy_per_snr[s],
        Column("low_95", SIX): lambda _, one, s: one.interval_per_snr[s, 0],
        Column("high_95", SIX): lambda _, one, s: one.interval_per_snr[s, 1],
    }
    return tabulated(_at_every_snr(reports), columns)


def _at_every_snr(items: Mapping[str, Any]) -> Iterator[tuple[str, Any, int]]:
    return ((name, one, s) for name, one in items.items() for s in range(len(one.snr_db)))


def confusion_per_snr_csv(reports: Mapping[str, SnrReport]) -> Table:
    """One row for each model, SNR, true class and predicted class that occurs."""
    forms = {"model": TEXT, "snr_db": SNR, "true class": TEXT, "named class": TEXT}
    columns = [Column(name, form) for name, form in {**forms, "examples": COUNT}.items()]
    rows = [
        (name, report.snr_db[s], report.classes[true], report.classes[named], int(count))
        for name, report in reports.items()
        for (s, true, named), count in np.ndenumerate(report.counts)
        if count
    ]
    return Table.of(columns, rows)


def confusion_csv(report: SnrReport) -> Table:
    """Counts over all SNR points: a row for each true class, a column for each predicted one.

    Classes without examples are answers alone, and have no row.
    """
    columns = [Column("true class"), *files_columns(report.classes, COUNT)]
    confusion = report.confusion.tolist()
    return Table.of(columns, ((report.classes[true], *confusion[true]) for true in report.held))
