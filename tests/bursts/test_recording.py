"""Long recordings are searched in segments, and say what short ones say."""

from fractions import Fraction

import numpy as np
import pytest

from rfmae.bursts import recording
from rfmae.bursts.identifying import IdentifyOptions
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit


def test_a_recording_in_segments_says_what_it_says_at_once(monkeypatch):
    rng = np.random.default_rng(0)
    iq = (rng.standard_normal((400_000, 2)) @ [0.1, 0.1j]).astype(np.complex64)
    pulse, rate = Pulse("rrc", 0.35, 16), Fraction(21, 4)
    sent = transmit(find_modulation("QPSK"), pulse, rate, 30_000, 1, lambda _: rng)[0]
    iq[150_000:180_000] += sent * np.exp(0.6j * np.arange(30_000)).astype(np.complex64)
    whole = recording.identify(iq, 1e6)
    monkeypatch.setattr(recording, "AT_ONCE", 2**17)
    monkeypatch.setattr(recording, "SEGMENT", 2**17)
    parts = recording.identify(iq, 1e6)
    assert [burst.best for burst in whole.bursts] == [burst.best for burst in parts.bursts]
    assert abs(parts.bursts[0].start - whole.bursts[0].start) < 100
    assert parts.samples == 400_000
    assert parts.notes[0] == "searched in segments of 131,072 samples"


def test_notes_of_segments_say_where(monkeypatch):
    monkeypatch.setattr(recording, "AT_ONCE", 2**14)
    monkeypatch.setattr(recording, "SEGMENT", 2**14)
    iq = (np.random.default_rng(1).standard_normal((6 * 2**14, 2)) @ [1, 1j]).astype(np.complex64)
    iq[::1000] = np.nan
    found = recording.identify(iq, 1e6)
    assert "samples 16,384 to 32,768: left out" in found.notes[2]
    assert found.notes[-1] == "and 3 more such stretches"


def test_a_band_that_is_told_of_a_long_recording_is_where_it_looks(monkeypatch):
    monkeypatch.setattr(recording, "AT_ONCE", 2**14)
    rng = np.random.default_rng(2)
    iq = (rng.standard_normal((40_000, 2)) @ [0.1, 0.1j]).astype(np.complex64)
    pulse, rate = Pulse("rrc", 0.35, 16), Fraction(12)
    sent = transmit(find_modulation("QPSK"), pulse, rate, 40_000, 1, lambda _: rng)[0]
    iq += sent * np.exp(1.2j * np.arange(40_000)).astype(np.complex64)
    told = IdentifyOptions(bandwidth_hz=150e3)
    assert [
        burst.bandwidth_hz for burst in recording.identify(iq, 1e6, told).bursts
    ] == pytest.approx([150e3])
