"""Sequential writing of a split file, for rows that another source brings batch by batch."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from rfmae.artefacts import Card
from rfmae.datasets.layout import (
    ADDRESS,
    FORMAT,
    columns,
    create_columns,
    find_extents,
    stamp,
)
from rfmae.errors import DatasetError
from rfmae.records import ComplexArray, IqBatch, View


class SplitWriter:
    """A split file that takes batches in the order of its rows, used as a context.

    The card says how many rows there will be. They are written past HDF5, which has a place for
    each: what fails on a full disk is then one system call, and not HDF5's cache when it is
    dropped. Use it inside `rfmae.artefacts.written_whole`, so that an error leaves nothing behind.
    """

    def __init__(
        self,
        path: Path,
        *,
        split: str,
        card: Card,
        samples: Mapping[View, int],
        clean: bool = False,
    ) -> None:
        """`samples` is the length of an example in each view."""
        self._path, self._split, self._card = path, split, card
        self._table = columns(samples, clean=clean)
        self._clean = clean
        self._promised = int(card["examples"][split])
        self._rows: dict[View, int] = dict.fromkeys(samples, 0)

    def __enter__(self) -> Self:
        with h5py.File(self._path, "w", libver=FORMAT) as file:
            stamp(file, self._card, self._split)
            create_columns(file, self._table, self._promised, allocated=self._promised > 0)
        found = find_extents(self._path, self._table) if self._promised else ()
        self._extents = {extents.column.name: extents for extents in found}
        self._descriptor = os.open(self._path, os.O_WRONLY)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
        if error is None and set(self._rows.values()) != {self._promised}:
            raise DatasetError(
                f"{self._path} must get {self._promised} rows in every view, got {self._rows}"
            )

    def append(
        self, batch: IqBatch, view: View = "waveform", clean: ComplexArray | None = None
    ) -> None:
        """Add the rows of a batch to a view; every view gets the same rows in the same order."""
        if view not in self._rows:
            raise DatasetError(f"{self._path} has views {', '.join(self._rows)}, got {view!r}")
        if (clean is not None) != self._clean:
            raise DatasetError(f"clean twins belong into {self._path} always or never")
        if not len(batch):
            return
        if self._rows[view] + len(batch) > self._promised:
            raise DatasetError(f"{self._path} takes {self._promised} rows, and gets more")
        self._put(f"{view}/observed", self._rows[view], batch.iq)
        if clean is not None:
            self._put(f"{view}/clean", self._rows[view], clean)
        for name in ADDRESS:
            self._put(name, self._rows[view], getattr(batch, name))
        self._rows[view] += len(batch)

    def _put(self, name: str, first: int, values: np.ndarray[Any, Any]) -> None:
        extents = self._extents[name]
        if values.shape[1:] != extents.column.row_shape:
            raise DatasetError(
                f"{self._path} takes examples of {extents.column.width} samples in {name}, "
                f"got {values.shape[1]}"
            )
        extents.write(self._descriptor, first, values)
