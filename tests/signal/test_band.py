"""A band is what lies within it, at its time, and nothing of what lies beside it."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.signal.band import select_band


def tone(frequency, count=20_000):
    return np.exp(2j * np.pi * frequency * np.arange(count)).astype(np.complex64)


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.12), (-0.5, -0.3), (-0.05, 0.05), (-0.5, 0.5)])
def test_what_is_within_passes_with_its_phase_and_what_is_beside_does_not(low, high):
    width, middle = high - low, (low + high) / 2
    for place in (-0.45, 0.0, 0.45):
        frequency = middle + place * width
        found, step = select_band(tone(frequency), 1.0, low, high)
        wanted = tone(frequency - middle)[::step]
        inner = slice(len(found) // 4, -len(found) // 4)
        assert found[inner] == pytest.approx(wanted[inner], abs=0.01)
    for outside in (low - 0.15 * width, high + 0.15 * width):
        if abs(outside) < 0.5:
            found, _ = select_band(tone(outside), 1.0, low, high)
            assert np.abs(found[len(found) // 4 : -len(found) // 4]).max() < 2e-3


def test_a_burst_stays_at_its_time():
    iq = np.zeros(10_000, np.complex64)
    iq[4000:6000] = tone(0.2, 2000)
    found, step = select_band(iq, 1.0, 0.15, 0.25)
    loud = np.flatnonzero(np.abs(found) > 0.5) * step
    assert abs(loud[0] - 4000) <= step and abs(loud[-1] - 6000) <= step


@pytest.mark.parametrize(("low", "high"), [(0.2, 0.1), (0.1, 0.1), (-0.6, 0.0), (0.0, 0.6)])
def test_edges_that_are_no_band_are_refused(low, high):
    with pytest.raises(ShapeError, match="a band lies within"):
        select_band(tone(0.1), 1.0, low, high)
