"""SNRs of examples from numbers, from text such as "10 dB", or from a part of a key."""

import re

import numpy as np

from rfmae.errors import DatasetError
from rfmae.imports.arrays.lazy_array import Values
from rfmae.records import FloatArray

MOST_SNRS = 200
_LARGEST_DB = 300

_NUMBER = re.compile(
    r"(?:snr|es/?n0|ebn0)?[\s_=:]*(?P<sign>[+\-−]|m(?:inus)?_?|neg_?|n|p)?(?P<value>\d+(?:\.\d*)?)"
    r"[\s_]*(?:db)?",
    re.IGNORECASE,
)


def snr_of_text(text: str) -> float | None:
    """The SNR in dB that a word states; None where it is none.

    >>> snr_of_text("-10 dB"), snr_of_text("snr_m4"), snr_of_text("QPSK")
    (-10.0, -4.0, None)
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    sign = (found["sign"] or "").lower().rstrip("_")
    return float(found["value"]) * (1 if sign in ("", "+", "p") else -1)


def read_snrs(values: Values, what: str) -> FloatArray:
    """The SNR of each example in dB, from numbers or text (N,)."""
    numbers = _of_words(values, what) if values.dtype.kind == "U" else values
    if numbers.dtype.kind not in "iuf":
        raise DatasetError(f"the SNRs of {what} must be numbers in dB, got {numbers.dtype}")
    wrong = np.flatnonzero(~(np.abs(numbers.astype(float)) <= _LARGEST_DB))
    if len(wrong):
        raise DatasetError(
            f"the SNRs of {what} must be numbers up to {_LARGEST_DB} dB, got "
            f"{numbers[wrong[0]]} in row {wrong[0]}; leave such rows out, or the column"
        )
    points = len(np.unique(numbers))
    if points > MOST_SNRS:
        raise DatasetError(
            f"the SNRs of {what} have {points} values, more than {MOST_SNRS}; "
            "round them to a grid, such as whole decibels"
        )
    return numbers.astype(np.float32)


def _of_words(values: Values, what: str) -> FloatArray:
    found = {word: snr_of_text(word) for word in np.unique(values).tolist()}
    wrong = next((word for word, snr_db in found.items() if snr_db is None), None)
    if wrong is not None:
        raise DatasetError(
            f'the SNRs of {what} must be numbers such as 10 or "10dB", got {wrong!r}'
        )
    return np.array([found[word] for word in values.tolist()], np.float64)
