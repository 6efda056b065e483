"""Pulse shaping of symbols whose neighbours are zero: the counterpart of the matched filter."""

from fractions import Fraction

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.polyphase import shape_valid
from rfmae.signal.pulses import Pulse
from rfmae.units import whole_ratio


def shape_symbols(
    symbols: ComplexArray,
    pulse: Pulse,
    samples_per_symbol: float | Fraction,
    *,
    offset: bool = False,
    mean_power: float = 0.0,
) -> ComplexArray:
    """Pulse-shaped waveform (..., ⌊K·samples_per_symbol⌋) of unit mean power of symbols (..., K).

    The power is one for symbols of zero mean. `offset` sends Q half a symbol late, as OQPSK does.
    The first and last symbols lack their neighbours. Any rate of at least one sample per symbol
    that the pulse's band allows will do, fractions included.
    """
    rate = whole_ratio(samples_per_symbol)
    pulse.check_rate(rate)
    rows = symbols.reshape(-1, symbols.shape[-1])
    before = np.zeros((len(rows), pulse.reach_symbols), np.complex64)
    samples = int(symbols.shape[-1] * rate)
    waveform = shape_valid(
        np.hstack([before, rows]), pulse, rate, samples, offset=offset, mean_power=mean_power
    )
    return waveform.reshape(*symbols.shape[:-1], samples)
