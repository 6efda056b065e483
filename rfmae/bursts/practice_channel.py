"""What a channel, the converters of a radio and its oscillators do to practice waveforms."""

import math

import numpy as np

from rfmae.bursts.practice_settings import Practice, Range, Rng, Sent
from rfmae.records import ComplexArray
from rfmae.signal.channel import impulsive_noise, phasors
from rfmae.signal.fading import multipath
from rfmae.signal.hardware import clip, iq_imbalance, quantise
from rfmae.signal.interpolation import drift
from rfmae.signal.noise import circular_gaussian
from rfmae.units import db_to_ratio

_RAMP = 0.5  # symbols over which a burst is keyed
_SHORT_BURSTS = Range(25.0, 200.0)  # symbols, or bandwidths times time


def through_channel(sent: Sent, rng: Rng, practice: Practice) -> ComplexArray:
    """Fading, a second path, and clocks that run apart."""
    rows = sent.iq[None]
    symbol = 1 / sent.occupied
    if sent.occupied < 1 and rng.random() < practice.second_path:
        delays = np.array([0.0, rng.uniform(0.1, 0.8) * symbol])
        powers = np.array([0.0, -rng.uniform(6, 20)])
        rows = multipath(rows, delays, powers, 0.0, rng, k_factor_db=12.0)
    if rng.random() < practice.fading:
        doppler = float(np.exp(rng.uniform(np.log(1e-5), np.log(1e-3)))) / symbol
        rows = multipath(
            rows, np.zeros(1), np.zeros(1), doppler, rng, k_factor_db=float(rng.uniform(3, 15))
        )
    if rng.random() < practice.clock:
        rows = drift(rows, float(rng.uniform(-60, 60)), rows.shape[1] / 2)
    if sent.occupied < 1:  # a fraction of a sample late
        spectrum = np.fft.fft(rows[0]) * phasors(-np.fft.fftfreq(rows.shape[1]) * rng.random())
        rows = np.fft.ifft(spectrum).astype(np.complex64)[None]
    return np.asarray(rows[0], np.complex64)


def carrier_of(occupied: float, rng: Rng) -> float:
    """A carrier in cycles per sample at which a band lies within the sample rate."""
    room = max(0.5 - occupied / 2, 0.0) * 0.9
    return float(rng.uniform(-room, room))


def carrier_phasors(
    count: int, carrier: float, sent: Sent, rng: Rng, practice: Practice
) -> ComplexArray:
    """A carrier, its slow drift and its phase noise, (T,)."""
    t = np.arange(count)
    turns = carrier * t + rng.random()
    if rng.random() < practice.drifting:
        turns = turns + rng.uniform(-0.02, 0.02) * sent.occupied / count * t**2 / 2
    if rng.random() < practice.phase_noise:
        step = float(np.exp(rng.uniform(np.log(2e-4), np.log(4e-3)))) * math.sqrt(sent.occupied)
        turns = turns + np.cumsum(rng.standard_normal(count)) * step
    return np.asarray(phasors(turns), np.complex64)


def silence(waveform: ComplexArray, sent: Sent, rng: Rng) -> None:
    """Leave short bursts of a waveform, with pauses between them, in place."""
    symbol = 1 / sent.occupied
    length = max(int(_SHORT_BURSTS.by_octave(rng) * symbol), 24)
    pause = int(length * rng.uniform(0.3, 2.5) + 40 * symbol)
    for first in range(0, len(waveform), length + pause):
        key(waveform[first : first + length], sent.symbol_rate)
        waveform[first + length : first + length + pause] = 0


def key(waveform: ComplexArray, symbol_rate: float) -> None:
    """Let a burst rise and fall within half a symbol, in place."""
    ramp = 2 if math.isnan(symbol_rate) else max(int(_RAMP / symbol_rate), 2)
    if len(waveform) < 2 * ramp:
        return
    rise = np.sin(np.pi / 2 * (np.arange(ramp) + 0.5) / ramp).astype(np.float32) ** 2
    waveform[:ramp] *= rise
    waveform[-ramp:] *= rise[::-1]


def noisy_recording(
    clean: ComplexArray, power: float, rng: Rng, practice: Practice
) -> ComplexArray:
    """White noise of a power a sample, and impulses, over a burst (T,)."""
    noise = circular_gaussian(len(clean), rng) * np.float32(math.sqrt(power))
    noisy = clean + noise
    if rng.random() < practice.impulses:
        noisy = noisy + impulsive_noise((1, len(clean)), power, 3e-3, 20.0, rng)[0]
    return np.asarray(noisy, np.complex64)


def received(noisy: ComplexArray, rng: Rng, practice: Practice) -> ComplexArray:
    """Behind the converters of a radio."""
    rows = noisy[None]
    if rng.random() < practice.imbalance:
        rows = iq_imbalance(rows, float(rng.normal(0, 0.25)), float(rng.normal(0, 1.5)))
    if rng.random() < practice.clipping:
        rows = clip(rows, float(rng.uniform(1.2, 2.5)))
    if rng.random() < practice.quantised:
        rows = quantise(rows, float(rng.integers(5, 13)), float(rng.uniform(3, 8)))
    return np.asarray(rows[0] * np.float32(db_to_ratio(rng.uniform(-30, 10))), np.complex64)
