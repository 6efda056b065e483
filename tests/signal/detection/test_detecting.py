"""Bursts are found where they are, and not where there is nothing."""

from dataclasses import replace

import numpy as np
import pytest
from detection_signals import coloured, fsk, mode_s, noise, qpsk
from scipy.stats import binom

from rfmae.errors import ShapeError
from rfmae.signal.detection import Burst, DetectionOptions, detect

COLOURS = {
    "white": lambda f: np.ones_like(f),
    "AR(1) 0.5": lambda f: 1 / np.abs(1 - 0.5 * np.exp(-2j * np.pi * f)),
    "low-pass of 80 %": lambda f: np.where(np.abs(f) < 0.4, 1, 0.03),
    "slope of 10 dB": lambda f: 10 ** ((f + 0.5) * 10 / 20),
}


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("count", [1024, 8192])
def test_false_alarms_of_noise_keep_their_rate(rng, colour, count):
    rate, trials = 0.1, 25
    options = DetectionOptions(false_alarm_rate=rate)
    alarms = sum(
        bool(detect(coloured(rng, count, COLOURS[colour]), options=options)) for _ in range(trials)
    )
    assert alarms <= binom.ppf(0.9999, trials, rate)


@pytest.mark.slow
@pytest.mark.parametrize("colour", COLOURS)
def test_false_alarms_of_long_noise_keep_their_rate(rng, colour):
    rate, trials = 0.1, 150
    options = DetectionOptions(false_alarm_rate=rate)
    alarms = sum(
        bool(detect(coloured(rng, 2**16, COLOURS[colour]), options=options)) for _ in range(trials)
    )
    assert alarms <= binom.ppf(0.9999, trials, rate)


def test_a_higher_false_alarm_rate_has_more_false_alarms(rng):
    recordings = [noise(rng, 1024) for _ in range(60)]
    few, many = (
        sum(bool(detect(iq, options=DetectionOptions(rate))) for iq in recordings)
        for rate in (1e-3, 0.99)
    )
    assert few <= 1 < many


def test_detection_grows_with_the_snr(rng):
    def found(snr_db):
        hits = 0
        for _ in range(6):
            iq = noise(rng, 16384)
            iq[4000:8000] += qpsk(rng, 4000, 16, 0.2, 10 ** (snr_db / 10) / 16).astype(np.complex64)
            hits += any(b.start < 6000 < b.stop and 0.1 < b.centre < 0.3 for b in detect(iq))
        return hits

    hits = [found(snr_db) for snr_db in (-12, -4, 3, 10)]
    assert hits == sorted(hits) and hits[0] <= 1 and hits[-1] == 6


@pytest.mark.parametrize("samples_per_symbol", [6, 12, 40])
def test_edges_and_snr_of_a_burst(rng, samples_per_symbol):
    iq = noise(rng, 65536, 0.1)
    iq[20000:45000] += qpsk(rng, 25000, samples_per_symbol, -0.2).astype(np.complex64)
    (burst,) = detect(iq)
    slack = 10 * samples_per_symbol
    assert abs(burst.start - 20000) < slack and abs(burst.stop - 45000) < slack
    assert abs(burst.centre + 0.2) < 0.05 / samples_per_symbol
    assert 0.95 < burst.occupied * samples_per_symbol < 1.45
    within = 10 * np.log10(1 / 0.1 / burst.occupied)
    assert abs(burst.snr_db - within) < 1
    assert burst.drift == 0 and not burst.whole_band


def test_emitters_side_by_side_are_several(rng):
    iq = noise(rng, 131072, 0.09)
    for frequency in (0.1, 0.2, 0.3):
        iq += qpsk(rng, len(iq), 16, frequency, 0.09).astype(np.complex64)
    centres = sorted(burst.centre for burst in detect(iq))
    np.testing.assert_allclose(centres, [0.1, 0.2, 0.3], atol=0.005)


def test_each_hop_is_one(rng):
    iq, frequencies = noise(rng, 131072), rng.uniform(-0.45, 0.45, 10)
    for k, frequency in enumerate(frequencies):
        iq[5000 + k * 12000 :][:8000] += np.exp(2j * np.pi * frequency * np.arange(8000))
    bursts = detect(iq)
    assert len(bursts) == 10
    np.testing.assert_allclose([b.centre for b in bursts], frequencies, atol=0.003)
    assert all(abs(b.start - 5000 - k * 12000) < 200 for k, b in enumerate(bursts))


@pytest.mark.parametrize("drift", [2e-6, -1e-6])
def test_a_carrier_that_drifts_is_one(rng, drift):
    t = np.arange(60000)
    iq = noise(rng, 100000)
    iq[20000:80000] += 0.7 * np.exp(2j * np.pi * (0.05 * t + drift / 2 * t**2))
    (burst,) = detect(iq)
    assert burst.drift == pytest.approx(drift, rel=0.05)
    assert abs(burst.centre - (0.05 + drift * 30000)) < 0.002
    assert burst.occupied < 0.005 and abs(burst.start - 20000) < 600


@pytest.mark.parametrize("deviations", [(-0.02, 0.02), (-0.06, -0.02, 0.02, 0.06)])
def test_the_tones_of_fsk_are_one(rng, deviations):
    iq = noise(rng, 131072, 0.3)
    iq[30000:80000] += fsk(rng, 50000, 100, deviations).astype(np.complex64)
    (burst,) = detect(iq)
    assert abs(burst.low - deviations[0]) < 0.02 and abs(burst.high - deviations[-1]) < 0.02


def test_a_rise_of_the_noise_is_no_burst(rng):
    iq = noise(rng, 2**17)
    for start in range(10000, 120000, 20000):
        iq[start : start + 8000] *= 10 ** (2 / 20)
    assert detect(iq) == ()


def test_impulses_of_a_machine_are_no_bursts(rng):
    iq = noise(rng, 2**17)
    for start in range(500, 2**17 - 500, 700):
        iq[start : start + 20] += 3 * noise(rng, 20)
    iq[60000:80000] += qpsk(rng, 20000, 12, 0.1, 3.0).astype(np.complex64)
    (burst,) = [burst for burst in detect(iq) if burst.snr_db > 0]
    assert abs(burst.start - 60000) < 300 and abs(burst.stop - 80000) < 300


def test_a_line_in_the_pauses_joins_no_bursts(rng):
    starts = [8000, 50000, 90000]
    iq = noise(rng, 120000, 1e-4) + np.complex64(0.04)
    for start in starts:
        iq[start : start + 12000] += qpsk(rng, 12000, 8).astype(np.complex64)
    wide = [burst for burst in detect(iq) if burst.occupied > 0.1]
    np.testing.assert_allclose([burst.start for burst in wide], starts, atol=150)
    np.testing.assert_allclose([burst.length for burst in wide], 12000, atol=200)


@pytest.mark.parametrize("samples_per_symbol", [20, 200])
def test_runs_of_zeros_divide_no_keying(rng, samples_per_symbol):
    bits = rng.integers(0, 2, 100000 // samples_per_symbol)
    bits[-1], bits[len(bits) // 2 :][:30] = 1, 0
    wave = bits.repeat(samples_per_symbol) * np.exp(0.6j * np.arange(100000))
    iq = noise(rng, 150000, 0.03)
    iq[20000:120000] += wave.astype(np.complex64)
    burst = max(detect(iq), key=lambda burst: burst.snr_db)
    assert abs(burst.stop - 120000) < 5 * samples_per_symbol
    assert burst.length > 100000 - 10 * samples_per_symbol


def test_short_bursts_of_the_whole_band(rng):
    iq, starts = noise(rng, 131072, 0.01), 1000 + 2100 * np.arange(60)
    for start in starts:
        iq[start : start + 240] += mode_s(rng) * np.exp(2j * np.pi * rng.uniform())
    bursts = detect(iq)
    times = np.array([b.start for b in bursts])
    assert all(np.min(np.abs(times - start)) < 16 for start in starts)
    assert len(bursts) <= 66


def test_a_signal_of_three_quarters_of_the_band_that_is_always_on(rng):
    wide = np.fft.fftshift(np.fft.fft(qpsk(rng, 65536, 2)))
    kept = np.fft.ifft(np.fft.ifftshift(wide[4096:-4096])) * 57344 / 65536
    iq = (kept + noise(rng, len(kept), 0.02)).astype(np.complex64)
    (burst,) = detect(iq)
    assert burst.length > 57000 and 0.55 < burst.occupied < 0.8 and not burst.whole_band


@pytest.mark.parametrize("points", [[1, -1], [1, 1j, -1, -1j], [0, 1]])
def test_symbols_fill_the_whole_band(rng, points):
    iq = rng.choice(points, 4096) + noise(rng, 4096, 0.05)
    (burst,) = detect(iq)
    assert burst.whole_band and burst.snr_db == np.inf
    assert (burst.start, burst.stop) == (0, 4096)
    assert detect(iq, options=DetectionOptions(needs_floor=True)) == () or points == [0, 1]


def burst_in_noise(rng):
    iq = noise(rng, 65536)
    iq[20000:40000] += qpsk(rng, 20000, 12, 0.1, 3.0).astype(np.complex64)
    return iq


@pytest.mark.parametrize("shift", [0.25, 0.3712890625, -0.125])
def test_a_shift_in_frequency_moves_the_band(rng, shift):
    iq = burst_in_noise(rng)
    (still,) = detect(iq)
    (moved,) = detect(iq * np.exp(2j * np.pi * shift * np.arange(len(iq))))
    apart = (moved.centre - still.centre - shift + 0.5) % 1 - 0.5
    assert abs(apart) < 0.003 and abs(moved.start - still.start) < 100


@pytest.mark.parametrize("gain", [1e-3, 700.0, 1j])
def test_the_gain_changes_nothing(rng, gain):
    iq = burst_in_noise(rng)
    (one,), (other,) = detect(iq), detect(iq * gain)
    assert one.start == other.start and one.low == pytest.approx(other.low, abs=1e-4)
    assert one.snr_db == pytest.approx(other.snr_db, abs=0.01)


def test_the_conjugate_has_the_mirrored_band(rng):
    iq = burst_in_noise(rng)
    (one,), (other,) = detect(iq), detect(iq.conj())
    assert one.low == pytest.approx(-other.high, abs=0.003)
    assert abs(one.start - other.start) < 50


def test_only_what_is_live_is_searched(rng):
    iq = burst_in_noise(rng)
    assert detect(iq, [range(19000), range(41000, 65536)]) == ()
    (burst,) = detect(iq, [range(10000, 50000)])
    assert abs(burst.start - 20000) < 200


def test_nothing_is_found_in_nothing():
    assert detect(np.zeros(5000)) == () and detect(np.zeros(0)) == ()


@pytest.mark.parametrize("iq", [np.zeros((2, 8)), np.array([np.nan] * 500)])
def test_other_samples_are_refused(iq):
    with pytest.raises(ShapeError, match="must be finite samples"):
        detect(iq)


@pytest.mark.parametrize("wrong", [{"stop": 5}, {"low": 0.3}, {"high": 1.5}])
def test_bursts_and_options_are_checked(wrong):
    with pytest.raises(ShapeError):
        replace(Burst(10, 20, 0.1, 0.2, 3.0), **wrong)
    with pytest.raises(ShapeError):
        DetectionOptions(false_alarm_rate=0.0)
