"""Sequential writing of a split file, for data whose number of rows is not known beforehand."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np

from rfmae.artefacts import Card
from rfmae.datasets.layout import ADDRESS, FORMAT, columns, create_columns, stamp
from rfmae.errors import DatasetError
from rfmae.records import ComplexArray, IqBatch, View


class SplitWriter:
    """A split file that takes batches in the order of its rows, used as a context.

    Use it inside `rfmae.artefacts.written_whole`, so that an error leaves nothing behind.
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
        self._rows: dict[View, int] = dict.fromkeys(samples, 0)

    def __enter__(self) -> Self:
        self._file = h5py.File(self._path, "w", libver=FORMAT)
        stamp(self._file, self._card, self._split)
        create_columns(self._file, self._table, 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if error is None and len(set(self._rows.values())) > 1:
            raise DatasetError(f"every view of {self._path} must get all rows, got {self._rows}")

    def append(
        self, batch: IqBatch, view: View = "waveform", clean: ComplexArray | None = None
    ) -> None:
        """Add the rows of a batch to a view; every view gets the same rows in the same order."""
        if view not in self._rows:
            raise DatasetError(f"{self._path} has views {', '.join(self._rows)}, got {view!r}")
        if (clean is not None) != self._clean:
            raise DatasetError(f"clean twins belong into {self._path} always or never")
        self._put(f"{view}/observed", self._rows[view], batch.iq)
        if clean is not None:
            self._put(f"{view}/clean", self._rows[view], clean)
        for name in ADDRESS:
            self._put(name, self._rows[view], getattr(batch, name))
        self._rows[view] += len(batch)

    def _put(self, name: str, first: int, values: np.ndarray[Any, Any]) -> None:
        column = self._file[name]
        if values.shape[1:] != column.shape[1:]:
            raise DatasetError(
                f"{self._path} takes examples of {column.shape[1]} samples in {name}, "
                f"got {values.shape[1]}"
            )
        end = first + len(values)
        if end > len(column):
            column.resize(end, axis=0)
        column[first:end] = values
