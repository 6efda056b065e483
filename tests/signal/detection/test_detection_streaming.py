"""A stream is searched like a recording, whatever its blocks."""

import numpy as np
import pytest
from detection_signals import noise, qpsk

from rfmae.errors import ShapeError
from rfmae.signal.detection import detect, detect_stream, streaming

SEGMENT = 2**16


@pytest.fixture
def recording(rng):
    iq = noise(rng, 5 * SEGMENT + 1234)
    for start in (20000, SEGMENT - 4000, 4 * SEGMENT + 8000):
        iq[start : start + 9000] += qpsk(rng, 9000, 12, 0.2, 4.0).astype(np.complex64)
    return iq


@pytest.mark.parametrize("block", [1000, SEGMENT, 3 * SEGMENT + 17])
def test_bursts_have_their_places_in_the_stream(recording, block):
    blocks = (recording[at : at + block] for at in range(0, len(recording), block))
    found = list(detect_stream(blocks, segment=SEGMENT))
    whole = detect(recording)
    assert len(found) == len(whole) == 3
    for (burst, alone), expected in zip(found, whole, strict=True):
        assert abs(burst.start - expected.start) < 200 and abs(burst.stop - expected.stop) < 200
        assert abs(burst.low - expected.low) < 0.02 and not burst.goes_on
        at = alone.origin + alone.first / alone.rate
        assert at == pytest.approx(burst.start, abs=2 / alone.rate)
        assert type(burst.start) is int and np.mean(np.abs(alone.iq) ** 2) > 1


def test_what_never_ends_is_cut(rng):
    iq = noise(rng, 4 * SEGMENT)
    iq += qpsk(rng, len(iq), 12, 0.2, 4.0).astype(np.complex64)
    found = [burst for burst, _ in detect_stream([iq], segment=SEGMENT)]
    assert len(found) == 4 and all(burst.goes_on for burst in found[:3])
    assert [burst.stop for burst in found] == pytest.approx(
        [SEGMENT * k for k in range(1, 5)], abs=200
    )


def test_quiet_segments_are_passed_over_and_bursts_behind_them_found(rng):
    segment = 2**18
    blocks = [noise(rng, segment) for _ in range(6)]
    blocks[4][50000:80000] += np.exp(0.7j * np.arange(30000)).astype(np.complex64)
    (found,) = detect_stream(blocks, segment=segment)
    assert abs(found[0].start - 4 * segment - 50000) < 500
    assert found[0].centre == pytest.approx(0.7 / (2 * np.pi), abs=1e-3)


@pytest.mark.parametrize("block", [np.zeros((2, 3)), np.array([np.inf])])
def test_other_blocks_are_refused(block):
    with pytest.raises(ShapeError, match="must be finite"):
        list(detect_stream([block]))
    with pytest.raises(ShapeError, match="segment"):
        list(detect_stream([], segment=100))


@pytest.mark.slow
def test_bursts_in_busy_segments_are_those_of_the_whole(rng):
    segment = 2**18
    iq = noise(rng, 6 * segment)
    starts = segment // 2 + segment * np.arange(6)
    for start in starts:
        iq[start : start + 9000] += qpsk(rng, 9000, 12, 0.2, 4.0).astype(np.complex64)
    found = [burst for burst, _ in detect_stream([iq], segment=segment)]
    np.testing.assert_allclose([burst.start for burst in found], starts, atol=200)
    np.testing.assert_allclose([burst.stop for burst in found], starts + 9000, atol=200)


def test_a_busy_segment_is_searched_where_it_is_busy(rng, monkeypatch):
    searched = []

    def told(iq, live=None, options=None):
        searched.append(sum(map(len, live)) if live is not None else len(iq))
        return detect(iq, live, options)

    monkeypatch.setattr(streaming, "detect", told)
    segment = 2**19
    iq = noise(rng, 3 * segment)
    iq[2 * segment + 100000 :][:9000] += qpsk(rng, 9000, 12, 0.2, 4.0).astype(np.complex64)
    assert len(list(detect_stream([iq], segment=segment))) == 1
    assert searched[0] == segment and sum(searched[1:]) < segment / 4
