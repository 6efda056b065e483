"""Demodulation returns the transmitted bits of every digital modulation."""

import doctest
import math
from dataclasses import replace

import numpy as np
import pytest
from pulse_shaping import shape_symbols

from rfmae.errors import RecipeError, ShapeError
from rfmae.signal import demodulate as module
from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.demodulate import demodulate
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.ofdm import modulate_subcarriers
from rfmae.signal.pulses import Pulse
from rfmae.signal.settings import Subcarriers

DIGITAL = [row for row in MODULATIONS.values() if row.is_digital]
POINTED = [row for row in DIGITAL if row.points]
LINEAR = [row for row in POINTED if row.family != "ofdm"]
PHASE = [row for row in DIGITAL if row.family == "phase"]
OFDM = [row for row in DIGITAL if row.family == "ofdm"]
ROWS, SYMBOLS, GUARD = 2, 324, 12


def sent_by(modulation, rng, symbols=SYMBOLS):
    """Bits (ROWS, K·bits) and their symbol indices (ROWS, K)."""
    bits = random_bits(ROWS * symbols * modulation.bits_per_symbol, rng).reshape(ROWS, -1)
    return bits, bits_to_indices(bits, modulation.bits_per_symbol)


# --- laws


@pytest.mark.parametrize("modulation", POINTED, ids=str)
def test_symbols_return_their_bits(modulation, rng):
    bits, indices = sent_by(modulation, rng)
    found = demodulate(map_symbols(indices, modulation), modulation.name)
    assert found.dtype == np.uint8
    assert np.array_equal(found, bits)


@pytest.mark.parametrize("rate", [2, 4, 2.5])
@pytest.mark.parametrize("shape", ["rrc", "rectangular"])
@pytest.mark.parametrize("modulation", LINEAR, ids=str)
def test_a_linear_waveform_returns_its_bits(modulation, shape, rate, rng):
    pulse, mean_power = Pulse(shape), modulation.carrier_power
    if modulation.family == "offset" and shape == "rectangular" and rate % 2:
        pytest.skip("half a symbol of a rectangular pulse is no whole number of samples")
    bits, indices = sent_by(modulation, rng)
    offset = modulation.family == "offset"
    waveform = shape_symbols(
        map_symbols(indices, modulation), pulse, rate, offset=offset, mean_power=mean_power
    )
    found = demodulate(waveform, modulation.name, samples_per_symbol=rate, pulse=pulse)
    assert found.shape == bits.shape
    # the ends lack their neighbours, or a part of their own pulse
    inner = slice(GUARD * modulation.bits_per_symbol, -GUARD * modulation.bits_per_symbol)
    assert np.array_equal(found[:, inner], bits[:, inner])


@pytest.mark.parametrize("times", [1, 2, 5])
@pytest.mark.parametrize("modulation", PHASE, ids=str)
def test_a_continuous_phase_returns_its_bits_but_for_the_last_symbol(modulation, times, rng):
    rate = times * math.ceil(modulation.least_samples_per_symbol)
    bits, indices = sent_by(modulation, rng)
    waveform = modulate_phase(indices, modulation, rate)
    found = demodulate(waveform, modulation.name, samples_per_symbol=rate)
    assert np.array_equal(found, bits[:, : -modulation.bits_per_symbol])


@pytest.mark.parametrize("rate", [1, 2, 2.5])
@pytest.mark.parametrize("settings", [Subcarriers(), Subcarriers(32, 20, 8)], ids=["64", "32"])
@pytest.mark.parametrize("modulation", OFDM, ids=str)
def test_sub_carriers_return_their_bits(modulation, settings, rate, rng):
    bits, indices = sent_by(modulation, rng, symbols=5 * settings.active)
    points = map_symbols(indices, modulation).reshape(ROWS, 5, settings.active)
    waveform = modulate_subcarriers(points, settings.fft_size, settings.cyclic_prefix, rate)
    chosen = replace(modulation, settings=settings)
    assert np.array_equal(demodulate(waveform, chosen, samples_per_symbol=rate), bits)


def test_the_example_of_the_docstring_holds():
    assert doctest.testmod(module).failed == 0


# --- errors


@pytest.mark.parametrize("name", ["WBFM", "AM-DSB-SC", "NOISE"])
def test_a_modulation_without_bits_is_refused(name):
    with pytest.raises(RecipeError, match=f"{name} carries no bits; name a digital modulation"):
        demodulate(np.ones((1, 8), np.complex64), name)


def test_an_unknown_name_is_refused():
    with pytest.raises(RecipeError, match="unknown modulation"):
        demodulate(np.ones((1, 8), np.complex64), "7QAM")


@pytest.mark.parametrize(
    "iq", [np.ones(8, np.complex64), np.ones((1, 8), np.float32), np.ones((1, 0), np.complex64)]
)
def test_iq_of_another_shape_is_refused(iq):
    with pytest.raises(ShapeError, match=r"iq must be complex of shape \(N, T\)"):
        demodulate(iq, "QPSK")


def test_a_continuous_phase_needs_its_waveform_at_a_whole_rate():
    iq = np.ones((1, 80), np.complex64)
    with pytest.raises(RecipeError, match="from its waveform; name its samples_per_symbol"):
        demodulate(iq, "GMSK")
    for name, rate, least in (("GMSK", 2.5, 2), ("GMSK", 1, 2), ("8FSK", 7, 8)):
        with pytest.raises(RecipeError, match=f"whole number .* at least {least}, got {rate:g}"):
            demodulate(iq, name, samples_per_symbol=rate)


def test_a_part_of_an_ofdm_block_is_refused():
    with pytest.raises(ShapeError, match="whole blocks of 80 samples, got 81"):
        demodulate(np.ones((1, 81), np.complex64), "OFDM-QPSK", samples_per_symbol=1)
