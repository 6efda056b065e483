"""Cumulants against those of the textbook, and against the sum over all partitions."""

from itertools import combinations
from math import factorial, prod

import numpy as np
import pytest

from rfmae.baselines.cumulants import FEATURES, cumulant_features, cumulants_of
from rfmae.baselines.scale import Scale
from rfmae.signal.modulations import MODULATIONS

TEXTBOOK = {
    "BPSK": (-2, -2),
    "4PAM": (-1.36, -1.36),
    "8PAM": (-1.2381, -1.2381),
    "16PAM": (-1.2094, -1.2094),
    "QPSK": (-1, -1),
    "8PSK": (0, -1),
    "16QAM": (-0.68, -0.68),
    "32QAM": (-0.19, -0.69),
    "64QAM": (-0.619, -0.619),
    "256QAM": (-0.6047, -0.6047),
}
"""C40 and C42, Swami and Sadler 2000, table I; QPSK stands on its diagonals here."""

MEMORYLESS = [row for row in MODULATIONS.values() if row.family == "memoryless" and row.points]
SYMMETRIC = [row for row in MEMORYLESS if abs(np.mean(row.alphabet)) < 1e-9]
"""Alphabets whose odd moments vanish."""


def partitions(items):
    """Every way to part a list into sets."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for others in combinations(range(len(rest)), size):
            block = [first, *(rest[i] for i in others)]
            left = [item for i, item in enumerate(rest) if i not in others]
            for more in partitions(left):
                yield [block, *more]


def cumulant_of_partitions(points, order, conjugate):
    """The joint cumulant of `order` factors by its definition (Brillinger 1981, section 2.3)."""
    factors = [points.conj() if i < conjugate else points for i in range(order)]
    total = 0.0
    for blocks in partitions([*range(order)]):
        moments = [np.prod([factors[i] for i in block], axis=0).mean() for block in blocks]
        sign = (-1) ** (len(blocks) - 1)
        total += sign * factorial(len(blocks) - 1) * prod(moments)
    return total


@pytest.mark.parametrize("row", SYMMETRIC, ids=str)
def test_cumulants_of_every_alphabet_are_the_sum_over_all_partitions(row):
    points = np.asarray(row.alphabet, complex)[:256]  # of dense ones a part, which is no less a law
    points = np.concatenate([points, -points])
    found = cumulants_of(points[None])
    for name, value in found.items():
        expected = cumulant_of_partitions(points, int(name[1]), int(name[2]))
        assert value[0] == pytest.approx(expected, abs=1e-9), name


@pytest.mark.parametrize("name", TEXTBOOK)
def test_cumulants_of_alphabets_are_those_of_the_textbook(name):
    found = cumulants_of(np.asarray(MODULATIONS[name].alphabet, complex)[None])
    c40, c42 = TEXTBOOK[name]
    # the print has four digits
    assert found["C40"][0].real == pytest.approx(c40, abs=6e-4)
    assert found["C42"][0] == pytest.approx(c42, abs=6e-4)
    assert abs(found["C40"][0].imag) < 1e-6


@pytest.mark.parametrize("row", MEMORYLESS, ids=str)
def test_no_feature_knows_carrier_phase_or_gain(row, rng):
    symbols = rng.choice(row.alphabet, (3, 200)) + 0.2 * rng.standard_normal((3, 200))
    other = symbols * 7.3 * np.exp(2j * np.pi * rng.random((3, 1)))
    plain, turned = (cumulant_features(iq.astype(np.complex64)) for iq in (symbols, other))
    # complex64 leaves 1e-7 of each amplitude, up to six times in C60, which the mean evens out
    np.testing.assert_allclose(turned, plain, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("row", MEMORYLESS, ids=str)
def test_order_of_the_symbols_means_nothing(row, rng):
    symbols = rng.choice(row.alphabet, (2, 100)).astype(np.complex64)
    mixed = rng.permutation(symbols, axis=1)
    # double precision, in another order
    np.testing.assert_allclose(cumulant_features(mixed), cumulant_features(symbols), atol=1e-6)


def test_cumulants_of_independent_signals_add(rng):
    """And white noise has none above its power: that is what cumulants are for."""
    size = 2_000_000
    signal = rng.choice(np.array([1, -1, 1j, -1j]), size) * np.exp(0.3j)
    line = rng.choice(np.array([-3.0, -1, 1, 3]), size) / np.sqrt(5)
    noise = (rng.standard_normal(size) + 1j * rng.standard_normal(size)) * 0.5
    each = [cumulants_of(part[None]) for part in (signal, line, noise)]
    both = cumulants_of((signal + line + noise)[None])
    for name, value in both.items():
        expected = sum(part[name][0] for part in each)
        # the deviation of a sixth moment of two million numbers is some 0.06 here, five times
        assert abs(value[0] - expected) < 0.3, name
        if name not in ("C20",):
            assert abs(each[2][name][0]) < 0.05, name


def test_features_stand_in_the_order_of_their_names(rng):
    """Of BPSK at unit power: every one by hand."""
    iq = np.tile(np.array([1, -1], np.complex64), 50)[None] * np.complex64(2j)
    found = dict(zip(FEATURES, cumulant_features(iq)[0], strict=True))
    expected = {
        "|E y|": 0,
        "|C20|": 1,
        "|C40|": 2,
        "|C41|": 2,
        "C42": -2,
        "|C60|": 16,
        "C63": 16,
        "var |y|": 0,
        "E |y|^4": 1,
    }
    assert found == pytest.approx(expected, abs=1e-5)


def test_where_units_are_absolute_the_power_is_a_tenth_number(rng):
    iq = (rng.standard_normal((4, 100)) + 1j * rng.standard_normal((4, 100))).astype(np.complex64)
    strong = cumulant_features(10 * iq, Scale("absolute"))
    weak = cumulant_features(iq, Scale("absolute"))
    assert strong.shape == (4, 10)
    np.testing.assert_allclose(strong[:, :9], weak[:, :9], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(strong[:, 9] - weak[:, 9], 20, atol=1e-4)


def test_many_examples_are_as_few(rng):
    """Chunks leave no seam."""
    iq = (rng.standard_normal((2049, 8)) + 1j * rng.standard_normal((2049, 8))).astype(np.complex64)
    whole = cumulant_features(iq)
    assert whole.shape == (2049, 9)
    np.testing.assert_array_equal(whole[1020:1030], cumulant_features(iq[1020:1030]))


def test_silence_has_features_and_nothing_has_none():
    assert np.isfinite(cumulant_features(np.zeros((2, 16), np.complex64))).all()
    assert np.isfinite(cumulant_features(np.zeros((2, 16), np.complex64), Scale("absolute"))).all()
    assert cumulant_features(np.zeros((0, 16), np.complex64)).shape == (0, 9)
