"""What a receiver that knows pulse and timing does: matched filter, symbol instants, gain."""

import numpy as np
from scipy.signal import upfirdn

from rfmae.errors import ShapeError
from rfmae.records import ComplexArray, FloatArray


def matched_filter(
    waveform: ComplexArray, taps: FloatArray, samples_per_symbol: int
) -> ComplexArray:
    """Symbols (..., K) at the symbol instants of waveform (..., K·samples_per_symbol).

    With unit-energy root-raised-cosine taps a linear modulation comes back as its own symbols,
    and white noise of power σ² per sample as white noise of power σ²/samples_per_symbol.
    """
    delay = (len(taps) - 1) // 2
    if delay % samples_per_symbol:
        raise ShapeError(
            "the filter must reach over whole symbols on either side, "
            f"got {len(taps)} taps at {samples_per_symbol} samples per symbol"
        )
    mirrored = taps[::-1] / np.sqrt(samples_per_symbol)
    full = upfirdn(
        mirrored.astype(np.float32), waveform.astype(np.complex64), down=samples_per_symbol
    )
    start = delay // samples_per_symbol
    return full[..., start : start + waveform.shape[-1] // samples_per_symbol]


def unit_power(iq: ComplexArray) -> ComplexArray:
    """Scale each example to unit mean power; an example without any power stays as it is."""
    rms = np.sqrt(np.mean(np.abs(iq) ** 2, axis=-1, keepdims=True))
    return (iq / np.where(rms > 0, rms, 1.0)).astype(np.complex64)
