"""Transmit, channel, receive: the observed symbols of a link and their clean twin."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.bits import bits_to_indices, random_bits
from rfmae.signal.channel import rotate, white_noise
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.linear import map_symbols, shape_symbols
from rfmae.signal.modulations import Modulation
from rfmae.signal.pulses import root_raised_cosine
from rfmae.signal.receiver import matched_filter, unit_power
from rfmae.units import SnrReference, noise_power_per_sample


@dataclass(frozen=True, slots=True)
class Link:
    """The settings that every example of a data set shares."""

    symbols_per_example: int
    samples_per_symbol: int
    rolloff: float
    span_symbols: int
    snr_reference: SnrReference
    phase_offset: Literal["none", "uniform"]

    @property
    def taps(self) -> FloatArray:
        return root_raised_cosine(self.rolloff, self.samples_per_symbol, self.span_symbols)

    @property
    def guard_symbols(self) -> int:
        """Symbols sent before and after an example, so that its edges have neighbours."""
        return self.span_symbols


def transmit(
    modulation: Modulation, link: Link, rngs: Sequence[np.random.Generator]
) -> ComplexArray:
    """Waveforms of random bits with their guard symbols, unit mean power, one per generator."""
    symbols = link.symbols_per_example + 2 * link.guard_symbols
    bits = np.stack([random_bits(symbols * modulation.bits_per_symbol, rng) for rng in rngs])
    indices = bits_to_indices(bits, modulation.bits_per_symbol)
    if modulation.family == "phase":
        return modulate_phase(indices, modulation, link.samples_per_symbol)
    return shape_symbols(
        map_symbols(indices, modulation),
        link.taps,
        link.samples_per_symbol,
        offset=modulation.family == "offset",
    )


def receive(waveform: ComplexArray, link: Link) -> ComplexArray:
    """Observed symbols of unit mean power: matched filter, guard removed, gain set.

    Every modulation meets the same filter: a receiver does not know yet what it receives.
    """
    symbols = matched_filter(waveform, link.taps, link.samples_per_symbol)
    kept = symbols[..., link.guard_symbols : link.guard_symbols + link.symbols_per_example]
    return unit_power(kept)


def observe(
    modulation: Modulation, snr_db: float, link: Link, rngs: Sequence[np.random.Generator]
) -> tuple[ComplexArray, ComplexArray]:
    """Observed symbols and their clean twin, each (N, symbols_per_example), one per generator.

    The clean twin has the same bits, pulse, carrier phase and receiver, but no noise.
    """
    waveform = transmit(modulation, link, rngs)
    if link.phase_offset == "uniform":
        waveform = rotate(waveform, [rng.random() for rng in rngs])
    power = noise_power_per_sample(snr_db, link.snr_reference, link.samples_per_symbol)
    noise = np.stack([white_noise(waveform.shape[1:], power, rng) for rng in rngs])
    return receive(waveform + noise, link), receive(waveform, link)
