"""What needs no timing: the spectrum, the envelope and the frequency of a burst."""

import numpy as np

from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.densities import power_density
from rfmae.units import ratio_to_db

DENSITY_BINS = 48
ENVELOPE_BINS = 28
FREQUENCY_BINS = 40
_SPAN = 1.0  # of the density and the frequency: occupied bandwidths to either side
_HIGHEST_ENVELOPE = 3.5  # times the rms
_LEAST_DB, _MOST_DB = -40.0, 15.0


def density_shape(iq: ComplexArray, occupied: float) -> FloatArray:
    """The density over one occupied bandwidth to either side of the centre, (48,), in 10 dB.

    `occupied` is in cycles per sample; the density is that over its mean inside the occupied band.
    """
    length = 256 if len(iq) >= 2048 else 128 if len(iq) >= 512 else 32
    density = power_density(iq, min(length, len(iq)))
    at = np.linspace(-_SPAN, _SPAN, DENSITY_BINS) * occupied
    turns = np.arange(len(density) + 1) / len(density)
    values = np.interp(at % 1.0, turns, np.append(density, density[0]))
    beyond = np.abs(at) > 0.5
    inside = np.abs(at) <= occupied / 2
    values = np.where(beyond, values[~beyond].min(), values)
    decibels = ratio_to_db(np.maximum(values / max(values[inside].mean(), 1e-30), 1e-6))
    return np.clip(decibels, _LEAST_DB, _MOST_DB) / 10


def envelope_shape(iq: ComplexArray) -> FloatArray:
    """The distribution of |x| over its rms, (28 + 4,): a histogram, then moments and quantiles."""
    amplitude = np.abs(iq)
    power = np.square(amplitude, dtype=np.float64)
    amplitude = amplitude / max(np.sqrt(power.mean()), 1e-30)
    counts, _ = np.histogram(amplitude, ENVELOPE_BINS, (0, _HIGHEST_ENVELOPE))
    kurtosis = float(np.mean(amplitude**4))
    low, middle, high = np.quantile(amplitude, [0.05, 0.5, 0.95])
    return np.array([*np.sqrt(counts / len(iq)), np.log(kurtosis), low, middle, high])


def frequency_shape(frequency: FloatArray, weights: FloatArray, occupied: float) -> FloatArray:
    """The distribution of the instantaneous frequency (T,), in occupied bandwidths, (40 + 3,).

    Samples count by `weights`, their power: the phase of a faint one is noise.
    """
    share = weights / max(float(weights.sum()), 1e-30)
    relative = frequency / occupied
    counts, _ = np.histogram(relative, FREQUENCY_BINS, (-_SPAN, _SPAN), weights=share)
    mean = float(share @ relative)
    spread = float(share @ (relative - mean) ** 2)
    fourth = float(share @ (relative - mean) ** 4) / max(spread, 1e-12) ** 2
    return np.array([*np.sqrt(counts), np.sqrt(spread), np.log(max(fourth, 1e-3)), mean])


def instantaneous_frequency(iq: ComplexArray) -> tuple[FloatArray, FloatArray]:
    """The frequency in cycles per sample between neighbours (T − 1,), and their mean power."""
    product = iq[1:] * iq[:-1].conj()
    return np.angle(product).astype(np.float64) / (2 * np.pi), np.abs(product).astype(np.float64)
