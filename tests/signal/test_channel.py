"""White noise and the carrier phase."""

import numpy as np
import pytest

from rfmae.signal.channel import awgn, rotate, white_noise

COUNT = 200_000


# --- laws


@pytest.mark.parametrize("power", [1e-3, 0.5, 1.0, 40.0])
def test_noise_is_circular_and_has_its_power(power, rng):
    noise = white_noise((COUNT,), power, rng).astype(np.complex128)
    width = power / np.sqrt(COUNT)  # of a mean of exponential powers
    assert np.mean(np.abs(noise) ** 2) == pytest.approx(power, abs=4 * width)
    assert np.mean(noise.real**2) == pytest.approx(power / 2, abs=4 * width)
    assert np.mean(noise.imag**2) == pytest.approx(power / 2, abs=4 * width)
    assert abs(np.mean(noise**2)) < 6 * width  # I and Q are equal and uncorrelated
    assert abs(np.mean(noise)) < 5 * np.sqrt(power / COUNT)


@pytest.mark.parametrize("lag", [1, 2, 3, 8, 100])
def test_noise_is_white(lag, rng):
    noise = white_noise((COUNT,), 1.0, rng).astype(np.complex128)
    assert abs(np.mean(noise[lag:] * noise[:-lag].conj())) < 5 / np.sqrt(COUNT)


def test_noise_is_gaussian(rng):
    noise = white_noise((COUNT,), 2.0, rng).astype(np.complex128)
    for part in (noise.real, noise.imag):
        assert np.mean(part**4) == pytest.approx(3.0, abs=4 * np.sqrt(96 / COUNT))


@pytest.mark.parametrize("turns", [0.0, 0.25, 0.3, -0.6, 17.125])
def test_a_rotation_keeps_the_power_and_can_be_undone(turns, rng):
    iq = white_noise((3, 100), 1.0, rng)
    turned = rotate(iq, [turns] * 3)
    np.testing.assert_allclose(np.abs(turned), np.abs(iq), rtol=1e-6)
    np.testing.assert_allclose(rotate(turned, [-turns] * 3), iq, atol=1e-6)


# --- references and edges


def test_awgn_adds_exactly_the_white_noise_of_its_generator(rng):
    iq = white_noise((2, 50), 1.0, rng)
    noise = white_noise(iq.shape, 0.3, np.random.default_rng(5))
    assert np.array_equal(awgn(iq, 0.3, np.random.default_rng(5)), iq + noise)


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_noise_reaches_both_rails_of_either_precision(dtype, rng):
    noisy = awgn(np.ones(10_000, dtype), 0.5, rng)
    assert noisy.dtype == np.complex64
    assert np.var(noisy.real) == pytest.approx(0.25, rel=0.06)  # four widths of 10 000 samples
    assert np.var(noisy.imag) == pytest.approx(0.25, rel=0.06)


def test_no_power_is_no_noise(rng):
    assert not white_noise((4, 4), 0.0, rng).any()


def test_noise_has_the_shape_and_type_it_was_asked_for(rng):
    noise = white_noise((2, 3, 4), 1.0, rng)
    assert noise.shape == (2, 3, 4)
    assert noise.dtype == np.complex64


def test_quarter_turns_are_counter_clockwise():
    iq = np.ones((4, 1), np.complex64)
    turned = rotate(iq, [0.0, 0.25, 0.5, 0.75])[:, 0]
    np.testing.assert_allclose(turned, [1, 1j, -1, -1j], atol=1e-7)


def test_every_example_has_its_own_turn(rng):
    iq = white_noise((2, 10), 1.0, rng)
    turned = rotate(iq, np.array([0.0, 0.5]))
    assert turned.dtype == np.complex64
    np.testing.assert_allclose(turned[0], iq[0])
    np.testing.assert_allclose(turned[1], -iq[1], atol=1e-6)
