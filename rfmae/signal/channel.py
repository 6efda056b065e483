"""What happens on the way: white noise and the carrier phase."""

from collections.abc import Sequence

import numpy as np

from rfmae.records import ComplexArray, FloatArray


def white_noise(shape: tuple[int, ...], power: float, rng: np.random.Generator) -> ComplexArray:
    """Circular white Gaussian noise of the given power per sample."""
    pairs = rng.standard_normal((*shape, 2), dtype=np.float32)
    pairs *= np.float32(np.sqrt(power / 2))
    return pairs.view(np.complex64)[..., 0]


def awgn(iq: ComplexArray, noise_power: float, rng: np.random.Generator) -> ComplexArray:
    """Add circular white Gaussian noise of the given power per sample."""
    return (iq + white_noise(iq.shape, noise_power, rng)).astype(np.complex64)


def rotate(iq: ComplexArray, phase_offset_turns: FloatArray | Sequence[float]) -> ComplexArray:
    """Turn each example of iq (N, T) by its carrier phase, shape (N,), in turns."""
    turns = np.asarray(phase_offset_turns, np.float64)[:, None]
    return (iq * np.exp(2j * np.pi * turns)).astype(np.complex64)
