"""Whether the envelope of a signal is constant, whatever the noise over it."""

import numpy as np

from rfmae.records import ComplexArray
from rfmae.signal.blind.spectrum import Estimate
from rfmae.signal.blind.symbol_rate import Band

_BLOCKS = 32


def envelope_kurtosis(iq: ComplexArray, band: Band) -> Estimate:
    """E|s|⁴/(E|s|²)² of the signal in samples (T,): 1 for a constant envelope, 2 for noise.

    What lies outside of the occupied band is filtered out, and the moments of the noise inside,
    Gaussian and of the density of the floor, are taken away.
    """
    occupied = band.occupied
    passed = np.fft.fft(iq.astype(np.complex128)) * (band.at(occupied, len(iq)) > 0.5)
    power = np.abs(np.fft.ifft(passed)) ** 2
    inside = 0.0 if occupied.all() else band.floor * float(occupied.mean())
    blocks = power[: len(power) // _BLOCKS * _BLOCKS].reshape(_BLOCKS, -1)
    second, fourth = blocks.mean(axis=1), (blocks**2).mean(axis=1)

    def ratio(mean: float, square: float) -> float:
        signal = max(mean - inside, 1e-30)
        return (square - 4 * signal * inside - 2 * inside**2) / signal**2

    value = ratio(float(second.mean()), float(fourth.mean()))
    without = [
        ratio(
            float((second.sum() - second[n]) / (_BLOCKS - 1)),
            float((fourth.sum() - fourth[n]) / (_BLOCKS - 1)),
        )
        for n in range(_BLOCKS)
    ]
    error = np.sqrt((_BLOCKS - 1) * np.var(without))  # the jackknife
    return Estimate(value, float(error))
