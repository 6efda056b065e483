"""HisarMod2019.1: text files of complex numbers, read line by line.

K. Tekbıyık et al., "Robust and Fast Automatic Modulation Classification with CNN under Multipath
Fading Channels", IEEE VTC Spring (2020); IEEE DataPort, doi 10.21227/8k12-2g70.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.sources import BLOCK_ROWS, Facts, Known, batch_of, row_digests, standard_names
from rfmae.records import ComplexArray, FloatArray, IntArray, IqBatch

_FAMILIES = (
    ("BPSK", "QPSK", "8PSK", "16PSK", "32PSK", "64PSK"),
    ("4QAM", "8QAM", "16QAM", "32QAM", "64QAM", "128QAM", "256QAM"),
    ("2FSK", "4FSK", "8FSK", "16FSK"),
    ("4PAM", "8PAM", "16PAM"),
    ("AM-DSB", "AM-DSB-SC", "AM-USB", "AM-LSB", "FM", "PM"),
)

CLASS_NUMBERS: dict[int, str] = {
    10 * place + family: name
    for family, names in enumerate(_FAMILIES)
    for place, name in enumerate(names)
}
"""Labels of the files: ten times the place in the family, plus the family."""

_SAMPLES = 1024
_SNR_DB = tuple(float(snr) for snr in range(-20, 20, 2))
_PARTS = ("train", "test")
_TWINS_NOTE = "QPSK and 4QAM are one alphabet, turned; no receiver can distinguish them by it"


class HisarMod:
    """The set in its folder, with `Train` and `Test`; its own test split is kept."""

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        self._parts = tuple(_open_part(folder, part) for part in _PARTS)
        rows = [len(part.label) for part in self._parts]
        self.facts = Facts(
            name="hisarmod-2019-1",
            about="HisarMod2019.1 by K. Tekbıyık et al., imported as it is.",
            classes=standard_names(tuple(CLASS_NUMBERS.values())),
            rows=sum(rows),
            samples=_SAMPLES,
            samples_per_symbol=1.0,
            notes=(_TWINS_NOTE,),
            test_from=rows[0],
        )

    def known(self) -> Iterator[Known]:
        """The digests are those of the text, so that no number is read."""
        for part in self._parts:
            for first, lines in part.lines():
                here = slice(first, first + len(lines))
                yield Known(part.label[here], part.snr_db[here], row_digests(lines))

    def blocks(self) -> Iterator[IqBatch]:
        for part in self._parts:
            for first, lines in part.lines():
                here = slice(first, first + len(lines))
                iq = np.stack([part.numbers(line, first + n) for n, line in enumerate(lines)])
                yield batch_of(iq, part.label[here], part.snr_db[here], self.facts)


def is_hisarmod(folder: Path) -> bool:
    """Whether a folder has the layout of the set."""
    return (folder / "Train" / "train_data.csv").is_file()


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the two splits of the set."""

    data: Path
    label: IntArray  # (N,) places in CLASS_NUMBERS
    snr_db: FloatArray  # (N,)

    def lines(self) -> Iterator[tuple[int, list[bytes]]]:
        """The text of the rows, without its end of line, in blocks with their first row."""
        with self.data.open("rb") as file:
            first = 0
            while block := [line.strip() for line in islice(file, BLOCK_ROWS)]:
                self._check(first, block)
                yield first, block
                first += len(block)
        if first < len(self.label):
            raise DatasetError(f"{self.data} ends after {first} of {len(self.label)} rows")

    def _check(self, first: int, block: list[bytes]) -> None:
        if first + len(block) > len(self.label):
            raise DatasetError(
                f"{self.data} has more rows than its {len(self.label)} labels; is it the file of "
                "the other split?"
            )
        for row, line in enumerate(block, first + 1):
            if line.count(b",") != _SAMPLES - 1:
                raise DatasetError(
                    f"row {row} of {self.data} must hold {_SAMPLES} samples, "
                    f"got {line.count(b',') + 1}"
                )

    def numbers(self, line: bytes, row: int) -> ComplexArray:
        """The samples of a row; the imaginary unit is written `i`, as in MATLAB."""
        text = line.decode("ascii", errors="replace").replace(" ", "").replace("i", "j")
        try:
            return np.array([complex(word) for word in text.split(",")], np.complex64)
        except ValueError as problem:
            raise DatasetError(
                f"row {row + 1} of {self.data} must hold complex numbers such as 0.5-0.25i "
                f"({problem})"
            ) from problem


def _open_part(folder: Path, part: str) -> _Part:
    inside = folder / part.capitalize()
    data, labels, snrs = (inside / f"{part}_{what}.csv" for what in ("data", "labels", "snr"))
    for path in (data, labels, snrs):
        if not path.is_file():
            raise DatasetError(f"HisarMod2019.1 has a file {path}, which is not there")
    numbers, snr_db = _column(labels), _column(snrs).astype(np.float32)
    if len(numbers) != len(snr_db) or not len(numbers):
        raise DatasetError(
            f"{labels} has {len(numbers)} rows and {snrs} {len(snr_db)}; they must have as many"
        )
    _refuse_others(labels, numbers, tuple(CLASS_NUMBERS), "labels 0, 10, 20, … 54 of the set")
    _refuse_others(snrs, snr_db, _SNR_DB, "SNRs −20, −18, … 18 dB")
    place = {number: index for index, number in enumerate(CLASS_NUMBERS)}
    return _Part(data, np.array([place[int(number)] for number in numbers], np.int16), snr_db)


def _column(path: Path) -> FloatArray:
    """The one number of each line."""
    try:
        return np.array([float(line) for line in path.read_bytes().split()])
    except ValueError as problem:
        raise DatasetError(f"{path} must hold one number in each line ({problem})") from problem


def _refuse_others(path: Path, values: FloatArray, legal: tuple[float, ...], what: str) -> None:
    others = ~np.isin(values, legal)
    if others.any():
        row = int(others.argmax())
        raise DatasetError(f"{path} must hold the {what}, got {values[row]:g} in line {row + 1}")
