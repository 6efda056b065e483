"""Symbols at their instants and upright: timing that drifts, carriers that walk, fading."""

import numpy as np
import pytest
from linear_waveforms import error_vector, linear_waveform

from rfmae.signal.blind.synchronising import (
    carrier_line,
    symbol_samples,
    von_neumann_ratio,
    without_carrier,
)
from rfmae.signal.modulations import find_modulation

POWERS = {"OOK": 1, "BPSK": 2, "4PAM": 2, "QPSK": 4, "16QAM": 4, "64QAM": 4, "8PSK": 8}


def symbols_of(rng, name, count, snr_db=20.0):
    alphabet = find_modulation(name).alphabet
    noise = rng.normal(size=(2, count)) * np.sqrt(10 ** (-snr_db / 10) / 2)
    return alphabet[rng.integers(0, len(alphabet), count)] + noise[0] + 1j * noise[1]


@pytest.mark.parametrize(("name", "power"), POWERS.items())
def test_the_sharpest_power_tells_the_carrier(rng, name, power):
    apart = []
    for _ in range(10):
        turns = rng.uniform(-0.4, 0.4) / power
        symbols = symbols_of(rng, name, 2048) * np.exp(2j * np.pi * turns * np.arange(2048))
        line = carrier_line(symbols)
        assert line.power == power
        apart.append((line.turns_per_symbol - turns) / line.standard_error)
    assert np.max(np.abs(apart)) < 4.5


def test_noise_has_no_carrier(rng):
    for _ in range(10):
        assert carrier_line(rng.normal(size=1024) + 1j * rng.normal(size=1024)) is None


def test_symbols_are_taken_at_their_instants(rng):
    for delay in (0.0, 0.3, 0.5, 0.9):
        waveform, sent = linear_waveform(rng, "16QAM", 3.7, delay=delay)
        assert error_vector(symbol_samples(waveform, 1 / 3.7, 0.0, 0.35, 1e4), sent) < 0.02


@pytest.mark.parametrize("ppm", [-100, 100])
def test_a_clock_that_is_off_by_100_ppm_is_followed_over_50_000_symbols(rng, ppm):
    waveform, sent = linear_waveform(rng, "QPSK", 2.5, symbols=50_000, snr_db=30)
    found = symbol_samples(waveform, (1 + ppm * 1e-6) / 2.5, 0.0, 0.35, 1e5)
    assert abs(len(found) - 50_000) <= 2
    tail = found[-2000:]
    assert error_vector(tail, sent[len(found) - 2000 :]) < 0.05


def test_a_carrier_that_walks_and_a_level_that_fades_are_followed(rng):
    count = 4096
    sent = symbols_of(rng, "BPSK", count, snr_db=300)
    t = np.linspace(-1, 1, count)
    noisy = sent * (1 + 0.3 * t) * np.exp(2j * np.pi * 0.2 * t**2)
    noisy = noisy + 0.05 * (rng.normal(size=count) + 1j * rng.normal(size=count))
    upright = without_carrier(noisy.astype(np.complex64), carrier_line(noisy))
    assert error_vector(upright, np.concatenate([sent, sent[:8]])) < 0.12


@pytest.mark.parametrize("name", ["64QAM", "16QAM"])
def test_symbols_that_neither_walk_nor_fade_are_left_alone(rng, name):
    sent = symbols_of(rng, name, 4000, snr_db=300)
    upright = without_carrier(sent.astype(np.complex64), carrier_line(sent))
    assert error_vector(upright, np.concatenate([sent, sent[:8]])) < 0.02


def test_von_neumanns_ratio_is_two_for_independent_values_and_small_for_a_walk(rng):
    assert von_neumann_ratio(rng.normal(size=10_000)) == pytest.approx(2, abs=0.1)
    assert von_neumann_ratio(np.cumsum(rng.normal(size=1000))) < 0.1
