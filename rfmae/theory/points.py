"""Points of simulated frames, after the matched filter, as the planes of an image show them.

Every modulation goes through the same filter at the same instants, as in the receiver. The
amplitude is known: a symbol of unit energy comes back with unit energy and noise of power 1/es_n0.
"""

import math
from fractions import Fraction

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.channel import phasors, times
from rfmae.signal.impairments import Streams
from rfmae.signal.modulations import Modulation
from rfmae.signal.noise import circular_gaussian
from rfmae.signal.polyphase import match_valid
from rfmae.signal.pulses import Pulse, pulse_taps
from rfmae.signal.receiver import filtered
from rfmae.signal.transmitter import transmit
from rfmae.theory.frames import Knowledge, own_turn

_CHUNK = 64  # frames that are made at once


def needs_every_sample(planes: tuple[str, ...]) -> bool:
    """Whether one of the planes shows samples between the symbol instants."""
    return any(what.endswith("trajectory") for what in planes)


def matched_outputs(
    modulation: Modulation,
    pulse: Pulse,
    samples_per_symbol: int,
    symbols: int,
    es_n0: float,
    count: int,
    streams: Streams,
    *,
    every_sample: bool,
    phase: Knowledge,
) -> ComplexArray:
    """Matched-filter outputs (count, symbols), or (count, symbols·samples_per_symbol) of all.

    `es_n0` is a ratio, infinite for no noise; output k·samples_per_symbol is symbol k. A known
    carrier phase is zero, an unknown one uniform. An alphabet or a phase that turns by itself
    starts from any of its states.
    """
    rate, reach = Fraction(samples_per_symbol), pulse.reach_symbols
    random = {purpose: streams(purpose) for purpose in ("bits", "noise", "start state", "phase")}
    states = own_turn(modulation).denominator
    noise_amplitude = np.float32(math.sqrt(samples_per_symbol / es_n0))
    samples = (symbols + 2 * reach) * samples_per_symbol
    inside = slice(reach * samples_per_symbol, (reach + symbols) * samples_per_symbol)
    chunks = []
    for first in range(0, count, _CHUNK):
        some = min(_CHUNK, count - first)
        sent = transmit(modulation, pulse, rate, samples, some, lambda _: random["bits"])
        turns = random["start state"].integers(states, size=some) / states
        if phase == "unknown":
            turns = turns + random["phase"].random(some)
        received = times(sent, phasors(turns)[:, None])
        if noise_amplitude:
            white = circular_gaussian(received.size, random["noise"])
            received += noise_amplitude * white.reshape(received.shape)
        if every_sample:
            matched = filtered(received, pulse_taps(pulse, rate))[:, inside]
            chunks.append(matched / np.float32(math.sqrt(samples_per_symbol)))
        else:
            chunks.append(match_valid(received, pulse, rate, reach, symbols))
    return np.concatenate(chunks)


def plane_points(outputs: ComplexArray, what: str, stride: int) -> ComplexArray:
    """Points (N, P) that a plane shows of matched-filter outputs, `stride` of them a symbol."""
    drawn = outputs if what.endswith("trajectory") else outputs[:, ::stride]
    if not what.startswith("differential"):
        return drawn
    lag = stride if what.endswith("trajectory") else 1
    return drawn[:, lag:] * drawn[:, :-lag].conj()
