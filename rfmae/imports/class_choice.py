"""Classes of a source that are chosen, merged and renamed, whatever the source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rfmae.errors import DatasetError, nearest
from rfmae.imports.class_names import without_notes_on
from rfmae.imports.places import Places, places_of
from rfmae.imports.sources import DataSource, Facts, Known
from rfmae.records import IntArray, IqBatch
from rfmae.signal.class_matching import table_row

NOT_CHOSEN = -1
"""The label of rows whose class is left out."""


@dataclass(frozen=True, slots=True)
class Merge:
    """A class made of others, or one under another name."""

    name: str
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} is {' and '.join(self.parts)}"


def parse_merge(text: str) -> Merge:
    """A merge as it is written: the new name, an equals sign, and the old ones between commas.

    >>> parse_merge("16QAM=QAM16,qam16").parts
    ('QAM16', 'qam16')
    """
    name, _, parts = text.partition("=")
    merge = Merge(name.strip(), tuple(part.strip() for part in parts.split(",") if part.strip()))
    if not merge.name or not merge.parts:
        raise DatasetError(f"--merge takes NEW=OLD,OLD such as 16QAM=QAM16,qam16, got {text!r}")
    return merge


class ClassChoice:
    """A source with other classes; rows of those that are left out have a negative label."""

    def __init__(
        self, source: DataSource, chosen: Sequence[str] = (), merges: Sequence[Merge] = ()
    ) -> None:
        self._source = source
        given = source.facts.classes
        names = _merged(given, merges)
        united = tuple(dict.fromkeys(names))
        kept = tuple(dict.fromkeys(_new_name(name, united, given, names) for name in chosen))
        kept = kept or united
        self._classes = kept
        self._new = np.array(
            [kept.index(name) if name in kept else NOT_CHOSEN for name in names], np.int64
        )
        left_out = [name for name in united if name not in kept]
        self._gone = tuple(name for name in given if name not in kept)
        self._notes = (
            *(f"class {merge}" for merge in merges),
            *((f"classes left out: {', '.join(left_out)}",) if left_out else ()),
        )

    @property
    def facts(self) -> Facts:
        given = self._source.facts
        notes = without_notes_on(self._gone, given.notes)
        return replace(given, classes=self._classes, notes=(*notes, *self._notes))

    @property
    def places(self) -> Places | None:
        """Those of the source."""
        return places_of(self._source)

    def known(self) -> Iterator[Known]:
        for block in self._source.known():
            yield replace(block, label=self._new[block.label])

    def blocks(self) -> Iterator[IqBatch]:
        for batch in self._source.blocks():
            label: IntArray = np.maximum(self._new[batch.label], 0)  # of no split where negative
            yield replace(batch, label=label.astype(np.int16), classes=self._classes)


def _merged(given: Sequence[str], merges: Sequence[Merge]) -> list[str]:
    """The new name of each class."""
    names, merged = list(given), dict[str, str]()
    for merge in merges:
        for part in merge.parts:
            place = _find(part, given)
            before = merged.setdefault(given[place], merge.name)
            if before != merge.name:
                raise DatasetError(
                    f"a class can go into one merge only, but {given[place]} is in those to "
                    f"{before} and {merge.name}; leave it out of one --merge"
                )
            names[place] = merge.name
    return names


def _new_name(name: str, united: Sequence[str], given: Sequence[str], names: Sequence[str]) -> str:
    """The class that a name means after the merges: itself, or the one that it went into."""
    return name if name in united else names[_find(name, given)]


def _find(name: str, classes: Sequence[str]) -> int:
    """The place of a class by its name, in any case, or by another spelling of the table's."""
    row = table_row(name)
    spellings = [name, *([row.name] if row is not None else [])]
    for spelling in spellings:
        if spelling in classes:
            return classes.index(spelling)
    upper = [known.upper() for known in classes]
    if upper.count(name.upper()) == 1:
        return upper.index(name.upper())
    raise DatasetError(f"there is no class {name!r}; {nearest(name, classes)}")
