"""OFDM with a cyclic prefix: modulation and demodulation of sub-carriers.

A symbol interval of OFDM is a chip: one sample of the critically sampled signal, fft_size of which
carry one block of symbols.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rfmae.errors import RecipeError, ShapeError
from rfmae.records import ComplexArray, IntArray
from rfmae.units import whole_ratio


@dataclass(frozen=True, slots=True)
class _Block:
    """Samples of one OFDM symbol: the prefix, then the period of the transform."""

    prefix: int
    period: int

    @property
    def samples(self) -> int:
        return self.prefix + self.period


def modulate_subcarriers(
    symbols: ComplexArray,
    fft_size: int,
    cyclic_prefix: int,
    samples_per_symbol: float | Fraction,
) -> ComplexArray:
    """Waveform (N, B·(fft_size + cyclic_prefix)·samples_per_symbol) from symbols (N, B, A).

    The A symbols of each of the B blocks are on the sub-carriers −A/2 … −1 and 1 … A/2; the
    prefix repeats the end of its block (Proakis and Salehi, Digital Communications, sec. 11.2).
    Symbols of unit power make a waveform of unit mean power. Both the transform and the prefix
    must last a whole number of samples.
    """
    count, blocks, active = symbols.shape
    block = _block(active, fft_size, cyclic_prefix, samples_per_symbol)
    spectrum = np.zeros((count, blocks, block.period), np.complex128)
    spectrum[..., _subcarriers(active)] = symbols
    body = np.fft.ifft(spectrum) * (block.period / math.sqrt(active))
    body = body.astype(np.complex64)
    with_prefix = np.concatenate([body[..., block.period - block.prefix :], body], axis=-1)
    return with_prefix.reshape(count, -1)


def demodulate_subcarriers(
    waveform: ComplexArray,
    active: int,
    fft_size: int,
    cyclic_prefix: int,
    samples_per_symbol: float | Fraction,
) -> ComplexArray:
    """Symbols (N, B, A) of a waveform (N, T) that begins with a prefix and holds whole blocks.

    The inverse of `modulate_subcarriers` (Proakis and Salehi, Digital Communications, sec. 11.2).
    Raises `ShapeError` where T is not a whole number of blocks.
    """
    block = _block(active, fft_size, cyclic_prefix, samples_per_symbol)
    count, samples = waveform.shape
    if samples % block.samples:
        raise ShapeError(
            f"a waveform of OFDM must hold whole blocks of {block.samples} samples, got {samples}"
        )
    blocks = waveform.reshape(count, -1, block.samples)[..., block.prefix :]
    spectrum = np.fft.fft(blocks.astype(np.complex128)) * (math.sqrt(active) / block.period)
    return spectrum[..., _subcarriers(active)].astype(np.complex64)


def _subcarriers(active: int) -> IntArray:
    """Sub-carriers from the lowest frequency to the highest, without the centre."""
    half = active // 2
    return np.concatenate([np.arange(-half, 0), np.arange(1, half + 1)])


def _block(
    active: int, fft_size: int, cyclic_prefix: int, samples_per_symbol: float | Fraction
) -> _Block:
    check_subcarriers(active, fft_size, cyclic_prefix)
    rate = whole_ratio(samples_per_symbol)
    prefix = whole_samples("cyclic_prefix", cyclic_prefix, rate)
    block = _Block(prefix, whole_samples("fft_size", fft_size, rate))
    if active >= block.period:
        raise RecipeError(
            f"active sub-carriers must be fewer than the {block.period} samples of a transform, "
            f"got {active}"
        )
    return block


def check_subcarriers(active: int, fft_size: int, cyclic_prefix: int) -> None:
    """Refuse sub-carriers that do not fit into a transform, or a prefix longer than it."""
    if active < 2 or active % 2 or active >= fft_size:
        raise RecipeError(
            "active sub-carriers must be even, at least 2 and below fft_size "
            f"{fft_size}, got {active}"
        )
    if not 0 <= cyclic_prefix <= fft_size:
        raise RecipeError(
            f"cyclic_prefix must lie in 0 to fft_size {fft_size}, got {cyclic_prefix}"
        )


def whole_samples(name: str, chips: int, rate: Fraction) -> int:
    """The samples of a number of chips, which must be whole."""
    samples = chips * rate
    if samples.denominator != 1:
        raise RecipeError(
            f"{name} must be a whole number of samples, got {chips} chips of {rate} samples; "
            f"take a multiple of {rate.denominator}"
        )
    return int(samples)
