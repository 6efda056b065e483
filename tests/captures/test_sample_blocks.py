"""Blocks of a stream are the samples of the whole, and memory does not grow with it."""

import io
import tracemalloc

import numpy as np
import pytest

from rfmae.captures.sample_blocks import sample_blocks
from rfmae.captures.sample_types import sample_type

IQ = (np.arange(100) / 128 - 1j * np.arange(100) / 128).astype("c8")


@pytest.mark.parametrize(("name", "component", "scale"), [("cf32", "<f4", 1), ("ci8", "i1", 128)])
@pytest.mark.parametrize("samples", [1, 7, 100, 1000])
@pytest.mark.parametrize("cut", [0, 1])
def test_blocks_are_the_whole_samples_in_their_order(name, component, scale, samples, cut):
    data = (IQ.view("f4") * scale).astype(component).tobytes()
    kind = sample_type(name)
    blocks = list(sample_blocks(io.BytesIO(data[: len(data) - cut]), kind, samples))
    whole = len(IQ) - (1 if cut else 0)
    assert np.array_equal(np.concatenate(blocks), IQ[:whole])
    assert {len(block) for block in blocks[:-1]} <= {samples}


def test_memory_does_not_grow_with_the_stream():
    class Endless:
        def read(self, count):
            return bytes(count)

    blocks = sample_blocks(Endless(), sample_type("ci16"), 4096)
    tracemalloc.start()
    try:
        for _, _ in zip(range(500), blocks, strict=False):
            pass
        assert tracemalloc.get_traced_memory()[1] < 2**18
    finally:
        tracemalloc.stop()
