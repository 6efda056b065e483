"""What is measured of a burst: laws of gain, phase and time, and rates against known signals."""

from fractions import Fraction

import numpy as np
import pytest

from rfmae.bursts.features.lines import echo, two_peaks
from rfmae.bursts.features.planes import ORDERS, moduli, ring_harmonics, upright
from rfmae.bursts.features.shapes import density_shape, envelope_shape, instantaneous_frequency
from rfmae.bursts.features.timing import fundamental
from rfmae.bursts.features.vector import Measured, band_passed, measure
from rfmae.signal.modulations import find_modulation
from rfmae.signal.ofdm import modulate_subcarriers
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit


def sent(name: str, rate: float = 4.0, samples: int = 8000, snr_db: float = 25.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    pulse = Pulse("rrc", 0.35, 16)
    modulation = find_modulation(name)
    iq = transmit(modulation, pulse, Fraction(rate), samples, 1, lambda _: rng)[0]
    noise = rng.standard_normal((samples, 2)) @ [1, 1j] * np.sqrt(10 ** (-snr_db / 10) / 2)
    return (iq + noise).astype(np.complex64)


@pytest.fixture(scope="module")
def qpsk() -> Measured:
    return measure(sent("QPSK"), 0.33, 25.0)


def test_the_gain_changes_nothing(qpsk: Measured):
    louder = measure(np.float32(1e3) * sent("QPSK"), 0.33, 25.0)
    np.testing.assert_allclose(louder.vector, qpsk.vector, atol=2e-3)


def test_the_phase_of_the_carrier_changes_nothing(qpsk: Measured):
    turned = measure(np.exp(1j).astype(np.complex64) * sent("QPSK"), 0.33, 25.0)
    np.testing.assert_allclose(turned.vector, qpsk.vector, atol=2e-2)


def test_every_feature_is_finite_of_any_samples():
    rng = np.random.default_rng(0)
    for iq in (
        np.ones(400, np.complex64),
        np.concatenate([np.ones(200), np.zeros(200)]).astype(np.complex64),
        np.exp(2j * np.pi * 0.1 * np.arange(128)).astype(np.complex64),
        (rng.standard_normal((128, 2)) @ [1, 1j]).astype(np.complex64),
    ):
        for whole_band in (False, True):
            found = measure(iq, 0.9 if whole_band else 0.33, np.inf, whole_band=whole_band)
            assert np.isfinite(found.vector).all()


@pytest.mark.parametrize("name", ["BPSK", "QPSK", "8PSK", "16QAM", "4PAM", "OOK", "16APSK"])
def test_the_rate_of_a_linear_modulation_is_that_of_its_power(name: str):
    found = measure(sent(name), 0.33, 25.0)
    assert found.rates.power.found
    assert found.rates.linear == pytest.approx(0.25, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "rate"), [("MSK", 4.0), ("GFSK", 4.0), ("2FSK", 8.0), ("4FSK", 16.0)]
)
def test_the_rate_of_shift_keying_is_that_of_its_frequency(name: str, rate: float):
    line = fundamental(*instantaneous_frequency(band_passed(sent(name, rate), 0.33)))
    assert line.found
    assert line.frequency == pytest.approx(1 / rate, rel=2e-3)


def test_the_square_of_offset_qpsk_has_two_lines_two_symbol_rates_apart():
    found = measure(sent("OQPSK"), 0.33, 25.0)
    assert not found.rates.power.found
    assert found.rates.pair == pytest.approx(0.5, rel=1e-3)
    assert found.rates.linear == pytest.approx(0.25, rel=1e-3)


def test_a_rate_that_is_told_is_taken():
    found = measure(sent("QPSK"), 0.33, 25.0, told_rate=0.2503)
    assert found.rates.linear == 0.2503


def test_symbols_of_qpsk_are_four_points(qpsk: Measured):
    points = qpsk.symbols[8:-8]
    assert np.abs(np.mean((points / np.abs(points)) ** 4)) > 0.9


def test_the_density_of_white_noise_is_flat():
    noise = (np.random.default_rng(1).standard_normal((2**15, 2)) @ [1, 1j]).astype(np.complex64)
    shape = density_shape(noise, 0.4)
    assert np.abs(shape).max() < 0.15  # 1.5 dB


def test_a_constant_envelope_has_one_amplitude():
    shape = envelope_shape(np.exp(0.3j * np.arange(1000)).astype(np.complex64))
    assert np.count_nonzero(shape[:28]) <= 2  # one at an edge of two bins
    assert shape[28] == pytest.approx(0.0, abs=1e-5)  # log kurtosis
    noise = np.random.default_rng(2).standard_normal((2**16, 2)) @ [1, 1j]
    assert envelope_shape(noise.astype(np.complex64))[28] == pytest.approx(np.log(2), abs=0.03)


def test_two_tones_are_two_peaks_where_they_are():
    t = np.arange(4000)
    values = np.exp(2j * np.pi * 0.1003 * t) + 0.5 * np.exp(2j * np.pi * 0.2501 * t)
    first, second = two_peaks(values + 1e-3 * np.random.default_rng(0).standard_normal(4000))
    assert first.frequency == pytest.approx(0.1003, abs=2e-6)
    assert second.frequency == pytest.approx(0.2501, abs=2e-6)
    assert second.amplitude / first.amplitude == pytest.approx(0.5, rel=0.02)


def test_the_echo_of_a_cyclic_prefix_is_one_transform_later():
    rng = np.random.default_rng(3)
    points = rng.choice([1, 1j, -1, -1j], (1, 40, 52)).astype(np.complex64)
    wave = modulate_subcarriers(points, 64, 16, 2)[0]
    ratio, lag = echo(wave, 0.4)
    assert lag == 128
    noise = (rng.standard_normal((len(wave), 2)) @ [1, 1j]).astype(np.complex64)
    assert echo(noise, 0.4)[0] < ratio / 3


def test_harmonics_turn_by_their_order_with_all_points():
    rng = np.random.default_rng(4)
    points = rng.standard_normal((500, 2)) @ [1, 1j] / np.sqrt(2)
    turned = points * np.exp(0.7j)
    before, after = ring_harmonics(points, 8), ring_harmonics(turned, 8)
    np.testing.assert_allclose(after, before * np.exp(0.7j * np.array(ORDERS))[:, None], atol=1e-12)
    np.testing.assert_allclose(moduli(after), moduli(before), atol=1e-6)
    np.testing.assert_allclose(upright(after, ORDERS), upright(before, ORDERS), atol=1e-6)
    assert before[0].sum() == pytest.approx(1.0)


def test_harmonics_of_an_alphabet_are_its_own_symmetry():
    points = np.exp(2j * np.pi * np.arange(8) / 8)
    found = np.abs(ring_harmonics(points, 8)).sum(axis=1)
    for order, height in zip(ORDERS, found, strict=True):
        assert height == pytest.approx(1.0 if order % 8 == 0 else 0.0, abs=1e-12)
