"""Random bits, bits to symbol indices and back, and the reflected Gray code."""

import numpy as np
import numpy.typing as npt

from rfmae.records import IntArray


def random_bits(count: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Fair, independent bits, shape (count,)."""
    data = rng.bytes((count + 7) // 8)
    return np.unpackbits(np.frombuffer(data, np.uint8), count=count)


def bits_to_indices(bits: npt.NDArray[np.uint8], bits_per_symbol: int) -> IntArray:
    """Group bits (..., K·bits_per_symbol) into symbol indices (..., K), most significant first."""
    groups = bits.reshape(*bits.shape[:-1], -1, bits_per_symbol)
    # in the narrowest integers that hold them, which is faster
    indices = groups[..., 0].astype(np.uint16 if bits_per_symbol > 8 else np.uint8)
    for place in range(1, bits_per_symbol):
        np.left_shift(indices, 1, out=indices)
        np.bitwise_or(indices, groups[..., place], out=indices)
    return indices.astype(np.intp)


def indices_to_bits(indices: IntArray, bits_per_symbol: int) -> npt.NDArray[np.uint8]:
    """Symbol indices (..., K) back to bits (..., K·bits_per_symbol)."""
    shifts = np.arange(bits_per_symbol - 1, -1, -1)
    bits = (indices[..., None] >> shifts) & 1
    return bits.reshape(*indices.shape[:-1], -1).astype(np.uint8)


def gray_code(order: int) -> IntArray:
    """Reflected Gray code: neighbours of 0 … order − 1 differ in one bit.

    >>> gray_code(4).tolist()
    [0, 1, 3, 2]
    """
    steps = np.arange(order)
    return steps ^ (steps >> 1)
