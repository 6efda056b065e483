"""Channel effects: noise, impulses, interference, carrier offset and phase noise."""

import math
from collections.abc import Sequence

import numpy as np

from rfmae.errors import RecipeError, ShapeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.noise import circular_gaussian
from rfmae.units import db_to_ratio

PerExample = FloatArray | Sequence[float] | float
"""One number for all N examples, or one for each of them, shape (N,)."""


def white_noise(
    shape: tuple[int, ...], power: PerExample, rng: np.random.Generator
) -> ComplexArray:
    """Circular white Gaussian noise of the given power per sample."""
    power_column = per_example(power, shape[0])
    if not np.all(power_column >= 0):
        raise RecipeError(f"a noise power must not be negative, got {np.min(power_column):g}")
    noise = circular_gaussian(math.prod(shape), rng).reshape(shape)
    pairs = noise.view(np.float32)
    pairs *= np.sqrt(power_column).astype(np.float32).reshape(-1, *(1 for _ in shape[1:]))
    return noise


def awgn(iq: ComplexArray, noise_power: PerExample, rng: np.random.Generator) -> ComplexArray:
    """Add circular white Gaussian noise of the given power per sample."""
    return (iq + white_noise(iq.shape, noise_power, rng)).astype(np.complex64)


def impulsive_noise(
    shape: tuple[int, int],
    background_power: PerExample,
    impulse_probability: PerExample,
    impulse_ratio_db: PerExample,
    rng: np.random.Generator,
) -> ComplexArray:
    """Impulses alone (N, T), to add to white noise of `background_power` per sample.

    Bernoulli-Gaussian: each sample is hit with the probability, independently, by circular
    Gaussian noise `impulse_ratio_db` above the background (Ghosh, IEEE Trans. Commun. 44(2), 1996).
    Their mean power is background power · probability · ratio.
    """
    probability = per_example(impulse_probability, shape[0])
    if not np.all((probability >= 0) & (probability <= 1)):
        raise RecipeError(
            "impulse_probability must lie in 0 to 1, "
            f"got {np.min(probability):g} to {np.max(probability):g}"
        )
    when, how_strong = rng.spawn(2)
    hit = when.random(shape, dtype=np.float32) < probability
    ratio = db_to_ratio(per_example(impulse_ratio_db, shape[0]))
    power = np.broadcast_to(ratio * per_example(background_power, shape[0]), (shape[0], 1))
    impulses = white_noise(shape, power[:, 0], how_strong)
    impulses *= hit
    return impulses


def interfere(
    iq: ComplexArray, interferer: ComplexArray, carrier_to_interference_db: PerExample
) -> ComplexArray:
    """Add another signal (N, T), `carrier_to_interference_db` below a wanted one of unit power.

    Both have unit power in the ensemble; neither is measured, so that fading stays fading.
    """
    if iq.shape != interferer.shape:
        raise ShapeError(
            "an interferer must have the shape of the signal it disturbs, "
            f"got {interferer.shape} for {iq.shape}"
        )
    power = db_to_ratio(-per_example(carrier_to_interference_db, len(iq)))
    return iq + interferer * np.sqrt(power).astype(np.float32)


# the carrier --------------------------------------------------------------------------------


def rotate(iq: ComplexArray, phase_offset_turns: PerExample) -> ComplexArray:
    """Turn each example of iq (N, T) by its carrier phase, shape (N,), in turns."""
    return times(iq, phasors(per_example(phase_offset_turns, len(iq))))


def offset_carrier(iq: ComplexArray, carrier_offset_turns_per_sample: PerExample) -> ComplexArray:
    """Move each example of iq (N, T) in frequency; sample 0 keeps its phase."""
    frequency = per_example(carrier_offset_turns_per_sample, len(iq))
    return times(iq, phasors(frequency * np.arange(iq.shape[-1])))


def phase_noise(
    iq: ComplexArray, linewidth_turns_per_sample: PerExample, rng: np.random.Generator
) -> ComplexArray:
    """Turn iq (N, T) by an oscillator's phase, a random walk that starts from zero.

    A Lorentzian line of full width Δν at half power: over τ samples the phase moves by a Gaussian
    angle of variance 2π·Δν·τ rad² (Demir, Mehrotra, Roychowdhury, IEEE Trans. CAS-I 47(5), 2000).
    """
    linewidth = per_example(linewidth_turns_per_sample, len(iq))
    if np.any(linewidth < 0):
        raise RecipeError(
            f"linewidth_turns_per_sample must not be negative, got {np.min(linewidth):g}"
        )
    steps = rng.standard_normal(iq.shape, dtype=np.float32)
    steps[:, :1] = 0
    walk = np.cumsum(steps, axis=1, dtype=np.float64)
    # 2π·Δν rad² are Δν / 2π turns²
    return times(iq, phasors(walk * np.sqrt(linewidth / (2 * np.pi))))


# helpers of the effects ---------------------------------------------------------------------


def per_example(values: PerExample, count: int) -> FloatArray:
    """A setting as a column (1, 1) or (N, 1), to broadcast with iq (N, T)."""
    column: FloatArray = np.asarray(values, np.float64).reshape(-1, 1)
    if len(column) not in (1, count):
        raise ShapeError(
            f"a setting must be one number or one for each of the {count} examples, "
            f"got {len(column)} numbers"
        )
    return column


def phasors(turns: FloatArray) -> ComplexArray:
    """Unit phasors of phases in turns, of any shape."""
    # whole turns are dropped in double precision, so that the phase of a long frame is exact
    angle = (2 * np.pi * (turns - np.rint(turns))).astype(np.float32)
    made = np.empty(angle.shape, np.complex64)
    made.real, made.imag = np.cos(angle), np.sin(angle)
    return made


def times(iq: ComplexArray, factors: ComplexArray | FloatArray) -> ComplexArray:
    """The product as complex64, in new memory.

    Numpy multiplies complex numbers in place where an operand is large and not referenced
    elsewhere, and rounds differently there: bits would depend on the batch.
    """
    product = np.empty(np.broadcast_shapes(iq.shape, factors.shape), np.complex64)
    return np.multiply(iq, factors, out=product, casting="same_kind")
