"""Decibels, signal-to-noise ratios and their references, and SNR grids."""

import math
from fractions import Fraction
from itertools import pairwise
from typing import Literal, overload

import numpy as np
import numpy.typing as npt

from rfmae.errors import UnitError

SnrReference = Literal["symbol", "bit", "sample", "dataset"]
"""What an SNR refers to: Es/N0, Eb/N0, power per complex sample, or as a data set states it."""

SNR_REFERENCE_NAMES: dict[str, str] = {
    "symbol": "Es/N0",
    "bit": "Eb/N0",
    "sample": "SNR per sample",
    "dataset": "SNR as the data set states it",
}

_LARGEST_GRID = 10_000
_LARGEST_DB = 300
_LARGEST_DENOMINATOR = 128


@overload
def db_to_ratio(value_db: float) -> float: ...
@overload
def db_to_ratio(value_db: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]: ...
def db_to_ratio(value_db):  # type: ignore[no-untyped-def]
    """Decibels to a power ratio."""
    return 10.0 ** (value_db / 10.0)


@overload
def ratio_to_db(ratio: float) -> float: ...
@overload
def ratio_to_db(ratio: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]: ...
def ratio_to_db(ratio):  # type: ignore[no-untyped-def]
    """A power ratio to decibels."""
    return 10.0 * np.log10(ratio)


def snr_to_es_n0(snr_db: float, samples_per_symbol: float) -> float:
    """Es/N0 in dB of a waveform whose SNR per sample is `snr_db` (Proakis, ch. 4).

    >>> round(snr_to_es_n0(-10.0, samples_per_symbol=8), 2)
    -0.97
    """
    return float(snr_db + ratio_to_db(samples_per_symbol))


def ebn0_to_es_n0(ebn0_db: float, bits_per_symbol: float) -> float:
    """Es/N0 in dB of symbols that carry so many bits each (Proakis, ch. 4).

    >>> round(ebn0_to_es_n0(7.0, bits_per_symbol=4), 2)
    13.02
    """
    return float(ebn0_db + ratio_to_db(bits_per_symbol))


def noise_power_per_sample(
    snr_db: float,
    snr_reference: SnrReference,
    samples_per_symbol: float,
    bits_per_symbol: float = 0.0,
) -> float:
    """Noise power to add to each sample of a waveform of unit mean power."""
    if snr_reference == "symbol":
        return float(samples_per_symbol) / db_to_ratio(snr_db)
    if snr_reference == "bit" and bits_per_symbol > 0:
        return float(samples_per_symbol) / db_to_ratio(ebn0_to_es_n0(snr_db, bits_per_symbol))
    if snr_reference == "sample":
        return 1.0 / db_to_ratio(snr_db)
    raise UnitError(
        "noise can be scaled to snr_reference 'symbol', 'sample' or, where symbols carry bits, "
        f"'bit', got {snr_reference!r}"
    )


def whole_ratio(value: float | Fraction) -> Fraction:
    """A number of samples per symbol as a fraction of small whole numbers.

    >>> whole_ratio(2.5)
    Fraction(5, 2)
    """
    if not math.isfinite(value) or value <= 0:
        raise UnitError(f"samples_per_symbol must be positive and finite, got {value}")
    ratio = Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)
    if abs(float(ratio) - float(value)) > 1e-6 * float(value):
        raise UnitError(
            "samples_per_symbol must be a fraction with a denominator of at most "
            f"{_LARGEST_DENOMINATOR}, got {float(value)!r}; the nearest is {float(ratio)!r}"
        )
    return ratio


def parse_snr_grid(text: str) -> tuple[float, ...]:
    """SNR points in dB of `start:stop[:step]`, both ends included, of one number, or of several.

    Commas join pieces that run upwards, so that points can be left out.

    >>> parse_snr_grid("-10:10:5")
    (-10.0, -5.0, 0.0, 5.0, 10.0)
    >>> parse_snr_grid("-2:-1,1:2")
    (-2.0, -1.0, 1.0, 2.0)
    """
    points = tuple(point for piece in text.split(",") for point in _parse_piece(piece, text))
    if len(points) > _LARGEST_GRID:
        raise UnitError(f"an SNR grid holds at most {_LARGEST_GRID} points, got {text!r}")
    if any(later <= sooner for sooner, later in pairwise(points)):
        raise UnitError(
            f"the pieces of an SNR grid run upwards and do not overlap, got {text!r}; "
            "write them in order, such as -10:-1,1:10"
        )
    return points


def _parse_piece(piece: str, text: str) -> tuple[float, ...]:
    """The points of one piece of a grid that was written `text`."""
    parts = piece.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3 or not all(math.isfinite(number) for number in numbers):
        raise UnitError(
            f"an SNR grid is start:stop[:step] in dB, such as -10:10 or -10:10:2, got {text!r}"
        )
    if max(map(abs, numbers)) > _LARGEST_DB:
        raise UnitError(f"an SNR lies between -{_LARGEST_DB} and {_LARGEST_DB} dB, got {text!r}")
    start = numbers[0]
    stop = numbers[1] if len(numbers) > 1 else start
    step = numbers[2] if len(numbers) > 2 else 1.0
    if stop < start:
        raise UnitError(f"an SNR grid runs upwards, got {text!r}; write {_upwards(*numbers)}")
    if step <= 0:
        raise UnitError(f"the step of an SNR grid must be positive, got {text!r}")
    intervals = (stop - start) / step
    if intervals >= _LARGEST_GRID:
        raise UnitError(f"an SNR grid holds at most {_LARGEST_GRID} points, got {text!r}")
    if abs(intervals - round(intervals)) > 1e-9:
        raise UnitError(
            f"the step must divide the range of an SNR grid, got {text!r}"
            f"{_swapped(*numbers) if len(numbers) == 3 else ''}"
        )
    return tuple(round(start + index * step, 9) for index in range(round(intervals) + 1))


def _join(*numbers: float) -> str:
    return ":".join(f"{number:g}" for number in numbers)


def _upwards(start: float, stop: float, step: float | None = None) -> str:
    """The grid that was probably meant when its ends came the wrong way round."""
    if step is None or (start - stop) / abs(step or 1.0) % 1.0:
        return _join(stop, start)
    return _join(stop, start, abs(step))


def _swapped(start: float, middle: float, last: float) -> str:
    """The spelling that was probably meant when a grid came in MATLAB's order."""
    matlab = middle > 0 and last > start and abs((last - start) / middle % 1.0) < 1e-9
    if matlab:
        return f"; the order is start:stop:step, write {_join(start, last, middle)}"
    return ""
