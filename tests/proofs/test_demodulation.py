"""Error rates of `demodulate` in white noise against the closed forms of textbooks."""

import math

import numpy as np
import pytest
from error_theory import psk, rails
from pulse_shaping import shape_symbols
from scipy.stats import binom, norm

from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.channel import awgn
from rfmae.signal.demodulate import demodulate
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.ofdm import modulate_subcarriers
from rfmae.signal.pulses import Pulse
from rfmae.units import noise_power_per_sample

PULSE, RATE, SYMBOLS, GUARD = Pulse(), 4, 40_000, 12
CONFIDENCE = 1 - 1e-5  # of an interval of the number of errors

SYMBOL_ERRORS = {
    "OOK": (12.0, lambda snr: rails(1, 2, True, snr)),
    "4ASK": (18.0, lambda snr: rails(1, 4, True, snr)),
    "4PAM": (14.0, lambda snr: rails(1, 4, False, snr)),
    "BPSK": (6.0, lambda snr: rails(1, 2, False, snr)),
    "π/2-BPSK": (6.0, lambda snr: rails(1, 2, False, snr)),
    "QPSK": (9.0, lambda snr: rails(2, 2, False, snr)),
    "OQPSK": (9.0, lambda snr: rails(2, 2, False, snr)),
    "8PSK": (14.0, lambda snr: psk(8, snr)),
    "16QAM": (16.0, lambda snr: rails(2, 4, False, snr)),
    "64QAM": (22.0, lambda snr: rails(2, 8, False, snr)),
}
"""Es/N0 in dB at which errors are rare, and the symbol error rate there."""


def demodulated(name, es_n0_db, rng):
    """Bits sent and bits found (K, bits per symbol) over a noisy waveform."""
    modulation = MODULATIONS[name]
    bits = random_bits(SYMBOLS * modulation.bits_per_symbol, rng)[None]
    symbols = map_symbols(bits_to_indices(bits, modulation.bits_per_symbol), modulation)
    offset, mean_power = modulation.family == "offset", modulation.carrier_power
    waveform = shape_symbols(symbols, PULSE, RATE, offset=offset, mean_power=mean_power)
    noisy = awgn(waveform, noise_power_per_sample(es_n0_db, "symbol", RATE), rng)
    found = demodulate(noisy, name, samples_per_symbol=RATE)
    shape = (SYMBOLS, modulation.bits_per_symbol)
    return (some.reshape(shape)[GUARD:-GUARD] for some in (bits, found))


def assert_binomial(errors, trials, rate):
    low, high = binom.interval(CONFIDENCE, trials, rate)
    assert low <= errors <= high, (errors, low, high)


@pytest.mark.parametrize("name", SYMBOL_ERRORS)
def test_symbol_errors_of_a_waveform_are_those_of_theory(name, rng):
    es_n0_db, theory = SYMBOL_ERRORS[name]
    sent, found = demodulated(name, es_n0_db, rng)
    wrong = (sent != found).any(axis=1)
    assert_binomial(np.count_nonzero(wrong), len(wrong), theory(es_n0_db))


@pytest.mark.parametrize(("name", "bits"), [("BPSK", 1), ("QPSK", 2), ("OQPSK", 2)])
def test_bit_errors_are_q_of_the_root_of_twice_eb_n0(name, bits, rng):
    es_n0_db = 7.0
    sent, found = demodulated(name, es_n0_db, rng)
    expected = norm.sf(math.sqrt(2 * 10 ** (es_n0_db / 10) / bits))
    assert_binomial(np.count_nonzero(sent != found), sent.size, expected)


def test_sub_carriers_have_the_symbol_errors_of_their_alphabet(rng):
    modulation, es_n0_db, blocks = MODULATIONS["OFDM-16QAM"], 16.0, 800
    settings = modulation.settings
    bits = random_bits(blocks * settings.active * modulation.bits_per_symbol, rng)
    indices = bits_to_indices(bits, modulation.bits_per_symbol)
    points = modulation.alphabet[indices].reshape(1, blocks, settings.active)
    waveform = modulate_subcarriers(points, settings.fft_size, settings.cyclic_prefix, 1)
    # the transform spreads a sub-carrier's power over fft_size samples
    noise_power = settings.fft_size / settings.active / 10 ** (es_n0_db / 10)
    found = demodulate(awgn(waveform, noise_power, rng), "OFDM-16QAM", samples_per_symbol=1)
    wrong = (found.reshape(-1, 4) != bits.reshape(-1, 4)).any(axis=1)
    assert_binomial(np.count_nonzero(wrong), len(wrong), rails(2, 4, False, es_n0_db))
