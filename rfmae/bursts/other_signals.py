"""Signals that are none of the classes, for a classifier to learn that there are such."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.modulations import find_modulation
from rfmae.signal.noise import circular_gaussian
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

Rng = np.random.Generator
Made = tuple[ComplexArray, float]
"""A waveform (T,), and its occupied bandwidth in cycles per sample."""


def other_signal(kind: str, samples: int, occupied: float, rng: Rng) -> Made:
    """A signal of a kind (see `OTHERS`), some `occupied` cycles per sample wide."""
    return _KINDS[kind](samples, occupied, rng)


def _table_row(name: str, wide: float = 1.3) -> Callable[[int, float, Rng], Made]:
    """A linear modulation that is no class."""

    def made(samples: int, occupied: float, rng: Rng) -> Made:
        rate = Fraction(max(wide / occupied, 1.3)).limit_denominator(16)
        beta = float(rng.uniform(0.15, 0.5))
        pulse = Pulse("rrc", beta, 16)
        iq = transmit(find_modulation(name), pulse, rate, samples, 1, lambda _: rng)[0]
        return iq, (1 + beta) / float(rate)

    return made


def _many_tones(samples: int, occupied: float, rng: Rng) -> Made:
    """Frequency-shift keying of 8 to 32 tones, as of amateurs' digital modes."""
    tones = int(rng.choice([8, 16, 32]))
    length = max(int(rng.uniform(0.6, 2.0) * tones / occupied), 8)
    number = rng.integers(0, tones, samples // length + 1)
    frequency = np.repeat((number / (tones - 1) - 0.5) * occupied, length)[:samples]
    return np.exp(2j * np.pi * np.cumsum(frequency)).astype(np.complex64), occupied


def _few_carriers(samples: int, occupied: float, rng: Rng) -> Made:
    """Two to five unmodulated carriers."""
    count = int(rng.integers(2, 6))
    places = np.concatenate([[-0.5, 0.5], rng.uniform(-0.5, 0.5, count - 2)]) * occupied
    t = np.arange(samples)
    phases = 2 * np.pi * rng.random(count)
    heights = rng.uniform(0.4, 1, count)
    waves = [
        height * np.exp(2j * np.pi * place * t + 1j * phase)
        for height, place, phase in zip(heights, places, phases, strict=True)
    ]
    return np.asarray(sum(waves), np.complex64), occupied


def _swept(samples: int, occupied: float, rng: Rng) -> Made:
    """A frequency that a slow sine or triangle sweeps."""
    cycles = rng.uniform(2, 30)
    phase = cycles * np.arange(samples) / samples + rng.random()
    sweep = np.sin(2 * np.pi * phase) if rng.random() < 0.5 else 4 * np.abs(phase % 1 - 0.5) - 1
    frequency = sweep * occupied / 2
    return np.exp(2j * np.pi * np.cumsum(frequency)).astype(np.complex64), occupied


def _keyed_noise(samples: int, occupied: float, rng: Rng) -> Made:
    """Noise of a band that is switched on and off."""
    away = np.abs(np.fft.fftfreq(samples)) / (occupied / 2)
    noise = np.fft.ifft(np.fft.fft(circular_gaussian(samples, rng)) * (away < 1))
    length = max(int(rng.uniform(4, 40) / occupied), 4)
    on = np.repeat(rng.integers(0, 2, samples // length + 1), length)[:samples]
    return np.asarray(noise * on, np.complex64), occupied


def _uneven_levels(samples: int, occupied: float, rng: Rng) -> Made:
    """Symbols of a random alphabet of 5 to 40 points."""
    points = rng.standard_normal(int(rng.integers(5, 40))) + 0j
    points = points + 1j * rng.standard_normal(len(points))
    rate = max(1.3 / occupied, 1.3)
    count = int(samples / rate) + 40
    symbols = rng.choice(points, count)
    pulse = Pulse("rrc", float(rng.uniform(0.15, 0.5)), 16)
    wide = np.zeros(samples, np.complex128)
    t = np.arange(samples) / rate
    nearest = np.rint(t).astype(int)
    for step in range(-8, 9):
        number = nearest + step
        wide += symbols[np.clip(number, 0, count - 1)] * pulse.at(t - number)
    return wide.astype(np.complex64), (1 + pulse.rolloff) / rate


def _carrier_and_phase(samples: int, occupied: float, rng: Rng) -> Made:
    """A residual carrier whose phase a sub-carrier of bits swings, as spacecraft send."""
    rate = 8.0 / occupied
    bits = rng.choice([-1.0, 1.0], int(samples / rate) + 2)
    t = np.arange(samples)
    sub = np.sign(np.sin(2 * np.pi * occupied / 4 * t))
    phase = rng.uniform(0.6, 1.2) * bits[(t / rate).astype(int)] * sub
    return np.exp(1j * phase).astype(np.complex64), occupied


def _multiplexed_tones(samples: int, occupied: float, rng: Rng) -> Made:
    """Several narrow keyed carriers side by side."""
    count = int(rng.integers(2, 7))
    t = np.arange(samples)
    total = np.zeros(samples, np.complex128)
    length = max(int(4 * count / occupied), 8)
    for number in range(count):
        bits = rng.choice([-1.0, 1.0], samples // length + 1)
        place = (number / max(count - 1, 1) - 0.5) * occupied
        total += np.repeat(bits, length)[:samples] * np.exp(2j * np.pi * (place * t + rng.random()))
    return total.astype(np.complex64), occupied * (1 + 1 / count)


def _impulse_train(samples: int, occupied: float, rng: Rng) -> Made:
    """Short shaped pulses at a steady or staggered distance, each with a phase of its own."""
    distance = rng.uniform(6, 60) / occupied
    t = np.arange(samples)
    total = np.zeros(samples, np.complex128)
    for centre in np.arange(distance, samples, distance * rng.uniform(0.8, 1.2)):
        turn = np.exp(2j * np.pi * rng.random())
        total += turn * np.exp(-(((t - centre) * occupied) ** 2) * math.pi)
    return total.astype(np.complex64), occupied


_KINDS: dict[str, Callable[[int, float, Rng], Made]] = {
    "32QAM": _table_row("32QAM"),
    "128QAM": _table_row("128QAM"),
    "16PSK": _table_row("16PSK"),
    "32APSK": _table_row("32APSK"),
    "8PAM": _table_row("8PAM"),
    "4ASK": _table_row("4ASK"),
    "8ASK": _table_row("8ASK"),
    "π/2-BPSK": _table_row("π/2-BPSK"),
    "many tones": _many_tones,
    "few carriers": _few_carriers,
    "swept": _swept,
    "keyed noise": _keyed_noise,
    "random alphabet": _uneven_levels,
    "residual carrier": _carrier_and_phase,
    "side by side": _multiplexed_tones,
    "pulses": _impulse_train,
}

OTHERS = tuple(_KINDS)
"""The kinds of signals that are no class."""
