"""Demodulation: received symbols or waveforms to bits, for every digital modulation.

The receiver has corrected timing, carrier and gain before (see `rfmae.signal.receiver`). The parts
are here as well: matched filter, minimum-distance decisions, phase detection and sub-carriers.
"""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from rfmae.errors import RecipeError, ShapeError
from rfmae.records import ComplexArray, IntArray
from rfmae.signal.bits import indices_to_bits
from rfmae.signal.cpm import detect_indices
from rfmae.signal.interpolation import delay
from rfmae.signal.linear import decide_indices
from rfmae.signal.modulations import Modulation, find_modulation, nearest_indices
from rfmae.signal.ofdm import demodulate_subcarriers
from rfmae.signal.polyphase import pulse_amplitude
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import matched_filter
from rfmae.signal.settings import Subcarriers
from rfmae.units import whole_ratio

__all__ = [
    "decide_indices",
    "demodulate",
    "demodulate_subcarriers",
    "detect_indices",
    "indices_to_bits",
    "matched_filter",
]


def demodulate(
    iq: ComplexArray,
    modulation: str | Modulation,
    *,
    samples_per_symbol: float | Fraction | None = None,
    pulse: Pulse | None = None,
) -> npt.NDArray[np.uint8]:
    """Bits (N, K·bits_per_symbol) of K symbols from I/Q of a known modulation, 0 or 1 each.

    Without `samples_per_symbol`, `iq` (N, K) are symbols in units of the alphabet, which has unit
    mean power. With it, `iq` (N, T) is a waveform of unit mean power whose sample 0 is the instant
    of a symbol. A linear modulation passes the filter matched to `pulse` (root-raised-cosine by
    default), whose first and last symbols lack their neighbours. OFDM begins with a prefix and
    holds whole blocks. A continuous phase needs a whole `samples_per_symbol`; its last symbol is
    not decided, as the waveform ends before it does.

    Decisions are by minimum distance, those of a continuous phase by its turn over a symbol; the
    bits are Gray labels, most significant first (Proakis and Salehi, Digital Communications,
    ch. 4). Raises `RecipeError` for a modulation that carries no bits or does not fit the rate, and
    `ShapeError` for I/Q of another shape.

    >>> demodulate(np.array([[0.7 + 0.7j, -0.7 - 0.7j]]), "QPSK").tolist()
    [[0, 0, 1, 1]]
    """
    row = find_modulation(modulation) if isinstance(modulation, str) else modulation
    _check(iq, row)
    if samples_per_symbol is None:
        indices = _from_symbols(iq, row)
    elif row.family == "phase":
        indices = detect_indices(iq, row, _whole(samples_per_symbol, row))
    elif isinstance(row.settings, Subcarriers):
        indices = _from_subcarriers(iq, row, row.settings, samples_per_symbol)
    else:
        symbols = _filtered_symbols(iq, row, pulse or Pulse(), whole_ratio(samples_per_symbol))
        indices = decide_indices(symbols, row)
    return indices_to_bits(indices, row.bits_per_symbol)


def _check(iq: ComplexArray, row: Modulation) -> None:
    if not row.is_digital:
        raise RecipeError(f"{row.name} carries no bits; name a digital modulation")
    if iq.ndim != 2 or not np.iscomplexobj(iq) or not iq.size:
        raise ShapeError(f"iq must be complex of shape (N, T), got {iq.dtype} {iq.shape}")


def _from_symbols(symbols: ComplexArray, row: Modulation) -> IntArray:
    if row.family == "phase":
        raise RecipeError(
            f"{row.name} is demodulated from its waveform; name its samples_per_symbol"
        )
    return decide_indices(symbols, row)


def _whole(samples_per_symbol: float | Fraction, row: Modulation) -> int:
    least = math.ceil(row.least_samples_per_symbol)
    if samples_per_symbol < least or samples_per_symbol % 1:
        raise RecipeError(
            f"{row.name} needs a whole number of samples per symbol, at least {least}, "
            f"got {float(samples_per_symbol):g}"
        )
    return int(samples_per_symbol)


def _from_subcarriers(
    waveform: ComplexArray,
    row: Modulation,
    settings: Subcarriers,
    samples_per_symbol: float | Fraction,
) -> IntArray:
    """Indices (N, B·A) of the A sub-carriers of all B blocks, from the lowest frequency on."""
    symbols = demodulate_subcarriers(
        waveform, settings.active, settings.fft_size, settings.cyclic_prefix, samples_per_symbol
    )
    return nearest_indices(symbols.reshape(len(waveform), -1), row.alphabet)


def _filtered_symbols(
    waveform: ComplexArray, row: Modulation, pulse: Pulse, rate: Fraction
) -> ComplexArray:
    """Symbols (N, K) in units of the alphabet; of OQPSK, Q is taken half a symbol later."""
    symbols = matched_filter(waveform, pulse, rate)
    if row.family == "offset":
        early = delay(waveform, -float(rate) / 2)
        symbols = (symbols.real + 1j * matched_filter(early, pulse, rate).imag).astype(np.complex64)
    # the filter takes symbols of zero mean for granted, but those of OOK and ASK have one
    gain = pulse_amplitude(pulse, rate) / pulse_amplitude(pulse, rate, row.carrier_power)
    return symbols * np.float32(gain)
