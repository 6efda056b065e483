"""Features that may leak the class label: power, distinct points, equal rows, a wrong SNR."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.units import ratio_to_db

Digests = npt.NDArray[np.uint64]
"""A hash of the bytes of each row, (N,); collisions among a million are negligible."""

_POWER_STEP_DB = 0.01  # float32 rounds a power normalised to one by less than 0.001 dB
_FAINTEST = 1e-30
_QUANTILES = 16
_SAME_VALUES = 0.9


def power_db(iq: ComplexArray) -> FloatArray:
    """Mean power (N,) of each example (N, T) in dB, in steps of a hundredth.

    The steps hide the rounding of examples that were normalised to one power.
    """
    power = np.square(np.abs(iq), dtype=np.float64).mean(axis=1)
    return np.rint(ratio_to_db(np.maximum(power, _FAINTEST)) / _POWER_STEP_DB) * _POWER_STEP_DB


def at_unit_power(iq: ComplexArray) -> ComplexArray:
    """Examples (N, T) after ideal gain control; all-zero examples stay zero."""
    rms = np.sqrt(np.square(np.abs(iq), dtype=np.float64).mean(axis=1, keepdims=True))
    scaled: ComplexArray = (iq / np.where(rms > 0, rms, 1.0)).astype(np.complex64)
    return scaled


def dot_counts(iq: ComplexArray) -> IntArray:
    """Distinct points in an image of each example (N, T), and its non-zero samples.

    A sample that is held or repeated is one point. Shape (N, 2).
    """
    # minus zero is zero; two float32 are the bits of one integer
    bits = np.ascontiguousarray(iq + np.complex64(0)).view(np.int64)
    return np.stack([_distinct(bits), np.count_nonzero(iq, axis=1)], axis=1)


def are_quantised(iq: ComplexArray) -> npt.NDArray[np.bool_]:
    """Whether the values of both rails of each example (N,) repeat more than its points do.

    So it is with a converter of few bits; then the number of points is a property of the
    constellation itself.
    """
    rails = [
        _distinct(np.ascontiguousarray(rail + np.float32(0)).view(np.int32))
        for rail in (iq.real, iq.imag)
    ]
    repeats: npt.NDArray[np.bool_] = np.maximum(*rails) < _SAME_VALUES * dot_counts(iq)[:, 0]
    return repeats


def envelope_quantiles(iq: ComplexArray) -> FloatArray:
    """Cheap features (N, 16) of examples: quantiles of |y| at unit power."""
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return np.quantile(np.abs(at_unit_power(iq)), shares, axis=1).T


def row_digests(views: Sequence[ComplexArray]) -> Digests:
    """A hash of each example (N,), over the bytes of all its views (N, T)."""
    if not views:
        return np.zeros(0, np.uint64)
    rows = np.hstack([np.ascontiguousarray(iq).view(np.uint8) for iq in views])
    made = [hashlib.blake2b(row.data, digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(made), np.uint64)


def repeated_within(digests: Digests) -> int:
    """Rows that are equal to an earlier one."""
    return len(digests) - len(np.unique(digests))


def shared_between(first: Digests, second: Digests) -> int:
    """Rows of the second that the first contains, too."""
    return int(np.isin(second, first).sum())


def measured_snr(observed: ComplexArray, clean: ComplexArray) -> FloatArray:
    """Power of the signal over that of the noise (N,), from examples (N, T) and clean twins.

    Noise is the residual of a fit of the twin, its conjugate and a constant, so that an image of
    I/Q imbalance and a DC offset are not counted as noise. In white Gaussian noise the ratio is
    unbiased for any length: of T degrees of freedom the fit uses as many as its rank.
    """
    gram, moments = _inner_products(observed.astype(np.complex128), clean.astype(np.complex128))
    power, direction = np.linalg.eigh(gram)
    counts = power > _DEPENDENT * power[:, -1:]
    along = np.square(np.abs(direction.conj().transpose(0, 2, 1) @ moments[..., None])[..., 0])
    explained = np.where(counts, along / np.where(counts, power, 1.0), 0.0).sum(axis=1)
    total = np.square(np.abs(observed), dtype=np.float64).sum(axis=1)
    samples = observed.shape[1]
    left = samples - counts.sum(axis=1)
    own = np.square(np.abs(moments[:, 0])) / np.maximum(gram[:, 0, 0].real, _FAINTEST)
    # one over a sum of so many squares is on average one over one square less (inverse gamma)
    per_noise = np.maximum(left - 1, 0) / np.maximum(total - explained, _FAINTEST)
    ratio: FloatArray = (own * per_noise - 1) / samples
    return ratio


def _inner_products(
    seen: npt.NDArray[np.complex128], twin: npt.NDArray[np.complex128]
) -> tuple[npt.NDArray[np.complex128], npt.NDArray[np.complex128]]:
    """Of a twin, its conjugate and one (N, 3, 3), and of these with the observation (N, 3)."""
    power = np.square(np.abs(twin)).sum(axis=1)
    square, total = (twin * twin).sum(axis=1), twin.sum(axis=1)
    samples = np.full(len(twin), twin.shape[1])
    gram = np.array(
        [
            [power, square.conj(), total.conj()],
            [square, power, total],
            [total, total.conj(), samples],
        ]
    )
    moments = [(twin.conj() * seen).sum(axis=1), (twin * seen).sum(axis=1), seen.sum(axis=1)]
    return gram.transpose(2, 0, 1), np.stack(moments, axis=1)


_DEPENDENT = 1e-9  # of the largest eigenvalue: below, a twin is its own conjugate but for rounding


def _distinct(values: IntArray) -> IntArray:
    """Different numbers in each row, (N,)."""
    ordered = np.sort(values, axis=1)
    return 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1)
