"""All errors for users: one line with the rule, the value and a remedy."""

import errno
import lzma
import math
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import get_args


class RfmaeError(Exception):
    """Base of all errors that rfmae raises on bad input; the command line exits with code 2.

    A message is one line that can be read, also where it quotes a file or another library.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(_readable(str(message)))


_LONGEST_MESSAGE = 1600  # characters
_LONG_WORD = re.compile(r"\S{400,}")


def _readable(message: str) -> str:
    """One line, without the middle of words that no path or name has and of a text without end."""
    line = " ".join(message.splitlines())
    line = _LONG_WORD.sub(lambda word: f"{word[0][:100]}…{word[0][-20:]}", line)
    if len(line) <= _LONGEST_MESSAGE:
        return line
    half = _LONGEST_MESSAGE // 2
    return f"{line[:half]} … {line[-half:]}"


class UnitError(RfmaeError):
    """A number or a grid that is invalid for its unit."""


class ShapeError(RfmaeError):
    """An array of the wrong shape, type or content."""


class RecipeError(RfmaeError):
    """A data recipe that cannot be read or requests something impossible."""


class DatasetError(RfmaeError):
    """A data set folder or split file that is missing, damaged or of another kind."""


class CheckpointError(RfmaeError):
    """A checkpoint that is missing, damaged, of the wrong kind or of the wrong shape."""


class CaptureError(RfmaeError):
    """A recording that cannot be read as what it claims to be."""


class TrainingError(RfmaeError):
    """A training run that cannot start, resume or go on."""


class TrainingInterrupted(RfmaeError):
    """A training run that was stopped by a signal and has saved its state."""

    def __init__(self, message: str, exit_code: int = 130) -> None:
        super().__init__(message)
        self.exit_code = exit_code  # 128 + the number of the signal, as in shells


class ArtefactError(RfmaeError):
    """An output that cannot be written to its path."""


ARRAY_DAMAGES: tuple[type[Exception], ...] = (
    *(OSError, EOFError, ValueError, TypeError, LookupError, NotImplementedError, RuntimeError),
    *(MemoryError, SyntaxError, struct.error, zlib.error, lzma.LZMAError, tokenize.TokenError),
    zipfile.BadZipFile,
)
"""What numpy raises at damaged .npy and .npz files, by where they are damaged."""


def machine_fault(error: Exception) -> str | None:
    """One line for an error of the machine, not of the input: memory or a file; otherwise nothing.

    torch reports memory that ran out as a RuntimeError.
    """
    if isinstance(error, MemoryError) or any(word in str(error) for word in _OUT_OF_MEMORY):
        return (
            f"the memory ran out ({first_line(error)}); free some, or take a smaller batch, fewer "
            "workers, or fewer or shorter examples"
        )
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"cannot use {error.filename}: {error.strerror.lower()}"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "cannot write the output: no space left on device"
    return None


_OUT_OF_MEMORY = ("you tried to allocate", "out of memory", "Cannot allocate memory")


def first_line(error: Exception) -> str:
    """The first line of another library's error, or its class name where that is empty.

    It is cut where it is long, as one that quotes a damaged file is.
    """
    line = (str(error).strip() or type(error).__name__).splitlines()[0].strip("'\"")
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…"


def check_weight(name: str, value: float) -> None:
    """Refuse the weight of a loss that is negative, NaN or infinite."""
    if not 0 <= value < math.inf:
        raise ShapeError(f"{name} must be finite and not negative, got {value:g}")


def check_choice(what: str, value: object, choices: object) -> None:
    """Raise `ShapeError` for a value that is none of a `Literal`."""
    known = get_args(choices)
    if value not in known:
        raise ShapeError(f"{what} must be {' or '.join(known)}, got {value!r}")


_LONGEST_WORD = 80
_LONGEST_LINE = 300


def nearest(word: str, known: Iterable[str]) -> str:
    """A clause with the closest valid words, or all of them when none is close.

    >>> nearest("8PKS", ["BPSK", "8PSK", "OOK"])
    'did you mean 8PSK?'
    """
    known = list(known)
    word = word[:_LONGEST_WORD]  # of a file that holds anything
    by_upper = {name.upper(): name for name in known}
    close = [by_upper[match] for match in get_close_matches(word.upper(), by_upper, n=3)]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"known: {', '.join(known)}"
