"""Which axis of an array holds the examples, which the samples, and which I and Q.

The sizes tell: I and Q are an axis of two, and the examples are as many as their labels. Where they
leave more than one reading the user is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from rfmae.errors import DatasetError, nearest
from rfmae.imports.arrays.lazy_array import LazyArray, Values
from rfmae.imports.arrays.sample_scaling import of_polar
from rfmae.records import ComplexArray

_NAMES = {
    "n": "N",
    "t": "T",
    "2": "2",
    "iq": "2",
    "c": "2",
    "ap": "AP",
    "1": "1",
}
_MOST_DIMENSIONS = 5

EXPECTED = "complex (N, T) or real (N, 2, T), (N, T, 2), (2, T, N) or the like"


@dataclass(frozen=True, slots=True)
class Axes:
    """What each axis of an array is.

    `names` has one of "N" (examples), "T" (samples), "2" (I and Q), "AP" (amplitude, and phase in
    radians) and "1" (of length one) for each axis.
    """

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ",".join(self.names)

    @property
    def examples(self) -> int:
        return self.names.index("N")

    @property
    def samples(self) -> int:
        return self.names.index("T")

    @property
    def parts(self) -> int | None:
        """The axis of I and Q, or of amplitude and phase; None where the array is complex."""
        held = [axis for axis, name in enumerate(self.names) if name in ("2", "AP")]
        return held[0] if held else None

    def complex_rows(self, slab: Values) -> ComplexArray:
        """Complex (n, T) in single precision, from a slab of n examples."""
        order = [self.examples, self.samples, *([] if self.parts is None else [self.parts])]
        rest = [axis for axis in range(slab.ndim) if axis not in order]
        values = slab.transpose(*order, *rest).reshape(*(slab.shape[axis] for axis in order))
        with np.errstate(over="ignore", invalid="ignore"):  # such a row is refused by its number
            if self.parts is None:
                return np.ascontiguousarray(values, np.complex64)
            if "AP" in self.names:
                return of_polar(values[..., 0], values[..., 1])
            parts = np.ascontiguousarray(values, np.float32)
            return parts.view(np.complex64)[..., 0]


def parse_axes(text: str) -> Axes:
    """Axes as they are written for `--axes`, such as "N,2,T".

    >>> parse_axes("n, iq, t").names
    ('N', '2', 'T')
    """
    words = [word.strip().lower() for word in text.split(",")]
    unknown = next((word for word in words if word not in _NAMES), None)
    if unknown is not None:
        raise DatasetError(f"unknown axis {unknown!r} in --axes; {nearest(unknown, _NAMES)}")
    names = tuple(_NAMES[word] for word in words)
    if names.count("N") != 1 or names.count("T") != 1 or sum(n in ("2", "AP") for n in names) > 1:
        raise DatasetError(
            "--axes must name N (examples) and T (samples) once, and 2 (I and Q) or AP (amplitude "
            f"and phase) where the array is real, such as N,2,T; got {text!r}"
        )
    return Axes(names)


def find_axes(array: LazyArray, rows: Sequence[int], given: Axes | None, what: str) -> Axes:
    """The axes of an array of I/Q whose examples are as many as one of `rows`.

    Without any `rows` the examples are on the first axis. `what` names the array in errors.
    """
    shape = array.shape
    if given is not None:
        return _checked(array, given, what)
    legal = _readings(array)
    fitting = [axes for axes in legal if not rows or shape[axes.examples] in rows]
    if not rows:
        fitting = [axes for axes in legal if axes.examples == 0] or legal
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise DatasetError(_no_reading(array, rows, legal, what))
    readings = " or ".join(map(str, fitting))
    raise DatasetError(
        f"the axes of {what} {shape} may be {readings}; say which with --axes, such as "
        f"--axes {fitting[0]}"
    )


def _readings(array: LazyArray) -> list[Axes]:
    """All that the axes can be; an axis of one is the examples or the samples only if it must."""
    shape = array.shape
    is_complex = array.kind == "c"
    if array.kind not in "iufc" or len(shape) > _MOST_DIMENSIONS or 0 in shape:
        return []
    wanted = ["N", "T"] if is_complex else ["N", "T", "2"]
    ones = len(shape) - len(wanted)
    if ones < 0:
        return []
    found = {
        names
        for names in permutations([*wanted, *["1"] * ones])
        if all(
            (name != "1" or size == 1) and (name != "2" or size == 2)
            for name, size in zip(names, shape, strict=True)
        )
    }
    most = max((_meaningful(names, shape) for names in found), default=0)
    best = [names for names in found if _meaningful(names, shape) == most]
    return [Axes(names) for names in sorted(best, key=lambda names: (names.index("N"), names))]


def _meaningful(names: tuple[str, ...], shape: tuple[int, ...]) -> int:
    return sum(size > 1 for name, size in zip(names, shape, strict=True) if name in ("N", "T"))


def _checked(array: LazyArray, given: Axes, what: str) -> Axes:
    shape, names = array.shape, given.names
    wrong = len(names) != len(shape) or any(
        (name in ("2", "AP") and size != 2) or (name == "1" and size != 1)
        for name, size in zip(names, shape, strict=False)
    )
    if wrong:
        raise DatasetError(f"--axes {given} does not fit {what}, which has shape {shape}")
    if (given.parts is None) != (array.kind == "c"):
        kind = "complex and has no axis" if array.kind == "c" else "real and needs an axis"
        raise DatasetError(
            f"{what} {shape} of {array.dtype} is {kind} of I and Q, got --axes {given}"
        )
    return given


def _no_reading(array: LazyArray, rows: Sequence[int], legal: list[Axes], what: str) -> str:
    if not legal:
        return f"I/Q must be {EXPECTED}, got {array.dtype} {array.shape} of {what}"
    counts = " or ".join(str(count) for count in dict.fromkeys(rows))
    return f"{what} {array.shape} holds no I/Q for each of {counts} labels; I/Q must be {EXPECTED}"
