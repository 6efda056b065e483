"""Signals in noise that detection is tried on."""

import numpy as np

from rfmae.signal.pulses import root_raised_cosine


def noise(rng, count, power=1.0):
    values = rng.normal(size=(2, count)) * np.sqrt(power / 2)
    return (values[0] + 1j * values[1]).astype(np.complex64)


def coloured(rng, count, response):
    """Noise behind a filter given by its amplitude over frequency."""
    white = np.fft.fft(noise(rng, count))
    return np.fft.ifft(white * response(np.fft.fftfreq(count))).astype(np.complex64)


def qpsk(rng, count, samples_per_symbol, frequency=0.0, power=1.0):
    sent = np.zeros(count, complex)
    sent[::samples_per_symbol] = rng.choice([1, 1j, -1, -1j], len(sent[::samples_per_symbol]))
    wave = np.convolve(sent, root_raised_cosine(0.35, samples_per_symbol, 12), "same")
    wave *= np.sqrt(power / np.mean(np.abs(wave) ** 2))
    return wave * np.exp(2j * np.pi * frequency * np.arange(count))


def fsk(rng, count, samples_per_symbol, deviations):
    tones = rng.choice(deviations, count // samples_per_symbol + 1)
    return np.exp(2j * np.pi * np.cumsum(tones.repeat(samples_per_symbol)[:count]))


def mode_s(rng):
    """A message of ADS-B at 2 samples a microsecond: 16 samples of preamble and 112 bits."""
    bits = rng.integers(0, 2, 112)
    preamble = np.array([1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    return np.concatenate([preamble, np.stack([bits, 1 - bits], 1).ravel()])
