"""A carrier alone is told from one that is modulated, however little."""

import numpy as np
import pytest

from rfmae.bursts.carriers import is_carrier_alone
from rfmae.signal.detection import Isolated


def isolated(iq: np.ndarray) -> Isolated:
    return Isolated(iq.astype(np.complex64), 0.1, 0.0, 20.0, 0.33, 0, len(iq), 0)


def noise(power: float, count: int = 4000) -> np.ndarray:
    drawn = np.random.default_rng(0).standard_normal((count, 2)) @ [1, 1j]
    return drawn * np.sqrt(power / 2)


@pytest.mark.parametrize("snr_db", [3, 10, 30, 60])
@pytest.mark.parametrize("frequency", [0.0, 0.0371, -0.12])
def test_a_tone_in_noise_is_a_carrier_alone(snr_db: float, frequency: float):
    tone = np.exp(2j * np.pi * frequency * np.arange(4000))
    assert is_carrier_alone(isolated(tone + noise(10 ** (-snr_db / 10))))


@pytest.mark.parametrize("index", [0.1, 0.3, 1.0])
def test_an_amplitude_modulated_carrier_is_not(index: float):
    message = noise(1.0).real
    spectrum = np.fft.fft(message) * (np.abs(np.fft.fftfreq(4000)) < 0.15)
    message = np.fft.ifft(spectrum).real
    swing = 1 + index * message / np.abs(message).max()
    assert not is_carrier_alone(isolated(swing + noise(1e-3 * index**2)))


def test_keyed_symbols_and_noise_are_not():
    symbols = np.repeat(np.random.default_rng(1).integers(0, 2, 500), 8)
    assert not is_carrier_alone(isolated(symbols + noise(1e-2)))
    assert not is_carrier_alone(isolated(noise(1.0)))


@pytest.mark.parametrize("frequency", [0.0, 0.0371, -0.12])
def test_a_tone_without_noise_is_a_carrier_alone(frequency: float):
    tone = np.exp(2j * np.pi * frequency * np.arange(4000))
    assert is_carrier_alone(isolated(tone))


@pytest.mark.parametrize("index", [0.02, 0.1])
def test_a_weak_modulation_without_noise_is_none(index: float):
    swing = 1 + index * np.cos(2 * np.pi * 0.05 * np.arange(4000))
    assert not is_carrier_alone(isolated(swing))
