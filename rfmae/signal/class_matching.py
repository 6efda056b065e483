"""Class lists matched by name, whatever the order and whichever spelling of the table."""

from collections import Counter
from collections.abc import Iterable, Sequence

from rfmae.errors import RecipeError
from rfmae.records import ClassMatch
from rfmae.signal.modulations import Modulation, find_modulation


def matched_classes(data: Sequence[str], model: Sequence[str]) -> ClassMatch:
    """Which classes of a data set are which of a model's.

    Equal names match first. Of the others those match that are spellings of one row of the table of
    modulations, such as QAM16 and 16QAM, unless several of one list are.

    >>> matched_classes(("QPSK", "QAM16", "GMSK"), ("16QAM", "QPSK", "8PSK")).pairs
    (('QPSK', 'QPSK'), ('QAM16', '16QAM'))
    """
    equal = {name: name for name in data if name in model}
    ours = _by_row(name for name in data if name not in equal)
    theirs = _by_row(name for name in model if name not in equal)
    rows = {_row(name) for name in equal}  # a second name of it would be another class
    spelt = {ours[row]: theirs[row] for row in ours.keys() & theirs.keys() if row not in rows}
    both = equal | spelt
    pairs = tuple((name, both[name]) for name in data if name in both)
    return ClassMatch(tuple(data), tuple(model), pairs)


def _by_row(names: Iterable[str]) -> dict[str, str]:
    """Names by the row of the table that they alone mean."""
    rows = [(row, name) for name in names if (row := _row(name)) is not None]
    count = Counter(row for row, _ in rows)
    return {row: name for row, name in rows if count[row] == 1}


def table_row(name: str) -> Modulation | None:
    """The row of the table that a name means, if any."""
    try:
        return find_modulation(name)
    except RecipeError:
        return None


def _row(name: str) -> str | None:
    row = table_row(name)
    return None if row is None else row.name
