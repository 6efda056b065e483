"""Waveforms of each class, at rates, pulses and messages of practice."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from rfmae.bursts.other_signals import OTHERS, other_signal
from rfmae.bursts.practice_settings import OTHER, Practice, Rng, Sent, unit_power
from rfmae.bursts.records import NOISE
from rfmae.errors import RecipeError
from rfmae.records import ComplexArray
from rfmae.signal.channel import phasors
from rfmae.signal.modulations import Modulation, find_modulation
from rfmae.signal.noise import circular_gaussian
from rfmae.signal.pulses import Pulse, Shape
from rfmae.signal.transmitter import transmit
from rfmae.units import db_to_ratio

_DENOMINATOR = 16  # of samples per symbol
_MOST_SAMPLES = 2**16

LINEAR = {
    "OOK": "OOK",
    "BPSK": "BPSK",
    "QPSK": "QPSK",
    "8PSK": "8PSK",
    "4PAM": "4PAM",
    "16QAM": "16QAM",
    "64QAM": "64QAM",
    "16APSK": "16APSK",
    "OQPSK": "OQPSK",
    "π/4-DQPSK": "π/4-DQPSK",
}
"""Classes that are symbols in a pulse, with their rows in the table of modulations."""

SYMBOL_SPACED = (*(name for name in LINEAR if name != "OQPSK"), NOISE)
"""Classes that one sample a symbol can be of: OQPSK would be QPSK."""

_WITH_SIMPLE_PULSES = ("OOK", "BPSK", "QPSK", "OQPSK")
_AMPLITUDE_CODES = ("plain", "manchester", "width", "sparse")


def sent_signal(name: str, rng: Rng, practice: Practice) -> Sent:
    """A waveform of a class, or of other signals, of a length and a width that are drawn."""
    occupied = practice.occupied.by_octave(rng)
    symbols = practice.symbols.by_octave(rng)
    if name in LINEAR:
        return _linear(name, occupied, symbols, rng, practice)
    if name in _OTHER_CLASSES:
        return _OTHER_CLASSES[name](occupied, symbols, rng)
    if name == OTHER:
        kind = str(rng.choice([kind for kind in OTHERS if kind not in practice.left_out]))
        iq, width = other_signal(kind, _length(symbols / occupied), occupied, rng)
        return Sent(unit_power(iq), width, kind=kind)
    raise RecipeError(f"no practice signal is known for the class {name!r}")


def _linear(name: str, occupied: float, symbols: float, rng: Rng, practice: Practice) -> Sent:
    modulation = find_modulation(LINEAR[name])
    if name == "16APSK":
        modulation = modulation.with_settings({"ring_ratios": (float(rng.uniform(2.4, 3.2)),)})
    if name in _WITH_SIMPLE_PULSES and rng.random() < 0.25:
        return _simple_pulses(modulation, occupied, symbols, rng)
    beta = practice.roll_off.even(rng)
    rate = _rational((1 + beta) / occupied, modulation)
    samples = _length(symbols * float(rate))
    iq = transmit(modulation, Pulse("rrc", beta, 16), rate, samples, 1, lambda _: rng)[0]
    # of unipolar symbols the carrier is part of the power
    return Sent(iq, (1 + beta) / float(rate), 1 / float(rate))


def _simple_pulses(modulation: Modulation, occupied: float, symbols: float, rng: Rng) -> Sent:
    """Rectangles or half sines behind a filter as wide as their main lobe."""
    rate = _rational(2.0 / occupied, modulation)
    samples = _length(symbols * float(rate))
    if modulation.name == "OOK":
        code = str(rng.choice(_AMPLITUDE_CODES))
        chips = _coded(code, math.ceil(samples / rate) + 2, rng)
        at = np.minimum((np.arange(samples) / float(rate)).astype(int), len(chips) - 1)
        iq = chips[at].astype(np.complex64)
    else:
        # OQPSK of half sines would be MSK
        sines = modulation.family != "offset" and rng.random() < 0.3
        shape: Shape = "half-sine" if sines else "rectangular"
        iq = transmit(modulation, Pulse(shape), rate, samples, 1, lambda _: rng)[0]
    width = 2.0 / float(rate)
    return Sent(_low_passed(iq, width * float(rng.uniform(0.9, 1.6))), width, 1 / float(rate))


def _coded(code: str, chips: int, rng: Rng) -> ComplexArray:
    """On and off of chips: bits as they are, as positions, as widths, or few of them on."""
    bits = rng.integers(0, 2, chips)
    if code == "manchester":
        bits = np.stack([bits, 1 - bits], 1).ravel()[:chips]
    elif code == "width":
        bits = np.stack([np.ones(chips, int), bits, np.zeros(chips, int)], 1).ravel()[:chips]
    elif code == "sparse":
        bits = (rng.random(chips) < rng.uniform(0.2, 0.4)).astype(int)
    if rng.random() < 0.3:
        low = db_to_ratio(-rng.uniform(10, 20)) ** 0.5  # a transmitter that is not quite off
        return np.asarray(np.where(bits > 0, 1.0, low), np.complex64)
    return np.asarray(bits, np.complex64)


def _keyed_frequency(
    name: str, index: float, bt: float, occupied: float, symbols: float, rng: Rng
) -> Sent:
    base = find_modulation(name)
    settings: dict[str, float] = {"modulation_index": index}
    if not math.isinf(bt):
        settings |= {"bt": bt, "pulse_symbols": 5}
    modulation = base.with_settings(settings)
    wide = (base.order - 1) * index + (1.0 if math.isinf(bt) else min(1.0, 0.5 + bt / 2))
    rate = _rational(wide / occupied, modulation)
    samples = _length(symbols * float(rate))
    iq = transmit(modulation, Pulse(), rate, samples, 1, lambda _: rng)[0]
    return Sent(iq, wide / float(rate), 1 / float(rate))


def _two_tones(occupied: float, symbols: float, rng: Rng) -> Sent:
    bt = math.inf if rng.random() < 0.4 else float(rng.uniform(0.3, 1.0))
    if rng.random() < 0.5:
        index = float(rng.uniform(0.25, 0.43))
    else:
        index = float(np.exp(rng.uniform(np.log(0.62), np.log(7.9))))
    return _keyed_frequency("2FSK", index, bt, occupied, symbols, rng)


def _minimum_shift(occupied: float, symbols: float, rng: Rng) -> Sent:
    bt = math.inf if rng.random() < 0.35 else float(rng.uniform(0.25, 0.6))
    return _keyed_frequency("MSK", float(rng.uniform(0.485, 0.515)), bt, occupied, symbols, rng)


def _four_tones(occupied: float, symbols: float, rng: Rng) -> Sent:
    bt = math.inf if rng.random() < 0.4 else float(rng.uniform(0.3, 0.9))
    index = float(np.exp(rng.uniform(np.log(0.24), np.log(2.5))))
    return _keyed_frequency("4FSK", index, bt, occupied, symbols, rng)


def _amplitude(occupied: float, symbols: float, rng: Rng) -> Sent:
    """Both sidebands with a carrier of any strength, down to none."""
    samples = _length(symbols / occupied)
    message = _message(samples, occupied / 2, rng)
    if rng.random() < 0.1:
        return Sent(message.astype(np.complex64), occupied)
    index = rng.uniform(0.25, 1.0) if rng.random() < 0.7 else rng.uniform(1.0, 8.0)
    return Sent(np.asarray(1 + index * message, np.complex64), occupied)


def _frequency(occupied: float, symbols: float, rng: Rng) -> Sent:
    samples = _length(symbols / occupied)
    ratio = float(np.exp(rng.uniform(np.log(0.6), np.log(6.0))))  # peak deviation over bandwidth
    bandwidth = occupied / 2 / (1 + ratio)  # Carson
    deviation = ratio * bandwidth
    turns = np.cumsum(deviation * _message(samples, bandwidth, rng))
    return Sent(np.exp(2j * np.pi * turns).astype(np.complex64), occupied)


def _message(
    samples: int, bandwidth: float, rng: Rng
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A message of peak one: noise of a falling spectrum, with syllables or not, or few tones."""
    frequency = np.fft.rfftfreq(samples)
    kind = rng.random()
    if kind < 0.25:
        tones = rng.uniform(0.05, 0.95, rng.integers(1, 5)) * bandwidth
        t = np.arange(samples)
        value = sum(
            rng.uniform(0.3, 1) * np.cos(2 * np.pi * (tone * t + rng.random())) for tone in tones
        )
    else:
        fall = rng.uniform(0.0, 3.0)
        inside = (frequency > 0.02 * bandwidth) & (frequency < bandwidth)
        density = np.where(inside, np.maximum(frequency / bandwidth / 0.15, 1) ** -fall, 0.0)
        bins = rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency))
        value = np.fft.irfft(bins * np.sqrt(density), samples)
        if kind < 0.6:  # syllables
            swings = 0.5 + 0.5 * np.cos(
                2 * np.pi * (rng.uniform(2, 12) * np.arange(samples) / samples + rng.random())
            )
            value = value * swings
    peak = float(np.quantile(np.abs(value), 0.999))
    return np.asarray(np.clip(value / max(peak, 1e-12), -1, 1))


def _subcarriers(occupied: float, symbols: float, rng: Rng) -> Sent:
    """OFDM of any transform, prefix, alphabets and pilots, at any ratio to the sample rate."""
    active = int(np.exp(rng.uniform(np.log(12), np.log(600))))
    period = active / occupied  # samples of a transform
    prefix = period * float(rng.choice([1 / 32, 1 / 16, 0.07, 1 / 8, 1 / 4]))
    samples = _length(max(symbols / occupied, 6 * (period + prefix)))
    blocks = math.ceil(samples / (period + prefix)) + 1
    alphabet = find_modulation(str(rng.choice(["BPSK", "QPSK", "16QAM", "64QAM"]))).alphabet
    points = rng.choice(alphabet, (blocks, active))
    carriers = np.arange(active) - active // 2
    if rng.random() < 0.5:
        points[:, active // 2] = 0  # an empty centre
    if rng.random() < 0.5:
        pilots = slice(int(rng.integers(0, 6)), None, int(rng.integers(6, 16)))
        points[:, pilots] = rng.choice([-1, 1], points[:, pilots].shape[1]) * rng.choice(
            [1.0, 1.33]
        )
    t = np.arange(samples) + rng.random() * (period + prefix)
    block = (t / (period + prefix)).astype(int)
    inside = t - block * (period + prefix) - prefix
    iq = _subcarrier_sum(points, carriers, block, inside / period)
    return Sent(unit_power(iq), occupied)


def _subcarrier_sum(
    points: ComplexArray,
    carriers: np.ndarray[tuple[int], np.dtype[np.int64]],
    block: np.ndarray[tuple[int], np.dtype[np.int64]],
    phase: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> ComplexArray:
    """Σ points·exp(2πj·carrier·phase), read between the values of an oversampled transform."""
    grid = 1 << (8 * len(carriers) - 1).bit_length()
    wide = np.zeros((len(points), grid), np.complex64)
    wide[:, carriers % grid] = points
    waves = np.fft.ifft(wide, axis=1) * grid
    place = (phase % 1.0) * grid
    low = place.astype(int)
    part = (place - low).astype(np.float32)
    block = np.minimum(block, len(points) - 1)
    first, second = waves[block, low % grid], waves[block, (low + 1) % grid]
    return np.asarray(first + (second - first) * part, np.complex64)


def _noise_alone(occupied: float, symbols: float, rng: Rng) -> Sent:
    """Gaussian noise of a band with flanks of any steepness."""
    samples = _length(symbols / occupied)
    away = np.abs(np.fft.fftfreq(samples)) / (occupied / 2)
    if rng.random() < 0.35:
        response = (away < 1).astype(np.float64)
    else:
        steep = float(np.exp(rng.uniform(np.log(1.0), np.log(200.0))))
        response = 1 / np.sqrt(1 + np.minimum(away, 8.0) ** np.minimum(2 * steep, 300.0))
    if rng.random() < 0.3:
        ripple = np.cos(np.pi * away * rng.uniform(0.2, 2) + 2 * np.pi * rng.random())
        response = response * (1 + 0.5 * ripple)
    spectrum = np.fft.fft(circular_gaussian(samples, rng)) * response
    return Sent(unit_power(np.fft.ifft(spectrum).astype(np.complex64)), occupied)


_OTHER_CLASSES: dict[str, Callable[[float, float, Rng], Sent]] = {
    "2FSK/GFSK": _two_tones,
    "GMSK/MSK": _minimum_shift,
    "4FSK": _four_tones,
    "AM": _amplitude,
    "FM": _frequency,
    "OFDM": _subcarriers,
    NOISE: _noise_alone,
}

CLASSES = (*LINEAR, *_OTHER_CLASSES)
"""The classes of the classifier that comes along."""


def sent_symbols(name: str, rng: Rng, practice: Practice) -> Sent:
    """One sample a symbol, as a receiver hands them on; noise likewise fills the band."""
    count = _length(practice.symbols.by_octave(rng))
    if name == NOISE:
        return Sent(circular_gaussian(count, rng), 1.0)
    modulation = find_modulation(LINEAR[name])
    iq = transmit(modulation, Pulse("rectangular"), Fraction(1), count, 1, lambda _: rng)[0]
    return Sent(_equalised(unit_power(iq), rng) if rng.random() < 0.4 else unit_power(iq), 1.0, 1.0)


def _equalised(symbols: ComplexArray, rng: Rng) -> ComplexArray:
    """Symbols as an OFDM receiver leaves them: noise by sub-carrier, a phase and gain by block."""
    active = int(rng.integers(24, 80))
    number = np.arange(len(symbols))
    level = np.abs(circular_gaussian(active, rng)) * db_to_ratio(rng.uniform(-15, -6))
    noise = circular_gaussian(len(symbols), rng) * level[number % active]
    blocks = len(symbols) // active + 1
    turns = rng.normal(0, 0.02, blocks)[number // active]
    gains = np.exp(rng.normal(0, 0.06, blocks))[number // active]
    return np.asarray((symbols * phasors(turns) * gains + noise), np.complex64)


# small things ------------------------------------------------------------------------------------


def _rational(rate: float, modulation: Modulation) -> Fraction:
    rate = max(rate, float(modulation.least_samples_per_symbol) * 1.02)
    return Fraction(rate).limit_denominator(_DENOMINATOR)


def _length(samples: float) -> int:
    return int(np.clip(samples, 512, _MOST_SAMPLES))


def _low_passed(iq: ComplexArray, width: float) -> ComplexArray:
    """Behind a Butterworth response of the fourth order, of `width` cycles per sample."""
    away = np.abs(np.fft.fftfreq(len(iq))) / (width / 2)
    return np.asarray(np.fft.ifft(np.fft.fft(iq) / np.sqrt(1 + away**8)), np.complex64)
