"""Whether classes differ in what is no modulation: means, tones, times, samples, carriers."""

from collections.abc import Sequence
from dataclasses import dataclass

from rfmae.datasets.recipe import Recipe
from rfmae.datasets.residuals import adds_constant, mirrors, why_not_noise
from rfmae.datasets.store import Dataset
from rfmae.errors import RecipeError
from rfmae.evaluation.leak_places import (
    RESIDUAL_TESTS,
    SHAPE_TESTS,
    carrier_lines,
    is_alone,
    residual_test,
    shape_test,
)
from rfmae.evaluation.leak_residuals import BLOCKS, MOST_SAMPLES
from rfmae.evaluation.leak_tests import LEVEL
from rfmae.evaluation.leak_watch import Fit, ResidualWatcher, ShapeWatcher
from rfmae.records.audit_report import Finding, PlaceTest
from rfmae.reporting.audit_place_findings import (
    Kind,
    Place,
    carrier_finding,
    place_finding,
)
from rfmae.signal.modulations import Modulation, find_modulation

_LEAST_TIME_DB = -19.4  # of the power of an example: 0.05 dB, which edges of filters may make

_MAY_BE_ITS_OWN = (
    "It may be the modulation itself, for the table of modulations does not know every class here."
)
_MAY_BE_TIMING = "It may be the modulation itself, where all examples have the same symbol timing."

ViewWatcher = ResidualWatcher | ShapeWatcher


@dataclass(frozen=True, slots=True)
class Comparable:
    """Classes by what their name promises.

    `linear`: symbols on one pulse, of zero mean, whose spectra have no line and are symmetric;
    `unknown`: the table does not have the name. Others may have a mean, lines and asymmetry.
    """

    linear: tuple[int, ...]
    unknown: tuple[int, ...]

    @property
    def with_unknown(self) -> tuple[int, ...]:
        """Both, where there are unknown ones."""
        return (*self.linear, *self.unknown) if self.unknown else ()


def comparable(names: Sequence[str]) -> Comparable:
    """What the names of classes promise."""
    rows = [_row(name) for name in names]
    return Comparable(
        tuple(c for c, row in enumerate(rows) if row is not None and _is_linear(row)),
        tuple(c for c, row in enumerate(rows) if row is None),
    )


def _row(name: str) -> Modulation | None:
    try:
        return find_modulation(name)
    except RecipeError:
        return None


def _is_linear(row: Modulation) -> bool:
    known = row.family in ("memoryless", "differential") and not row.name.startswith("π/4")
    return known and row.carrier_power < 1e-6


def watchers_of(dataset: Dataset, recipe: Recipe | None) -> list[ViewWatcher]:
    """Of each view the tests of residuals, or where they are no noise those without twins."""
    found: list[ViewWatcher] = []
    for view in dataset.views:
        classes, samples = len(dataset.classes), dataset.samples(view)
        if recipe is None or why_not_noise(recipe, view):
            found.append(ShapeWatcher(view, classes, samples))
        else:
            fit = Fit(mirrored=mirrors(recipe), constant=adds_constant(recipe))
            found.append(ResidualWatcher(view, classes, samples, fit))
    return found


def count_of_tests(watchers: Sequence[ViewWatcher]) -> int:
    """How many tests share the level of the audit."""
    return sum(
        len(RESIDUAL_TESTS if isinstance(watcher, ResidualWatcher) else SHAPE_TESTS)
        for watcher in watchers
    )


def shape_findings(dataset: Dataset, watchers: Sequence[ViewWatcher], tests: int) -> list[Finding]:
    """The findings of all views."""
    found: list[Finding] = []
    for watcher in watchers:
        if isinstance(watcher, ResidualWatcher):
            found += _of_residuals(watcher, dataset.classes, tests)
        else:
            found += _of_shapes(watcher, dataset.classes, tests)
    return found


def _of_residuals(watcher: ResidualWatcher, names: Sequence[str], tests: int) -> list[Finding]:
    where = _place(watcher, residual=True)
    every = range(len(names))
    found = []
    for kind in _KINDS:
        test = residual_test(watcher, kind, every, tests)
        found.append(place_finding(kind, test, where, names, leaks=_is_significant(test)))
    return found


def _of_shapes(watcher: ShapeWatcher, names: Sequence[str], tests: int) -> list[Finding]:
    where, groups, every = _place(watcher, residual=False), comparable(names), range(len(names))
    always = every if watcher.phases.are_turned else groups.linear
    found = [
        _graded("mean", watcher, (always, groups.with_unknown), where, names, tests),
        _graded("tone", watcher, (groups.linear, groups.with_unknown), where, names, tests),
    ]
    time = shape_test(watcher, "time", every, tests)
    large = time is not None and time.size_db > _LEAST_TIME_DB
    found.append(place_finding("time", time, where, names, leaks=_is_significant(time) and large))
    sample = shape_test(watcher, "sample", every, tests)
    alone = sample is None or is_alone(sample, watcher.samples)
    found.append(
        place_finding(
            "sample",
            sample,
            where,
            names,
            leaks=_is_significant(sample),
            why_note="" if alone else _MAY_BE_TIMING,
        )
    )
    return [*found, _carrier(watcher, groups, names, tests)]


def _graded(
    kind: Kind,
    watcher: ShapeWatcher,
    groups: tuple[Sequence[int], Sequence[int]],
    where: Place,
    names: Sequence[str],
    tests: int,
) -> Finding:
    """A leak among classes where it is none of their own, else a note among those unknown, too."""
    sure, unsure = (shape_test(watcher, kind, group, tests) for group in groups)
    if not _is_significant(sure) and _is_significant(unsure):
        return place_finding(kind, unsure, where, names, leaks=True, why_note=_MAY_BE_ITS_OWN)
    return place_finding(kind, sure or unsure, where, names, leaks=_is_significant(sure))


def _carrier(
    watcher: ShapeWatcher, groups: Comparable, names: Sequence[str], tests: int
) -> Finding:
    """A leak among linear classes, a note where only unknown ones have carriers of their own."""
    found = None
    for classes, why_note in ((groups.linear, ""), (groups.with_unknown, _MAY_BE_ITS_OWN)):
        steps = shape_test(watcher, "carrier", classes, tests)
        lines = carrier_lines(watcher, classes)
        apart = lines is not None and lines.common is None
        if apart or _is_significant(steps):
            return carrier_finding(watcher.view, lines, steps, names, leaks=True, why_note=why_note)
        if found is None or (found[0] is None and found[1] is None):
            found = (lines, steps)
    return carrier_finding(watcher.view, *(found or (None, None)), names, leaks=False)


_KINDS: tuple[Kind, ...] = ("mean", "tone", "time", "sample")


def _place(watcher: ViewWatcher, *, residual: bool) -> Place:
    samples = watcher.samples
    blocks = min(BLOCKS, samples // max(samples // BLOCKS, 1))
    return Place(watcher.view, min(samples, MOST_SAMPLES), blocks, residual)


def _is_significant(test: PlaceTest | None) -> bool:
    return test is not None and test.p_value < LEVEL
