"""Parsing of options with several words or numbers."""

from typing import Any


def one_of(option: str, word: str, known: tuple[str, ...]) -> Any:
    """The word, which must be a known one."""
    from rfmae.errors import UnitError, nearest

    if word not in known:
        raise UnitError(
            f"{option} takes {' or '.join(known)}, got {word!r}; {nearest(word, known)}"
        )
    return word


def names(text: str) -> tuple[str, ...]:
    """Words between commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def numbers(option: str, text: str, count: int) -> tuple[float, ...]:
    """So many numbers between commas."""
    from rfmae.errors import UnitError

    try:
        found = tuple(float(word) for word in text.split(","))
    except ValueError:
        found = ()
    if len(found) != count:
        raise UnitError(f"{option} takes {count} numbers between commas, got {text!r}")
    return found
