"""Practice recordings: what is stated of them is true."""

from dataclasses import replace

import numpy as np
import pytest

from rfmae.bursts.other_signals import OTHERS, other_signal
from rfmae.bursts.practice import practice_recording
from rfmae.bursts.practice_settings import OTHER, Practice, Range
from rfmae.bursts.practice_signals import CLASSES, LINEAR
from rfmae.errors import RecipeError
from rfmae.signal.densities import power_density

PLAIN = Practice(
    fading=0,
    second_path=0,
    clock=0,
    drifting=0,
    phase_noise=0,
    imbalance=0,
    clipping=0,
    quantised=0,
    impulses=0,
    whole_band=0,
    bursts=1,
    trains=0,
    symbols=Range(800, 801),
)


@pytest.mark.parametrize("name", [*CLASSES, OTHER])
def test_a_recording_is_the_same_for_the_same_seed(name: str):
    first, second = (
        practice_recording(name, np.random.default_rng(5), Practice()) for _ in range(2)
    )
    np.testing.assert_array_equal(first.iq, second.iq)
    assert np.isfinite(first.iq).all() and first.name == name
    assert len(first.iq) == len(first.clean)


@pytest.mark.parametrize("name", [*LINEAR, "AM", "FM", "2FSK/GFSK", "GMSK/MSK", "4FSK", "OFDM"])
def test_the_burst_lies_where_it_is_said_to_lie(name: str):
    made = practice_recording(name, np.random.default_rng(6), PLAIN)
    assert not made.clean[: made.start].any() and not made.clean[made.stop :].any()
    density = power_density(made.clean[made.start : made.stop], 256)
    turns = np.arange(256) / 256
    away = np.abs((turns - made.carrier + 0.5) % 1 - 0.5)
    inside = away <= made.occupied / 2 + 2 / 256
    assert density[inside].sum() > 0.9 * density.sum()


def test_the_snr_is_that_of_the_occupied_band():
    rng = np.random.default_rng(7)
    for _ in range(5):
        made = practice_recording("QPSK", rng, PLAIN)
        gain = np.vdot(made.clean, made.iq) / np.vdot(made.clean, made.clean)
        noise = made.iq - gain * made.clean
        inside = np.mean(np.abs(noise) ** 2) * made.occupied
        burst = made.clean[made.start : made.stop]
        signal = np.mean(np.abs(gain * burst) ** 2)
        assert 10 * np.log10(signal / inside) == pytest.approx(made.snr_db, abs=0.5)


@pytest.mark.parametrize("kind", OTHERS)
def test_other_signals_have_the_band_that_they_say(kind: str):
    iq, width = other_signal(kind, 20_000, 0.2, np.random.default_rng(8))
    density = power_density(iq, 512)
    away = np.abs(np.fft.fftfreq(512))
    assert len(iq) == 20_000
    assert density[away <= width / 2 + 4 / 512].sum() > 0.8 * density.sum()


def test_kinds_that_are_left_out_are_not_made():
    practice = Practice(left_out=tuple(OTHERS[1:]))
    made = practice_recording(OTHER, np.random.default_rng(9), practice)
    assert made.kind == OTHERS[0]


def test_an_unknown_class_is_refused():
    with pytest.raises(RecipeError, match="no practice signal"):
        practice_recording("SSTV", np.random.default_rng(0), Practice())


def test_a_range_begins_with_its_lowest():
    with pytest.raises(RecipeError, match="begins with its lowest"):
        Range(2.0, 1.0)


def test_a_train_is_short_bursts_with_pauses():
    practice = replace(PLAIN, trains=1)
    made = practice_recording("QPSK", np.random.default_rng(10), practice)
    on = made.clean[made.start : made.stop] != 0
    assert 0.2 < on.mean() < 0.9
    assert np.count_nonzero(np.diff(on.astype(int)) == 1) >= 2
