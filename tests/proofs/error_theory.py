"""Symbol error rates in white noise, as textbooks have them."""

import math

import numpy as np
from scipy.integrate import quad
from scipy.stats import norm


def rails(count, levels, unipolar, es_n0_db):
    """Independent rails of equidistant levels: closed form (Proakis, ch. 4.3)."""
    energy = levels**2 - 1
    if unipolar:  # levels 0, 1, … have (M − 1)(2M − 1)/6 of mean power and stand 1 apart
        energy = 2 * (levels - 1) * (2 * levels - 1)
    tail = norm.sf(math.sqrt(6 / (count * energy) * ratio(es_n0_db)))
    return 1 - (1 - 2 * (1 - 1 / levels) * tail) ** count


def psk(order, es_n0_db):
    """Coherent PSK: exact integral (Craig, Proc. MILCOM 1991)."""
    exponent = ratio(es_n0_db) * math.sin(math.pi / order) ** 2
    return (
        quad(
            lambda theta: math.exp(-exponent / math.sin(theta) ** 2),
            1e-12,
            math.pi * (1 - 1 / order),
            epsabs=1e-12,
        )[0]
        / math.pi
    )


def differential_psk(order, es_n0_db):
    """PSK whose phase steps are decided: exact integral (Pawula, IEEE Trans. Commun. 30, 1982).

    In two phases it is exp(−Es/N0)/2.
    """
    exponent = ratio(es_n0_db) * math.sin(math.pi / order) ** 2
    return (
        quad(
            lambda theta: math.exp(-exponent / (1 + math.cos(math.pi / order) * math.cos(theta))),
            0,
            math.pi * (1 - 1 / order),
            epsabs=1e-12,
        )[0]
        / math.pi
    )


def orthogonal(order, es_n0_db):
    """Orthogonal tones of unknown phase: closed form (Proakis, ch. 4.5)."""
    return sum(
        (-1) ** (n + 1)
        * math.comb(order - 1, n)
        / (n + 1)
        * math.exp(-n / (n + 1) * ratio(es_n0_db))
        for n in range(1, order)
    )


def nearest_point(points, es_n0_db, angles=3000):
    """Any alphabet, decided for the nearest point: numeric integral over the cells of its points.

    In the direction θ the cell of a point ends at r(θ), where the first of its neighbours is as
    near; noise beyond r has a probability of exp(−r²/N0) (after Craig, Proc. MILCOM 1991).
    """
    points = np.asarray(points, complex)
    points = points / np.sqrt(np.mean(np.abs(points) ** 2))
    theta = 2 * np.pi * (np.arange(angles) + 0.5) / angles
    wrong = 0.0
    for point in points:
        others = points[np.abs(points - point) > 1e-9] - point
        # only neighbours within a few of the smallest distances bound a cell
        near = others[np.abs(others) < 4 * np.abs(others).min()]
        along = np.cos(theta[:, None] - np.angle(near))
        closeness = np.max(2 * along / np.abs(near), axis=1)  # 1/r, negative where there is no end
        reach = 1 / np.maximum(closeness, 1e-9)
        wrong += np.mean(np.exp(-(reach**2) * ratio(es_n0_db)))
    return wrong / len(points)


def ratio(value_db):
    return 10 ** (value_db / 10)
