"""The interface of importable data sets: facts, labels and blocks of I/Q."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError
from rfmae.records import BoolArray, ComplexArray, FloatArray, IntArray, IqBatch
from rfmae.signal.modulations import find_modulation

BLOCK_ROWS = 1024
"""The most examples in memory at once."""

Digests = npt.NDArray[np.uint64]
"""A number for each row that equals another's where their bytes do, (N,)."""


SAMPLES_AT_ONCE = 1 << 20
"""Samples in memory at once, eight megabytes, where an example is no longer."""


def rows_at_once(samples: int) -> int:
    """How many examples of so many samples are in memory at once."""
    return max(1, min(BLOCK_ROWS, SAMPLES_AT_ONCE // samples))


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a public data set before its examples are read."""

    name: str  # lowercase-with-dashes
    about: str
    classes: tuple[str, ...]
    rows: int
    samples: int
    samples_per_symbol: float
    notes: tuple[str, ...] = ()
    test_from: int | None = None  # rows from here on are the set's own test split
    overlapping: bool = False  # neighbouring rows of one class and SNR share samples


@dataclass(frozen=True, slots=True)
class Known:
    """Label, SNR and digest of some examples, without their I/Q.

    Without `bad`, rows are checked when they are copied.
    """

    label: IntArray  # (N,)
    snr_db: FloatArray  # (N,)
    digest: Digests  # (N,)
    bad: BoolArray | None = None  # (N,) rows with a sample that is no finite number

    def __len__(self) -> int:
        return len(self.label)


class DataSource(Protocol):
    """A public data set, opened but not loaded."""

    @property
    def facts(self) -> Facts: ...

    def known(self) -> Iterator[Known]:
        """Label, SNR and digest of every row, in blocks, in the order of the rows."""
        ...

    def blocks(self) -> Iterator[IqBatch]:
        """The examples as the file holds them, of no more than BLOCK_ROWS, in the same order."""
        ...


def batch_of(iq: ComplexArray, label: IntArray, snr_db: FloatArray, facts: Facts) -> IqBatch:
    """A block of examples (N, T)."""
    return IqBatch(
        iq=iq,
        label=label.astype(np.int16),
        snr_db=snr_db.astype(np.float32),
        classes=facts.classes,
        samples_per_symbol=facts.samples_per_symbol,
        snr_reference="dataset",
    )


def known_of(batches: Iterable[IqBatch]) -> Iterator[Known]:
    """Label, SNR and digest of the examples of batches, and which of them are bad."""
    for batch in batches:
        yield Known(batch.label, batch.snr_db, row_digests(batch.iq), bad_rows(batch.iq))


def bad_rows(iq: ComplexArray) -> BoolArray:
    """The rows of (N, T) that hold a sample that is NaN or infinite, (N,)."""
    return np.logical_not(np.isfinite(iq).all(axis=1))


def row_digests(rows: Iterable[Any]) -> Digests:
    """A digest of the bytes of each row."""
    digests = (blake2b(bytes(row), digest_size=8).digest() for row in rows)
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def dashed_name(stem: str, otherwise: str) -> str:
    """A file's name as the name of a data set; `otherwise` where it has no plain letter.

    >>> dashed_name("My Data_v2", "arrays")
    'my-data-v2'
    """
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in stem.lower()
    )
    return "-".join(word for word in plain.split("-") if word) or otherwise


def interleaved(parts: npt.NDArray[Any], axis: int) -> ComplexArray:
    """Complex (N, T) from I and Q along `axis` of (N, 2, T) or (N, T, 2)."""
    iq = np.moveaxis(parts, axis, -1).astype(np.float32)  # contiguous, so that it can be viewed
    return np.ascontiguousarray(iq).view(np.complex64)[..., 0]


def standard_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names of the modulation table, where it has them and they stay distinct.

    Where two classes of a set are one row of the table, each keeps the name of its file unless it
    is the row's own.

    >>> standard_names(["QAM16", "QPSK", "4QAM", "PM"])
    ('16QAM', 'QPSK', '4QAM', 'PM')
    """
    found = [_standard_name(name) for name in names]
    return tuple(
        name if found.count(standard) > 1 and name != standard else standard
        for name, standard in zip(names, found, strict=True)
    )


def _standard_name(name: str) -> str:
    try:
        return find_modulation(name).name
    except RecipeError:
        return name
