"""Which arrays of a file are the I/Q, the labels, the SNRs and the names of the classes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rfmae.errors import DatasetError, nearest
from rfmae.imports.arrays.lazy_array import Arrays, LazyArray, Place, Values, said, text_of
from rfmae.imports.arrays.sample_scaling import of_polar, scaling_of

IQ_NAMES = ("iq", "x", "data", "signals", "signal", "samples", "frames", "waveforms", "data_save")
LABEL_NAMES = (
    *("label", "labels", "y", "modulation", "modulations", "mod", "mods", "target", "targets"),
    *("class", "classes"),
)
SNR_NAMES = ("snr_db", "snr", "snrs", "z", "esn0", "es_n0")
CLASS_NAMES = ("classes", "class_names", "label_names", "labels_names", "modulations", "mods")

_PAIRS = {
    ("i", "q"): False,
    ("real", "imag"): False,
    ("re", "im"): False,
    ("in_phase", "quadrature"): False,
    ("inphase", "quadrature"): False,
    ("amplitude", "phase"): True,
    ("amp", "phase"): True,
    ("magnitude", "phase"): True,
}
"""Names of two arrays that are one of I/Q together, and whether they are polar."""

_SPLIT_WORDS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_MOST_LISTED = 12


def find_named(arrays: Arrays, names: Sequence[str]) -> Place | None:
    """The place whose last name is the first of `names` that there is, ignoring case."""
    by_name = {place[-1].lower(): place for place in reversed(list(arrays)) if place}
    return next((by_name[name] for name in names if name in by_name), None)


def by_key(arrays: Arrays, key: str, option: str, path: Path) -> Place:
    """The place that an option such as `--iq-key` names."""
    places = {said(place): place for place in arrays}
    if key not in places:
        raise DatasetError(f"{path} has no array {key!r} ({option}); {nearest(key, list(places))}")
    return places[key]


def with_pairs(arrays: Arrays) -> dict[Place, LazyArray]:
    """The arrays, two that are I and Q, or amplitude and phase, as one of complex numbers."""
    found = dict(arrays)
    by_name = {(*place[:-1], place[-1].lower()): place for place in arrays if place}
    for (first, second), polar in _PAIRS.items():
        for place in [place for place in by_name if place[-1] == first]:
            other = (*place[:-1], second)
            if other in by_name and _are_parts(arrays[by_name[place]], arrays[by_name[other]]):
                one, two = found.pop(by_name[place], None), found.pop(by_name[other], None)
                if one is not None and two is not None:
                    found[(*place[:-1], f"{first}+{second}")] = _joined(one, two, polar)
    return found


def is_iq(array: LazyArray) -> bool:
    """Whether an array can hold examples of I/Q: complex, or real with an axis of two."""
    if array.kind == "c":
        return len(array.shape) >= 2
    return array.kind in "iuf" and len(array.shape) >= 3 and 2 in array.shape


def by_split(arrays: Arrays) -> dict[str, Arrays]:
    """The arrays of each split that names such as X_train state; {} where there are not several.

    An array without such a word, as a list of class names, belongs to every split.
    """
    found: dict[str, dict[Place, LazyArray]] = {}
    rest: dict[Place, LazyArray] = {}
    for place, array in arrays.items():
        split, base = _split_of(place)
        if split is None:
            rest[place] = array
        else:
            found.setdefault(split, {})[base] = array
    if "train" not in found or len(found) < 2:
        return {}
    return {split: {**rest, **held} for split, held in found.items()}


def listed(arrays: Arrays) -> str:
    """The arrays of a file for an error: names and shapes."""
    words = [f"{'/'.join(place) or 'one'} {array.shape}" for place, array in arrays.items()]
    more = len(words) - _MOST_LISTED
    return ", ".join(words[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def column(array: LazyArray) -> Values:
    """A column of a file: one-dimensional where all but one of its axes are of length one."""
    values = text_of(array.all())
    if not values.size:
        return values.reshape(0)
    long = [size for size in values.shape if size > 1]
    return values.reshape(long or 1) if len(long) < values.ndim else values


def class_names(arrays: Arrays, labels: Place | None) -> tuple[str, ...]:
    """The names in an array called `classes` or the like that stands beside the labels."""
    place = find_named({p: a for p, a in arrays.items() if p != labels}, CLASS_NAMES)
    if place is None or arrays[place].kind not in "US":
        return ()
    names = column(arrays[place])
    return tuple(names.tolist()) if names.ndim == 1 else ()


def _split_of(place: Place) -> tuple[str | None, Place]:
    """The split that one word of a place names, and the place with that word in front.

    So X_train, train/X and trainX are all ("train", "x") or ("train", "X").
    """
    for depth, name in enumerate(place):
        words = _WORDS.findall(name)
        splits = [_SPLIT_WORDS[word.lower()] for word in words if word.lower() in _SPLIT_WORDS]
        if len(splits) == 1:
            left = "".join(word for word in words if word.lower() not in _SPLIT_WORDS).lower()
            base = (*place[:depth], *([left] if left else []), *place[depth + 1 :])
            return splits[0], (splits[0], *base)
    return None, place


def _are_parts(one: LazyArray, two: LazyArray) -> bool:
    return one.shape == two.shape and one.kind in "iuf" and two.kind in "iuf"


def _joined(one: LazyArray, two: LazyArray, polar: bool) -> LazyArray:
    scale_one, scale_two = scaling_of(one.dtype), scaling_of(two.dtype)

    def slab(axis: int, first: int, last: int) -> Values:
        a, b = one.slab(axis, first, last), two.slab(axis, first, last)
        if polar:
            return of_polar(a, b)
        return scale_one(a) + 1j * scale_two(b)

    return LazyArray(one.shape, np.dtype(np.complex64), slab)


@dataclass(frozen=True, slots=True)
class Contents:
    """The arrays of a file, or of one of its splits, by what they are."""

    path: Path
    arrays: Mapping[Place, LazyArray]

    @property
    def iq(self) -> dict[Place, LazyArray]:
        """All that can be I/Q, but what is named as labels or SNRs."""
        known = (*LABEL_NAMES, *SNR_NAMES, *CLASS_NAMES)
        return {
            place: array
            for place, array in self.arrays.items()
            if is_iq(array) and not (place and place[-1].lower() in known)
        }

    def the_iq(self) -> Place:
        """The only array that can be I/Q, or that of a usual name among several."""
        candidates = self.iq
        if len(candidates) == 1:
            return next(iter(candidates))
        named = find_named(candidates, IQ_NAMES)
        if named is None:
            raise DatasetError(
                f"{self.path} must hold one array of I/Q, complex (N, T) or real (N, 2, T) or the "
                f"like, or call it iq, or name it with --iq-key; it holds "
                f"{listed(self.arrays) or 'none'}"
            )
        return named
