"""Fading gains against the moments, crossings and error rates of the textbooks."""

import math

import numpy as np
import pytest
from scipy.special import j0

from rfmae.errors import RecipeError, ShapeError
from rfmae.signal.channel import awgn, white_noise
from rfmae.signal.fading import fading_gains, flat_fading, multipath

PATHS = (np.array([0.0, 1.5, 4.0]), np.array([0.0, -3.0, -6.0]))

EFFECTS = {
    "fading_gains": lambda iq, each, rng: fading_gains(
        *iq.shape, 0.01 * each, rng, k_factor_db=3 * each
    ),
    "flat_fading": lambda iq, each, rng: flat_fading(iq, 0.01 * each, rng, k_factor_db=3 * each),
    "multipath": lambda iq, each, rng: multipath(
        iq, *PATHS, 0.01 * each, rng, k_factor_db=3 * each
    ),
}
"""Each with another setting for each example."""


def gains_of(count, samples, doppler, rng, **options):
    return fading_gains(count, samples, doppler, rng, **options).astype(np.complex128)


def spread_gains(rng, **options):
    """60 000 gains, those of a frame a whole turn of the Doppler apart and nearly independent."""
    return gains_of(3000, 2000, 0.01, rng, **options)[:, ::100]


# --- laws


@pytest.mark.parametrize("samples", [1, 64, 700])
@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_the_first_examples_do_not_depend_on_how_many_follow(effect, samples, rng):
    iq, each = white_noise((7, samples), 1.0, rng), np.arange(7.0)
    many = effect(iq, each, np.random.default_rng(3))
    assert many.shape == iq.shape
    for count in (1, 4):
        few = effect(iq[:count], each[:count], np.random.default_rng(3))
        assert np.array_equal(few, many[:count])


@pytest.mark.parametrize("effect", EFFECTS.values(), ids=EFFECTS)
def test_no_effect_changes_its_input(effect, rng):
    iq = white_noise((3, 90), 1.0, rng)
    before = iq.copy()
    after = effect(iq, np.arange(3.0), rng)
    assert np.array_equal(iq, before)
    assert after.dtype == np.complex64
    assert not np.shares_memory(after, iq)


@pytest.mark.parametrize("k_factor_db", [-math.inf, 0.0, 10.0, math.inf])
@pytest.mark.parametrize("instant", [0, 63, 64, 999])
def test_every_instant_has_unit_mean_power(instant, k_factor_db, rng):
    count = 4000
    power = np.abs(gains_of(count, 1000, 0.013, rng, k_factor_db=k_factor_db)[:, instant]) ** 2
    assert np.mean(power) == pytest.approx(1.0, abs=4 / np.sqrt(count))  # exponential powers


@pytest.mark.parametrize("doppler", [0.0, 1e-4, 0.02, 0.4])
def test_gains_are_circular(doppler, rng):
    gains = gains_of(4000, 130, doppler, rng)[:, [0, 129]]
    assert abs(np.mean(gains)) < 4 / np.sqrt(4000)
    assert abs(np.mean(gains**2)) < 4 * np.sqrt(2 / 4000)


# --- references


def test_rayleigh_amplitudes_have_their_moments(rng):
    amplitude = np.abs(spread_gains(rng))
    # four widths of 60 000 amplitudes, whose standard deviation is 0.463 of the rms
    assert np.mean(amplitude) == pytest.approx(0.8862, abs=4 * 0.463 / np.sqrt(amplitude.size))
    assert np.mean(amplitude < 0.1) == pytest.approx(0.00995, abs=4 * np.sqrt(0.00995 / 60_000))
    assert np.mean(amplitude**4) == pytest.approx(2.0, abs=4 * np.sqrt(20 / 60_000))


@pytest.mark.parametrize(("k_factor", "moment"), [(0, 2.0), (1, 1.75), (4, 1.36), (10, 1.174)])
def test_rician_amplitudes_have_their_fourth_moment(k_factor, moment, rng):
    k_factor_db = 10 * math.log10(k_factor) if k_factor else -math.inf
    power = np.abs(spread_gains(rng, k_factor_db=k_factor_db)) ** 2
    measured = np.mean(power**2) / np.mean(power) ** 2
    assert measured == pytest.approx(moment, abs=0.06)  # three widths at K = 0, where it is widest


def test_clarke_autocorrelation_is_a_bessel_function(rng):
    doppler = 0.01
    gains = gains_of(400, 2000, doppler, rng)
    for turns in (0.0, 0.05, 0.1, 0.2, 0.3827, 0.6, 1.0):
        lag = round(turns / doppler)
        measured = np.mean(gains[:, lag:] * gains[:, : 2000 - lag].conj())
        # 400 frames of some 20 independent gains each
        assert abs(measured - j0(2 * np.pi * doppler * lag)) < 4 / np.sqrt(400 * 20)


def test_the_line_of_sight_stands_still_and_has_any_phase(rng):
    gains = gains_of(2000, 200, 0.05, rng, k_factor_db=math.inf)
    np.testing.assert_allclose(gains, gains[:, :1].repeat(200, axis=1), atol=1e-6)
    for harmonic in (1, 2, 4):
        assert abs(np.mean(gains[:, 0] ** harmonic)) < 4 / np.sqrt(2000)


@pytest.mark.parametrize("level", [0.3, 1.0])
def test_the_rms_is_crossed_as_often_as_rice_says(level, rng):
    doppler = 0.01
    amplitude = np.abs(gains_of(400, 3000, doppler, rng))
    upwards = np.mean((amplitude[:, 1:] >= level) & (amplitude[:, :-1] < level))
    expected = math.sqrt(2 * math.pi) * level * math.exp(-(level**2)) * doppler
    # .9221 of the Doppler at the rms; some 7000 crossings, a few of them between two samples
    assert upwards == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize(
    ("snr_db", "error_rate", "tolerance"),
    [(0.0, 0.14645, 0.03), (10.0, 0.023269, 0.08), (20.0, 0.0024814, 0.2)],
)
def test_bpsk_in_flat_rayleigh_errs_as_often_as_proakis_says(snr_db, error_rate, tolerance, rng):
    bits = rng.choice(np.array([-1.0, 1.0], np.float32), (2000, 256))
    faded = flat_fading(bits.astype(np.complex64), 0.05, np.random.default_rng(6))
    gains = fading_gains(2000, 256, 0.05, np.random.default_rng(6))
    received = awgn(faded, 10 ** (-snr_db / 10), rng) * gains.conj()
    # some 30 independent gains in each of 2000 frames: four widths of their errors
    assert np.mean(received.real * bits < 0) == pytest.approx(error_rate, rel=tolerance)


# --- several paths


def impulse_response(count, k_factor_db=-math.inf, doppler=0.0, samples=40):
    impulse = np.zeros((count, samples), np.complex64)
    impulse[:, 0] = 1
    delays, powers = np.array([0.0, 3.0, 9.0]), np.array([0.0, -3.0, -10.0])
    rng = np.random.default_rng(8)
    return multipath(impulse, delays, powers, doppler, rng, k_factor_db=k_factor_db)


def test_each_path_stands_at_its_delay_with_its_share_of_the_power():
    response = impulse_response(4000)
    power = np.mean(np.abs(response) ** 2, axis=0)
    shares = 10 ** (-np.array([0.0, 3.0, 10.0]) / 10)
    np.testing.assert_allclose(power[[0, 3, 9]], shares / shares.sum(), rtol=4 / np.sqrt(4000))
    assert not np.delete(response, [0, 3, 9], axis=1).any()


def test_paths_fade_on_their_own():
    response = impulse_response(4000)[:, [0, 3, 9]]
    correlation = np.corrcoef(response.T)
    assert np.abs(correlation - np.eye(3)).max() < 4 / np.sqrt(4000)


def test_only_the_first_path_has_a_line_of_sight():
    response = impulse_response(4000, k_factor_db=60.0)
    power = np.abs(response[:, [0, 3, 9]]) ** 2
    spread = np.var(power, axis=0) / np.mean(power, axis=0) ** 2
    np.testing.assert_allclose(spread, [0, 1, 1], atol=0.3)  # no fading; exponential powers


def test_several_paths_keep_the_mean_power(rng):
    iq = white_noise((1500, 200), 1.0, rng)
    received = multipath(iq, np.array([0.0, 1.3, 2.6]), np.zeros(3), 0.03, rng)
    inside = received[:, 20:].astype(np.complex128)
    # the interpolator takes off a little of what lies beyond 0.4 of the sample rate
    assert np.mean(np.abs(inside) ** 2) == pytest.approx(1.0, abs=0.06)


def test_one_path_without_delay_is_flat_fading(rng):
    iq = white_noise((3, 100), 1.0, rng)
    one = multipath(iq, np.zeros(1), np.array([-7.0]), 0.02, np.random.default_rng(2))
    child = np.random.default_rng(2).spawn(1)[0]
    assert np.array_equal(one, flat_fading(iq, 0.02, child))


# --- edges


def test_without_doppler_a_frame_has_one_gain(rng):
    gains = gains_of(50, 300, 0.0, rng)
    np.testing.assert_allclose(gains, gains[:, :1].repeat(300, axis=1), atol=1e-6)
    assert np.ptp(np.abs(gains[:, 0])) > 0.5


def test_a_long_frame_keeps_its_statistics_to_the_end(rng):
    gains = gains_of(60, 50_000, 0.01, rng)[:, -20_000:]
    assert np.mean(np.abs(gains) ** 2) == pytest.approx(1.0, abs=0.1)
    lagged = np.mean(gains[:, 10:] * gains[:, :-10].conj())
    assert abs(lagged - j0(2 * np.pi * 0.1)) < 0.1


def test_impossible_settings_are_refused(rng):
    iq = np.ones((2, 5), np.complex64)
    with pytest.raises(RecipeError, match=r"must not be negative, got -0\.1"):
        flat_fading(iq, [0.0, -0.1], rng)
    with pytest.raises(
        RecipeError, match=r"same paths, at least one, got shapes \(2,\) and \(1,\)"
    ):
        multipath(iq, np.zeros(2), np.zeros(1), 0.0, rng)
    with pytest.raises(RecipeError, match=r"at least one, got shapes \(0,\) and \(0,\)"):
        multipath(iq, np.zeros(0), np.zeros(0), 0.0, rng)
    with pytest.raises(ShapeError, match="one for each of the 2 examples, got 3"):
        flat_fading(iq, 0.0, rng, k_factor_db=[1.0, 2.0, 3.0])
