"""What holds a signal, and what can be symbols: over all modulations and rates."""

import numpy as np
import pytest

from rfmae.signal.cleaning import dead_samples
from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link, observe
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.recording_checks import (
    emptiest_quarter,
    loud_windows,
    symbol_doubts,
    symbol_line,
    without_dead_samples,
)

DIGITAL = [name for name, row in MODULATIONS.items() if row.is_digital]


def noise(rng, count, power=1.0):
    values = rng.normal(size=(2, count)) * np.sqrt(power / 2)
    return (values[0] + 1j * values[1]).astype(np.complex64)


def shaped(rng, rate, count=4096, rolloff=0.35, points=4):
    """PSK as a raised-cosine waveform, the sum of shifted pulses written out."""
    t = 16 + np.arange(count) / rate
    symbols = np.exp(2j * np.pi * rng.integers(0, points, int(t[-1]) + 32) / points)
    pulse, nearest = Pulse("rc", rolloff, 16), np.round(t).astype(int)
    wave = np.zeros(count, complex)
    for d in range(-8, 9):
        wave += symbols[nearest + d] * pulse.at(t - nearest - d)
    return wave.astype(np.complex64)


@pytest.mark.parametrize("name", DIGITAL)
def test_symbols_of_no_modulation_are_doubted(name, streams):
    link = Link(1024, 8, Channel(snr="0"))
    for snr_db in (-5.0, 10.0, 30.0, 60.0):
        for iq in observe(MODULATIONS[name], snr_db, link, 4, streams).views["symbols"][0]:
            assert symbol_doubts(iq) == (), snr_db


@pytest.mark.parametrize("rate", [1.8, 2.0, 3.09, 4.5, 8.0, 10.0])
@pytest.mark.parametrize("points", [2, 4, 8])
def test_a_waveform_leaves_a_part_of_the_band_empty(rng, rate, points):
    iq = shaped(rng, rate, points=points) + noise(rng, 4096, 0.01)
    assert emptiest_quarter(iq) < 0.05
    (first, *_) = symbol_doubts(iq)
    assert "a quarter of the band is empty" in first


@pytest.mark.parametrize("rate", [2.0, 3.09, 4.5, 8.0])
@pytest.mark.parametrize("gain", [1e-4, 1.0, 1e4])
def test_its_line_stands_at_the_symbol_rate_at_any_gain(rng, rate, gain):
    iq = gain * (shaped(rng, rate) + noise(rng, 4096, 0.01))
    ratio, found = symbol_line(iq.astype(np.complex64))
    assert ratio > 60
    assert found == pytest.approx(1 / rate, abs=1.5 / 4096)
    assert f"some {1 / found:.2f} samples a symbol" in symbol_doubts(iq)[1]


def test_white_noise_has_neither_an_empty_quarter_nor_a_line(rng):
    for _ in range(200):
        iq = noise(rng, 1024)
        assert symbol_doubts(iq) == ()


def test_a_carrier_a_gain_and_a_constant_envelope_are_no_line(rng):
    msk = np.exp(1j * np.cumsum(np.repeat(rng.integers(0, 2, 512) * 2 - 1, 8) * np.pi / 16))
    assert symbol_line(msk.astype(np.complex64))[0] == 0
    assert "a quarter of the band is empty" in symbol_doubts(msk.astype(np.complex64))[0]


def test_few_samples_are_not_judged(rng):
    assert symbol_doubts(shaped(rng, 8.0)[:255]) == ()


@pytest.mark.parametrize("fill", [0, -1 - 1j, 0.5])
@pytest.mark.parametrize("place", [0, 700, 2048])
def test_a_run_of_one_value_is_left_out_and_said(rng, fill, place):
    live = noise(rng, 2048)
    run = np.full(512, fill, np.complex64)
    iq = np.concatenate([live[:place], run, live[place:]])
    kept, (words,) = without_dead_samples(iq)
    np.testing.assert_array_equal(kept, live)
    assert words.startswith("left out: 512 of 2,560 samples (20.0 %)")


def test_short_runs_and_whole_recordings(rng):
    iq = noise(rng, 1000)
    iq[100:355] = 0  # one less than a dead run
    assert without_dead_samples(iq) == (iq, ()) or not dead_samples(iq).any()
    assert dead_samples(np.zeros(10, np.complex64)).all()
    assert dead_samples(np.zeros(5000, np.complex64)).all()


def test_windows_of_noise_alone_are_left_out(rng):
    loud, floor = noise(rng, 4 * 512).reshape(4, 512), noise(rng, 3 * 512, 0.05).reshape(3, 512)
    windows = np.concatenate([floor[:1], loud[:2], floor[1:], loud[2:]])
    kept, (words,) = loud_windows(windows)
    assert kept.tolist() == [False, True, True, False, False, True, True]
    assert words == "left out: 3 of 7 windows, at least 6 dB below the others"


def test_levels_that_fade_without_a_gap_are_all_kept(rng):
    levels = np.geomspace(0.01, 1, 20)[:, None]
    kept, words = loud_windows(
        (levels * noise(rng, 20 * 512).reshape(20, 512)).astype(np.complex64)
    )
    assert kept.all()
    assert words == ()
    assert loud_windows(noise(rng, 512)[None])[0].tolist() == [True]
