"""TorchSig: its modulators at their own oversampling.

Its root-raised cosine at 4 samples a symbol lasts two to four symbols on either side, and leaves 1
to 3 % between symbols. Its AM swings by up to twelve times the carrier: most of it is past full
depth.
"""

from collections.abc import Iterator
from importlib.metadata import version

import numpy as np
from torchsig.signals.builders.am import am_modulator
from torchsig.signals.builders.constellation import constellation_modulator_baseband
from torchsig.signals.builders.fm import fm_modulator
from torchsig.signals.builders.fsk import fsk_modulator_baseband, fsk_symbol_timing
from torchsig.signals.builders.ofdm import ofdm_modulator_baseband

from peers.bursts import Burst, Generators, each, roll_off, symbol_count

ORIGIN = f"TorchSig {version('torchsig')}"

_RATE = 4  # samples a symbol, as its builder has them
_OVERSAMPLING = 8  # of the band of FSK
_NAMES = {
    "OOK": "ook",
    "BPSK": "bpsk",
    "QPSK": "qpsk",
    "8PSK": "8psk",
    "4PAM": "4ask",
    "16QAM": "16qam",
    "64QAM": "64qam",
    "16APSK": "16apsk",
}


def _linear(name: str, rng: np.random.Generator) -> Burst:
    beta, samples = roll_off(rng), symbol_count(rng) * _RATE
    iq = constellation_modulator_baseband(_NAMES[name], "srrc", samples, _RATE, beta, rng)
    return Burst(iq, _RATE, {"roll_off": beta})


def _shift_keying(
    tones: int, kind: str, index: float, bt: float | None, rng: np.random.Generator
) -> Burst:
    shape = (index, bt, None if bt is None else int(rng.integers(2, 5)))
    _, rate = fsk_symbol_timing(tones, _OVERSAMPLING, *shape)
    samples = symbol_count(rng) * rate
    iq = fsk_modulator_baseband(tones, kind, samples, _OVERSAMPLING, rng, shape)
    return Burst(iq, rate, {"modulation_index": index, "bt": bt or 0.0})


def _two_tones(rng: np.random.Generator) -> Burst:
    if rng.integers(2):
        index = 1.0 if rng.integers(2) else round(float(rng.uniform(0.7, 1.01)), 3)
        return _shift_keying(2, "fsk", index, None, rng)
    index = round(float(rng.uniform(0.2, 0.42)), 3)
    return _shift_keying(2, "gfsk", index, round(float(rng.uniform(0.3, 0.5)), 2), rng)


def _minimum_shift(rng: np.random.Generator) -> Burst:
    if rng.integers(2):
        return _shift_keying(2, "msk", 0.5, None, rng)
    return _shift_keying(2, "gmsk", 0.5, round(float(rng.uniform(0.2, 0.5)), 2), rng)


def _four_tones(rng: np.random.Generator) -> Burst:
    index = 1.0 if rng.integers(2) else round(float(rng.uniform(0.7, 1.01)), 3)
    return _shift_keying(4, "fsk", index, None, rng)


def _amplitude(rng: np.random.Generator) -> Burst:
    iq = am_modulator("dsb", 0.25, 1.0, int(rng.integers(8_000, 30_000)), rng)
    carrier = float(iq.real.mean())
    swing = float(np.abs(iq.real - carrier).max() / carrier)  # over 1 is past full depth
    return Burst(iq, None, {"message": "noise", "modulation_index": swing}, is_continuous=True)


def _frequency(rng: np.random.Generator) -> Burst:
    iq = fm_modulator(0.5, 1.0, int(rng.integers(8_000, 30_000)), rng)
    return Burst(iq, None, {"message": "noise"}, is_continuous=True)


def _subcarriers(rng: np.random.Generator) -> Burst:
    size = int(rng.choice((64, 72, 128, 256)))
    prefix = int(rng.choice((size // 4, size // 8, size // 16, 0)))
    samples = 4 * (size + prefix) * (int(rng.integers(40, 160)) * 64 // size + 10)
    iq = ofdm_modulator_baseband(size, samples, 4, rng, prefix)
    return Burst(iq, None, {"fft_size": size, "cyclic_prefix": prefix})


_OTHERS = {
    "2FSK/GFSK": _two_tones,
    "GMSK/MSK": _minimum_shift,
    "4FSK": _four_tones,
    "AM": _amplitude,
    "FM": _frequency,
    "OFDM": _subcarriers,
}
NAMES = (*_NAMES, *_OTHERS)


def bursts(name: str, generators: Generators) -> Iterator[Burst]:
    """A burst of a class for each generator."""
    return each(_OTHERS.get(name) or (lambda rng: _linear(name, rng)), generators)
