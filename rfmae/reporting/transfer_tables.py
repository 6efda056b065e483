"""Tables of models on the data sets of others."""

from rfmae.records import Drop, Transfer, TransferCell
from rfmae.reporting.table import COUNT, PERCENT, Column, Format, Ranged, Table, tabulated
from rfmae.reporting.transfer_words import remarks

_LOSS = Format("+.1f", scale=100, interval="to")


def transfer_table(found: Transfer) -> Table:
    """A row for each pair: accuracy, classes, and the difference from home in points."""
    return tabulated(
        ((cell,) for cell in found.cells),
        {
            Column("data set"): lambda cell: cell.data,
            Column("model"): lambda cell: f"{cell.model} (home)" if cell.is_home else cell.model,
            Column("accuracy (95 %)", PERCENT): lambda cell: _share(cell),
            Column("at home (95 %)", PERCENT): lambda cell: (
                Ranged.of(cell.drop.home) if cell.drop else None
            ),
            Column("difference (95 %), points", _LOSS): lambda cell: (
                _difference(cell.drop) if cell.drop else None
            ),
            Column("classes in common", COUNT): lambda cell: _count(cell, "common"),
            Column("unknown to the model", COUNT): lambda cell: _count(cell, "unknown"),
            Column("not in the data", COUNT): lambda cell: _count(cell, "absent"),
            Column("examples", COUNT): lambda cell: (
                cell.accuracy.examples if cell.accuracy else None
            ),
        },
    )


def remarks_table(found: Transfer) -> Table:
    """In words what differs, and why some pairs could not be evaluated."""
    rows = [(cell, words) for cell in found.cells for words in remarks(cell)]
    return tabulated(
        rows,
        {
            Column("data set"): lambda cell, _: cell.data,
            Column("model"): lambda cell, _: cell.model,
            Column("to be known"): lambda _, words: words,
        },
    )


def _share(cell: TransferCell) -> Ranged | None:
    return Ranged.of(cell.accuracy) if cell.accuracy else None


def _difference(drop: Drop) -> Ranged:
    """Accuracy elsewhere less that at home."""
    return Ranged(0 - drop.value, 0 - drop.high, 0 - drop.low)


def _count(cell: TransferCell, which: str) -> int | None:
    return len(getattr(cell.match, which)) if cell.match else None
