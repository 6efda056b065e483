"""The layout of a split file: columns, chunks, and the byte offset of each row."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rfmae.artefacts import Card
from rfmae.errors import DatasetError
from rfmae.records import IntArray, View

CHUNK_BYTES = 2**19
"""The largest chunk, in bytes.

With half a megabyte the index of a terabyte is some hundred megabytes, a sequential read is as fast
as memory, the padding of the last chunk is small, and a chunk fits into the megabyte that HDF5
caches of each column by default.
"""

FORMAT = ("v108", "v108")
"""HDF5 1.8: readable everywhere, with checksums, and without the flag that later versions leave in
a file whose writer was killed, which would have to be cleared by hand."""


ADDRESS = ("label", "snr_db")
"""The columns of label and SNR, which every split has."""


@dataclass(frozen=True, slots=True)
class Column:
    """One array of a split file: a value for each example, or `width` of them."""

    name: str
    dtype: str
    width: int | None = None

    @property
    def row_bytes(self) -> int:
        return np.dtype(self.dtype).itemsize * (1 if self.width is None else self.width)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return () if self.width is None else (self.width,)

    def chunk_rows(self, rows: int) -> int:
        """The rows of a chunk: a power of two, and no more than `rows` need."""
        fitting = max(1, CHUNK_BYTES // self.row_bytes)
        return max(1, min(2 ** (fitting.bit_length() - 1), rows))


def columns(
    samples: Mapping[View, int], sampled: Sequence[str] = (), *, clean: bool
) -> tuple[Column, ...]:
    """The columns of a split: `samples` is the length of an example in each view."""
    kinds = ("observed", "clean") if clean else ("observed",)
    return (
        Column("label", "<i2"),
        Column("snr_db", "<f4"),
        *(
            Column(f"{view}/{kind}", "<c8", width)
            for view, width in samples.items()
            for kind in kinds
        ),
        *(Column(f"drawn/{name}", "<f4") for name in sampled),
    )


def create_columns(
    file: h5py.File, table: Sequence[Column], rows: int, *, allocated: bool = False
) -> None:
    """Empty columns that can grow; `allocated` reserves the place of every row in the file.

    Allocated rows are not filled: until they are written they read as a hole in the file, usually
    zeros.
    """
    for column in table:
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_obj_track_times(False)  # the same bytes at any time
        if allocated:
            settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        file.create_dataset(
            column.name,
            (rows, *column.row_shape),
            np.dtype(column.dtype),
            chunks=(column.chunk_rows(rows or CHUNK_BYTES), *column.row_shape),
            maxshape=(None, *column.row_shape),
            dcpl=settings,
        )


def stamp(file: h5py.File, card: Card, split: str) -> None:
    """Write into a split file which data set it belongs to."""
    for key in ("kind", "name", "fingerprint", "snr_reference"):
        file.attrs[key] = card[key]
    file.attrs["split"] = split
    file.attrs["classes"] = list(card["classes"])


@dataclass(frozen=True, slots=True)
class Extents:
    """The byte offsets of the rows of an allocated column: runs of consecutive chunks.

    Run k holds the rows from `first_row[k]` on, without a gap from byte `first_byte[k]` on.
    """

    column: Column
    first_row: IntArray  # (R + 1,), the last one is the number of rows
    first_byte: IntArray  # (R,)

    def pieces(self, first: int, count: int) -> Iterator[tuple[slice, int]]:
        """Contiguous parts of `count` rows from `first` on, each with its byte offset."""
        row, end = first, first + count
        while row < end:
            run = int(np.searchsorted(self.first_row, row, side="right")) - 1
            stop = min(end, int(self.first_row[run + 1]))
            into_run = row - int(self.first_row[run])
            place = int(self.first_byte[run]) + into_run * self.column.row_bytes
            yield slice(row - first, stop - first), place
            row = stop

    def write(self, descriptor: int, first: int, values: np.ndarray[Any, Any]) -> None:
        """Write rows from `first` on into the open file, without HDF5."""
        rows = np.ascontiguousarray(values, self.column.dtype)
        if rows.shape[1:] != self.column.row_shape or first + len(rows) > self.first_row[-1]:
            raise DatasetError(
                f"{self.column.name} takes {self.first_row[-1]} rows of shape "
                f"{self.column.row_shape}, got {rows.shape} from row {first} on"
            )
        for part, place in self.pieces(first, len(rows)):
            _write_all(descriptor, rows[part], place)


def find_extents(path: Path, table: Sequence[Column]) -> tuple[Extents, ...]:
    """The byte offsets of allocated columns in a file."""
    with h5py.File(path, "r") as file:
        return tuple(_extents_of(file[column.name], column) for column in table)


def _extents_of(dataset: h5py.Dataset, column: Column) -> Extents:
    """One pass over the chunks; HDF5 writes some fifty of them between parts of its index."""
    found: list[tuple[int, int]] = []
    dataset.id.chunk_iter(lambda chunk: found.append((chunk.chunk_offset[0], chunk.byte_offset)))
    chunks = np.array(sorted(found), np.int64).reshape(-1, 2)
    rows_per_chunk = dataset.chunks[0]
    if not np.array_equal(chunks[:, 0], np.arange(0, len(dataset), rows_per_chunk)):
        raise DatasetError(f"{dataset.file.filename} has no place for all rows of {column.name}")
    apart = np.diff(chunks[:, 1]) != rows_per_chunk * column.row_bytes
    starts = chunks[np.concatenate([[True], apart])]
    return Extents(column, np.append(starts[:, 0], len(dataset)), starts[:, 1].copy())


def _write_all(descriptor: int, rows: np.ndarray[Any, Any], place: int) -> None:
    left = rows.reshape(-1).view(np.uint8).data
    while left:
        written = os.pwrite(
            descriptor, left, place
        )  # may write a part, at two gigabytes or a limit
        left, place = left[written:], place + written
