"""The transmitter: waveforms of random bits or an analog message, for all modulations."""

import math
from fractions import Fraction

import numpy as np

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.signal.analog import (
    double_sideband_carrier,
    double_sideband_suppressed,
    frequency_modulate,
    single_sideband,
    single_sideband_carrier,
    speech_like,
)
from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.impairments import Streams
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import Modulation
from rfmae.signal.ofdm import modulate_subcarriers
from rfmae.signal.polyphase import guard_of, shape_valid
from rfmae.signal.pulses import Pulse
from rfmae.signal.settings import Analog, Subcarriers

_SIDEBANDS = ("upper-sideband", "lower-sideband")
_SIDEBAND_MARGIN = 32  # periods of the message's band edge


def transmit(
    modulation: Modulation,
    pulse: Pulse,
    rate: Fraction,
    samples: int,
    count: int,
    streams: Streams,
) -> ComplexArray:
    """Waveforms (count, samples) of unit mean power in the ensemble; sample 0 is a symbol instant.

    `rate` is the samples per symbol. Linear modulations take the pulse; the others have their own
    spectrum, in units of the same symbol rate. With equal seeds the first examples are the same
    for any count.
    """
    if rate < modulation.least_samples_per_symbol:
        raise RecipeError(
            f"{modulation} needs at least {modulation.least_samples_per_symbol:g} samples per "
            f"symbol, got {float(rate):g}"
        )
    if modulation.family == "noise":
        return np.zeros((count, samples), np.complex64)
    if isinstance(modulation.settings, Analog):
        return _analog(modulation.settings, rate, samples, count, streams)
    if isinstance(modulation.settings, Subcarriers):
        return _ofdm(modulation, rate, samples, count, streams)
    if modulation.family == "phase":
        return _continuous_phase(modulation, rate, samples, count, streams)
    pulse.check_rate(rate)
    symbols = math.ceil(samples / rate) + 2 * pulse.reach_symbols
    points = map_symbols(_random_indices(modulation, count, symbols, streams), modulation)
    offset = modulation.family == "offset"
    return shape_valid(
        points, pulse, rate, samples, offset=offset, mean_power=modulation.carrier_power
    )


def _random_indices(modulation: Modulation, count: int, symbols: int, streams: Streams) -> IntArray:
    bits = random_bits(count * symbols * modulation.bits_per_symbol, streams("bits"))
    return bits_to_indices(bits.reshape(count, -1), modulation.bits_per_symbol)


def _continuous_phase(
    modulation: Modulation, rate: Fraction, samples: int, count: int, streams: Streams
) -> ComplexArray:
    lead = guard_of(modulation.continuous_phase.pulse_symbols, rate)
    symbols = math.ceil(samples / rate) + lead + modulation.continuous_phase.pulse_symbols
    indices = _random_indices(modulation, count, symbols, streams)
    first = int(lead * rate)
    return modulate_phase(indices, modulation, rate)[:, first : first + samples]


def _ofdm(
    modulation: Modulation, rate: Fraction, samples: int, count: int, streams: Streams
) -> ComplexArray:
    """Consecutive OFDM symbols, cut at a random instant, as their timing is unknown."""
    settings = modulation.settings
    assert isinstance(settings, Subcarriers)
    chips = settings.fft_size + settings.cyclic_prefix
    blocks = math.ceil(samples / (chips * rate)) + 1
    indices = _random_indices(modulation, count, blocks * settings.active, streams)
    points = modulation.alphabet.take(indices).reshape(count, blocks, settings.active)
    waveform = modulate_subcarriers(points, settings.fft_size, settings.cyclic_prefix, rate)
    latest = waveform.shape[1] - samples + 1
    starts = (streams("ofdm start").random(count) * latest).astype(int)
    return np.take_along_axis(waveform, starts[:, None] + np.arange(samples), axis=1)


def _analog(
    settings: Analog, rate: Fraction, samples: int, count: int, streams: Streams
) -> ComplexArray:
    bandwidth = settings.bandwidth_per_symbol / float(rate)
    # a sideband is made by a transform with the frame as its period: its ends are cut off
    margin = math.ceil(_SIDEBAND_MARGIN / bandwidth) if settings.kind in _SIDEBANDS else 0
    message = speech_like(count, samples + 2 * margin, bandwidth, streams("message"))
    return _modulated(settings, message, bandwidth)[:, margin : margin + samples]


def _modulated(settings: Analog, message: FloatArray, bandwidth: float) -> ComplexArray:
    index = settings.modulation_index
    if settings.kind == "frequency":
        return frequency_modulate(message, index * bandwidth)
    if settings.kind == "double-sideband":
        if index:
            return double_sideband_carrier(message, index)
        return double_sideband_suppressed(message)
    upper = settings.kind == "upper-sideband"
    if index:
        return single_sideband_carrier(message, index, upper=upper)
    return single_sideband(message, upper=upper)
