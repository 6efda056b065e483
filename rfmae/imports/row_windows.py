"""Long rows of a source cut into windows: each row is a recording."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.places import NO_SPLIT, Places, Windows, split_number
from rfmae.imports.sources import DataSource, Facts, Known, known_of, rows_at_once
from rfmae.records import IqBatch


class RowWindows:
    """A source whose examples are windows of the rows of another."""

    def __init__(self, source: DataSource, samples: int, hop: int | None = None) -> None:
        facts = source.facts
        if facts.overlapping:
            raise DatasetError(f"the examples of {facts.name} overlap; leave out --samples")
        if samples > facts.samples:
            raise DatasetError(
                f"the examples of {facts.name} have {facts.samples:,} samples; name no more with "
                f"--samples, got {samples:,}"
            )
        self._source = source
        self._windows = Windows(samples, hop or samples)
        starts = self._windows.starts(facts.samples)
        row = np.repeat(np.arange(facts.rows), len(starts))
        split = np.full(len(row), NO_SPLIT)
        if facts.test_from is not None:
            split[row >= facts.test_from] = split_number("test")
        self.places = Places(
            recording=row,
            stretch=row,
            first=np.tile(starts, facts.rows),
            split=split,
            windows=self._windows,
            stretches_are="rows",
        )
        self._starts = starts

    @property
    def facts(self) -> Facts:
        given = self._source.facts
        return replace(given, rows=len(self.places), samples=self._windows.samples, test_from=None)

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        most = rows_at_once(self._windows.samples)
        offsets = np.arange(self._windows.samples)
        for batch in self._source.blocks():
            row = np.repeat(np.arange(len(batch)), len(self._starts))
            start = np.tile(self._starts, len(batch))
            for first in range(0, len(row), most):
                here = slice(first, first + most)
                places = start[here][:, None] + offsets
                yield replace(
                    batch,
                    iq=batch.iq[row[here][:, None], places],
                    label=batch.label[row[here]],
                    snr_db=batch.snr_db[row[here]],
                )
