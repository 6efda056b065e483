"""Bits, symbol indices and the Gray code."""

import komm
import numpy as np
import pytest

from rfmae.signal.bits import bits_to_indices, gray_code, indices_to_bits, random_bits


@pytest.mark.parametrize("bits_per_symbol", range(1, 12))
def test_bits_come_back_from_their_indices(bits_per_symbol, rng):
    bits = random_bits(30 * bits_per_symbol, rng)
    indices = bits_to_indices(bits, bits_per_symbol)
    assert indices.shape == (30,)
    assert indices.min() >= 0
    assert indices.max() < 2**bits_per_symbol
    assert np.array_equal(indices_to_bits(indices, bits_per_symbol), bits)


@pytest.mark.parametrize("bits_per_symbol", range(1, 12))
def test_every_index_comes_back_from_its_bits(bits_per_symbol):
    indices = np.arange(2**bits_per_symbol)
    bits = indices_to_bits(indices, bits_per_symbol)
    assert np.array_equal(bits_to_indices(bits, bits_per_symbol), indices)


@pytest.mark.parametrize("order", [2, 4, 8, 16, 64, 256])
def test_neighbours_in_the_gray_code_differ_in_one_bit_all_round(order):
    code = gray_code(order)
    assert sorted(code.tolist()) == list(range(order))
    changed = code ^ np.roll(code, 1)  # the last is a neighbour of the first
    assert all(int(change).bit_count() == 1 for change in changed)


@pytest.mark.parametrize("bits_per_symbol", range(1, 7))
def test_the_gray_code_is_the_reflected_labelling_of_komm(bits_per_symbol):
    ours = indices_to_bits(gray_code(2**bits_per_symbol), bits_per_symbol)
    theirs = komm.ReflectedLabeling(bits_per_symbol).matrix
    assert np.array_equal(ours.reshape(-1, bits_per_symbol), theirs)


def test_the_first_bit_is_the_heaviest():
    assert bits_to_indices(np.array([1, 0, 0, 0, 0, 1], np.uint8), 3).tolist() == [4, 1]
    assert indices_to_bits(np.array([4, 1]), 3).tolist() == [1, 0, 0, 0, 0, 1]


def test_rows_of_bits_stay_apart(rng):
    bits = random_bits(60, rng).reshape(3, 20)
    indices = bits_to_indices(bits, 4)
    assert indices.shape == (3, 5)
    assert np.array_equal(indices[1], bits_to_indices(bits[1], 4))
    assert np.array_equal(indices_to_bits(indices, 4), bits)


def test_random_bits_are_fair_and_independent(rng):
    bits = random_bits(100_000, rng).astype(float)
    assert set(np.unique(bits)) == {0.0, 1.0}
    width = 0.5 / np.sqrt(bits.size)
    assert abs(bits.mean() - 0.5) < 4 * width
    for lag in (1, 2, 7, 8):
        correlation = np.mean((bits[lag:] - 0.5) * (bits[:-lag] - 0.5))
        assert abs(correlation) < 4 * 0.25 / np.sqrt(bits.size)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 1001])
def test_as_many_bits_are_drawn_as_were_requested(count, rng):
    bits = random_bits(count, rng)
    assert bits.shape == (count,)
    assert bits.dtype == np.uint8


def test_equal_generators_draw_equal_bits_and_others_do_not():
    first, again, other = (random_bits(256, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
