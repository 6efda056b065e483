"""RadioML 2016.04C, 2016.10A and 2016.10B: pickled dictionaries of arrays (n, 2, 128).

T. J. O'Shea and N. West, "Radio Machine Learning Dataset Generation with GNU Radio", Proc. GNU
Radio Conf. 1 (2016).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.pickle_values import PickledArray
from rfmae.imports.sources import (
    BLOCK_ROWS,
    Facts,
    Known,
    batch_of,
    interleaved,
    known_of,
    standard_names,
)
from rfmae.imports.unpickling import read_pickled_arrays
from rfmae.records import IqBatch

_SAMPLES = 128
_SNR_DB = tuple(float(snr) for snr in range(-20, 20, 2))
_TEN = ("8PSK", "AM-DSB", "BPSK", "CPFSK", "GFSK", "PAM4", "QAM16", "QAM64", "QPSK", "WBFM")
_ELEVEN = tuple(sorted((*_TEN, "AM-SSB")))
_SNR_NOTE = (
    "its noise was scaled wrongly: a stated SNR of 0 dB is an Es/N0 of about 11 dB, and "
    "the true one moves by 2 dB for each stated one"
)
_SEED_NOTE = (
    "noise and fading began from one seed in every run and many windows were cut from one run, so "
    "accuracy on its test rows is too good"
)
_SSB_NOTE = "its AM-SSB rows hold no signal, only noise"


@dataclass(frozen=True, slots=True)
class Edition:
    """One published edition, with what distinguishes it."""

    name: str
    title: str
    classes: tuple[str, ...]  # as in the file
    even: bool  # as many examples of every class and SNR
    examples: int
    overlapping: bool = False


EDITIONS = (
    Edition("radioml-2016-04c", "RadioML 2016.04C", _ELEVEN, False, 162_060, overlapping=True),
    Edition("radioml-2016-10a", "RadioML 2016.10A", _ELEVEN, True, 220_000),
    Edition("radioml-2016-10b", "RadioML 2016.10B", _TEN, True, 1_200_000),
)

Cell = tuple[str, float]
"""A class, by its name in the file, and an SNR in dB."""


class RadioMl2016:
    """One of the three sets, by the content of the file; rows are sorted by class and SNR."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._cells = _cells(self._path)
        edition = recognise_edition(self._path, self._cells)
        rows = sum(array.shape[0] for array in self._cells.values())
        self._names = edition.classes
        self.facts = Facts(
            name=edition.name,
            about=f"{edition.title} by DeepSig, CC BY-NC-SA 4.0, imported as it is.",
            classes=standard_names(edition.classes),
            rows=rows,
            samples=_SAMPLES,
            samples_per_symbol=8.0,
            notes=_notes(edition, rows),
            overlapping=edition.overlapping,
        )

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        for label, name in enumerate(self._names):
            for snr_db in _SNR_DB:
                parts = self._cells[name, snr_db].read()
                for first in range(0, len(parts), BLOCK_ROWS):
                    iq = interleaved(parts[first : first + BLOCK_ROWS], axis=1)
                    labels, points = np.full(len(iq), label), np.full(len(iq), snr_db)
                    yield batch_of(iq, labels, points, self.facts)


def is_radioml_2016(path: Path) -> bool:
    """Whether a pickle is one of the published editions; others of its layout are any arrays."""
    try:
        return _edition(_cells(path)) is not None
    except DatasetError:
        return False


def recognise_edition(path: Path, cells: dict[Cell, PickledArray]) -> Edition:
    """The edition of a file, by its classes, SNRs and counts, not its name."""
    edition = _edition(cells)
    if edition is not None:
        return edition
    names = tuple(sorted({name for name, _ in cells}))
    counts = {array.shape[0] for array in cells.values()}
    snrs = sorted({snr_db for _, snr_db in cells})
    raise DatasetError(
        f"{path} holds {len(names)} classes ({', '.join(names):.120}) at {len(snrs)} SNRs from "
        f"{snrs[0]:g} to {snrs[-1]:g} dB, {min(counts)} to {max(counts)} examples of each, which "
        f"is none of {', '.join(edition.title for edition in EDITIONS)}; "
        "name --format arrays to import it as it is"
    )


def _edition(cells: dict[Cell, PickledArray]) -> Edition | None:
    names = tuple(sorted({name for name, _ in cells}))
    counts = {array.shape[0] for array in cells.values()}
    whole = {(name, snr_db) for name in names for snr_db in _SNR_DB} == cells.keys()
    for edition in EDITIONS:
        if whole and names == edition.classes and (len(counts) == 1) == edition.even:
            return edition
    return None


def _cells(path: Path) -> dict[Cell, PickledArray]:
    """The arrays of the file by class and SNR, each checked to be float32 (n, 2, 128)."""
    cells: dict[Cell, PickledArray] = {}
    for key, array in read_pickled_arrays(path).items():
        if not _is_cell(key):
            raise DatasetError(f"{path} must have keys (class, SNR), got {key!r:.60}")
        name, snr_db = str(key[0]), float(key[1])  # type: ignore[index]
        if array.shape[1:] != (2, _SAMPLES) or not array.shape[0] or array.dtype.str[1:] != "f4":
            raise DatasetError(
                f"{path} must hold float32 arrays (n, 2, {_SAMPLES}), but that of {name} at "
                f"{snr_db:g} dB is {array.dtype} {array.shape}"
            )
        cells[name, snr_db] = array
    return cells


def _is_cell(key: object) -> bool:
    return (
        isinstance(key, tuple)
        and len(key) == 2
        and isinstance(key[0], str)
        and isinstance(key[1], int | float)
    )


def _notes(edition: Edition, rows: int) -> tuple[str, ...]:
    notes = [_SNR_NOTE, _SEED_NOTE]
    if "AM-SSB" in edition.classes:
        notes.append(_SSB_NOTE)
    if rows != edition.examples:
        notes.append(f"the file holds {rows} of the {edition.examples} examples of the whole set")
    return tuple(notes)
