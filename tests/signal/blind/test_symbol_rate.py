"""The line at the symbol rate: over modulations, rates, roll-offs and SNRs, and in noise alone."""

import numpy as np
import pytest
from linear_waveforms import linear_waveform
from scipy.stats import binom

from rfmae.signal.blind.lines import FALSE_ALARM_RATE
from rfmae.signal.blind.symbol_rate import band_of, symbol_rate_line

NAMES = ("BPSK", "QPSK", "8PSK", "16QAM", "64QAM", "4PAM", "OOK")
COLOURS = {
    "white": np.ones(1),
    "short": np.hanning(9)[1:-1],
    "low-pass": 0.8 ** np.arange(40),
    "high-pass": (-0.7) ** np.arange(40),
}


def coloured(rng, taps, count):
    white = rng.normal(size=count) + 1j * rng.normal(size=count)
    return np.convolve(white, taps, "same").astype(np.complex64)


def apart(rng, count):
    """Errors of so many random signals in standard errors; nan where no line is found."""
    found = []
    for _ in range(count):
        rate = rng.uniform(2.5, 12)
        waveform, _ = linear_waveform(
            rng,
            str(rng.choice(NAMES)),
            rate,
            roll_off=rng.uniform(0.2, 0.5),
            symbols=1024,
            snr_db=rng.uniform(5, 25),
            carrier=rng.uniform(-0.02, 0.02),
        )
        line = symbol_rate_line(waveform)
        error = (line.frequency - 1 / rate) / line.standard_error
        found.append(error if line.found else np.nan)
    return np.array(found)


def check(errors):
    held = errors[~np.isnan(errors)]
    assert len(held) >= 0.9 * len(errors)
    inside = int((np.abs(held) < 2).sum())
    low, high = binom.ppf(1e-4, len(held), 0.93), binom.ppf(1 - 1e-4, len(held), 0.98)
    assert low <= inside <= high


def test_the_symbol_rate_lies_within_its_error(rng):
    check(apart(rng, 40))


@pytest.mark.slow
def test_the_symbol_rate_of_two_hundred_signals_lies_within_its_error(rng):
    check(apart(rng, 200))


@pytest.mark.parametrize("rate", [1.6, 2.0, 20.0])
def test_extreme_rates_are_found_without_an_alias(rng, rate):
    waveform, _ = linear_waveform(rng, "QPSK", rate, symbols=2000, snr_db=20)
    line = symbol_rate_line(waveform)
    assert line.found
    assert line.frequency == pytest.approx(1 / rate, rel=1e-4)


@pytest.mark.parametrize("taps", COLOURS.values(), ids=COLOURS)
def test_noise_has_no_symbol_rate(rng, taps):
    found = sum(symbol_rate_line(coloured(rng, taps, 2000)).found for _ in range(50))
    assert found <= binom.ppf(0.9999, 50, FALSE_ALARM_RATE)


@pytest.mark.slow
@pytest.mark.parametrize("taps", COLOURS.values(), ids=COLOURS)
def test_noise_has_a_symbol_rate_as_seldom_as_is_stated(rng, taps):
    found = sum(symbol_rate_line(coloured(rng, taps, 2000)).found for _ in range(1000))
    assert found <= binom.ppf(0.999, 1000, FALSE_ALARM_RATE)


def test_a_rate_that_is_told_is_searched_near(rng):
    waveform, _ = linear_waveform(rng, "QPSK", 4.0, snr_db=20)
    assert symbol_rate_line(waveform, 0.2501).frequency == pytest.approx(0.25, rel=1e-4)
    assert not symbol_rate_line(waveform, 0.3).found


def test_the_band_is_where_the_signal_is(rng):
    waveform, _ = linear_waveform(rng, "QPSK", 8.0, snr_db=20, carrier=0.25)
    occupied = band_of(waveform).occupied
    places = np.flatnonzero(occupied) / len(occupied)
    assert 0.15 < places.min() < 0.22 and 0.28 < places.max() < 0.35
    flat = [band_of(coloured(rng, np.ones(1), 4000)).occupied.all() for _ in range(20)]
    assert np.mean(flat) >= 0.9  # no band stands out
