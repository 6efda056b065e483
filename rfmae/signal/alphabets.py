"""Constellations and their bit labels: ASK, PAM, PSK, QAM and APSK.

Every alphabet has unit mean power. The index of a point is its label, most significant bit first.
"""

import math

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError
from rfmae.signal.bits import gray_code

Points = npt.NDArray[np.complex128]


def unipolar_ask(order: int) -> Points:
    """Amplitudes 0, 1, … order − 1 with Gray labels, (order,)."""
    _check_power_of_two(order)
    return _unit_power(_gray_ordered(np.arange(order).astype(complex)))


def bipolar_pam(order: int) -> Points:
    """Amplitudes −(order − 1), … −1, 1, … order − 1 with Gray labels, (order,)."""
    _check_power_of_two(order)
    return _unit_power(_gray_ordered(_rail(order).astype(complex)))


def psk(order: int, turn: float = 0.0) -> Points:
    """Equidistant phases with Gray labels; the first is `turn` turns above the I axis, (order,)."""
    _check_power_of_two(order)
    angles = 2 * np.pi * (np.arange(order) / order + turn)
    return _unit_power(_gray_ordered(np.exp(1j * angles)))


def square_qam(order: int) -> Points:
    """A square grid, (order,): the first half of the bits choose I, the second half Q, in Gray."""
    _check_order("square_qam", order, tuple(4**bits for bits in range(1, 6)))
    rail = _gray_ordered(_rail(math.isqrt(order)).astype(complex)).real
    return _unit_power((rail[:, None] + 1j * rail[None, :]).ravel())


def cross_qam(order: int) -> Points:
    """A square grid without its corners, for an odd number of bits, (order,).

    A rectangle twice as wide as high has Gray labels, then the outer quarter of its columns is
    moved to the top and the bottom (J. G. Smith, IEEE Trans. Communications 23, 1975). Moved points
    have neighbours that differ in more than one bit: a point's neighbours differ by
    7/6 bits on average for 32 points, and by 1.13 for 128.
    """
    _check_order("cross_qam", order, (32, 128, 512))
    height = math.isqrt(order // 2)
    across, up = _rail(2 * height)[:, None], _rail(height)[None, :]
    outside = np.abs(across) > 3 * height // 2
    moved = np.sign(across) * np.abs(up) + 1j * np.sign(up) * (np.abs(across) - height / 2)
    grid = np.where(outside, moved, across + 1j * up)
    points = np.empty((2 * height, height), np.complex128)
    points[np.ix_(gray_code(2 * height), gray_code(height))] = grid
    return _unit_power(points.ravel())


def apsk(order: int, ring_ratios: tuple[float, ...] = ()) -> Points:
    """The rings of DVB-S2 and DVB-S2X with the labels of the standard, (order,).

    `ring_ratios` are the radii over that of the innermost ring, from the second ring outwards;
    without them 16 points have the ratio of code rate 2/3 and 32 points those of rate 3/4 (ETSI
    EN 302 307-1, tables 9 and 10), 64 points on 16+16+16+16 those of rate 128/180 and 128 points
    on 16+16+16+16+16+48 those of rate 135/180 (EN 302 307-2). Neighbours on a ring differ in one
    bit, but for four pairs on the outer ring of 32 points.
    """
    _check_order("apsk", order, tuple(_RING_RATIOS))
    ratios = ring_ratios or _RING_RATIOS[order]
    _check_ratios(order, ratios)
    radii = np.array([1.0, *ratios])
    rings, turns = _STANDARD_RINGS[order]()
    return _unit_power(radii[rings] * np.exp(2j * np.pi * turns))


def _check_power_of_two(order: int) -> None:
    if order < 2 or order & (order - 1):
        raise RecipeError(f"order must be a power of two and at least 2, got {order}")


def _check_order(name: str, order: int, legal: tuple[int, ...]) -> None:
    if order not in legal:
        raise RecipeError(f"order of {name} must be one of {_listed(legal)}, got {order}")


def _check_ratios(order: int, ratios: tuple[float, ...]) -> None:
    expected = len(_RING_RATIOS[order])
    if len(ratios) != expected:
        raise RecipeError(
            f"ring_ratios of {order}APSK must be {expected} numbers such as "
            f"{_listed(_RING_RATIOS[order])}, got {len(ratios)}"
        )
    from_inside = (1.0, *ratios)
    growing = all(inner < outer for inner, outer in zip(from_inside, ratios, strict=False))
    if not growing or not math.isfinite(ratios[-1]):
        raise RecipeError(f"ring_ratios must grow from above 1, got {_listed(ratios)}")


def _listed(numbers: tuple[float, ...]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)


def _unit_power(points: Points) -> Points:
    scaled: Points = points / np.sqrt(np.mean(np.abs(points) ** 2))
    return scaled


def _rail(count: int) -> npt.NDArray[np.int_]:
    """Equidistant levels two apart around zero, upwards."""
    return 2 * np.arange(count) - count + 1


def _gray_ordered(levels: Points) -> Points:
    """Levels along a line or a circle, re-ordered so that position equals Gray label."""
    points = np.empty(len(levels), np.complex128)
    points[gray_code(len(levels))] = levels
    return points


# --- rings: of every label the ring, counted from inside, and the phase in turns

RingsAndTurns = tuple[npt.NDArray[np.int_], npt.NDArray[np.float64]]

_RING_RATIOS: dict[int, tuple[float, ...]] = {
    16: (2.85,),
    32: (2.84, 5.27),
    64: (1.88, 2.72, 3.95),
    128: (1.715, 2.118, 2.681, 2.75, 3.819),
}

# labels along each ring, counter-clockwise
_RINGS_16 = (
    (12, 14, 15, 13),
    (4, 0, 8, 10, 2, 6, 7, 3, 11, 9, 1, 5),
)
_RINGS_32 = (
    (17, 21, 23, 19),
    (16, 0, 1, 5, 4, 20, 22, 6, 7, 3, 2, 18),
    (24, 8, 25, 9, 13, 29, 12, 28, 30, 14, 31, 15, 11, 27, 10, 26),
)
_CIRCLE_64 = (0, 1, 3, 2, 10, 11, 9, 8, 12, 13, 15, 14, 6, 7, 5, 4)
_RINGS_64 = tuple(tuple(first + label for label in _CIRCLE_64) for first in (0, 16, 48, 32))

# the first quadrant of 128APSK: ring and phase in units of π/5040 of the last five bits
_QUADRANT_128 = (
    *((0, 332), (5, 528), (5, 111), (5, 330), (1, 242), (2, 414), (4, 133), (3, 427)),
    *((0, 927), (5, 732), (5, 1149), (5, 929), (1, 1017), (2, 845), (4, 1126), (3, 834)),
    *((0, 2187), (5, 1993), (5, 2408), (5, 2190), (1, 2278), (2, 2106), (4, 2387), (3, 2094)),
    *((0, 1593), (5, 1789), (5, 1372), (5, 1590), (1, 1503), (2, 1673), (4, 1393), (3, 1686)),
)


def _even_rings(
    labels_of_rings: tuple[tuple[int, ...], ...], first_turns: tuple[float, ...]
) -> RingsAndTurns:
    """Equidistant points on every ring, the first of which is at `first_turns`."""
    order = sum(map(len, labels_of_rings))
    rings, turns = np.zeros(order, np.int_), np.zeros(order)
    for ring, (labels, first) in enumerate(zip(labels_of_rings, first_turns, strict=True)):
        rings[list(labels)] = ring
        turns[list(labels)] = first + np.arange(len(labels)) / len(labels)
    return rings, turns


def _mirrored_quadrant() -> RingsAndTurns:
    """The first bit mirrors the first quadrant at the I axis, the second bit at the Q axis."""
    rings, steps = np.array(_QUADRANT_128).T
    quadrant = steps / (2 * 5040)
    upper = np.concatenate([quadrant, 0.5 - quadrant])
    return np.tile(rings, 4), np.concatenate([upper, -upper])


_STANDARD_RINGS = {
    16: lambda: _even_rings(_RINGS_16, (1 / 8, 1 / 24)),
    32: lambda: _even_rings(_RINGS_32, (1 / 8, 1 / 24, 0.0)),
    64: lambda: _even_rings(_RINGS_64, (1 / 32,) * 4),
    128: _mirrored_quadrant,
}
