"""Samples of any gain are brought to where single precision holds their powers."""

import numpy as np
import pytest

from rfmae.bursts.gain import suitable_gain
from rfmae.bursts.recording import identify
from rfmae.bursts.streaming import identify_stream
from rfmae.errors import ShapeError


def recording() -> np.ndarray:
    rng = np.random.default_rng(0)
    iq = rng.normal(size=(30_000, 2)) @ [1, 1j]
    iq[8000:20_000] += 4 * np.repeat(rng.choice([1, 1j, -1, -1j], 1000), 12)
    return np.asarray(iq)


@pytest.mark.parametrize("level", [1e-300, 1e-30, 1e-7, 1.0, 1e7, 1e30, 1e300])
def test_the_largest_amplitude_is_of_a_usual_level(level: float):
    iq = np.array([0.3 * level, np.nan, np.inf, complex(0, -0.9 * level)])
    gain = suitable_gain(iq)
    assert 1e-6 <= 0.9 * level * gain <= 1e6
    assert np.frexp(gain)[0] == 0.5  # a power of two rounds nothing


def test_recordings_of_usual_levels_and_silence_stay_as_they_are():
    assert suitable_gain(np.array([1e-3 + 0j, 30.0])) == 1
    assert suitable_gain(np.zeros(10, complex)) == suitable_gain(np.zeros(0, complex)) == 1


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("level", [1e-200, 1e-30, 1e18, 1e30])
def test_a_burst_is_found_at_any_gain(level: float):
    usual, other = identify(recording(), 1e6), identify(level * recording(), 1e6)
    assert len(usual.bursts) == len(other.bursts) == 1
    assert other.bursts[0].start == usual.bursts[0].start
    assert other.bursts[0].best == usual.bursts[0].best
    raised_db = other.noise_density_db - usual.noise_density_db
    assert raised_db == pytest.approx(20 * np.log10(level), abs=0.1)


def test_a_burst_of_a_stream_is_found_at_any_gain():
    blocks = np.array_split(1e-30 * recording(), 7)
    assert len(list(identify_stream(blocks, 1e6))) == 1


def test_a_stream_of_real_samples_is_refused():
    with pytest.raises(ShapeError, match="complex samples, got blocks of float"):
        list(identify_stream([recording().real], 1e6))
