"""Fixtures that many tests share: a seeded generator and a small link."""

import numpy as np
import pytest

from rfmae.signal.link import Link


@pytest.fixture
def rng():
    return np.random.default_rng(20250225)


@pytest.fixture
def link():
    return Link(
        symbols_per_example=64,
        samples_per_symbol=4,
        rolloff=0.35,
        span_symbols=12,
        snr_reference="symbol",
        phase_offset="none",
    )
