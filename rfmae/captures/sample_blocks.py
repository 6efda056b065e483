"""Samples of a stream of bytes, block by block: memory does not grow with the stream."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from rfmae.captures.sample_types import SampleType, decode
from rfmae.records import ComplexArray


def sample_blocks(source: BinaryIO, kind: SampleType, samples: int) -> Iterator[ComplexArray]:
    """Blocks (samples,) of complex samples of a type, whole numbers scaled to ±1.

    The last block is as long as what is left; a sample that the end cut through is left out.
    """
    while True:
        data = source.read(samples * kind.n_bytes)
        whole = len(data) // kind.n_bytes
        if not whole:
            return
        iq = np.empty(whole, np.complex64)
        numbers = np.frombuffer(data[: whole * kind.n_bytes], kind.component)
        decode(numbers, kind, iq.view(np.float32))
        yield iq
