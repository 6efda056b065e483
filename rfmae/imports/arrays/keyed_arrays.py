"""Sets whose keys name the class, and perhaps the SNR, of all rows of an array.

So are the pickles of RadioML 2016, with a key (class, SNR) for each array, dictionaries of
dictionaries, groups of HDF5, and MATLAB structs with a field for each class.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rfmae.imports.arrays.lazy_array import LazyArray, Place
from rfmae.imports.arrays.snr_columns import snr_of_text

_WITH_UNIT = re.compile(
    r"(?P<name>.+?)[\s_@,/]*(?P<snr>(?:snr)?[\s_=]*[+\-mnp]?\d+(?:\.\d+)?\s*db)", re.I
)
_BARE = re.compile(r"(?P<name>.+?)[\s_@,/]+(?P<snr>(?:snr)?[\s_=]*[+\-]?\d+(?:\.\d+)?)", re.I)


@dataclass(frozen=True, slots=True)
class Key:
    """The class and the SNR, if any, that a key states."""

    name: str
    snr_db: float | None


def keys_of(arrays: Mapping[Place, LazyArray]) -> dict[Place, Key] | None:
    """What the places of arrays state; None where they name no two classes.

    Parts that all places share, such as the name of a group around them, are left out.
    """
    places = list(arrays)
    if len(places) < 2 or len({len(place) for place in places}) != 1:
        return None
    columns = list(zip(*places, strict=True))
    telling = [column for column in columns if len(set(column)) > 1]
    keys = _keys(telling, len(places))
    if keys is None:
        return None
    return dict(zip(places, keys, strict=True))


def _keys(columns: Sequence[Sequence[str]], count: int) -> list[Key] | None:
    numbers = [
        column for column in columns if all(snr_of_text(word) is not None for word in column)
    ]
    names = [column for column in columns if column not in numbers]
    if len(names) != 1 or len(numbers) > 1:
        return None
    if numbers:
        snrs = [snr_of_text(word) for word in numbers[0]]
        return [Key(name, snr_db) for name, snr_db in zip(names[0], snrs, strict=True)]
    return _one_column(names[0]) if count > 1 else None


def _one_column(words: Sequence[str]) -> list[Key]:
    """Keys such as "QPSK_10dB"; a number without a unit is an SNR where a class has several."""
    with_unit = [_WITH_UNIT.fullmatch(word) for word in words]
    if all(with_unit):
        return [_key(found) for found in with_unit if found is not None]
    bare = [_BARE.fullmatch(word) for word in words]
    if all(bare) and len({found["name"] for found in bare if found}) < len(words):
        return [_key(found) for found in bare if found is not None]
    return [Key(word, None) for word in words]


def _key(found: re.Match[str]) -> Key:
    return Key(found["name"].strip(" _@,/"), snr_of_text(found["snr"]))
