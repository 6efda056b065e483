"""Estimates of the SNR: what no gain and phase changes, how far off they are, how they vary."""

import json
from dataclasses import asdict, replace
from math import factorial

import numpy as np
import pytest
from scipy.special import eval_laguerre

from rfmae.errors import ArtefactError, RecipeError, ShapeError
from rfmae.signal.channel import white_noise
from rfmae.signal.link import observe
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.signal.receiver import Receiver, filtered
from rfmae.signal.snr_estimation import (
    SNR_RANGE_DB,
    SnrEstimator,
    _noise_floor_ratio,
    _spectral_weights,
    estimate_snr_db,
    m2m4_snr_db,
    noise_floor_snr_db,
    snr_estimator_from_card,
)

TEN = ("OOK", "4ASK", "8ASK", "4PAM", "16PAM", "DQPSK", "OQPSK", "CPFSK", "GFSK", "GMSK")
LINEAR = ("BPSK", "8PSK", "16QAM", "64QAM", "4ASK")
RATES = [2, 2.5, 4, 8]
PULSE = Pulse()
NEPER = 10 / np.log(10)  # dB of a small relative error


@pytest.fixture
def waveforms_of(link, streams_of):
    """Waveforms (count, T) of a modulation at an Es/N0, received or filtered."""

    def make(name, snr_db, count=12, *, kind="received", rate=8, symbols=512, seed=3):
        receiver = Receiver(observe="waveform", waveform=kind)
        whole = replace(
            link, samples_per_symbol=rate, symbols_per_example=symbols, receiver=receiver
        )
        seen = observe(MODULATIONS[name], snr_db, whole, count, streams_of(seed))
        return seen.views["waveform"][0]

    return make


def estimate(waveform, kind, rate=8):
    return noise_floor_snr_db(waveform, PULSE, rate, filtered=kind == "filtered")


def noise_of(rng, count, samples, kind, rate, power=1.0):
    """White noise, as it is received or through the matched filter."""
    margin = 12 * int(rate)
    noise = white_noise((count, samples + 2 * margin), power, rng).astype(np.complex128)
    if kind == "filtered":
        noise = filtered(noise, pulse_taps(PULSE, rate))
    return noise[:, margin : margin + samples]


# a waveform -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["received", "filtered"])
@pytest.mark.parametrize("snr_db", [-5.0, 15.0])
def test_no_gain_and_no_phase_changes_the_estimate(kind, snr_db, waveforms_of):
    waveform = waveforms_of("QPSK", snr_db, 4, kind=kind).astype(np.complex128)
    expected = estimate(waveform, kind)
    for factor in (1e-150, 3e7, 1e150, 0.3 * np.exp(2j)):
        np.testing.assert_allclose(estimate(waveform * factor, kind), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["received", "filtered"])
@pytest.mark.parametrize("name", TEN)
def test_all_classes_are_close_to_the_truth(name, kind, waveforms_of):
    for snr_db in (0.0, 10.0, 20.0):
        found = estimate(waveforms_of(name, snr_db, kind=kind), kind)
        assert abs(np.median(found) - snr_db) < 0.7, snr_db
        assert np.std(found) < (0.8 if snr_db == 0 else 0.4), snr_db


@pytest.mark.parametrize("kind", ["received", "filtered"])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", LINEAR)
def test_any_rate_will_do(name, rate, kind, waveforms_of):
    for snr_db in (0.0, 10.0):
        found = estimate(waveforms_of(name, snr_db, 16, kind=kind, rate=rate), kind, rate)
        assert abs(np.mean(found) - snr_db) < 0.8, snr_db


@pytest.mark.parametrize("kind", ["received", "filtered"])
def test_the_mean_rises_with_the_snr_and_ends_at_the_range(kind, waveforms_of):
    points = [-40.0, *np.arange(-10.0, 28.0, 2.0), 60.0]
    means = [
        estimate(waveforms_of("QPSK", snr_db, 24, kind=kind), kind).mean() for snr_db in points
    ]
    assert np.all(np.diff(means) > 0)
    assert means[0] < -12  # noise alone, to which chance may give a little signal
    assert means[-1] > SNR_RANGE_DB[1] - 3


@pytest.mark.parametrize("rate", RATES)
def test_received_and_filtered_agree(rate, waveforms_of):
    waveform, margin = waveforms_of("QPSK", 5.0, 24, rate=rate), int(12 * rate)
    inside = slice(margin, -margin)
    passed = filtered(waveform, pulse_taps(PULSE, rate))
    before = estimate(waveform[:, inside], "received", rate)
    after = estimate(passed[:, inside], "filtered", rate)
    assert abs(np.mean(before - after)) < 0.1
    assert np.std(before - after) < 0.8 * np.std(before)


@pytest.mark.parametrize("kind", ["received", "filtered"])
@pytest.mark.parametrize("rate", RATES)
def test_noise_alone_has_no_signal_and_as_much_chance_as_its_bins_leave(rate, kind, rng):
    """Bins of a periodogram are independent exponential numbers, spread a little by the taper.

    Output and floor are of bins of their own, or share those that the filter hardly passes.
    """
    samples, count = int(256 * rate), 400
    noise = noise_of(rng, count, samples, kind, rate, power=5.0)
    known = _spectral_weights(samples, PULSE, float(rate), kind == "filtered")
    found = _noise_floor_ratio_unclipped(noise, known)
    tapered = samples * np.sum(known.taper**4)  # over that of a taper that is none
    power = np.ones(samples)
    if kind == "filtered":
        power = np.square(np.abs(np.fft.fft(pulse_taps(PULSE, rate), samples)))
    chance = np.sum(np.square((known.filter_output - known.noise) * power)) * tapered
    expected = known.gain * np.sqrt(chance)
    assert abs(np.mean(found)) < 4 * expected / np.sqrt(count)
    assert np.std(found) == pytest.approx(expected, rel=0.15)


def _noise_floor_ratio_unclipped(noise, known):
    """Es/N0 of noise, which falls below zero as often as above, from that of it and its mirror."""
    scaled = noise * known.taper
    power = np.square(np.abs(np.fft.fft(scaled, axis=1)))
    output, floor = power @ known.filter_output, power @ known.noise
    positive = _noise_floor_ratio(noise, known)
    ratio = known.gain * (output - floor) / floor
    np.testing.assert_allclose(np.maximum(ratio, 0), positive, rtol=1e-9, atol=1e-12)
    return ratio


def test_a_high_snr_varies_as_the_floor_and_no_more_than_the_bins_allow(waveforms_of):
    """An MSK-like envelope is constant, so that the noise floor alone varies."""
    waveform = waveforms_of("GMSK", 15.0, 200, symbols=256)
    known = _spectral_weights(waveform.shape[1], PULSE, 8.0, False)
    tapered = waveform.shape[1] * np.sum(known.taper**4)
    expected_db = NEPER * np.sqrt(tapered / np.count_nonzero(known.noise))
    assert expected_db <= np.std(estimate(waveform, "received")) < 1.6 * expected_db


@pytest.mark.parametrize("kind", ["received", "filtered"])
def test_silence_and_a_noiseless_signal_are_at_the_ends(kind):
    silence = np.zeros((2, 1024), np.complex64)
    np.testing.assert_allclose(estimate(silence, kind), SNR_RANGE_DB[0])
    tone = np.exp(2j * np.pi * 0.01 * np.arange(1024))[None]
    np.testing.assert_allclose(estimate(tone, "received"), SNR_RANGE_DB[1])


def test_an_example_does_not_depend_on_its_batch(waveforms_of):
    waveform = waveforms_of("QPSK", 0.0, 70, symbols=64)
    together = estimate(waveform, "received")
    for row in (0, 63, 64, 69):
        np.testing.assert_array_equal(estimate(waveform[row], "received"), together[row])
    stacked = estimate(waveform.reshape(7, 10, -1), "received")
    np.testing.assert_array_equal(stacked, together.reshape(7, 10))


@pytest.mark.parametrize(
    ("pulse", "rate", "message"),
    [
        (Pulse("rectangular"), 8, "outside of its band, but a pulse rectangular"),
        (Pulse("gaussian"), 8, "a pulse gaussian"),
        (PULSE, 1.5, "at least 2 samples per symbol, got 1.5"),
        (Pulse(rolloff=1.0), 2, "at least 2.22 samples per symbol, got 2"),
    ],
)
def test_a_waveform_without_a_quiet_band_is_refused(pulse, rate, message):
    for make in (
        lambda: SnrEstimator(rate, pulse),
        lambda: estimate_snr_db(np.ones(999, np.complex64), samples_per_symbol=rate, pulse=pulse),
    ):
        with pytest.raises(RecipeError, match=message):
            make()


# symbols --------------------------------------------------------------------------------------


def symbols_of(name, snr_db, rng, count=200, length=1024):
    points = MODULATIONS[name].points
    points = np.asarray(points) / np.sqrt(np.mean(np.abs(points) ** 2))
    sent = rng.choice(points, size=(count, length))
    return sent + white_noise((count, length), 10 ** (-snr_db / 10), rng)


def kurtosis_of(name):
    power = np.abs(np.asarray(MODULATIONS[name].points)) ** 2
    return np.mean(power**2) / np.mean(power) ** 2


@pytest.mark.parametrize("snr_db", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("name", ["BPSK", "QPSK", "8PSK"])
def test_m2m4_varies_as_its_moments_do_and_above_the_cramer_rao_bound(name, snr_db, rng):
    """The bound of known symbols in complex noise is (2/ρ + 1)/K of ρ² (Pauluzzi, Beaulieu)."""
    found = m2m4_snr_db(symbols_of(name, snr_db, rng))
    bound_db = NEPER * np.sqrt((2 / 10 ** (snr_db / 10) + 1) / 1024)
    expected_db = spread_of_m2m4_db(10 ** (snr_db / 10), 1024)
    assert expected_db > bound_db
    assert abs(np.mean(found) - snr_db) < 4 * expected_db / np.sqrt(200)
    assert np.std(found) == pytest.approx(expected_db, rel=0.15)


def spread_of_m2m4_db(rho, length):
    """To first order in the two moments of a Rice amplitude, E|y|²ⁿ = n!·Lₙ(−ρ) in unit noise."""
    moment = [factorial(n) * eval_laguerre(n, -rho) for n in range(5)]
    linear, square = 2 * moment[1] ** 2 / rho - rho, -moment[1] / (2 * rho)
    variance = linear**2 * (moment[2] - moment[1] ** 2) + square**2 * (moment[4] - moment[2] ** 2)
    variance += 2 * linear * square * (moment[3] - moment[1] * moment[2])
    return NEPER * np.sqrt(variance / length) / rho


@pytest.mark.parametrize("name", ["16QAM", "64QAM", "16APSK"])
def test_m2m4_needs_the_kurtosis(name, rng):
    symbols = symbols_of(name, 8.0, rng)
    assert abs(np.mean(m2m4_snr_db(symbols, kurtosis_of(name))) - 8.0) < 0.2
    assert np.mean(m2m4_snr_db(symbols)) < 7.0  # taken for a constant modulus: estimated too low


def test_m2m4_ignores_gain_phase_and_order_and_stands_silence(rng):
    symbols = symbols_of("QPSK", 6.0, rng, count=3).astype(np.complex128)
    expected = estimate_snr_db(symbols)
    for factor in (1e-150, 1e150, 0.2j):
        np.testing.assert_allclose(estimate_snr_db(symbols * factor), expected, atol=1e-9)
    np.testing.assert_allclose(estimate_snr_db(symbols[:, ::-1]), expected, atol=1e-9)
    np.testing.assert_allclose(estimate_snr_db(np.zeros((2, 64), np.complex64)), SNR_RANGE_DB[0])
    np.testing.assert_allclose(estimate_snr_db(np.ones((2, 64), np.complex64)), SNR_RANGE_DB[1])


@pytest.mark.parametrize("kurtosis", [0.9, 2.0, float("nan")])
def test_a_kurtosis_that_noise_has_itself_is_refused(kurtosis):
    with pytest.raises(ShapeError, match=r"kurtosis of a constellation must lie in \[1, 2\)"):
        m2m4_snr_db(np.ones(64, np.complex64), kurtosis)


# what travels -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator", [SnrEstimator(), SnrEstimator(8.0, PULSE), SnrEstimator(2.5, Pulse("rc"), True)]
)
def test_an_estimator_reads_back_from_its_card(estimator):
    assert snr_estimator_from_card(json.loads(json.dumps(asdict(estimator)))) == estimator


def test_an_estimator_is_the_public_function(waveforms_of):
    waveform = waveforms_of("QPSK", 3.0, 2, kind="filtered")
    expected = estimate_snr_db(waveform, samples_per_symbol=8, pulse=PULSE, filtered=True)
    np.testing.assert_array_equal(SnrEstimator(8.0, PULSE, True)(waveform), expected)
    assert np.any(SnrEstimator(8.0, PULSE, False)(waveform) != expected)


def test_what_cannot_be_estimated_is_refused():
    with pytest.raises(ArtefactError, match="does not read"):
        snr_estimator_from_card({"pulse": None, "colour": 3})
    with pytest.raises(RecipeError, match="cannot be estimated without its pulse"):
        SnrEstimator(8.0)
    with pytest.raises(ShapeError, match="at least 16 symbols, 128 samples, got 100"):
        estimate(np.ones((2, 100), np.complex64), "received")
    with pytest.raises(ShapeError, match="must be complex"):
        estimate_snr_db(np.ones((2, 100)))
