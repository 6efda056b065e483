"""Windows of recordings as the examples of a data set, read in blocks of bounded size."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.captures.read_options import ReadOptions
from rfmae.datasets.cards import NO_SNR
from rfmae.errors import DatasetError
from rfmae.imports.class_names import checked_names
from rfmae.imports.name_checks import ROWS
from rfmae.imports.places import Places, Windows, split_number
from rfmae.imports.recordings.extracts import Extract, Listing, open_listed
from rfmae.imports.sources import SAMPLES_AT_ONCE, Facts, Known, batch_of, known_of, rows_at_once
from rfmae.records import ComplexArray, FloatArray, IntArray, IqBatch

_MOST_SNRS = 200


@dataclass(frozen=True, slots=True)
class _Opened:
    """An extract with its length, and the rate and the notes of its recording."""

    extract: Extract
    length: int
    rate_hz: float
    notes: tuple[str, ...]


class RecordingSource:
    """Examples cut from recordings, in the order of the recordings and of time."""

    def __init__(
        self,
        name: str,
        listing: Listing,
        read_options: ReadOptions,
        samples: int | None = None,
        hop: int | None = None,
    ) -> None:
        self._read_options = read_options
        opened = _open_all(listing.extracts, read_options)
        chosen = samples or _common_length(opened, listing.called)
        self._windows = Windows(chosen, hop or chosen)
        by_file = {each.extract.path.resolve(): each.extract.path for each in opened}
        self._numbers = {path: number for number, path in enumerate(by_file)}
        self._paths = list(by_file.values())
        given = tuple(sorted({each.extract.label for each in opened}))
        self.places, self._label, self._snr_db = self._rows(opened, given, listing.called)
        known, snr_notes = _usable_snrs(self._snr_db)
        self._snr_db = known
        classes, said = checked_names(given, self._clearest(given))
        self.facts = Facts(
            name=name,
            about=f"Examples cut from {len(self._paths):,} recordings.",
            classes=classes,
            rows=len(self._label),
            samples=chosen,
            samples_per_symbol=1.0,
            notes=(
                *listing.notes,
                *self._short(opened, listing.called),
                *_file_notes(opened),
                *_rates(opened),
                *snr_notes,
                *said,
            ),
        )

    def _rows(
        self, opened: Sequence[_Opened], classes: tuple[str, ...], called: str
    ) -> tuple[Places, IntArray, FloatArray]:
        """Place, label and SNR of every window, in the order of the recordings and of time."""
        recordings = [self._numbers[each.extract.path.resolve()] for each in opened]
        starts = [self._windows.starts(each.length) + each.extract.first for each in opened]
        counts = [len(each) for each in starts]
        if not sum(counts):
            longest = max(each.length for each in opened)
            raise DatasetError(
                f"no window of {self._windows.samples:,} samples fits: the longest of the "
                f"{called} has {longest:,}; name fewer with --samples"
            )
        first = np.concatenate(starts)
        columns = {
            "recording": np.repeat(recordings, counts),
            "stretch": np.repeat(np.arange(len(opened)), counts),
            "split": np.repeat([split_number(each.extract.split) for each in opened], counts),
            "label": np.repeat([classes.index(each.extract.label) for each in opened], counts),
            "snr_db": np.repeat([each.extract.snr_db for each in opened], counts),
        }
        order = np.lexsort((first, columns["recording"]))
        placed = Places(
            recording=columns["recording"][order],
            stretch=columns["stretch"][order],
            first=first[order],
            split=columns["split"][order],
            windows=self._windows,
            stretches_are=called,
        )
        return placed, columns["label"][order], columns["snr_db"][order].astype(np.float32)

    def _short(self, opened: Sequence[_Opened], called: str) -> tuple[str, ...]:
        """A note on stretches that hold no whole window."""
        short = Counter(
            each.extract.label for each in opened if each.length < self._windows.samples
        )
        if not short:
            return ()
        classes = ", ".join(f"{count} of {label}" for label, count in sorted(short.items()))
        return (
            f"{short.total()} of {len(opened):,} {called} are shorter than "
            f"{self._windows.samples:,} samples and left out: {classes}",
        )

    def _clearest(self, classes: Sequence[str]) -> dict[str, ComplexArray]:
        """Some examples (N, T) of each class, of its highest SNR."""
        found = {}
        for label, name in enumerate(classes):
            rows = np.flatnonzero(self._label == label)
            rows = rows[self._snr_db[rows] == self._snr_db[rows].max(initial=-np.inf)][:ROWS]
            if len(rows):
                read = np.concatenate([iq for _, iq in self._read(rows)])
                found[name] = np.nan_to_num(read)
        return found

    def known(self) -> Iterator[Known]:
        return known_of(self.blocks())

    def blocks(self) -> Iterator[IqBatch]:
        most = rows_at_once(self._windows.samples)
        held: list[tuple[IntArray, ComplexArray]] = []
        for rows, iq in self._read(np.arange(len(self._label))):
            if held and sum(len(each) for each, _ in held) + len(rows) > most:
                yield self._batch(held)
                held = []
            held.append((rows, iq))
        if held:
            yield self._batch(held)

    def _batch(self, held: Sequence[tuple[IntArray, ComplexArray]]) -> IqBatch:
        rows = np.concatenate([each for each, _ in held])
        iq = np.concatenate([each for _, each in held])
        return batch_of(iq, self._label[rows], self._snr_db[rows], self.facts)

    def _read(self, rows: IntArray) -> Iterator[tuple[IntArray, ComplexArray]]:
        """Ascending rows and their I/Q (n, T), a piece of a recording at a time."""
        recording, first = self.places.recording[rows], self.places.first[rows]
        edges = np.flatnonzero(np.diff(recording)) + 1
        for part in np.split(np.arange(len(rows)), edges):
            opened = open_listed(self._paths[int(recording[part[0]])], self._read_options)
            for piece in _pieces(first[part], self._windows.samples):
                here = part[piece]
                start = int(first[here[0]])
                stop = int(first[here[-1]]) + self._windows.samples
                iq, _ = opened.read(range(start, stop))
                offsets = (first[here] - start)[:, None] + np.arange(self._windows.samples)
                yield rows[here], iq[offsets]


def _pieces(first: IntArray, samples: int) -> Iterator[slice]:
    """Runs of ascending windows that are read at once: of bounded length and number."""
    most = rows_at_once(samples)
    start = 0
    while start < len(first):
        reach = first[start] + max(SAMPLES_AT_ONCE - samples, 0)
        stop = int(np.searchsorted(first, reach, side="right"))
        stop = min(max(stop, start + 1), start + most)
        yield slice(start, stop)
        start = stop


def _open_all(extracts: Sequence[Extract], read_options: ReadOptions) -> list[_Opened]:
    """Every extract with its length; all files are tried before anything is written."""
    found: list[_Opened] = []
    path: Path | None = None
    for extract in extracts:
        if extract.path != path:
            recording, path = open_listed(extract.path, read_options), extract.path
        length = recording.samples - extract.first if extract.count is None else extract.count
        found.append(_Opened(extract, length, recording.sample_rate_hz, recording.notes))
    return found


def _common_length(opened: Sequence[_Opened], called: str) -> int:
    """The length of all, where it is one."""
    lengths = sorted({each.length for each in opened})
    if len(lengths) > 1:
        raise DatasetError(
            f"the {len(opened):,} {called} have lengths from {lengths[0]:,} to {lengths[-1]:,} "
            "samples; name the length of an example with --samples, such as --samples "
            f"{min(lengths[0], 1024)}"
        )
    return lengths[0]


def _usable_snrs(snr_db: FloatArray) -> tuple[FloatArray, tuple[str, ...]]:
    """SNRs as they are stored, with a note where they are not those of the files."""
    unknown = int(np.isnan(snr_db).sum())
    if unknown == len(snr_db):
        return np.zeros_like(snr_db), (f"{NO_SNR}: all examples are stored as 0 dB",)
    if unknown:
        return np.zeros_like(snr_db), (
            f"the SNR of {unknown:,} of {len(snr_db):,} examples is not stated: all are stored as "
            "0 dB",
        )
    points = len(np.unique(snr_db))
    if points > _MOST_SNRS:
        return np.round(snr_db), (f"{points:,} values of the SNR were rounded to whole decibels",)
    return snr_db, ()


def _rates(opened: Sequence[_Opened]) -> tuple[str, ...]:
    """A note where the rates of recordings differ."""
    by_path = {each.extract.path: each.rate_hz for each in opened}
    rates = Counter(rate for rate in by_path.values() if not math.isnan(rate))
    if len(rates) < 2:
        return ()
    said = ", ".join(
        f"{rate:,.12g} Hz ({count} recording{'s' if count > 1 else ''})"
        for rate, count in sorted(rates.items())
    )
    return (f"sample rates differ, and samples were not resampled: {said}",)


def _file_notes(opened: Sequence[_Opened]) -> tuple[str, ...]:
    """What was concluded of recordings, once for each kind of conclusion."""
    by_path = {each.extract.path: each.notes for each in opened}
    counts = Counter(note for notes in by_path.values() for note in notes)
    first = {note: path for path, notes in reversed(by_path.items()) for note in notes}
    return tuple(
        f"{first[note].name}: {note}" + (f" (and {count - 1} more)" if count > 1 else "")
        for note, count in counts.items()
    )
