"""Circular harmonics of points in the plane, ring by ring."""

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray

ORDERS = (0, 1, 2, 3, 4, 6, 8, 12, 16)
_FARTHEST = 2.2  # times the rms amplitude


def ring_harmonics(
    points: ComplexArray, rings: int, orders: tuple[int, ...] = ORDERS
) -> npt.NDArray[np.complex128]:
    """Mean of exp(j·m·phase) over points (K,) of unit power, shared among rings, (orders, rings).

    A point belongs to the two rings that it lies between, by its distance; order 0 is the share of
    the points that a ring holds. A turn of all points by φ turns order m by m·φ.
    """
    radius = np.abs(points)
    unit = points / np.maximum(radius, 1e-20)
    place = np.minimum(radius * ((rings - 1) / _FARTHEST), rings - 1.001)
    inner = place.astype(np.intp)
    outside = (place - inner).astype(np.float64)
    sums = np.empty((len(orders), rings), np.complex128)
    raised, order = np.ones(len(points), np.complex128), 0
    for number, wanted in enumerate(orders):
        while order < wanted:
            raised, order = raised * unit, order + 1
        sums[number] = _shared(raised, inner, outside, rings)
    return sums / max(len(points), 1)


def moduli(harmonics: npt.NDArray[np.complex128]) -> FloatArray:
    """Square roots of the moduli, flat: nothing depends on the phase of the carrier."""
    return np.asarray(np.sqrt(np.abs(harmonics)).ravel())


def upright(harmonics: npt.NDArray[np.complex128], orders: tuple[int, ...]) -> FloatArray:
    """Real parts of rings against the sum of their order, (orders above 0 · rings,).

    They say which rings point one way and which the other, at any phase of the carrier.
    """
    kept = [number for number, order in enumerate(orders) if order]
    chosen = harmonics[kept]
    total = chosen.sum(axis=1, keepdims=True)
    turned = (chosen * total.conj() / np.maximum(np.abs(total), 1e-12)).real
    return np.asarray((np.sign(turned) * np.sqrt(np.abs(turned))).ravel())


def _shared(
    values: npt.NDArray[np.complex128], inner: npt.NDArray[np.intp], outside: FloatArray, rings: int
) -> npt.NDArray[np.complex128]:
    sums = np.zeros(rings, np.complex128)
    for ring, part in ((inner, 1 - outside), (inner + 1, outside)):
        sums += np.bincount(ring, (values.real * part), rings)
        sums += 1j * np.bincount(ring, (values.imag * part), rings)
    return sums
