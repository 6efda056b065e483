"""White noise, impulses, interference and the carrier."""

import numpy as np
import pytest

from rfmae.errors import RecipeError, ShapeError
from rfmae.signal.channel import (
    awgn,
    impulsive_noise,
    interfere,
    offset_carrier,
    phase_noise,
    rotate,
    white_noise,
)

COUNT = 200_000

RANDOM = {
    "white_noise": lambda iq, each, rng: white_noise(iq.shape, 1 + each, rng),
    "awgn": lambda iq, each, rng: awgn(iq, 1 + each, rng),
    "phase_noise": lambda iq, each, rng: phase_noise(iq, 0.01 * each, rng),
    "impulsive_noise": lambda iq, each, rng: impulsive_noise(
        iq.shape, 1 + each, 0.3 + 0.05 * each, 10 * each, rng
    ),
}
FIXED = {
    "rotate": lambda iq, each: rotate(iq, 0.1 * each),
    "offset_carrier": lambda iq, each: offset_carrier(iq, 0.1 * each),
    "interfere": lambda iq, each: interfere(iq, iq[:, ::-1], each),
}
"""Each effect of this module with another setting for each example."""


# --- laws


@pytest.mark.parametrize("effect", RANDOM.values(), ids=RANDOM)
def test_the_first_examples_do_not_depend_on_how_many_follow(effect, rng):
    iq, each = white_noise((7, 33), 1.0, rng), np.arange(7.0)
    many = effect(iq, each, np.random.default_rng(3))
    for count in (1, 4):
        few = effect(iq[:count], each[:count], np.random.default_rng(3))
        assert np.array_equal(few, many[:count])


@pytest.mark.parametrize("effect", FIXED.values(), ids=FIXED)
def test_examples_together_are_examples_alone(effect, rng):
    iq, each = white_noise((5, 40), 1.0, rng), np.arange(5.0)
    together = effect(iq, each)
    for n in range(5):
        np.testing.assert_allclose(together[n : n + 1], effect(iq[n : n + 1], each[n]), atol=1e-6)


@pytest.mark.parametrize("effect", [*RANDOM.values(), *FIXED.values()], ids=[*RANDOM, *FIXED])
def test_no_effect_changes_its_input(effect, rng):
    iq = white_noise((3, 20), 1.0, rng)
    before = iq.copy()
    own = [np.random.default_rng(1)] if effect in RANDOM.values() else []
    after = effect(iq, np.arange(3.0), *own)
    assert np.array_equal(iq, before)
    assert after.dtype == np.complex64
    assert not np.shares_memory(after, iq)


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


def test_noise_has_the_shape_and_type_was_requested(rng):
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


def test_every_example_has_its_own_noise_power(rng):
    noise = white_noise((3, COUNT), np.array([0.0, 1.0, 4.0]), rng).astype(np.complex128)
    np.testing.assert_allclose(np.mean(np.abs(noise) ** 2, axis=1), [0, 1, 4], rtol=0.01)


# --- the carrier


@pytest.mark.parametrize("turns", [0.0, 1e-4, 0.25, -0.1, 3.3])
def test_a_carrier_offset_moves_a_tone(turns):
    t = np.arange(5000)
    tone = np.exp(2j * np.pi * 0.05 * t)[None].astype(np.complex64)
    moved = offset_carrier(tone, turns)
    assert moved[0, 0] == tone[0, 0]
    # float32 of two phasors, at the last sample as at the first
    np.testing.assert_allclose(moved[0], np.exp(2j * np.pi * (0.05 + turns) * t), atol=1e-6)


@pytest.mark.parametrize("linewidth", [1e-5, 1e-3])
def test_phase_noise_walks_as_far_as_its_linewidth_says(linewidth, rng):
    count, ones = 4000, np.ones((4000, 129), np.complex64)
    phase = np.unwrap(np.angle(phase_noise(ones, linewidth, rng).astype(np.complex128)), axis=1)
    assert not phase[:, 0].any()
    for lag in (1, 16, 128):
        steps = phase[:, lag] - phase[:, 0]
        expected = 2 * np.pi * linewidth * lag
        # four widths of the variance of so many Gaussians
        assert np.var(steps) == pytest.approx(expected, rel=4 * np.sqrt(2 / count))
        assert abs(np.mean(steps)) < 4 * np.sqrt(expected / count)


def test_phase_noise_has_steps_that_do_not_know_each_other(rng):
    ones = np.ones((1, 100_000), np.complex64)
    phase = np.unwrap(np.angle(phase_noise(ones, 1e-3, rng)[0].astype(np.complex128)))
    steps = np.diff(phase)
    assert abs(np.mean(steps[1:] * steps[:-1])) < 4 * np.var(steps) / np.sqrt(len(steps))


def test_an_oscillator_without_linewidth_stands_still(rng):
    iq = white_noise((2, 50), 1.0, rng)
    assert np.array_equal(phase_noise(iq, 0.0, rng), iq)


# --- impulses and interference


@pytest.mark.parametrize(("probability", "ratio_db"), [(0.001, 40.0), (0.1, 20.0), (1.0, 3.0)])
def test_impulses_hit_as_often_and_as_hard_as_they_should(probability, ratio_db, rng):
    noise = impulsive_noise((4, COUNT), 0.5, probability, ratio_db, rng).astype(np.complex128)
    hits, power = noise != 0, 0.5 * 10 ** (ratio_db / 10)
    expected = probability * noise.size
    assert hits.sum() == pytest.approx(expected, abs=4 * np.sqrt(expected) + 1e-3)
    assert np.mean(np.abs(noise) ** 2) == pytest.approx(
        probability * power,
        rel=4 * np.sqrt(2 / expected),  # exponential powers of a random number of hits
    )
    struck = noise[hits]
    for rail in (struck.real, struck.imag):
        assert np.var(rail) == pytest.approx(power / 2, rel=4 * np.sqrt(2 / expected))


def test_impulses_do_not_come_in_company(rng):
    hits = impulsive_noise((1, COUNT), 1.0, 0.1, 20.0, rng)[0] != 0
    together = np.mean(hits[1:] & hits[:-1])
    assert together == pytest.approx(0.01, abs=4 * np.sqrt(0.01 / COUNT))


def test_without_probability_there_are_no_impulses(rng):
    assert not impulsive_noise((2, 100), 1.0, 0.0, 20.0, rng).any()


@pytest.mark.parametrize("ratio_db", [-6.0, 0.0, 17.0])
def test_an_interferer_is_so_many_decibels_below_the_carrier(ratio_db, rng):
    carrier, other = white_noise((1, COUNT), 1.0, rng), white_noise((1, COUNT), 1.0, rng)
    added = interfere(carrier, other, ratio_db) - carrier
    measured = np.mean(np.abs(carrier) ** 2) / np.mean(np.abs(added) ** 2)
    assert 10 * np.log10(measured) == pytest.approx(ratio_db, abs=0.05)  # 200 000 powers each


# --- refusals


def test_an_interferer_of_another_length_is_refused(rng):
    with pytest.raises(ShapeError, match=r"got \(2, 4\) for \(2, 5\)"):
        interfere(np.ones((2, 5), np.complex64), np.ones((2, 4), np.complex64), 10.0)


def test_settings_of_other_examples_are_refused():
    with pytest.raises(ShapeError, match="one for each of the 3 examples, got 2"):
        rotate(np.ones((3, 5), np.complex64), [0.0, 0.5])


def test_impossible_settings_are_refused(rng):
    iq = np.ones((2, 5), np.complex64)
    with pytest.raises(RecipeError, match="must not be negative, got -1"):
        awgn(iq, -1.0, rng)
    with pytest.raises(RecipeError, match=r"must not be negative, got -0\.1"):
        phase_noise(iq, [0.0, -0.1], rng)
    with pytest.raises(RecipeError, match=r"must lie in 0 to 1, got 0\.5 to 1\.5"):
        impulsive_noise((2, 5), 1.0, [0.5, 1.5], 20.0, rng)
