"""What was understood of recordings, in a line."""

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.imports.import_plan import ImportPlan
from rfmae.imports.places import Places
from rfmae.imports.sources import Known
from rfmae.records import BoolArray

_MOST_CLASSES = 12


def understood(plan: ImportPlan, known: Known, places: Places) -> str:
    """Classes with their recordings and windows, the windows, and the size of each split."""
    names = plan.facts.classes
    counted = [(names[index], known.label == index) for index in range(len(names[:_MOST_CLASSES]))]
    classes = ", ".join(f"{name} ({_counts(places, rows)})" for name, rows in counted)
    more = len(names) - len(counted)
    sizes = ", ".join(f"{len(plan.rows[split]):,} {split}" for split in SPLITS)
    kept = (known.label >= 0) & (True if known.bad is None else ~known.bad)
    lost = int(kept.sum()) - sum(map(len, plan.rows.values()))
    return (
        f"{_of('class', len(names))}: {classes}{f' and {more} more' if more > 0 else ''}; "
        f"{places.windows if places.are_cut else f'{places.windows.samples:,} samples each'}; "
        f"{sizes}{f', {lost:,} left out' if lost else ''}"
    )


def _counts(places: Places, rows: BoolArray) -> str:
    if not places.are_cut:
        return _of("example", int(rows.sum()))
    recordings = _of("recording", len(np.unique(places.recording[rows])))
    return f"{recordings}, {_of('window', int(rows.sum()))}"


def _of(what: str, count: int) -> str:
    several = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"{count:,} {what if count == 1 else several}"
