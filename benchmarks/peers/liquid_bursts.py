"""liquid-dsp: modems, continuous-phase and analog modulators and OFDM frames of its C library.

Tones, indices and depths are those that were measured of what it sends: tests hold them. The
Python package carries the library; what it does not wrap is called by ctypes.
"""

import ctypes
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.metadata import version

import liquid
import numpy as np

from peers.bursts import Burst, Generators, Samples, each, roll_off, symbol_count
from peers.messages import AUDIO_HZ, message

ORIGIN = f"liquid-dsp {version('liquid-dsp')}"

_RATE, _DELAY = 8, 12  # samples a symbol; symbols on either side of a pulse
_CPFSK_SQUARE, _CPFSK_GMSK, _DSB = 0, 3, 0
_SCHEMES = {
    "OOK": ("ook",),
    "BPSK": ("bpsk", "dpsk2"),
    "QPSK": ("qpsk", "dpsk4"),
    "π/4-DQPSK": ("pi4dqpsk",),
    "8PSK": ("psk8", "dpsk8"),
    "4PAM": ("ask4",),
    "16QAM": ("qam16",),
    "64QAM": ("qam64",),
    "16APSK": ("apsk16",),
}


@lru_cache
def _library() -> ctypes.CDLL:
    """The C functions used here, with the types of liquid.h."""
    pointer, whole, real, number = ctypes.c_void_p, ctypes.c_uint, ctypes.c_float, ctypes.c_int
    library = ctypes.CDLL(liquid.__file__)
    signatures = {
        "modemcf_create": (pointer, [number]),
        "modemcf_get_bps": (whole, [pointer]),
        "modemcf_modulate": (number, [pointer, whole, pointer]),
        "firinterp_crcf_create_prototype": (pointer, [number, whole, whole, real, real]),
        "firinterp_crcf_execute_block": (number, [pointer, pointer, whole, pointer]),
        "cpfskmod_create": (pointer, [whole, real, whole, whole, real, number]),
        "cpfskmod_modulate": (number, [pointer, whole, pointer]),
        "gmskmod_create": (pointer, [whole, whole, real]),
        "gmskmod_modulate": (number, [pointer, whole, pointer]),
        "fskmod_create": (pointer, [whole, whole, real]),
        "fskmod_modulate": (number, [pointer, whole, pointer]),
        "ampmodem_create": (pointer, [real, number, number]),
        "ampmodem_modulate_block": (number, [pointer, pointer, whole, pointer]),
        "freqmod_create": (pointer, [real]),
        "freqmod_modulate_block": (number, [pointer, pointer, whole, pointer]),
        "ofdmframegen_create": (pointer, [whole, whole, whole, pointer]),
        "ofdmframegen_writesymbol": (number, [pointer, pointer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        getattr(library, name).restype = result
        getattr(library, name).argtypes = arguments
    return library


def _symbol_by_symbol(
    modulate: Callable[..., int], modulator: int, symbols: list[int], rate: int
) -> Samples:
    iq = np.zeros(len(symbols) * rate, np.complex64)
    place, step = iq.ctypes.data, rate * iq.itemsize
    for symbol in symbols:
        modulate(modulator, symbol, place)
        place += step
    return iq


def _points(scheme: str, count: int, rng: np.random.Generator) -> Samples:
    library = _library()
    modem = library.modemcf_create(library.liquid_getopt_str2mod(scheme.encode()))
    symbols = rng.integers(1 << library.modemcf_get_bps(modem), size=count).tolist()
    return _symbol_by_symbol(library.modemcf_modulate, modem, symbols, 1)


def _linear(name: str, rng: np.random.Generator) -> Burst:
    library, beta = _library(), roll_off(rng)
    scheme = str(rng.choice(_SCHEMES[name]))
    pulse = str(rng.choice(("rrcos", "arkaiser")))
    points = _points(scheme, symbol_count(rng), rng)
    padded = np.concatenate([points, np.zeros(2 * _DELAY, np.complex64)])
    kind = library.liquid_getopt_str2firfilt(pulse.encode())
    shape = library.firinterp_crcf_create_prototype(kind, _RATE, _DELAY, beta, 0.0)
    iq = np.zeros(len(padded) * _RATE, np.complex64)
    library.firinterp_crcf_execute_block(shape, padded.ctypes.data, len(padded), iq.ctypes.data)
    return Burst(iq, _RATE, {"scheme": scheme, "pulse": pulse, "roll_off": beta})


def _continuous_phase(bits: int, index: float, bt: float, rng: np.random.Generator) -> Burst:
    """A rectangular pulse where `bt` is 0."""
    library = _library()
    kind = _CPFSK_GMSK if bt else _CPFSK_SQUARE
    modulator = library.cpfskmod_create(bits, index, _RATE, 3, bt or 1.0, kind)
    symbols = rng.integers(1 << bits, size=symbol_count(rng)).tolist()
    iq = _symbol_by_symbol(library.cpfskmod_modulate, modulator, symbols, _RATE)
    return Burst(iq, _RATE, {"modulation_index": index, "bt": bt})


def _two_tones(rng: np.random.Generator) -> Burst:
    kind = rng.integers(3)
    if kind == 0:
        return _continuous_phase(1, round(float(rng.uniform(0.6, 1.3)), 3), 0.0, rng)
    if kind == 1:
        index = float(rng.choice((rng.uniform(0.28, 0.42), rng.uniform(0.6, 0.9))))
        return _continuous_phase(1, round(index, 3), round(float(rng.uniform(0.3, 0.6)), 2), rng)
    return _tones(1, rng)


def _four_tones(rng: np.random.Generator) -> Burst:
    if rng.integers(2):
        return _tones(2, rng)
    return _continuous_phase(2, round(float(rng.uniform(0.27, 1.05)), 3), 0.0, rng)


def _tones(bits: int, rng: np.random.Generator) -> Burst:
    """`fskmod`, whose tones lie from −bandwidth to +bandwidth."""
    library, rate = _library(), 16
    index = round(float(rng.uniform(0.7, 1.2)), 3)
    bandwidth = index * ((1 << bits) - 1) / (2 * rate)
    modulator = library.fskmod_create(bits, rate, bandwidth)
    symbols = rng.integers(1 << bits, size=symbol_count(rng)).tolist()
    iq = _symbol_by_symbol(library.fskmod_modulate, modulator, symbols, rate)
    return Burst(iq, rate, {"modulation_index": index, "modulator": "fskmod"})


def _minimum_shift(rng: np.random.Generator) -> Burst:
    kind = rng.integers(3)
    if kind == 0:
        return _continuous_phase(1, 0.5, 0.0, rng)
    bt = round(float(rng.uniform(0.25, 0.5)), 2)
    if kind == 1:
        return _continuous_phase(1, 0.5, bt, rng)
    library = _library()
    modulator = library.gmskmod_create(_RATE, 3, bt)
    symbols = rng.integers(2, size=symbol_count(rng)).tolist()
    iq = _symbol_by_symbol(library.gmskmod_modulate, modulator, symbols, _RATE)
    return Burst(iq, _RATE, {"modulation_index": 0.5, "bt": bt, "modulator": "gmskmod"})


def _audio(rng: np.random.Generator) -> tuple[str, Samples]:
    kind = str(rng.choice(("speech", "noise")))
    heard = message(kind, int(rng.uniform(0.5, 1.5) * AUDIO_HZ), rng)
    return kind, heard.astype(np.float32)


def _amplitude(rng: np.random.Generator) -> Burst:
    library, (kind, heard) = _library(), _audio(rng)
    depth = round(float(rng.uniform(0.5, 1.0)), 2)
    modulator = library.ampmodem_create(depth, _DSB, 0)
    iq = np.zeros(len(heard), np.complex64)
    library.ampmodem_modulate_block(modulator, heard.ctypes.data, len(heard), iq.ctypes.data)
    return Burst(iq, None, {"modulation_index": depth, "message": kind}, is_continuous=True)


def _frequency(rng: np.random.Generator) -> Burst:
    library, (kind, heard) = _library(), _audio(rng)
    heard = np.repeat(heard, 4)  # room for the deviation; the steps are smoothed by the phase
    factor = round(float(rng.uniform(0.03, 0.12)), 3)
    modulator = library.freqmod_create(factor)
    iq = np.zeros(len(heard), np.complex64)
    library.freqmod_modulate_block(modulator, heard.ctypes.data, len(heard), iq.ctypes.data)
    details: dict[str, float | str] = {"peak_deviation_hz": factor * 4 * AUDIO_HZ, "message": kind}
    return Burst(iq, None, details, is_continuous=True)


def _subcarriers(rng: np.random.Generator) -> Burst:
    """Frames of data symbols with the library's own pilots and guard bands."""
    library = _library()
    size = int(rng.choice((64, 128, 256)))
    prefix = int(rng.choice((size // 4, size // 8)))
    scheme = str(rng.choice(("qpsk", "qam16", "qam64")))
    generator = library.ofdmframegen_create(size, prefix, 0, None)
    symbols, length = int(rng.integers(40, 160)) * 64 // size + 10, size + prefix
    iq = np.zeros(symbols * length, np.complex64)
    for k in range(symbols):
        points = _points(scheme, size, rng)
        place = iq.ctypes.data + k * length * iq.itemsize
        library.ofdmframegen_writesymbol(generator, points.ctypes.data, place)
    return Burst(iq, None, {"fft_size": size, "cyclic_prefix": prefix, "scheme": scheme})


_OTHERS = {
    "2FSK/GFSK": _two_tones,
    "GMSK/MSK": _minimum_shift,
    "4FSK": _four_tones,
    "AM": _amplitude,
    "FM": _frequency,
    "OFDM": _subcarriers,
}
NAMES = (*_SCHEMES, *_OTHERS)


def bursts(name: str, generators: Generators) -> Iterator[Burst]:
    """A burst of a class for each generator."""
    return each(_OTHERS.get(name) or (lambda rng: _linear(name, rng)), generators)
