"""Every row of a split file has its place before it is written, wherever HDF5 put its chunks."""

import hashlib
import os
import time

import h5py
import numpy as np
import pytest

from rfmae.datasets import layout
from rfmae.datasets.layout import (
    FORMAT,
    Column,
    columns,
    create_columns,
    find_extents,
)
from rfmae.errors import DatasetError

TABLE = columns({"symbols": 5, "waveform": 12}, ["phase_offset_turns"], clean=True)


def allocated(path, table, rows):
    with h5py.File(path, "w", libver=FORMAT) as file:
        create_columns(file, table, rows, allocated=True)
    return find_extents(path, table)


def random_rows(column, rows, rng):
    shape = (rows, *column.row_shape)
    values = rng.normal(size=shape) * 100 + 1j * rng.normal(size=shape)
    return (values if column.dtype == "<c8" else values.real).astype(column.dtype)


def written_by_parts(path, extents, values, rng):
    """Write every row once, in parts of random length and order."""
    rows = len(values)
    inner = rng.choice(np.arange(1, rows), size=min(rows - 1, 20), replace=False)
    cuts = np.unique(np.concatenate([[0], inner, [rows]]))
    descriptor = os.open(path, os.O_WRONLY)
    for place in rng.permutation(len(cuts) - 1):
        first, end = cuts[place], cuts[place + 1]
        extents.write(descriptor, int(first), values[first:end])
    os.close(descriptor)


@pytest.mark.parametrize("chunk_bytes", [1, 100, 2**12, 2**19])
@pytest.mark.parametrize("rows", [1, 2, 7, 64, 3000])
def test_rows_written_beside_hdf5_are_what_hdf5_reads(
    tmp_path, monkeypatch, rng, chunk_bytes, rows
):
    monkeypatch.setattr(layout, "CHUNK_BYTES", chunk_bytes)
    path = tmp_path / "train.h5"
    everything = {}
    for extents in allocated(path, TABLE, rows):
        values = random_rows(extents.column, rows, rng)
        written_by_parts(path, extents, values, rng)
        everything[extents.column.name] = values
    with h5py.File(path) as file:
        for name, values in everything.items():
            assert np.array_equal(file[name][:], values)


def test_chunks_that_do_not_follow_one_another_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "CHUNK_BYTES", 2**12)
    extents = allocated(tmp_path / "train.h5", TABLE[2:3], 50_000)[0]
    # the index of so many chunks lies between them, or the test above shows too little
    assert 1 < len(extents.first_byte) < 50_000 * 40 / 2**12


def test_the_places_of_a_million_rows_are_a_small_table(tmp_path):
    path = tmp_path / "train.h5"
    extents = allocated(path, columns({"waveform": 1024}, clean=True), 1_000_000)
    assert all(len(some.first_byte) < 500 for some in extents)
    assert path.stat().st_size > 16 * 1024 * 1_000_000
    assert path.stat().st_blocks * 512 < 2**24  # nothing is written yet


@pytest.mark.parametrize("rows", [1, 7, 3000])
def test_the_same_columns_make_the_same_file_at_another_time(tmp_path, rows):
    allocated(tmp_path / "one.h5", TABLE, rows)
    time.sleep(1.1)  # so that a time stamp in seconds would show
    allocated(tmp_path / "two.h5", TABLE, rows)
    one, two = (hashlib.sha256((tmp_path / f"{name}.h5").read_bytes()) for name in ("one", "two"))
    assert one.digest() == two.digest()


@pytest.mark.parametrize("width", [None, 1, 3, 100, 1000, 1024, 2**16, 2**20])
@pytest.mark.parametrize("rows", [1, 100, 10**6])
def test_a_chunk_holds_whole_rows_and_no_more_than_it_should(width, rows):
    column = Column("waveform/observed", "<c8", width)
    chunk_rows = column.chunk_rows(rows)
    assert 1 <= chunk_rows <= max(1, rows)
    assert chunk_rows == 1 or chunk_rows * column.row_bytes <= layout.CHUNK_BYTES
    # and is no smaller than half of what it may be, where there are rows to fill it
    assert chunk_rows == rows or 2 * chunk_rows * column.row_bytes > layout.CHUNK_BYTES


def test_a_file_whose_writer_was_killed_can_be_opened(tmp_path):
    path = tmp_path / "train.h5"
    child = os.fork()
    if child == 0:
        file = h5py.File(path, "w", libver=FORMAT)
        create_columns(file, TABLE, 10)
        file.flush()
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    with h5py.File(path) as file:
        assert len(file["label"]) == 10


@pytest.mark.parametrize(
    ("first", "shape"), [(0, (11, 5)), (10, (1, 5)), (0, (2, 4)), (0, (5,)), (8, (3, 5))]
)
def test_rows_that_have_no_place_are_refused(tmp_path, first, shape):
    path = tmp_path / "train.h5"
    extents = allocated(path, TABLE, 10)[2]
    before = path.read_bytes()
    descriptor = os.open(path, os.O_WRONLY)
    with pytest.raises(DatasetError, match=r"symbols/observed takes 10 rows of shape \(5,\)"):
        extents.write(descriptor, first, np.ones(shape, np.complex64))
    os.close(descriptor)
    assert path.read_bytes() == before


def test_a_column_without_a_place_for_each_row_is_refused(tmp_path):
    path = tmp_path / "train.h5"
    with h5py.File(path, "w", libver=FORMAT) as file:
        create_columns(file, TABLE, 10)  # not allocated
    with pytest.raises(DatasetError, match="no place for all rows of label"):
        find_extents(path, TABLE)
