"""Examples in array files: what is in them is found, said, and read in blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np

from rfmae.datasets.cards import NO_SNR
from rfmae.datasets.recipe import SPLITS
from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_files import open_arrays
from rfmae.imports.arrays.array_sections import (
    ArrayOptions,
    Section,
    find_labels,
    sections_of,
)
from rfmae.imports.arrays.contents import (
    Contents,
    by_split,
    class_names,
    with_pairs,
)
from rfmae.imports.arrays.label_columns import Labels, read_labels
from rfmae.imports.class_names import checked_names
from rfmae.imports.name_checks import ROWS
from rfmae.imports.places import Places, Windows, split_number
from rfmae.imports.sources import Facts, Known, batch_of, dashed_name, known_of, rows_at_once
from rfmae.records import ComplexArray, IntArray, IqBatch

__all__ = ["ArrayFile", "ArrayOptions"]

_NO_SNR = f"{NO_SNR}: all examples are stored as 0 dB"


class ArrayFile:
    """Examples of one length in a file of arrays, with the splits that it has."""

    def __init__(self, path: str | Path, options: ArrayOptions | None = None) -> None:
        options = options or ArrayOptions()
        self._path = Path(path)
        arrays = with_pairs(open_arrays(self._path))
        parts = {} if options.iq_key else by_split(arrays)
        if parts and (options.labels or options.snr):
            raise DatasetError(
                f"{path} has the splits {', '.join(parts)}; name one array with --iq-key to use "
                "labels or SNRs from another file"
            )
        held = {
            split: sections_of(Contents(self._path, parts[split]), options)
            for split in SPLITS
            if split in parts
        } or {"": sections_of(Contents(self._path, arrays), options)}
        self._sections = [section for sections in held.values() for section in sections]
        self._first = [0, *accumulate(section.rows for section in self._sections)]
        _check_lengths(self._path, self._sections)
        _check_unsigned(self._sections)
        own = class_names(arrays, None if parts else find_labels(arrays))
        labels = _labels(self._sections, options, own)
        self._label = np.concatenate([each.label for each in labels])
        self._snr_db = np.concatenate(
            [
                np.zeros(section.rows, np.float32) if section.snr_db is None else section.snr_db
                for section in self._sections
            ]
        )
        classes, notes = checked_names(labels[0].classes, self._clearest(labels[0].classes))
        self.facts = Facts(
            name=dashed_name(self._path.stem, "arrays"),
            about=f"Examples of {self._path.name}, imported as they are.",
            classes=classes,
            rows=len(self._label),
            samples=self._sections[0].samples,
            samples_per_symbol=1.0,
            notes=(*self._understood(labels), *self._cautions(), *notes),
        )
        self.places = _places_of_splits(held) if parts else None

    def _understood(self, labels: Sequence[Labels]) -> tuple[str, ...]:
        """One line for each kind of array: axes, type, scale, labels and SNRs."""
        lines = dict.fromkeys(
            f"read {section.said}, {each.said}"
            for section, each in zip(self._sections, labels, strict=True)
        )
        if len(lines) <= len(SPLITS):
            return tuple(lines)
        first = self._sections[0]
        return (
            f"read {len(self._sections)} arrays such as {first.said}; classes and SNRs by their "
            "keys",
        )

    def _cautions(self) -> tuple[str, ...]:
        first = self._sections[0]
        notes = []
        if all(section.snr_db is None for section in self._sections):
            notes.append(_NO_SNR)
        if first.array.dtype in (np.complex128, np.float64):
            notes.append(f"samples were rounded from {first.array.dtype} to single precision")
        return tuple(notes)

    def _clearest(self, classes: Sequence[str]) -> dict[str, ComplexArray]:
        """Some examples (N, T) of each class that has any, of its highest SNR."""
        chosen: dict[int, IntArray] = {}
        for label in range(len(classes)):
            rows = np.flatnonzero(self._label == label)
            chosen[label] = rows[self._snr_db[rows] == self._snr_db[rows].max(initial=-np.inf)][
                :ROWS
            ]
        order = np.sort(np.concatenate([*chosen.values()])) if chosen else np.zeros(0, np.int64)
        read = {int(row): self._row(int(row)) for row in order}  # forwards, as a zip is read
        return {
            classes[label]: np.nan_to_num(np.concatenate([read[int(row)] for row in rows]))
            for label, rows in chosen.items()
            if len(rows)
        }

    def _row(self, row: int) -> ComplexArray:
        number = int(np.searchsorted(self._first, row, side="right")) - 1
        first = row - self._first[number]
        return self._sections[number].read(first, first + 1)

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        for section, start in zip(self._sections, self._first, strict=False):
            most = rows_at_once(section.samples)
            for first in range(0, section.rows, most):
                last = min(first + most, section.rows)
                here = slice(start + first, start + last)
                iq = section.read(first, last)
                yield batch_of(iq, self._label[here], self._snr_db[here], self.facts)


def _labels(
    sections: Sequence[Section], options: ArrayOptions, own: tuple[str, ...]
) -> list[Labels]:
    """The labels of all sections as places in one list of classes.

    `own` are the names that the file gives its numbers; `--classes` then chooses among them.
    """
    named = [
        _with_labels(section) if isinstance(section.labels, str) else section
        for section in sections
    ]
    found = [_of_section(section, options, own) for section in named]
    classes = options.classes
    more = {name for each in found for name in each.classes} - {*classes}
    union = (*classes, *sorted(more))
    return [_in_list(each, union) for each in found]


def _of_section(section: Section, options: ArrayOptions, own: tuple[str, ...]) -> Labels:
    """The labels of a section; of numbers that the file names itself, as if they were names."""
    values, what = np.asarray(section.labels), f"the labels of {section.path}"
    by_file = bool(own) and values.dtype.kind != "U"
    read = read_labels(values, own if by_file else options.classes, what, options.first_label)
    if not by_file:
        return read
    names = read_labels(np.array(own)[read.label], options.classes, what)
    return replace(names, said=f"{read.said} of its {len(own)} classes")


def _with_labels(section: Section) -> Section:
    """A section whose one name is written for each of its rows."""
    return replace(section, labels=np.full(section.rows, section.labels))


def _in_list(labels: Labels, classes: tuple[str, ...]) -> Labels:
    place = np.array([classes.index(name) for name in labels.classes], np.int64)
    return Labels(place[labels.label], classes, labels.said)


def _check_lengths(path: Path, sections: Sequence[Section]) -> None:
    lengths = {section.samples for section in sections}
    if len(lengths) > 1:
        raise DatasetError(
            f"all examples of {path} must have one length, got {min(lengths)} and {max(lengths)} "
            "samples"
        )


def _places_of_splits(held: dict[str, list[Section]]) -> Places:
    """Every example by itself, in the split that the file has it in.

    Without a validation or a test split of its own, that is divided from the training examples.
    """
    whole = {*SPLITS} <= {*held}
    rows = {split: sum(section.rows for section in held[split]) for split in held}
    given = [split if split != "train" or whole else "" for split in held]
    split = np.concatenate(
        [
            np.full(count, split_number(name))
            for name, count in zip(given, rows.values(), strict=True)
        ]
    )
    place, samples = np.arange(len(split)), next(iter(held.values()))[0].samples
    windows = Windows(samples, samples)
    return Places(place, place, np.zeros_like(place), split, windows, "examples", are_cut=False)


def _check_unsigned(sections: Sequence[Section]) -> None:
    """Refuse unsigned numbers that never pass the middle of their type, as of fewer bits."""
    for section in sections:
        array = section.array
        if array.kind != "u" or not section.scaling.zero:
            continue
        some = array.slab(
            section.axes.examples, 0, min(section.rows, rows_at_once(section.samples))
        )
        lowest, highest, middle = int(some.min()), int(some.max()), int(section.scaling.zero)
        if highest < middle or lowest > middle:
            raise DatasetError(
                f"{section.path} holds {array.dtype} from {lowest:,} to {highest:,}, which never "
                f"passes its middle {middle:,}: samples of fewer bits have another zero; subtract "
                "it and save signed numbers or floats"
            )
