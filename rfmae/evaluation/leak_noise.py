"""Noise that is not independent: equal in two rows, or drawn from a table of few values."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray, IntArray


def whitened(iq: ComplexArray) -> ComplexArray:
    """Rows (N, T) whose spectrum keeps its phases alone, as spectra of unit length (N, T).

    So one row's product with another's has the same distribution whatever the spectra of both.
    """
    spectrum = np.fft.fft(iq * np.hanning(iq.shape[1]), axis=1)
    size = np.abs(spectrum)
    made: ComplexArray = spectrum / np.where(size > 0, size, 1.0) / np.sqrt(iq.shape[1])
    return made


_WINDOW_LOSS = 1.5  # a Hann window correlates neighbouring frequencies, which leaves fewer
_REAL = 2.0  # rows on one line of the plane have half as many independent parts


def chance_of(correlation: FloatArray, samples: int, trials: float) -> FloatArray:
    """An upper bound of the chance that independent rows correlate so much in any of the trials."""
    exponent = np.square(correlation) * samples / (_REAL * _WINDOW_LOSS)
    return np.minimum(1.0, trials * np.exp(-exponent))


def noticeable_correlation(samples: int, trials: float, level: float) -> float:
    """The least correlation that is significant in so many trials."""
    return float(np.sqrt(_REAL * _WINDOW_LOSS * np.log(trials / level) / samples))


def same_place_correlations(spectra: ComplexArray) -> tuple[FloatArray, IntArray, IntArray]:
    """Of every two rows, by their `whitened` spectra, at the same place: values and both rows."""
    gram = np.abs(spectra @ spectra.conj().T)
    first, second = np.triu_indices(len(spectra), 1)
    return gram[first, second], first, second


def any_lag_correlations(spectra: ComplexArray) -> tuple[FloatArray, IntArray, IntArray]:
    """The same at the lag where it is largest, circularly."""
    values, firsts, seconds = [], [], []
    for row in range(len(spectra) - 1):
        products = spectra[row + 1 :] * spectra[row].conj()
        values.append(np.abs(np.fft.ifft(products, axis=1)).max(axis=1) * spectra.shape[1])
        firsts.append(np.full(len(products), row))
        seconds.append(np.arange(row + 1, len(spectra)))
    return np.concatenate(values), np.concatenate(firsts), np.concatenate(seconds)


def repeated_noise(observed: ComplexArray, clean: ComplexArray) -> float:
    """Pairs of samples of one example (T,) that have the same noise to five digits.

    Where two samples y = a·x + n have the same n, their difference over that of the twin is a,
    exactly. Pairs of nearly the same residual vote for a; equal noise gives equal votes.
    """
    scale = np.vdot(clean, observed) / max(float(np.vdot(clean, clean).real), 1e-30)
    left = observed - scale * clean
    order = np.argsort(left.real, kind="stable")
    votes = [_votes(observed[order], clean[order], left[order], step) for step in range(1, 17)]
    vote = np.concatenate(votes)
    vote = vote[np.abs(vote - scale) < 0.5 * abs(scale)]
    return float(_largest_cluster(vote.real, vote.imag, 1e-5 * float(abs(scale))))


def _votes(
    observed: ComplexArray, clean: ComplexArray, left: npt.NDArray[Any], step: int
) -> ComplexArray:
    """The gains that samples so many places apart would have with the same noise."""
    near = np.abs(left[step:] - left[:-step]) < 6 * np.std(left) / np.sqrt(len(left))
    moved = (clean[step:] - clean[:-step])[near].astype(np.complex128)
    seen = (observed[step:] - observed[:-step])[near].astype(np.complex128)
    other = np.abs(moved) > 0.1 * np.sqrt(np.mean(np.square(np.abs(clean))))
    gains: ComplexArray = seen[other] / moved[other]
    return gains


def _largest_cluster(across: FloatArray, up: FloatArray, width: float) -> int:
    """The most points within a square of so much width that follow each other along both axes."""
    if len(across) < 2 or width <= 0:
        return 0
    cells = np.stack([np.rint(across / width), np.rint(up / width)], axis=1).astype(np.int64)
    counts = []
    for offset in (0, 1):  # a cluster on the border of cells is within one of pairs of cells
        _, count = np.unique((cells + offset) // 2, axis=0, return_counts=True)
        counts.append(int(count.max()))
    return max(counts) if max(counts) > 1 else 0


def table_of_values(equal: FloatArray, samples: int, least: float = 1) -> tuple[float, float]:
    """Share of examples with at least so many `equal` pairs (N,) of values, and the table's size.

    Both are zero where fewer than a fifth have any, and where so many values are equal that they
    are those of an alphabet, or held.
    """
    some = (equal >= least) & (equal < samples / 8)
    share = float(some.mean()) if len(equal) else 0.0
    if share < _LEAST_TABLE_SHARE:
        return 0.0, 0.0
    return share, samples**2 / (2 * max(float(equal[some].mean()), 1.0))


_LEAST_TABLE_SHARE = 0.2
