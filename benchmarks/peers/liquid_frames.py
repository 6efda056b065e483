"""liquid-dsp: the symbol stream and channel of its C library, which its Python module carries.

GFSK has no stream of samples: its modulator takes a call a symbol, and most of its time here is
that of Python's calls. The library's own noise is its slower half: a second program takes numpy's.
"""

import ctypes
from collections.abc import Callable
from functools import partial

import liquid
import numpy as np

from peers import (
    BT,
    ES_N0,
    MODULATION_INDEX,
    ROLLOFF,
    SAMPLES,
    SAMPLES_PER_SYMBOL,
    SPAN_SYMBOLS,
    Frames,
    Make,
)

_GAUSSIAN = 3  # LIQUID_CPFSK_GMSK
_GFSK_DELAY_SYMBOLS = 3

Stream = Callable[[Frames], None]
"""Fills an array with the next samples of a signal."""


def _library() -> ctypes.CDLL:
    """The C functions used here, with the types of liquid.h."""
    pointer, whole, real = ctypes.c_void_p, ctypes.c_uint, ctypes.c_float
    library = ctypes.CDLL(liquid.__file__)
    signatures = {
        "symstreamcf_create_linear": (pointer, [ctypes.c_int, whole, whole, real, ctypes.c_int]),
        "symstreamcf_write_samples": (None, [pointer, pointer, whole]),
        "cpfskmod_create": (pointer, [whole, real, whole, whole, real, ctypes.c_int]),
        "cpfskmod_modulate": (None, [pointer, whole, pointer]),
        "channel_cccf_create": (pointer, []),
        "channel_cccf_add_awgn": (None, [pointer, real, real]),
        "channel_cccf_execute_block": (None, [pointer, pointer, whole, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        getattr(library, name).restype = result
        getattr(library, name).argtypes = arguments
    return library


def _linear(library: ctypes.CDLL, modulation: str) -> Stream:
    scheme = {"QPSK": b"qpsk", "16QAM": b"qam16", "64QAM": b"qam64"}[modulation]
    stream = library.symstreamcf_create_linear(
        library.liquid_getopt_str2firfilt(b"rrcos"),
        SAMPLES_PER_SYMBOL,
        SPAN_SYMBOLS // 2,
        ROLLOFF,
        library.liquid_getopt_str2mod(scheme),
    )
    return lambda iq: library.symstreamcf_write_samples(stream, iq.ctypes.data, iq.size)


def _gfsk(library: ctypes.CDLL) -> Stream:
    modulator = library.cpfskmod_create(
        1, MODULATION_INDEX, SAMPLES_PER_SYMBOL, _GFSK_DELAY_SYMBOLS, BT, _GAUSSIAN
    )
    rng, modulate = np.random.default_rng(0), library.cpfskmod_modulate

    def fill(iq: Frames) -> None:
        place, step = iq.ctypes.data, SAMPLES_PER_SYMBOL * iq.itemsize
        for bit in rng.integers(2, size=iq.size // SAMPLES_PER_SYMBOL).tolist():
            modulate(modulator, bit, place)
            place += step

    return fill


def frames_of(modulation: str, frames: int, *, own_noise: bool) -> Make:
    library = _library()
    fill = _gfsk(library) if modulation == "GFSK" else _linear(library, modulation)
    sent = np.empty((frames, SAMPLES), np.complex64)
    noise_power = SAMPLES_PER_SYMBOL / ES_N0
    rng = np.random.Generator(np.random.SFC64(0))
    channel = library.channel_cccf_create()
    floor_db = 10 * np.log10(noise_power)
    library.channel_cccf_add_awgn(channel, floor_db, -floor_db)  # so that the signal keeps 0 dB

    def with_own_noise() -> Frames:
        fill(sent)
        received = np.empty_like(sent)
        library.channel_cccf_execute_block(
            channel, sent.ctypes.data, sent.size, received.ctypes.data
        )
        return received

    def with_numpy_noise() -> Frames:
        fill(sent)
        noise = rng.standard_normal((frames, 2 * SAMPLES), np.float32)
        noise *= np.float32(np.sqrt(noise_power / 2))
        received = noise.view(np.complex64)
        received += sent
        return received

    return with_own_noise if own_noise else with_numpy_noise


PROGRAMS = {
    "liquid-dsp, in C": partial(frames_of, own_noise=True),
    "liquid-dsp, noise by numpy": partial(frames_of, own_noise=False),
}
