"""What may name a class without being its signal: power, dots, equal rows, a wrong SNR."""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rfmae.records import ComplexArray, FloatArray, IntArray
from rfmae.units import ratio_to_db

Digests = npt.NDArray[np.uint64]
"""A fingerprint of the bytes of each row, (N,); a million of them never meet by chance."""

_POWER_STEP_DB = 0.01  # float32 rounds a power brought to one by less than 0.001 dB
_FAINTEST = 1e-30
_QUANTILES = 16
_SAME_VALUES = 0.9


def power_db(iq: ComplexArray) -> FloatArray:
    """Mean power (N,) of each example (N, T) in dB, in steps of a hundredth.

    The steps keep the rounding of examples that were brought to one power from telling anything.
    """
    power = np.square(np.abs(iq), dtype=np.float64).mean(axis=1)
    return np.rint(ratio_to_db(np.maximum(power, _FAINTEST)) / _POWER_STEP_DB) * _POWER_STEP_DB


def at_unit_power(iq: ComplexArray) -> ComplexArray:
    """Examples (N, T) as a receiver's gain control hands them on; silence stays silent."""
    rms = np.sqrt(np.square(np.abs(iq), dtype=np.float64).mean(axis=1, keepdims=True))
    scaled: ComplexArray = (iq / np.where(rms > 0, rms, 1.0)).astype(np.complex64)
    return scaled


def dot_counts(iq: ComplexArray) -> IntArray:
    """Distinct dots that a picture of each example (N, T) would show, and its samples not zero.

    A sample that is held or repeated is one dot. Shape (N, 2).
    """
    # minus zero is zero; two float32 are the bits of one integer
    bits = np.ascontiguousarray(iq + np.complex64(0)).view(np.int64)
    return np.stack([_distinct(bits), np.count_nonzero(iq, axis=1)], axis=1)


def are_quantised(iq: ComplexArray) -> npt.NDArray[np.bool_]:
    """Of each example (N,), whether the values of both rails repeat where its dots do not.

    So it is where a converter had few bits; then the number of dots tells of the constellation
    itself.
    """
    rails = [
        _distinct(np.ascontiguousarray(rail + np.float32(0)).view(np.int32))
        for rail in (iq.real, iq.imag)
    ]
    repeats: npt.NDArray[np.bool_] = np.maximum(*rails) < _SAME_VALUES * dot_counts(iq)[:, 0]
    return repeats


def envelope_quantiles(iq: ComplexArray) -> FloatArray:
    """A cheap description (N, 16) of examples: quantiles of |y| at unit power."""
    shares = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    return np.quantile(np.abs(at_unit_power(iq)), shares, axis=1).T


def row_digests(views: Sequence[ComplexArray]) -> Digests:
    """A fingerprint of each example (N,), over the bytes of all its views (N, T)."""
    if not views:
        return np.zeros(0, np.uint64)
    rows = np.hstack([np.ascontiguousarray(iq).view(np.uint8) for iq in views])
    made = [hashlib.blake2b(row.data, digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(made), np.uint64)


def repeated_within(digests: Digests) -> int:
    """Rows that are equal to an earlier one."""
    return len(digests) - len(np.unique(digests))


def shared_between(first: Digests, second: Digests) -> int:
    """Rows of the second that the first holds, too."""
    return int(np.isin(second, first).sum())


def measured_snr(observed: ComplexArray, clean: ComplexArray) -> FloatArray:
    """Power of the signal over that of the noise (N,), from examples (N, T) and clean twins.

    Noise is what no combination of the twin, its conjugate and a constant explains, so that an
    image of I/Q imbalance and a DC offset are none of it. In white Gaussian noise the ratio is free
    of bias, however short the examples: of T complex values the fit takes up as many as its rank.
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
    """Of a twin, its conjugate and one (N, 3, 3), and of these with what was seen (N, 3)."""
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
