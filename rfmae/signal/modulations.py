"""The table of modulations: each name with its family, its alphabet or its phase pulse.

ASK is unipolar and PAM bipolar, the convention of komm and of MATLAB's `pammod`: 4ASK sends the
amplitudes 0, 1, 2, 3 and 4PAM the amplitudes −3, −1, 1, 3 (each scaled to unit mean power).
Some public data sets use the two names the other way round or for the same alphabet.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError, nearest
from rfmae.records import ComplexArray, IntArray
from rfmae.signal.bits import gray_code

Family = Literal["memoryless", "differential", "offset", "phase"]
"""How symbols become a waveform: point by point, by phase steps, with Q half a symbol late, or
as a continuous phase."""


@dataclass(frozen=True)
class Modulation:
    """One row of the table.

    `points[i]` is sent for symbol index i, whose bits (first bit heaviest) are the Gray label of
    the point; mean power is one. A differential modulation turns by `points[i]`; a continuous
    phase has no points but a `modulation_index` and, if its pulse is Gaussian, a `bt`.
    """

    name: str
    family: Family
    bits_per_symbol: int
    points: tuple[complex, ...] = ()
    modulation_index: float = 0.0
    bt: float = math.inf  # bandwidth-time product of the Gaussian; infinite is rectangular
    aliases: tuple[str, ...] = ()
    same_law_as: str = ""  # another row that sends the very same signals, as i.i.d. symbols

    def __str__(self) -> str:
        return self.name

    @property
    def order(self) -> int:
        return 1 << self.bits_per_symbol

    @cached_property
    def alphabet(self) -> ComplexArray:
        """The points as an array, shape (order,)."""
        return np.array(self.points, np.complex64)


_Levels = npt.NDArray[np.complex128]


def _unit_power(points: _Levels) -> tuple[complex, ...]:
    scaled = points / np.sqrt(np.mean(np.abs(points) ** 2))
    return tuple(complex(point) for point in scaled)


def _gray_ordered(levels: _Levels) -> _Levels:
    """Levels along a line or a circle, re-ordered so that position equals Gray label."""
    points = np.empty(len(levels), np.complex128)
    points[gray_code(len(levels))] = levels
    return points


def _ask(order: int, name: str = "", aliases: tuple[str, ...] = ()) -> Modulation:
    levels = _gray_ordered(np.arange(order).astype(complex))
    aliases = (*aliases, f"ASK{order}")
    return Modulation(
        name or f"{order}ASK", "memoryless", _bits(order), _unit_power(levels), aliases=aliases
    )


def _pam(order: int) -> Modulation:
    levels = _gray_ordered((2 * np.arange(order) - order + 1).astype(complex))
    return Modulation(
        f"{order}PAM", "memoryless", _bits(order), _unit_power(levels), aliases=(f"PAM{order}",)
    )


def _psk(
    order: int,
    name: str,
    family: Family = "memoryless",
    *,
    turn: float = 0.0,
    same_law_as: str = "",
) -> Modulation:
    """Phase-shift keying whose first point stands `turn` turns above the I axis."""
    angles = 2 * np.pi * (np.arange(order) / order + turn)
    points = _gray_ordered(np.exp(1j * angles))
    aliases = (f"PSK{order}",) if name == f"{order}PSK" else ()
    return Modulation(
        name, family, _bits(order), _unit_power(points), aliases=aliases, same_law_as=same_law_as
    )


def _square_qam(order: int) -> Modulation:
    """The first half of the bits choose I, the second half Q."""
    side = math.isqrt(order)
    rail = _gray_ordered((2 * np.arange(side) - side + 1).astype(complex)).real
    points = (rail[:, None] + 1j * rail[None, :]).ravel()
    return Modulation(
        f"{order}QAM", "memoryless", _bits(order), _unit_power(points), aliases=(f"QAM{order}",)
    )


def _cpm(name: str, modulation_index: float, bt: float = math.inf) -> Modulation:
    return Modulation(name, "phase", 1, modulation_index=modulation_index, bt=bt)


def _bits(order: int) -> int:
    return order.bit_length() - 1


MODULATIONS: dict[str, Modulation] = {
    row.name: row
    for row in (
        _ask(2, "OOK", ("2ASK",)),
        *(_ask(order) for order in (4, 8, 16)),
        *(_pam(order) for order in (4, 8, 16)),
        _psk(2, "BPSK"),
        _psk(4, "QPSK", turn=1 / 8),
        _psk(8, "8PSK"),
        _psk(4, "DQPSK", "differential", same_law_as="QPSK"),
        _psk(4, "OQPSK", "offset", turn=1 / 8),
        *(_square_qam(order) for order in (16, 64)),
        _cpm("CPFSK", modulation_index=0.5),
        _cpm("GFSK", modulation_index=0.35, bt=0.5),
        _cpm("GMSK", modulation_index=0.5, bt=0.3),
    )
}
"""Every modulation that can be synthesised, by its name.

CPFSK is binary with index 0.5 and a rectangular pulse (which makes it MSK); GFSK has the index
0.35 and BT 0.5 of Bluetooth; GMSK has index 0.5 and BT 0.3 as in GSM. DQPSK codes its bits as
phase steps, but of independent bits that is the same signal as QPSK: no receiver can tell.
"""


def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


_BY_PLAIN_NAME = {
    _plain(name): row for row in MODULATIONS.values() for name in (row.name, *row.aliases)
}


def find_modulation(name: str) -> Modulation:
    """The row of a name or alias, whatever its case and punctuation.

    >>> find_modulation("qam-16").name
    '16QAM'
    """
    try:
        return _BY_PLAIN_NAME[_plain(name)]
    except KeyError:
        raise RecipeError(f"unknown modulation {name!r}; {nearest(name, MODULATIONS)}") from None


def equal_laws(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of names in a class list that send the same signals, so that no one can tell them."""
    groups: dict[str, list[str]] = {}
    for name in names:
        row = find_modulation(name)
        groups.setdefault(row.same_law_as or row.name, []).append(row.name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def nearest_indices(symbols: ComplexArray, points: ComplexArray) -> IntArray:
    """Index of the closest point for every symbol."""
    return np.abs(symbols[..., None] - points).argmin(axis=-1)
