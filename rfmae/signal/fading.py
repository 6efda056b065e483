"""Rayleigh and Rician fading, flat or on several paths."""

import math

import numpy as np

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.channel import PerExample, per_example, phasors, times
from rfmae.signal.interpolation import delay
from rfmae.units import db_to_ratio

_WAVES = 32  # scattered waves at the antenna
_TILE = 64  # samples whose phasors are computed together
_TILES = 8  # of them in one product, always: bits must not depend on the batch
_FRAMES = 64  # whose phasors fit the cache


def fading_gains(
    count: int,
    samples: int,
    doppler_turns_per_sample: PerExample,
    rng: np.random.Generator,
    *,
    k_factor_db: PerExample = -math.inf,
) -> ComplexArray:
    """Gains (N, T) of unit mean power: Rayleigh, or Rician with a line of sight.

    Scattered waves arrive from all directions (Clarke, Bell Syst. Tech. J. 47, 1968): complex
    Gaussian at each instant, autocorrelation J0(2π·doppler·τ). Waves of Gaussian amplitudes and
    random angles have both exactly, for any number of waves. The line of sight, `k_factor_db` above
    the scattered power, has a random phase and no Doppler shift, which would be a carrier offset. A
    Doppler of zero is one gain for the whole frame.
    """
    doppler = per_example(doppler_turns_per_sample, count)
    if np.any(doppler < 0):
        raise RecipeError(f"doppler_turns_per_sample must not be negative, got {np.min(doppler):g}")
    scattered_rng, sight_rng = rng.spawn(2)
    ratio_db = per_example(k_factor_db, count)
    scattered = np.sqrt(1 / (1 + db_to_ratio(ratio_db))).astype(np.float32)
    gains = times(_scattered(count, samples, doppler, scattered_rng), scattered)
    pipeline = np.sqrt(1 / (1 + db_to_ratio(-ratio_db)))
    gains += (pipeline * phasors(sight_rng.random((count, 1)))).astype(np.complex64)
    return gains


def flat_fading(
    iq: ComplexArray,
    doppler_turns_per_sample: PerExample,
    rng: np.random.Generator,
    *,
    k_factor_db: PerExample = -math.inf,
) -> ComplexArray:
    """Each example of iq (N, T) times its own gain, see `fading_gains`."""
    count, samples = iq.shape
    gains = fading_gains(count, samples, doppler_turns_per_sample, rng, k_factor_db=k_factor_db)
    return times(iq, gains)


def multipath(
    iq: ComplexArray,
    delays_samples: FloatArray,
    powers_db: FloatArray,
    doppler_turns_per_sample: PerExample,
    rng: np.random.Generator,
    *,
    k_factor_db: PerExample = -math.inf,
) -> ComplexArray:
    """Iq (N, T) over paths of the given delays and powers (P,), which fade independently.

    Powers count relative to their sum. The line of sight, if any, is part of the first path
    (Proakis, ch. 13.5).
    """
    delays, powers = np.asarray(delays_samples, np.float64), np.asarray(powers_db, np.float64)
    if delays.shape != powers.shape or delays.ndim != 1 or not len(delays):
        raise RecipeError(
            "delays_samples and powers_db must name the same paths, at least one, "
            f"got shapes {delays.shape} and {powers.shape}"
        )
    shares = db_to_ratio(powers - powers.max())
    amplitudes = np.sqrt(shares / shares.sum()).astype(np.float32)
    received = np.zeros(iq.shape, np.complex64)
    for path, own_rng in enumerate(rng.spawn(len(delays))):
        late = delay(iq, float(delays[path])) if delays[path] else iq
        sight_db = k_factor_db if path == 0 else -math.inf
        faded = flat_fading(late, doppler_turns_per_sample, own_rng, k_factor_db=sight_db)
        received += amplitudes[path] * faded
    return received


def _scattered(
    count: int, samples: int, doppler: FloatArray, rng: np.random.Generator
) -> ComplexArray:
    """Sum of waves, each of a Gaussian amplitude and a Doppler shift by its angle of arrival."""
    amplitude_rng, angle_rng = rng.spawn(2)
    pairs = amplitude_rng.standard_normal((count, _WAVES, 2), dtype=np.float32)
    amplitudes = pairs.view(np.complex64)[..., 0] / np.float32(math.sqrt(2 * _WAVES))
    # one angle in each sector of the circle: each frame is closer to the ensemble
    angles = (np.arange(_WAVES) + angle_rng.random((count, _WAVES))) / _WAVES
    shifts = doppler * np.cos(2 * np.pi * angles)
    gains = np.empty((count, samples), np.complex64)
    for first in range(0, count, _FRAMES):
        some = slice(first, first + _FRAMES)
        gains[some] = _summed(amplitudes[some], shifts[some], samples)
    return gains


def _summed(amplitudes: ComplexArray, shifts: FloatArray, samples: int) -> ComplexArray:
    """Sum (N, T) of waves of such amplitudes and Doppler shifts (N, waves)."""
    blocks = -(-samples // (_TILE * _TILES))
    # exp(jω(a + b)) is a product: far fewer phasors than samples times waves
    starts = phasors(np.arange(blocks * _TILES)[:, None] * _TILE * shifts[:, None])
    starts *= amplitudes[:, None]
    within = phasors(shifts[..., None] * np.arange(_TILE))
    tiles = starts.reshape(len(shifts), blocks, _TILES, _WAVES) @ within[:, None]
    return tiles.reshape(len(shifts), -1)[:, :samples]
