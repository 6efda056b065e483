"""Several reports on the same examples joined into one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from rfmae.errors import ArtefactError
from rfmae.records import Comparison, RobustnessGrid, SnrReport, holm_adjusted
from rfmae.reporting.report_record import Report

Item = TypeVar("Item")


def joined(reports: Mapping[str, Report], title: str) -> Report:
    """Reports by their names as one: models side by side, in the order in which they come.

    Comparisons are those within the reports, their p-values corrected for all of them together.
    Reports of other data, other classes or other SNR points are refused; different models of one
    name get the name of their report too.
    """
    check_same_examples(reports)
    items = list(with_distinct_names(reports).values())
    denoised = next((item for item in items if item.denoising is not None), None)
    curved = next((item for item in items if item.label_curve is not None), None)
    return Report(
        title=title,
        headline=items[0].headline,
        provenance=_provenance(reports),
        accuracy=_merged(item.accuracy for item in items),
        ceilings=_merged(item.ceilings for item in items),
        assessments=_merged(item.assessments for item in items),
        comparisons=_comparisons(items),
        robustness=tuple(_grids(items)),
        embedding=tuple({map_.model: map_ for item in items for map_ in item.embedding}.values()),
        denoising=denoised.denoising if denoised else None,
        gallery=next((item.gallery for item in items if item.gallery), ()),
        label_curve=curved.label_curve if curved else None,
        label_difference=curved.label_difference if curved else None,
        transfer=next((item.transfer for item in items if item.transfer), None),
        notes=tuple(dict.fromkeys(note for item in items for note in item.notes)),
    )


def check_same_examples(reports: Mapping[str, Report]) -> None:
    """Raise `ArtefactError` for reports of different data sets, class lists or SNR points."""
    (name, first), *others = reports.items()
    for other, report in others:
        for what, value, expected in _facts(report, first):
            if value != expected:
                raise ArtefactError(
                    f"only reports of the same {what} can be joined, but {name} has {expected} "
                    f"and {other} has {value}; join others or evaluate again"
                )


def with_distinct_names(reports: Mapping[str, Report]) -> dict[str, Report]:
    """The same reports, where different models of one name get the name of their report too."""
    seen: dict[str, SnrReport] = {}
    distinct = {}
    for name, report in reports.items():
        news = {
            model: f"{model} ({name})"
            for model, item in report.accuracy.items()
            if model in seen and not _equal(seen[model], item)
        }
        distinct[name] = renamed(report, news)
        seen = {**distinct[name].accuracy, **seen}
    return distinct


def renamed(report: Report, names: Mapping[str, str]) -> Report:
    """A report with its models renamed."""

    def new(name: str) -> str:
        return names.get(name, name)

    return replace(
        report,
        accuracy={new(name): item for name, item in report.accuracy.items()},
        assessments={new(name): item for name, item in report.assessments.items()},
        comparisons=tuple(
            replace(item, first=new(item.first), second=new(item.second))
            for item in report.comparisons
        ),
        robustness=tuple(_renamed_grid(grid, names) for grid in report.robustness),
        embedding=tuple(replace(item, model=new(item.model)) for item in report.embedding),
    )


def _facts(report: Report, first: Report) -> list[tuple[str, Any, Any]]:
    """Facts that two reports must share, of this one and of the first."""
    data = [(item.provenance.get("data_set", "an unnamed one")) for item in (report, first)]
    facts: list[tuple[str, Any, Any]] = [("data set", data[0], data[1])]
    if report.accuracy and first.accuracy:
        ours, theirs = (next(iter(item.accuracy.values())) for item in (report, first))
        own_lists = [_has_own_classes(item) for item in (report, first)]
        if not any(own_lists):  # else classes of a model, and those of the data are the data set's
            facts.append(("classes", ", ".join(ours.classes), ", ".join(theirs.classes)))
        facts.append(("SNR points", list(ours.snr_db), list(theirs.snr_db)))
    return facts


def _has_own_classes(report: Report) -> bool:
    """Whether the first model of a report has other classes than the data set."""
    name = next(iter(report.accuracy))
    return name in report.assessments and report.assessments[name].match is not None


def _equal(first: SnrReport, second: SnrReport) -> bool:
    return np.array_equal(first.counts, second.counts)


def _merged(parts: Iterable[Mapping[str, Item]]) -> dict[str, Item]:
    """All parts by name; the first of each name is kept."""
    merged: dict[str, Item] = {}
    for part in parts:
        for name, item in part.items():
            merged.setdefault(name, item)
    return merged


def _comparisons(reports: Sequence[Report]) -> tuple[Comparison, ...]:
    """Every pair of models once, the p-values corrected for all pairs of the joined report."""
    found: dict[frozenset[str], Comparison] = {}
    for pair in (pair for report in reports for pair in report.comparisons):
        found.setdefault(frozenset((pair.first, pair.second)), pair)
    return holm_adjusted(found.values())


def _grids(reports: Sequence[Report]) -> list[RobustnessGrid]:
    """Grids of the same values and as many examples become one, with the models of all."""
    found: dict[tuple[Any, ...], RobustnessGrid] = {}
    for grid in (grid for report in reports for grid in report.robustness):
        key = (grid.what, grid.unit, grid.values, tuple(grid.examples.tolist()))
        there = found.get(key)
        found[key] = grid if there is None else _both(there, grid)
    return list(found.values())


def _both(first: RobustnessGrid, second: RobustnessGrid) -> RobustnessGrid:
    return replace(
        first,
        hits={**second.hits, **first.hits},
        drop_at={**second.drop_at, **first.drop_at},
        left_out={**second.left_out, **first.left_out},
    )


def _renamed_grid(grid: RobustnessGrid, names: Mapping[str, str]) -> RobustnessGrid:
    return replace(
        grid,
        hits=_by_new_names(grid.hits, names),
        drop_at=_by_new_names(grid.drop_at, names),
        left_out=_by_new_names(grid.left_out, names),
    )


def _by_new_names(items: Mapping[str, Item], names: Mapping[str, str]) -> dict[str, Item]:
    return {names.get(name, name): item for name, item in items.items()}


def _provenance(reports: Mapping[str, Report]) -> dict[str, Any]:
    """Common provenance of all reports, and under its name that of each alone."""
    facts = [report.provenance for report in reports.values()]
    common = {
        name: value
        for name, value in facts[0].items()
        if all(other.get(name) == value for other in facts[1:])
    }
    own = {
        report: {name: value for name, value in each.items() if name not in common}
        for report, each in zip(reports, facts, strict=True)
    }
    return {**common, "joined_from": own}
