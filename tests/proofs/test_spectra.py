"""Spectra of what is sent: bandwidths, edges and nulls that others have published."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import welch

from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit


def density_of(waveform, rate):
    """Frequencies in symbol rates and the mean power density of all examples there."""
    f, density = welch(
        waveform,
        fs=rate,
        nperseg=128 * rate,
        return_onesided=False,
        detrend=False,
        window=("kaiser", 8.0),
        axis=1,
    )
    order = np.argsort(f)
    return f[order], density.mean(axis=0)[order]


def occupied(f, density, share=0.99):
    """Width of the band that holds this share of the power, as much left out on either side."""
    below = (np.cumsum(density) - density / 2) / density.sum()
    low, high = np.interp([(1 - share) / 2, (1 + share) / 2], below, f)
    return high - low


def sent(name, pulse, rate, streams, settings=None, symbols=4096, count=16):
    modulation = MODULATIONS[name].with_settings(settings or {})
    return transmit(modulation, pulse, Fraction(rate), symbols * rate, count, streams)


# --- linear modulation


@pytest.mark.parametrize(
    ("rolloff", "published"),
    [(0.1, 1.019), (0.2, 1.073), (0.25, 1.103), (0.35, 1.167), (0.5, 1.268), (1.0, 1.633)],
)
def test_occupied_bandwidth_of_root_raised_cosines_is_the_published_one(
    rolloff, published, streams
):
    waveform = sent("QPSK", Pulse("rrc", rolloff, 32), 4, streams)
    # 1 %: the resolution of the estimate and the ends of the pulse that are cut off
    assert occupied(*density_of(waveform, 4)) == pytest.approx(published, rel=0.01)


def raised_cosine(f, rolloff):
    """Its spectrum over frequency in symbol rates (Proakis, ch. 9.2)."""
    inside = (np.abs(f) - (1 - rolloff) / 2) / rolloff
    return 0.5 * (1 + np.cos(np.pi * inside.clip(0.0, 1.0)))


SPECTRA = {
    "rc": lambda f: raised_cosine(f, 0.35) ** 2,
    "rectangular": lambda f: np.sinc(f) ** 2,
    "half-sine": lambda f: (np.sinc(f - 0.5) + np.sinc(f + 0.5)) ** 2,
    "gaussian": lambda f: (np.sinc(f) * np.exp(-math.log(2) / 2 * (f / 0.3) ** 2)) ** 2,
}


@pytest.mark.parametrize("shape", SPECTRA)
def test_occupied_bandwidth_of_every_other_pulse_is_that_of_its_transform(shape, streams):
    rate = 64 if shape in ("rectangular", "half-sine") else 8
    waveform = sent("QPSK", Pulse(shape, bt=0.3), rate, streams, symbols=1024, count=12)
    expected = occupied_by(SPECTRA[shape], rate)
    # 2 %: the resolution of the estimate and what the tails of the widest have in chance
    assert occupied(*density_of(waveform, rate)) == pytest.approx(expected, rel=0.02)


def occupied_by(density, rate):
    """Of a density that samples fold."""
    f = np.arange(-rate / 2, rate / 2, 1 / 64) + 1 / 128
    folded = sum(density(f + rate * image) for image in range(-50, 51))
    return occupied(f, folded)


def test_pulses_of_one_symbol_have_their_published_bandwidths():
    """A half-sine of MSK lasts two bits, so 1.18 bit rates are 2.36 of ours."""
    assert occupied_by(SPECTRA["half-sine"], 256) == pytest.approx(2 * 1.18, rel=0.005)
    assert occupied_by(SPECTRA["rectangular"], 1024) == pytest.approx(20.56, rel=0.01)


@pytest.mark.parametrize("name", ["BPSK", "QPSK", "8PSK", "64QAM", "32APSK", "OQPSK", "π/4-DQPSK"])
def test_the_power_density_of_a_linear_modulation_is_a_raised_cosine(name, streams):
    f, density = density_of(sent(name, Pulse("rrc", 0.35, 32), 4, streams), 4)
    level = density[np.abs(f) < 0.25].mean()
    flat = np.abs(f) < 0.3
    # 500 estimates at each frequency are 4.5 % wide, and 70 of them are looked at
    np.testing.assert_allclose(density[flat] / level, 1.0, atol=0.2)
    smooth = raised_cosine(f, 0.35)
    assert np.mean((density / level - smooth) ** 2) < 3e-3
    for edge in (-0.5, 0.5):
        near = np.abs(f - edge) < 0.03  # the flank is straight there
        assert density[near].mean() / level == pytest.approx(0.5, abs=0.04)
    outside = np.abs(f) > 0.675 + 0.05  # beyond (1 + rolloff)/2 and the window's own width
    assert density[outside].max() / level < 1e-3  # the ends of a pulse of 32 symbols


# --- continuous phase


@pytest.mark.parametrize(
    ("name", "settings", "published"),
    [
        ("MSK", {}, 1.18),
        ("CPFSK", {}, 1.18),
        ("GMSK", {"bt": 0.2}, 0.79),
        ("GMSK", {"bt": 0.25}, 0.86),
        ("GMSK", {}, 0.91),
        ("GMSK", {"bt": 0.5}, 1.03),
    ],
)
def test_occupied_bandwidth_of_msk_and_gmsk_is_the_published_one(
    name, settings, published, streams
):
    """Murota, Hirade, IEEE Trans. Communications 29 (1981), table I."""
    waveform = sent(name, Pulse(), 16, streams, settings, symbols=2048)
    # 1.5 %: two digits in print, and the folded tails of MSK
    assert occupied(*density_of(waveform, 16)) == pytest.approx(published, rel=0.015)


def test_msk_has_its_first_null_at_three_quarters_of_the_bit_rate(streams):
    f, density = density_of(sent("MSK", Pulse(), 8, streams), 8)
    level = density[np.abs(f) < 0.02].mean()
    for side in (-1, 1):
        near = np.abs(f - side * 0.75) < 0.15
        assert f[near][density[near].argmin()] == pytest.approx(side * 0.75, abs=0.02)
        assert density[near].min() / level < 1e-3


def test_msk_is_three_decibels_down_at_0_297_bit_rates(streams):
    f, density = density_of(sent("MSK", Pulse(), 8, streams), 8)
    level = density[np.abs(f) < 0.04].mean()
    for side in (-1, 1):
        near = np.abs(f - side * 0.297) < 0.03
        assert density[near].mean() / level == pytest.approx(0.5, rel=0.06)  # 5 % wide


def test_msk_has_the_power_density_of_its_closed_form(streams):
    """Pasupathy, IEEE Communications Magazine 17 (1979)."""
    f, density = density_of(sent("MSK", Pulse(), 16, streams), 16)
    # cos(2πf)/(1 − 16f²), as two sincs that have no pole
    shape = (np.pi / 4 * (np.sinc(2 * f - 0.5) + np.sinc(2 * f + 0.5))) ** 2
    inside = np.abs(f) < 0.65
    level = density[np.abs(f) < 0.1].mean() / shape[np.abs(f) < 0.1].mean()
    np.testing.assert_allclose(density[inside] / level, shape[inside], atol=0.2)
    assert np.mean((density[inside] / level - shape[inside]) ** 2) < 2e-3


def test_tones_of_fsk_stand_a_symbol_rate_apart(streams):
    f, density = density_of(sent("4FSK", Pulse(), 16, streams), 16)
    # index 1 turns a half-turn more than whole ones: lines at odd halves of the symbol rate
    for tone in (-1.5, -0.5, 0.5, 1.5):
        near = np.abs(f - tone) < 0.25
        assert f[near][density[near].argmax()] == pytest.approx(tone, abs=0.01)
