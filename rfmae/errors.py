"""Every error a user can meet: one line that says the rule, the value and the way out."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import get_args


class RfmaeError(Exception):
    """Base of all errors that rfmae raises on bad input; the command line exits with code 2."""


class UnitError(RfmaeError):
    """A number or a grid that is not written as its unit demands."""


class ShapeError(RfmaeError):
    """An array of the wrong shape, type or content."""


class RecipeError(RfmaeError):
    """A data recipe that cannot be read or asks for something impossible."""


class DatasetError(RfmaeError):
    """A data set folder or split file that is missing, damaged or of another kind."""


class CheckpointError(RfmaeError):
    """A checkpoint that is missing, damaged, of the wrong kind or of the wrong shape."""


class CaptureError(RfmaeError):
    """A recording that cannot be read as what it claims to be."""


class TrainingError(RfmaeError):
    """A training run that cannot start, resume or go on."""


class TrainingInterrupted(RfmaeError):
    """A training run that was asked to stop and has saved what it had."""

    def __init__(self, message: str, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # 128 + the number of the signal, as shells have it


class ArtefactError(RfmaeError):
    """An output that cannot be written where it was asked for."""


def first_line(error: Exception) -> str:
    """The first line of another library's error, or its name where it says nothing."""
    return (str(error) or type(error).__name__).splitlines()[0].strip("'\"")


def check_choice(what: str, value: object, choices: object) -> None:
    """Refuse a value that is none of the words of a `Literal`."""
    known = get_args(choices)
    if value not in known:
        raise ShapeError(f"{what} must be {' or '.join(known)}, got {value!r}")


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause that names the closest legal words, or all of them when none is close.

    >>> nearest("8PKS", ["BPSK", "8PSK", "OOK"])
    'did you mean 8PSK?'
    """
    known = list(known)
    by_upper = {name.upper(): name for name in known}
    close = [by_upper[match] for match in get_close_matches(word.upper(), by_upper, n=3)]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known: {', '.join(known)}"
