"""rfmae's own signal layer, in the same distribution as the peers."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.metadata import version

import numpy as np

from peers.bursts import LINEAR, Burst, Generators, each, roll_off, symbol_count
from rfmae.signal.cpm import modulate_phase
from rfmae.signal.linear import map_symbols
from rfmae.signal.modulations import Modulation, find_modulation
from rfmae.signal.polyphase import shape_valid
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

ORIGIN = f"rfmae {version('rfmae')}"

_RATE = Fraction(8)  # samples a symbol
_SPAN = 24  # symbols of a pulse


def _linear(name: str, rng: np.random.Generator) -> Burst:
    modulation, beta = find_modulation(name), roll_off(rng)
    pulse = Pulse("rrc", beta, _SPAN)
    count = symbol_count(rng)
    points = map_symbols(rng.integers(modulation.order, size=(1, count)), modulation)
    ends = np.zeros((1, 2 * pulse.reach_symbols), np.complex64)
    padded = np.concatenate([ends, points, ends], axis=1)
    samples = (count + 2 * pulse.reach_symbols) * int(_RATE)
    offset = modulation.family == "offset"
    iq = shape_valid(padded, pulse, _RATE, samples, offset=offset)
    return Burst(iq[0], float(_RATE), {"roll_off": beta})


def _continuous_phase(modulation: Modulation, rng: np.random.Generator) -> Burst:
    settings = modulation.continuous_phase
    indices = rng.integers(modulation.order, size=(1, symbol_count(rng)))
    details: dict[str, float | str] = {"modulation_index": settings.modulation_index}
    if np.isfinite(settings.bt):
        details["bt"] = settings.bt
    return Burst(modulate_phase(indices, modulation, _RATE)[0], float(_RATE), details)


def _two_tones(rng: np.random.Generator) -> Burst:
    if rng.integers(2):
        index = 1.0 if rng.integers(2) else round(float(rng.uniform(0.6, 1.3)), 3)
        settings: dict[str, float] = {"modulation_index": index}
        return _continuous_phase(find_modulation("2FSK").with_settings(settings), rng)
    index = float(rng.choice((rng.uniform(0.28, 0.42), rng.uniform(0.6, 0.9))))
    settings = {"modulation_index": round(index, 3), "bt": round(float(rng.uniform(0.3, 0.6)), 2)}
    return _continuous_phase(find_modulation("GFSK").with_settings(settings), rng)


def _minimum_shift(rng: np.random.Generator) -> Burst:
    if rng.integers(2):
        return _continuous_phase(find_modulation("MSK"), rng)
    settings = {"bt": round(float(rng.uniform(0.25, 0.5)), 2)}
    return _continuous_phase(find_modulation("GMSK").with_settings(settings), rng)


def _four_tones(rng: np.random.Generator) -> Burst:
    index = 1.0 if rng.integers(2) else round(float(rng.uniform(0.27, 1.05)), 3)
    modulation = find_modulation("4FSK").with_settings({"modulation_index": index})
    return _continuous_phase(modulation, rng)


def _analog(name: str, settings: dict[str, float], rng: np.random.Generator) -> Burst:
    modulation = find_modulation(name).with_settings(settings)
    samples = int(rng.uniform(8_000, 30_000))
    iq = transmit(modulation, Pulse(), Fraction(4), samples, 1, lambda purpose: rng)
    details: dict[str, float | str] = {"kind": name, **settings}
    return Burst(iq[0], None, details, is_continuous=True)


def _amplitude(rng: np.random.Generator) -> Burst:
    depth = round(float(rng.uniform(0.5, 1.0)), 2)
    return _analog("AM-DSB-WC", {"modulation_index": depth}, rng)


def _frequency(rng: np.random.Generator) -> Burst:
    if rng.integers(2):
        return _analog("WBFM", {"modulation_index": round(float(rng.uniform(1.0, 2.0)), 2)}, rng)
    return _analog("NBFM", {"modulation_index": round(float(rng.uniform(0.2, 0.6)), 2)}, rng)


def _subcarriers(rng: np.random.Generator) -> Burst:
    size = int(rng.choice((64, 128, 256)))
    active, prefix = size * 52 // 64, int(rng.choice((size // 4, size // 8)))
    settings = {"fft_size": size, "active": active, "cyclic_prefix": prefix}
    scheme = str(rng.choice(("QPSK", "16QAM", "64QAM")))
    modulation = find_modulation(f"OFDM-{scheme}").with_settings(settings)
    blocks = int(rng.integers(40, 160)) * 64 // size + 10
    samples = blocks * (size + prefix)
    iq = transmit(modulation, Pulse(), Fraction(1), samples, 1, lambda purpose: rng)
    return Burst(iq[0], None, {"fft_size": size, "cyclic_prefix": prefix, "scheme": scheme})


_OTHERS: dict[str, Callable[[np.random.Generator], Burst]] = {
    "2FSK/GFSK": _two_tones,
    "GMSK/MSK": _minimum_shift,
    "4FSK": _four_tones,
    "AM": _amplitude,
    "FM": _frequency,
    "OFDM": _subcarriers,
}
NAMES = (*LINEAR, *_OTHERS)


def bursts(name: str, generators: Generators) -> Iterator[Burst]:
    """A burst of a class for each generator."""
    return each(_OTHERS.get(name) or (lambda rng: _linear(name, rng)), generators)
