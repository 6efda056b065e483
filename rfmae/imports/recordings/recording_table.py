"""A table of recordings: a line for each file, with its label, its SNR, its split."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from rfmae.errors import DatasetError, nearest
from rfmae.imports.recordings.extracts import Extract, Listing

_FILE = ("file", "filename", "file_name", "path", "recording", "signal_file")
_LABEL = ("label", "class", "modulation", "mod", "modulation_type", "mod_type", "signal_type")
_SNR = ("snr", "snr_db", "snr [db]", "snr (db)", "snr_in_db")
_SPLIT = ("split", "subset", "set", "partition")
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "val", "valid", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_SUFFIXES = (".csv", ".tsv", ".txt")
_LARGEST_DB = 300.0
_LONGEST_HEADER = 4096
_SAID = 8  # columns


def is_recording_table(path: Path) -> bool:
    """Whether the first line of a text file has a column of files and one of labels."""
    if path.suffix.lower() not in _SUFFIXES:
        return False
    header = _header(path)
    return _find(header, _FILE) is not None and _find(header, _LABEL) is not None


def is_table(path: Path) -> bool:
    """Whether a path is a table by its name, or by one of the columns of a table of recordings."""
    suffix = path.suffix.lower()
    header = _header(path) if suffix in _SUFFIXES else []
    return suffix in _SUFFIXES[:2] or _find(header, _FILE) is not None


def list_table(path: Path) -> Listing:
    """The recordings of a table; files are looked for from its folder on."""
    header, rows = _rows(path)
    file, label = (_find(header, names) for names in (_FILE, _LABEL))
    if file is None or label is None:
        raise DatasetError(_missing_columns(path, header))
    if not rows:
        raise DatasetError(f"{path} must name recordings below its header, got none")
    snr, split = _find(header, _SNR), _find(header, _SPLIT)
    extracts = []
    for number, row in rows:
        extracts.append(
            Extract(
                path=path.parent / row[file],
                label=_label(path, number, row[label]),
                snr_db=math.nan if snr is None else _snr(path, number, row[snr]),
                split="" if split is None else _split(path, number, row[split]),
            )
        )
    _refuse_missing(path, extracts)
    used = {file, label, snr, split}
    unused = [name for place, name in enumerate(header) if place not in used and name]
    notes = (f"columns of {path.name} that are not used: {', '.join(unused)}",) if unused else ()
    return Listing(tuple(extracts), notes=notes)


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header in small letters, and the lines with their numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            lines = list(csv.reader(file, delimiter=_delimiter(header)))
    except (UnicodeDecodeError, csv.Error, OSError) as problem:
        raise DatasetError(f"{path} cannot be read as a table: {problem}") from problem
    names = _words(header)
    rows = [
        (number, [cell.strip() for cell in row])
        for number, row in enumerate(lines, start=2)
        if any(cell.strip() for cell in row)
    ]
    for number, row in rows:
        if len(row) != len(names):
            raise DatasetError(
                f"every line of {path} must have {len(names)} columns, line {number} has {len(row)}"
            )
    return names, rows


def _missing_columns(path: Path, header: Sequence[str]) -> str:
    """Which column of files or labels a table lacks, and those that it has."""
    wanted = {"files": _FILE, "labels": _LABEL}
    missing = {what: names for what, names in wanted.items() if _find(header, names) is None}
    said = " and ".join(
        f"a column of {what} ({', '.join(names[:4])})" for what, names in missing.items()
    )
    more = f" and {len(header) - _SAID} more" if len(header) > _SAID else ""
    return (
        f"a table of recordings must have a column of files and one of labels, but {path} lacks "
        f"{said}; it has {', '.join(header[:_SAID])}{more}"
    )


def _header(path: Path) -> list[str]:
    """The first line of a file in small letters."""
    with path.open("rb") as file:
        line = file.readline(_LONGEST_HEADER)
    return _words(line.decode("utf-8-sig", errors="replace"))


def _words(header: str) -> list[str]:
    plain = header.replace("\r", "\n").split("\n")[0]  # of old Macs, or of no text at all
    try:
        row = next(csv.reader([plain], delimiter=_delimiter(plain)), [])
    except csv.Error:  # a field longer than any name
        row = []
    return [word.strip().lower() for word in row]


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _find(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _label(path: Path, number: int, cell: str) -> str:
    if not cell:
        raise DatasetError(f"line {number} of {path} must have a label, got none")
    return cell


def _snr(path: Path, number: int, cell: str) -> float:
    """An SNR in dB; an empty cell states none."""
    if not cell:
        return math.nan
    try:
        value = float(cell.lower().removesuffix("db"))
    except ValueError:
        value = math.inf
    if math.isnan(value) or abs(value) <= _LARGEST_DB:
        return value
    raise DatasetError(
        f"line {number} of {path} must have an SNR in dB, up to {_LARGEST_DB:g}, got {cell!r}"
    )


def _split(path: Path, number: int, cell: str) -> str:
    """The split of a line; an empty cell leaves it open."""
    found = _SPLITS.get(cell.lower()) if cell else ""
    if found is None:
        raise DatasetError(f"line {number} of {path} has split {cell!r}; {nearest(cell, _SPLITS)}")
    return found


def _refuse_missing(path: Path, extracts: Sequence[Extract]) -> None:
    missing = [each.path for each in extracts if not each.path.is_file()]
    if missing:
        first = ", ".join(str(each) for each in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise DatasetError(
            f"{len(missing)} of the {len(extracts)} files that {path} names are missing: "
            f"{first}{more}"
        )
