"""Several sources as one, some of which are a split by themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.places import NO_SPLIT, Places, Windows, places_of, split_number
from rfmae.imports.sources import DataSource, Facts, Known
from rfmae.records import IntArray, IqBatch
from rfmae.signal.class_matching import table_row


class JoinedSources:
    """A source to divide, and others that are a split each, with the classes of all.

    The others are found by the name of their split. Classes are the same by name, or where both
    names are one modulation of the table.
    """

    def __init__(self, main: DataSource, own: Mapping[str, DataSource]) -> None:
        self._sources = {"": main, **own}
        _check(self._sources)
        self._classes: tuple[str, ...] = ()
        for source in self._sources.values():
            new = [self._same(name) for name in source.facts.classes]
            self._classes = tuple(dict.fromkeys([*self._classes, *new]))
        self.places = _joined_places(self._sources)

    @property
    def facts(self) -> Facts:
        first = self._sources[""].facts
        notes = [note for source in self._sources.values() for note in source.facts.notes]
        return replace(
            first,
            classes=self._classes,
            rows=sum(source.facts.rows for source in self._sources.values()),
            notes=tuple(dict.fromkeys(notes)),
            test_from=None,
        )

    def known(self) -> Iterator[Known]:
        for source in self._sources.values():
            for block in source.known():
                yield replace(block, label=self._labels(source)[block.label])

    def blocks(self) -> Iterator[IqBatch]:
        for source in self._sources.values():
            for batch in source.blocks():
                label = self._labels(source)[batch.label].astype(np.int16)
                yield replace(batch, label=label, classes=self._classes)

    def _labels(self, source: DataSource) -> IntArray:
        """The places of the classes of a source among those of all."""
        places = [self._classes.index(self._same(name)) for name in source.facts.classes]
        return np.array(places, np.int64)

    def _same(self, name: str) -> str:
        """The class that a name means among those of the sources before."""
        row = table_row(name)
        alike = [known for known in self._classes if row is not None and table_row(known) == row]
        return name if name in self._classes or len(alike) != 1 else alike[0]


def _check(sources: Mapping[str, DataSource]) -> None:
    lengths = {source.facts.samples for source in sources.values()}
    if len(lengths) > 1:
        raise DatasetError(
            "all splits must have examples of one length, got "
            f"{' and '.join(f'{length:,}' for length in sorted(lengths))} samples; cut them with "
            "--samples"
        )
    for source in sources.values():
        own = places_of(source)
        has_splits = source.facts.test_from is not None or bool(own and own.own_splits)
        if source.facts.overlapping or has_splits:
            raise DatasetError(
                f"{source.facts.name} has a test split or overlapping examples of its own; leave "
                "out --test and --validation"
            )


def _joined_places(sources: Mapping[str, DataSource]) -> Places:
    """The places of all, each source with recordings of its own."""
    parts = [_places(source, split) for split, source in sources.items()]
    offsets = np.cumsum([0, *(int(part.recording.max(initial=-1)) + 1 for part in parts)])
    stretches = np.cumsum([0, *(int(part.stretch.max(initial=-1)) + 1 for part in parts)])
    return Places(
        recording=np.concatenate(
            [part.recording + start for part, start in zip(parts, offsets, strict=False)]
        ),
        stretch=np.concatenate(
            [part.stretch + start for part, start in zip(parts, stretches, strict=False)]
        ),
        first=np.concatenate([part.first for part in parts]),
        split=np.concatenate([part.split for part in parts]),
        windows=parts[0].windows,
        stretches_are=parts[0].stretches_are,
        are_cut=parts[0].are_cut,
    )


def _places(source: DataSource, split: str) -> Places:
    found = places_of(source)
    if found is None:
        row = np.arange(source.facts.rows)
        samples = source.facts.samples
        windows = Windows(samples, samples)
        none = np.full(len(row), NO_SPLIT)
        found = Places(row, row, np.zeros_like(row), none, windows, "examples", are_cut=False)
    return replace(found, split=np.full(len(found), split_number(split))) if split else found
