"""An isolated burst is the burst: its power, its symbol rate, its carrier, its place."""

from dataclasses import replace

import numpy as np
import pytest
from detection_signals import noise, qpsk

from rfmae.errors import ShapeError
from rfmae.signal.blind.symbol_rate import symbol_rate_line
from rfmae.signal.detection import Burst, detect, isolate, isolating


def burst(start, stop, low, high, **more):
    return Burst(start, stop, low, high, 20.0, **more)


@pytest.mark.parametrize("frequency", [0.1137, -0.31, 0.4999])
def test_a_tone_comes_out_where_it_belongs(frequency):
    iq = 0.7 * np.exp(2j * np.pi * frequency * np.arange(50000))
    around = burst(10000, 40000, -0.4, -0.37)
    around = replace(around, low=frequency - 0.02, high=frequency + 0.012)
    alone = isolate(iq, around)
    inside = alone.iq[alone.first : alone.stop]
    expected = (frequency - alone.centre + 0.5) % 1 - 0.5
    turns = np.unwrap(np.angle(inside)) / (2 * np.pi)
    slope = np.polyfit(np.arange(len(turns)), turns, 1)[0]
    assert slope == pytest.approx(expected / alone.rate, abs=1e-5)
    np.testing.assert_allclose(np.abs(inside), 0.7, rtol=0.02)
    assert len(inside) == pytest.approx(30000 * alone.rate, abs=2)
    assert alone.rate == pytest.approx(3 * 0.032, rel=0.01)
    assert alone.origin + alone.first / alone.rate == pytest.approx(10000, abs=1 / alone.rate)


def test_power_and_symbol_rate_of_a_modulation_stay(rng):
    iq = noise(rng, 120000, 0.02)
    iq[20000:100000] += qpsk(rng, 80000, 25, 0.23).astype(np.complex64)
    (found,) = detect(iq)
    alone = isolate(iq, found)
    inside = alone.iq[alone.first : alone.stop]
    assert np.mean(np.abs(inside) ** 2) == pytest.approx(1.0, rel=0.05)
    line = symbol_rate_line(inside)
    assert line.found and line.frequency * alone.rate == pytest.approx(1 / 25, rel=1e-3)
    assert alone.occupied == pytest.approx(1 / 3, rel=0.02)
    quiet = alone.iq[: alone.first - 20]
    assert len(quiet) > 100 and np.mean(np.abs(quiet) ** 2) < 0.05


def test_a_drift_is_taken_out(rng):
    t = np.arange(60000)
    iq = noise(rng, 60000, 0.01)
    iq += np.exp(2j * np.pi * (-0.2 * t + 1e-6 * t**2)).astype(np.complex64)
    middle = -0.2 + 2e-6 * 30000
    alone = isolate(iq, burst(0, 60000, middle - 0.002, middle + 0.002, drift=2e-6))
    turns = np.unwrap(np.angle(alone.iq)) / (2 * np.pi)
    assert np.ptp(turns) < 1


def test_a_burst_of_the_whole_band_stays_as_it_is(rng):
    iq = noise(rng, 1000)
    alone = isolate(iq, burst(300, 700, -0.5, 0.5, whole_band=True))
    np.testing.assert_array_equal(alone.iq, iq[100:900])
    assert (alone.rate, alone.centre, alone.first, alone.stop) == (1.0, 0.0, 200, 600)


def test_no_more_than_so_many_samples(monkeypatch, rng):
    monkeypatch.setattr(isolating, "MOST_SAMPLES", 500)
    alone = isolate(noise(rng, 4000), burst(0, 4000, -0.5, 0.5, whole_band=True))
    assert len(alone.iq) == 500 and alone.stop == 500
    assert alone.notes == ("the first 500 of 4,000 samples of the burst are used",)


@pytest.mark.parametrize("wrong", [{"stop": 200}, {"samples_per_bandwidth": 1.0}])
def test_what_cannot_be_isolated_is_refused(wrong):
    rate = wrong.pop("samples_per_bandwidth", 3.0)
    with pytest.raises(ShapeError):
        isolate(np.ones(100), replace(burst(0, 100, 0.1, 0.2), **wrong), rate)
