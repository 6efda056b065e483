"""Signals of none of the classes, by numpy: nothing is ever trained on them.

What is a right answer beside `unknown` is in `ACCEPTED`: OFDM with pilots is OFDM, spread BPSK is
BPSK at its chip rate, and noise that fills a band may be named noise.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import signal

from peers.bursts import Burst, Generators, Samples, each, roll_off, symbol_count, white
from peers.messages import AUDIO_HZ, message

ORIGIN = "unknowns"

ACCEPTED = {
    "pilot OFDM": ("unknown", "OFDM"),
    "DSSS": ("unknown", "BPSK"),
    "band-limited noise": ("unknown", "noise"),
    "impulses": ("unknown", "noise"),
}
BELOW_NOISE_DB = -10.0  # of every other DSSS burst, added to the SNR that is asked for

_RATE = 8  # samples a symbol
_TONE_BAND = 0.01  # cycles a sample, what a tone without modulation is said to occupy


def _lora(rng: np.random.Generator) -> Burst:
    """Chirps over a band that begin at one of 2**factor shifts, with a preamble (CSS of LoRa)."""
    factor, oversampling = int(rng.integers(7, 11)), 4
    chips = 1 << factor
    count = max(12, 3000 // chips)
    shifts = np.concatenate([np.zeros(8, int), rng.integers(chips, size=count)])
    time = np.arange(chips * oversampling) / oversampling
    frequency = (shifts[:, None] + time) % chips / chips - 0.5  # cycles a chip
    turns = np.cumsum(frequency.ravel() / oversampling)
    return Burst(np.exp(2j * np.pi * turns), None, {"spreading_factor": factor})


def _spread(rng: np.random.Generator) -> Burst:
    """BPSK times the period of a maximal-length code, chips shaped by a root-raised cosine."""
    bits = int(rng.integers(5, 8))
    code = 2.0 * signal.max_len_seq(bits)[0] - 1
    data = 2.0 * rng.integers(2, size=max(16, 2 * symbol_count(rng) // len(code))) - 1
    chips = (data[:, None] * code).ravel().astype(complex)
    beta = roll_off(rng)
    details: dict[str, float | str] = {"roll_off": beta, "chips": float(len(code))}
    return Burst(_shaped(chips, beta), _RATE, details)


def _two_signals(rng: np.random.Generator) -> Burst:
    """QPSK and 16QAM over each other, at other rates, up to 6 dB apart."""
    count, beta = symbol_count(rng), roll_off(rng)
    first = _shaped(_grid(2, count, rng), beta)
    slower = float(rng.uniform(0.7, 0.95))
    second = signal.resample(_shaped(_grid(4, count, rng), beta), int(len(first) / slower))
    second = second[: len(first)] * np.exp(
        2j * np.pi * rng.uniform(-0.02, 0.02) * np.arange(len(first))
    )
    level_db = float(rng.uniform(-6, 0))
    both = first / _rms(first) + second / _rms(second) * 10 ** (level_db / 20)
    return Burst(both, None, {"second_db": level_db})


def _single_sideband(rng: np.random.Generator) -> Burst:
    heard = message("speech", int(rng.uniform(0.8, 2.0) * AUDIO_HZ), rng)
    analytic = signal.hilbert(heard)
    side = "upper" if rng.integers(2) else "lower"
    iq = analytic if side == "upper" else analytic.conj()
    return Burst(iq, None, {"sideband": side}, is_continuous=True)


def _radar(rng: np.random.Generator) -> Burst:
    """Pulses of one length and interval, chirped over a band or of one frequency."""
    length, chirped = int(rng.integers(40, 400)), bool(rng.integers(2))
    interval = length * int(rng.integers(3, 12))
    time = np.arange(length) / length - 0.5
    swept = float(rng.uniform(10, 0.3 * length)) if chirped and length > 80 else 0.0
    pulse = np.exp(1j * np.pi * swept * time**2) * signal.windows.tukey(length, 0.1)
    train = np.zeros((max(8, 20_000 // interval), interval), complex)
    train[:, :length] = pulse
    return Burst(train.ravel(), None, {"duty": length / interval, "swept_cycles": swept})


def _pilots(rng: np.random.Generator) -> Burst:
    """OFDM on the grid of LTE: boosted pilots on every sixth sub-carrier of each fourth symbol."""
    size, active, prefix, count = 256, 180, 18, int(rng.integers(28, 112))
    grid = _grid(2 if rng.integers(2) else 4, active * count, rng).reshape(count, active)
    grid[::4, ::6] = 1.41 * _grid(2, grid[::4, ::6].size, rng).reshape(grid[::4, ::6].shape)
    spectrum = np.zeros((count, 2 * size), complex)
    half = active // 2
    spectrum[:, 1 : half + 1], spectrum[:, -half:] = grid[:, half:], grid[:, :half]
    body = np.fft.ifft(spectrum)
    iq = np.concatenate([body[:, -2 * prefix :], body], axis=1).ravel()
    return Burst(iq, None, {"fft_size": float(size), "cyclic_prefix": float(prefix)})


def _tone(rng: np.random.Generator) -> Burst:
    """A carrier and nothing else; its band is one bin of a hundred."""
    samples = int(rng.uniform(4_000, 20_000))
    edge = _TONE_BAND / 2
    return Burst(np.ones(samples, complex), None, band=(-edge, edge))


def _impulses(rng: np.random.Generator) -> Burst:
    """Short pulses of random amplitude at random instants, as of sparks."""
    samples = int(rng.uniform(8_000, 30_000))
    amplitudes = white(samples, 1.0, rng) * (rng.random(samples) < 0.005)
    amplitudes *= rng.lognormal(0.0, 1.0, samples)
    return Burst(_band_limited(amplitudes, 0.4), None)


def _band_of_noise(rng: np.random.Generator) -> Burst:
    return Burst(_band_limited(white(int(rng.uniform(8_000, 30_000)), 1.0, rng), 0.25), None)


def _grid(levels: int, count: int, rng: np.random.Generator) -> Samples:
    values = 2.0 * rng.integers(levels, size=(2, count)) - (levels - 1)
    return (values[0] + 1j * values[1]) / np.sqrt(2 * (levels**2 - 1) / 3)


def _shaped(points: Samples, beta: float) -> Samples:
    """Through a root-raised cosine of 24 symbols, by its spectrum."""
    frequency = np.abs(np.fft.fftfreq(64 * _RATE, 1 / _RATE))
    past = np.clip((frequency - (1 - beta) / 2) / beta, 0, 1)
    taps = np.fft.fftshift(np.fft.ifft(np.cos(np.pi / 2 * past)).real)
    middle = len(taps) // 2
    return signal.upfirdn(taps[middle - 12 * _RATE : middle + 12 * _RATE + 1], points, _RATE)


def _band_limited(iq: Samples, band: float) -> Samples:
    return signal.fftconvolve(iq, signal.firwin(257, band, fs=1.0), mode="valid")


def _rms(iq: Samples) -> float:
    return float(np.sqrt(np.mean(np.abs(iq) ** 2)))


_ALL: dict[str, Callable[[np.random.Generator], Burst]] = {
    "LoRa": _lora,
    "DSSS": _spread,
    "two signals": _two_signals,
    "SSB": _single_sideband,
    "radar pulses": _radar,
    "pilot OFDM": _pilots,
    "tone": _tone,
    "impulses": _impulses,
    "band-limited noise": _band_of_noise,
}
NAMES = tuple(_ALL)


def bursts(name: str, generators: Generators) -> Iterator[Burst]:
    """A burst of a kind for each generator."""
    return each(_ALL[name], generators)
