"""What is left of examples after their clean twins were fitted, as scores that a leak would move.

White noise, divided by its own power and by the share of its variance that the fit leaves, has the
same distribution in every class and at every SNR. So whatever of it differs by class was added.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from rfmae.records import ComplexArray, FloatArray

Exact = npt.NDArray[np.complex128]

MOST_SAMPLES = 8192
"""Of a longer example, the first so many samples are tested one by one."""

BLOCKS = 16
"""Parts of equal length, into which an example is cut for the test of energy in time."""

_DEPENDENT = (
    1e-6  # of its power: what is left of a conjugated twin that is the twin but for a phase
)
_NO_NOISE = 1e-11  # residual power over that of the example: rounding of single precision
_LEAST_SHARE = 1e-3  # of variance: below, the fit leaves nothing to test
_SMOOTHED = 16  # frequencies on either side
_LEAST_POWER = 1e-5  # of the strongest frequency: below, a filter leaves rounding alone


@dataclass(frozen=True, slots=True)
class Residuals:
    """Of examples (N, T) that have any noise: residuals with unit variance, and their ratios."""

    kept: FloatArray  # (N,) of all examples that were given: whether they have noise
    scaled: Exact  # (K, T), in units of their standard deviation
    spectrum: Exact  # (K, F), the same for a tone at each frequency of the transform
    turned: Exact  # (K,), phase of the twin in the example
    signal_over_noise: FloatArray  # (K,), of a sample


def residuals_of(
    observed: ComplexArray, clean: ComplexArray, *, mirrored: bool = False, constant: bool = False
) -> Residuals:
    """Residuals (N, T) of a fit of the twin alone, or of more that the recipe's receiver adds.

    `mirrored` where it mirrors its input (I/Q imbalance), `constant` where it adds a constant.
    """
    basis = orthonormal(clean, mirrored, constant)
    seen = observed.astype(np.complex128)
    along = np.einsum("nkt,nt->nk", basis.conj(), seen)
    left = seen - np.einsum("nkt,nk->nt", basis, along)
    power = np.square(np.abs(left)).sum(axis=1) / (seen.shape[1] - basis.shape[1])
    kept = power > _NO_NOISE * np.square(np.abs(seen)).mean(axis=1)
    basis, left, along = basis[kept], left[kept], along[kept]
    left /= np.sqrt(power[kept])[:, None]
    head = slice(0, MOST_SAMPLES)
    free = 1 - np.square(np.abs(basis)).sum(axis=1)
    spectrum = np.fft.fft(left[:, head], axis=1) / np.sqrt(min(left.shape[1], MOST_SAMPLES))
    # of a longer example the first samples alone, of which the fit takes less than all
    lines = np.fft.fft(basis[:, :, head], axis=2) / np.sqrt(min(left.shape[1], MOST_SAMPLES))
    free_lines = 1 - np.square(np.abs(lines)).sum(axis=1)
    size = np.abs(along[:, 0])
    return Residuals(
        kept=kept,
        scaled=_divided(left, free),
        spectrum=_divided(spectrum, free_lines),
        turned=along[:, 0] / np.where(size > 0, size, 1.0),
        signal_over_noise=np.square(size) / (seen.shape[1] * power[kept]),
    )


def noise_spectrum(residuals: Residuals) -> FloatArray:
    """Mean power of the noise at each frequency (F,), smooth, and zero where there is none.

    A median over neighbours passes over a tone.
    """
    power = np.square(np.abs(residuals.spectrum)).mean(axis=0)
    reach = min(_SMOOTHED, len(power) // 8)
    around = np.stack([np.roll(power, step) for step in range(-reach, reach + 1)])
    smooth = np.median(around, axis=0)
    return np.where(smooth > _LEAST_POWER * smooth.max(), smooth, 0.0)


def whitened_spectrum(residuals: Residuals, noise: FloatArray) -> Residuals:
    """The same with the noise of each frequency at unit power, by its spectrum (F,)."""
    divisor = np.where(noise > 0, np.sqrt(noise), np.inf)
    return replace(residuals, spectrum=residuals.spectrum / divisor)


def mean_scores(residuals: Residuals) -> FloatArray:
    """Of a constant (K, 5): I, Q, both against the phase of the signal, and its power."""
    constant = residuals.spectrum[:, 0]
    against = constant * residuals.turned.conj()
    parts = (constant.real, constant.imag, against.real, against.imag)
    return np.column_stack([*(normal_score(part) for part in parts), power_score(constant)])


def tone_scores(residuals: Residuals) -> FloatArray:
    """Of the power at each frequency (K, F)."""
    return power_score(residuals.spectrum)


def block_scores(residuals: Residuals) -> FloatArray:
    """Of the power in each of the blocks of an example (K, BLOCKS)."""
    length = residuals.scaled.shape[1] // BLOCKS
    cut = residuals.scaled[:, : length * BLOCKS].reshape(-1, BLOCKS, length)
    power = np.square(np.abs(cut)).mean(axis=2)
    scores: FloatArray = ndtr((power - 1) * np.sqrt(length))
    return scores


def sample_scores(residuals: Residuals) -> FloatArray:
    """Of each sample (K, 3·T): I, then Q, then its power."""
    head = residuals.scaled[:, :MOST_SAMPLES]
    return np.hstack([normal_score(head.real), normal_score(head.imag), power_score(head)])


def normal_score(part: FloatArray) -> FloatArray:
    """The distribution function of a part of circular noise of unit power, uniform from 0 to 1."""
    scores: FloatArray = ndtr(part * np.sqrt(2))
    return scores


def power_score(values: Exact) -> FloatArray:
    """The distribution function of the power of circular noise of unit power."""
    scores: FloatArray = -np.expm1(-np.square(np.abs(values)))
    return scores


def orthonormal(clean: ComplexArray, mirrored: bool, constant: bool) -> Exact:
    """Orthonormal directions (N, K, T): the twins, their conjugates and a constant; or zero."""
    twin = clean.astype(np.complex128)
    more = [twin.conj()] if mirrored else []
    more += [np.ones_like(twin)] if constant else []
    found = [twin / _lengths(twin)]
    for direction in more:
        new = direction / _lengths(direction)
        for other in found:
            new = new - other * (other.conj() * new).sum(axis=1, keepdims=True)
        is_new = np.square(np.abs(new)).sum(axis=1, keepdims=True) > _DEPENDENT
        found.append(np.where(is_new, new / _lengths(new), 0.0))
    return np.stack(found, axis=1)


def _lengths(rows: Exact) -> FloatArray:
    norm = np.sqrt(np.square(np.abs(rows)).sum(axis=1, keepdims=True))
    return np.where(norm > 0, norm, 1.0)


def _divided(values: Exact, share: FloatArray) -> Exact:
    """Values at unit variance; zero where the fit leaves nothing."""
    divisor = np.sqrt(np.maximum(share, _LEAST_SHARE))
    scaled: Exact = np.where(share > _LEAST_SHARE, values / divisor, 0.0)
    return scaled
