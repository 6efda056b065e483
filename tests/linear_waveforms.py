"""Linearly modulated waveforms written out as the sum of shifted pulses, at any rate."""

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse

REACH = 24  # symbols of the pulse on either side


def linear_waveform(
    rng: np.random.Generator,
    name: str,
    rate: float,
    *,
    roll_off: float = 0.35,
    symbols: int = 2048,
    snr_db: float = 300.0,
    carrier: float = 0.0,
    delay: float | None = None,
) -> tuple[ComplexArray, ComplexArray]:
    """A waveform (T,) of `rate` samples a symbol, and the symbols (K,) that were sent in it.

    Symbol k lies at sample (k - delay)·rate; Es/N0 in dB, the carrier in turns per sample.
    """
    alphabet = find_modulation(name).alphabet
    sent = alphabet[rng.integers(0, len(alphabet), symbols + 2 * REACH + 2)]
    shift = rng.uniform() if delay is None else delay
    t = REACH + shift + np.arange(int(symbols * rate)) / rate
    pulse, nearest = Pulse("rrc", roll_off, 2 * REACH), np.round(t).astype(int)
    waveform = np.zeros(len(t), complex)
    for d in range(-REACH, REACH + 1):
        waveform += sent[nearest + d] * pulse.at(t - nearest - d)
    waveform *= np.exp(2j * np.pi * carrier * np.arange(len(t)))
    density = rate * np.mean(np.abs(alphabet) ** 2) * 10 ** (-snr_db / 10)
    noise = rng.normal(size=(2, len(t))) * np.sqrt(density / 2)
    return (waveform + noise[0] + 1j * noise[1]).astype(np.complex64), sent[REACH:]


def error_vector(symbols: ComplexArray, sent: ComplexArray) -> float:
    """EVM of symbols (K,) against those that were sent, at the best lag, scale and turn."""
    length, inside = len(symbols) - 80, slice(40, len(symbols) - 40)
    best = np.inf
    for lag in range(-3, 4):
        truth = sent[40 + lag : 40 + lag + length]
        if len(truth) < length:
            continue
        gain = np.vdot(truth, symbols[inside]) / np.vdot(truth, truth)
        error = np.mean(np.abs(symbols[inside] - gain * truth) ** 2)
        best = min(best, float(np.sqrt(error / np.mean(np.abs(gain * truth) ** 2))))
    return best


def frequency_shift_keying(
    rng: np.random.Generator, rate: int, index: float, symbols: int = 4000, snr_db: float = 300.0
) -> ComplexArray:
    """Binary FSK of a modulation index and `rate` samples a symbol, whose phase is continuous."""
    bits = np.repeat(rng.integers(0, 2, symbols) * 2 - 1, rate)
    waveform = np.exp(1j * np.pi * np.cumsum(bits) * index / rate)
    noise = rng.normal(size=(2, len(waveform))) * np.sqrt(rate * 10 ** (-snr_db / 10) / 2)
    return (waveform + noise[0] + 1j * noise[1]).astype(np.complex64)
