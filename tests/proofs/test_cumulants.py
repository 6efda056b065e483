"""Cumulants of the symbols that arrive, against those of the textbook's alphabets.

Definitions and most numbers: Swami and Sadler, IEEE Trans. Communications 48 (2000), table I.
"""

import numpy as np
import pytest

from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link, observe
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.receiver import Receiver

TEXTBOOK = {
    "OOK": (1, -1, -1),
    "BPSK": (1, -2, -2),
    "4PAM": (1, -1.36, -1.36),
    "8PAM": (1, -1.2381, -1.2381),
    "16PAM": (1, -1.2094, -1.2094),
    "QPSK": (0, -1, -1),
    "8PSK": (0, 0, -1),
    "16PSK": (0, 0, -1),
    "32PSK": (0, 0, -1),
    "64PSK": (0, 0, -1),
    "DBPSK": (1, -2, -2),
    "DQPSK": (0, 1, -1),
    "D8PSK": (0, 0, -1),
    "π/4-DQPSK": (0, 0, -1),
    "π/2-BPSK": (0, 1, -1),
    "16QAM": (0, -0.68, -0.68),
    "32QAM": (0, -0.19, -0.69),
    "64QAM": (0, -0.619, -0.619),
    "128QAM": (0, -0.1814, -0.6573),
    "256QAM": (0, -0.6047, -0.6047),
    "1024QAM": (0, -0.6012, -0.6012),
    "16APSK": (0, -0.006, -0.7635),
    "32APSK": (0, 0, -0.5867),
}
LINEAR = [
    row
    for row in MODULATIONS.values()
    if row.points and row.family not in ("ofdm", "offset")  # one filter sees only the I of OQPSK
]


def cumulants(symbols, noise_power=0.0):
    """C20, C40 and C42 of symbols scaled to unit power without the noise."""
    s = symbols.astype(complex).ravel()
    power = np.mean(np.abs(s) ** 2)
    signal = power - noise_power
    c20 = np.mean(s**2)
    c40 = np.mean(s**4) - 3 * c20**2
    c42 = np.mean(np.abs(s) ** 4) - abs(c20) ** 2 - 2 * power**2
    return np.array([c20 / signal, c40 / signal**2, c42 / signal**2])


def arrived(modulation, es_n0_db, streams):
    """Symbols of sixteen examples, observed; the carrier phase is known."""
    link = Link(8192, 4, Channel(snr="0", phase_offset_turns="none"))
    return observe(modulation, es_n0_db, link, 16, streams).views["symbols"][0]


@pytest.mark.parametrize("name", TEXTBOOK)
def test_cumulants_of_what_arrives_are_those_of_the_textbook(name, streams):
    measured = cumulants(arrived(MODULATIONS[name], 60.0, streams))
    # 131 072 symbols: at most 0.005 wide (C40 of PSK, OOK's threefold square), thrice
    np.testing.assert_allclose(measured, TEXTBOOK[name], atol=0.02)


@pytest.mark.parametrize("modulation", LINEAR, ids=str)
def test_cumulants_of_what_arrives_are_those_of_the_alphabet(modulation, streams):
    measured = cumulants(arrived(modulation, 60.0, streams))
    if modulation.family == "memoryless":
        np.testing.assert_allclose(measured, cumulants(modulation.alphabet), atol=0.02)
    else:
        np.testing.assert_allclose(measured, TEXTBOOK[modulation.name], atol=0.02)


@pytest.mark.parametrize("es_n0_db", [10.0, 3.0])
@pytest.mark.parametrize("name", ["BPSK", "QPSK", "8PSK", "4PAM", "16QAM", "64QAM", "16APSK"])
def test_noise_adds_nothing_to_cumulants_but_its_power(name, es_n0_db, streams):
    symbols = arrived(MODULATIONS[name], es_n0_db, streams)
    share = 1 / (1 + 10 ** (es_n0_db / 10))  # of noise in an example of unit power
    measured = cumulants(symbols, share)
    # at 3 dB three widths of the noise's own fourth power
    np.testing.assert_allclose(measured, TEXTBOOK[name], atol=0.05)


@pytest.mark.parametrize("name", ["GMSK", "MSK", "2FSK", "WBFM", "NBFM"])
def test_a_constant_envelope_has_a_c42_of_minus_one(name, streams):
    link = Link(2048, 4, Channel(snr="0"), receiver=Receiver(observe="waveform"))
    s = observe(MODULATIONS[name], 60.0, link, 8, streams).views["waveform"][0].astype(complex)
    assert np.mean(np.abs(s) ** 4) - 2 == pytest.approx(-1, abs=1e-3)


def test_gaussian_noise_has_none(streams):
    measured = cumulants(arrived(MODULATIONS["NOISE"], 0.0, streams))
    np.testing.assert_allclose(measured, 0, atol=0.04)  # three widths of the fourth power
