"""Sentences about models on the data sets of others."""

from collections.abc import Iterator

from rfmae.records import Drop, Transfer, TransferCell
from rfmae.reporting.match_notes import percent


def transfer_headline(found: Transfer) -> str:
    """The largest drop from home, or the accuracies where no home is known."""
    dropped = [(cell, cell.drop) for cell in found.cells if cell.drop is not None]
    if dropped:
        cell, drop = max(dropped, key=lambda item: item[1].value)
        assert cell.accuracy is not None
        return (
            f"{cell.model} at home {100 * drop.home.value:.1f} %, on {cell.data} "
            f"{100 * cell.accuracy.value:.1f} %: {drop_words(drop)}."
        )
    known = [cell for cell in found.cells if cell.accuracy is not None]
    worst = min(known, key=lambda cell: cell.accuracy.value if cell.accuracy else 1.0)
    assert worst.accuracy is not None
    return f"{worst.model} on {worst.data}: {percent(worst.accuracy)} right."


def drop_words(drop: Drop) -> str:
    """The difference from home with its interval in points; below zero accuracy is lost."""
    value, low, high = (0 - 100 * share for share in (drop.value, drop.high, drop.low))
    return f"{value:+.1f} points ({low:+.1f} to {high:+.1f})".replace("-", "−")


def transfer_notes(found: Transfer) -> tuple[str, ...]:
    """Where each model comes from, and what SNRs mean from one data set to another."""
    of_home: dict[str, list[str]] = {}
    for model, words in found.homes.items():
        of_home.setdefault(words, []).append(model)
    notes = tuple(f"{', '.join(models)}: {words}." for words, models in of_home.items())
    if any("dB" in words for cell in found.cells for words in cell.differences):
        notes += (
            "SNRs of home and elsewhere differ, or are stated in another way: a difference in "
            "accuracy counts that, too.",
        )
    return notes


def remarks(cell: TransferCell) -> Iterator[str]:
    """What is to be said of a cell beside its numbers."""
    if cell.why:
        yield f"not evaluated: {cell.why}"
    if cell.match is not None:
        if cell.match.renamed:
            pairs = ", ".join(f"{ours} is its {theirs}" for ours, theirs in cell.match.renamed)
            yield f"{pairs} (by the table of modulations)"
        if cell.unknown_accepted is not None:
            yield (
                f"{percent(cell.unknown_accepted)} of {cell.unknown_accepted.examples:,} examples "
                "of unknown classes are accepted where 95 % of the known are"
            )
    if cell.differences:
        yield f"trained {'; '.join(cell.differences)}"
