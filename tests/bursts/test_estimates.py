"""What is estimated of bursts lies within its standard errors of what was sent."""

import numpy as np
import pytest

from rfmae.bursts.recording import identify
from rfmae.bursts.stretches import stretch_of
from rfmae.signal.detection import Burst, isolate
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

RATE = 1e6


def noise(count: int, power: float = 1.0, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((count, 2)) @ [1, 1j]
    return (drawn * np.sqrt(power / 2)).astype(np.complex64)


def sent(name: str, roll_off: float, per_symbol: int, symbols: int, seed: int = 1) -> np.ndarray:
    """A waveform of unit power."""
    rng = np.random.default_rng(seed)
    modulation, pulse = find_modulation(name), Pulse("rrc", roll_off, 16)
    return transmit(modulation, pulse, per_symbol, symbols * per_symbol, 1, lambda _: rng)[0]


def on_carrier(iq: np.ndarray, carrier: float) -> np.ndarray:
    return iq * np.exp(2j * np.pi * carrier * np.arange(len(iq)))


@pytest.mark.parametrize("name", ["BPSK", "QPSK", "16QAM"])
@pytest.mark.parametrize("roll_off", [0.2, 0.35, 0.5])
@pytest.mark.parametrize("snr_db", [12.0, 25.0])
def test_es_n0_and_roll_off_of_a_burst_are_those_that_were_sent(
    name: str, roll_off: float, snr_db: float
):
    whole = noise(48_000, 8 / 10 ** (snr_db / 10))
    whole[8000:40_000] += on_carrier(sent(name, roll_off, 8, 4000), 0.1).astype(np.complex64)
    (burst,) = identify(whole, RATE).bursts
    assert burst.symbol_snr_db is not None and burst.roll_off is not None
    assert burst.symbol_snr_db.value == pytest.approx(snr_db, abs=0.5)
    assert burst.roll_off.value == pytest.approx(roll_off, abs=0.05)
    for found, truth in ((burst.symbol_rate_hz, RATE / 8), (burst.carrier_hz, 0.1 * RATE)):
        assert found is not None
        assert abs(found.value - truth) < 4 * found.standard_error


def test_noise_around_an_isolated_burst_is_even_again():
    burst = Burst(0, 200_000, 0.04, 0.16, 10.0)
    stretch = stretch_of(isolate(noise(200_000), burst), RATE)
    even = stretch.as_received()

    def unevenness(iq: np.ndarray) -> float:
        power = np.abs(np.fft.fft(iq)) ** 2
        bands = [piece.mean() for piece in np.array_split(np.fft.fftshift(power), 16)]
        return max(bands) / min(bands)

    assert unevenness(stretch.iq) > 10
    assert unevenness(even.iq) < 1.2
    assert even.rate_hz == pytest.approx(0.8 * stretch.rate_hz, rel=1e-3)
    assert even.occupied * even.rate_hz == pytest.approx(0.12 * RATE, rel=1e-3)
    assert len(even.iq) / even.rate_hz == pytest.approx(0.2, rel=1e-3)


def test_a_strong_neighbour_draws_no_carrier_away():
    whole = noise(60_000, 0.5)
    near = on_carrier(sent("QPSK", 0.35, 8, 7500, 3), 0.3)
    whole += (2 * near).astype(np.complex64)
    burst = on_carrier(sent("QPSK", 0.35, 4, 5000), -0.4)
    whole[30_000:50_000] += (3 * burst).astype(np.complex64)
    found = [each for each in identify(whole, RATE).bursts if each.start > 25_000]
    assert len(found) == 1 and found[0].carrier_hz is not None
    assert found[0].carrier_hz.value == pytest.approx(-0.4 * RATE, abs=1.0)


def test_bursts_that_are_named_together_have_the_carrier_that_was_sent():
    """Short bursts, whose bands are found about centres and at widths of their own."""
    whole = noise(300_000, 0.1)
    keyed = np.random.default_rng(5)
    starts = (20_000, 80_000, 140_000, 200_000, 260_000)
    for start in starts:
        bits = np.repeat(keyed.integers(0, 2, 120), 100)[: 300_000 - start]
        tone = on_carrier(2 * bits, 0.07)
        whole[start : start + len(bits)] += tone.astype(np.complex64)
    found = [each for each in identify(whole, RATE).bursts if each.carrier_hz is not None]
    assert len(found) >= 3
    assert any("named together" in note for each in found for note in each.notes)
    for each in found:
        assert each.carrier_hz is not None
        assert each.carrier_hz.value == pytest.approx(0.07 * RATE, abs=2.0)
        if each.symbol_rate_hz is not None:  # never that of a harmonic
            assert each.symbol_rate_hz.value == pytest.approx(RATE / 100, rel=1e-3)


@pytest.mark.parametrize("name", ["OQPSK", "2FSK", "4FSK"])
def test_a_rate_that_is_no_rate_is_not_told(name: str):
    """Of few symbols the line of the rate may be lost, and that of twice the rate be found."""
    for seed in range(6):
        whole = noise(13_000, 12 / 10**1.5, seed)
        waveform = sent(name, 0.35, 12, 250, seed)
        whole[5000:8000] += on_carrier(waveform, 0.1).astype(np.complex64)
        for burst in identify(whole, RATE).bursts:
            if burst.best.startswith(name) and burst.symbol_rate_hz is not None:
                assert burst.symbol_rate_hz.value == pytest.approx(RATE / 12, rel=0.01)
