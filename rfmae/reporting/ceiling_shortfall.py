"""Which classes a model recognises far less often than the best receiver of what it sees."""

from collections.abc import Mapping

import numpy as np

from rfmae.records import (
    SEQUENCE,
    Assessment,
    BoolArray,
    Ceiling,
    FloatArray,
    IntArray,
    SnrReport,
    wilson_interval,
)

LARGEST_GAP = 0.1
"""Of recall below the ceiling's, above which a class is named."""


def shortfall_notes(
    accuracy: Mapping[str, SnrReport],
    assessments: Mapping[str, Assessment],
    ceilings: Mapping[str, Ceiling],
) -> tuple[str, ...]:
    """A note for each model and class whose recall lies far below that of its own ceiling.

    Named are classes that lie more than `LARGEST_GAP` below in the mean of the SNR points, and SNR
    points at which both intervals leave no doubt of it. The recall of a class is no bound by
    itself: a receiver may prefer another class of two that it cannot distinguish.
    """
    notes = []
    for name, report in accuracy.items():
        gap = assessments[name].gap
        ceiling = None if gap is None else ceilings.get(gap.image or SEQUENCE)
        if ceiling is not None and _is_comparable(report, ceiling):
            notes += [f"{name}: {words}" for words in _of_model(report, ceiling)]
    return tuple(notes)


def _is_comparable(report: SnrReport, ceiling: Ceiling) -> bool:
    return report.classes == ceiling.classes and {*report.snr_db} <= {*ceiling.snr_db}


def _of_model(report: SnrReport, ceiling: Ceiling) -> list[str]:
    points = [ceiling.snr_db.index(snr_db) for snr_db in report.snr_db]
    found = []
    for place, group in enumerate(ceiling.groups):
        hits, examples = _counted(report, group)
        best = ceiling.recall[points, place]
        clear = _clearly_below(hits, examples, best, ceiling.frames_per_group)
        seen = examples > 0
        mean_gap = float(np.mean(best[seen] - hits[seen] / examples[seen])) if seen.any() else 0.0
        if mean_gap > LARGEST_GAP or clear.any():
            found.append(_in_words(group, report, hits, examples, best, clear, mean_gap, ceiling))
    return found


def _counted(report: SnrReport, group: tuple[str, ...]) -> tuple[IntArray, IntArray]:
    """Hits and examples of a group of equal classes at each SNR, each (S,)."""
    members = [report.classes.index(name) for name in group]
    of_group = report.counts[:, members]
    return of_group[:, :, members].sum(axis=(1, 2)), of_group.sum(axis=(1, 2))


def _clearly_below(hits: IntArray, examples: IntArray, best: FloatArray, frames: int) -> BoolArray:
    """Where the highest that the recall may be is far below the lowest of the ceiling's, (S,)."""
    highest = wilson_interval(hits, examples)[:, 1]
    lowest = wilson_interval(np.round(best * frames), np.full(len(best), frames))[:, 0]
    below: BoolArray = highest < lowest - LARGEST_GAP
    return below


def _in_words(
    group: tuple[str, ...],
    report: SnrReport,
    hits: IntArray,
    examples: IntArray,
    best: FloatArray,
    clear: BoolArray,
    mean_gap: float,
    ceiling: Ceiling,
) -> str:
    name = " or ".join(group)
    if not clear.any():
        return (
            f"{name} is recognised {100 * mean_gap:.0f} points less often than by the best "
            f"receiver of the same ({ceiling.name}), in the mean of the SNR points"
        )
    cells = ", ".join(
        f"{report.snr_db[point]:g} dB ({100 * hits[point] / examples[point]:.0f} of "
        f"{100 * best[point]:.0f} %)"
        for point in np.flatnonzero(clear)
    )
    return (
        f"{name} is recognised more than {100 * LARGEST_GAP:.0f} points less often than by the "
        f"best receiver of the same ({ceiling.name}) at {cells}"
    )
