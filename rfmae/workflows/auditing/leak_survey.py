"""One pass over a data set: every row is hashed, and a sample of them measured."""

from collections.abc import Callable, Sequence

import numpy as np

from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.stated_snr import snr_view
from rfmae.datasets.store import Dataset
from rfmae.evaluation.embedding import evenly_chosen
from rfmae.evaluation.leak_features import row_digests
from rfmae.evaluation.leak_measures import Split, measures_of, positions_among_like
from rfmae.evaluation.leak_watch import Seen, Watcher, show
from rfmae.progress import Progress
from rfmae.records import ComplexArray, IntArray, View, Views

_CHUNK = 256


def walk(
    dataset: Dataset,
    most: int,
    seed: int,
    progress: Progress,
    watchers: Sequence[Watcher] = (),
) -> dict[str, Split]:
    """Every split of a data set; at most so many examples of each are measured.

    `watchers` are shown all examples on the way.
    """
    measured = {split: chosen(dataset, split, most, seed) for split in SPLITS}
    total = sum(dataset.examples(split) for split in SPLITS)
    with progress.stage("read every row", total, "examples") as stage:
        return {
            split: _split(dataset, split, rows, watchers, stage.advance)
            for split, rows in measured.items()
        }


def chosen(dataset: Dataset, split: str, most: int, seed: int) -> IntArray:
    """Ascending rows that are measured: all, or a stratified sample by class and SNR."""
    rng = np.random.default_rng([seed, SPLITS.index(split)])
    return evenly_chosen(*dataset.labels(split), most, rng)


def _split(
    dataset: Dataset,
    split: str,
    chosen: IntArray,
    watchers: Sequence[Watcher],
    advance: Callable[[int], None],
) -> Split:
    parts, digests, twins = [], [], []
    label, snr_db = dataset.labels(split)
    for first in range(0, dataset.examples(split), _CHUNK):
        last = min(first + _CHUNK, dataset.examples(split))
        observed, clean = _read(dataset, split, slice(first, last))
        ours = chosen[(chosen >= first) & (chosen < last)] - first
        parts.append(
            measures_of(
                _rows(observed, ours),
                _rows(clean, ours),
                envelope_view=dataset.default_view,
                snr_view=snr_view(dataset),
                absolute=dataset.image.units == "absolute",
            )
        )
        digests.append(row_digests(list(observed.values())))
        twins.append(row_digests(list(clean.values())))
        seen = Seen(split, first, label[first:last].astype(np.int64), ours, observed, clean)
        show(watchers, seen)
        advance(last - first)
    return Split(
        label=label[chosen].astype(np.int64),
        snr_db=snr_db[chosen],
        row=chosen,
        position=positions_among_like(label, snr_db)[chosen],
        sampled={name: values[chosen] for name, values in dataset.sampled(split).items()},
        measures={name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        digests=np.concatenate(digests),
        twins=np.concatenate(twins),
    )


def _read(
    dataset: Dataset, split: str, rows: slice
) -> tuple[dict[View, ComplexArray], dict[View, ComplexArray]]:
    """Observed and clean I/Q of some rows in every view."""
    if not dataset.has_clean:
        seen = dataset.read_views(split, dataset.views, rows)
        return {view: batch.iq for view, batch in seen.items()}, {}
    pairs = {view: dataset.read(split, rows, view) for view in dataset.views}
    observed = {view: pair.observed.iq for view, pair in pairs.items()}
    return observed, {view: pair.clean for view, pair in pairs.items()}


def _rows(views: Views, rows: IntArray) -> Views:
    return {view: iq[rows] for view, iq in views.items()}
