"""From a recording to its bursts: known signals, by the classifier that comes along."""

from fractions import Fraction

import numpy as np
import pytest

import rfmae
from rfmae.bursts.identifying import IdentifyOptions, name_bursts
from rfmae.bursts.network import SHIPPED, load_network
from rfmae.bursts.practice_signals import CLASSES
from rfmae.bursts.recording import identify
from rfmae.bursts.streaming import identify_stream
from rfmae.errors import CaptureError, ShapeError
from rfmae.signal.detection import Burst, isolate
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

RATE = 1e6


def noise(count: int, power: float = 1.0, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).standard_normal((count, 2)) @ [1, 1j]
    return (drawn * np.sqrt(power / 2)).astype(np.complex64)


def sent(name: str, per_symbol: float, samples: int, seed: int = 1) -> np.ndarray:
    """A waveform of unit power."""
    rng = np.random.default_rng(seed)
    pulse = Pulse("rrc", 0.35, 16)
    rate = Fraction(per_symbol).limit_denominator(16)
    return transmit(find_modulation(name), pulse, rate, samples, 1, lambda _: rng)[0]


def placed(iq: np.ndarray, carrier: float, before: int, after: int, snr_db: float) -> np.ndarray:
    """A burst on a carrier in cycles per sample, its SNR that of a quarter of the band."""
    shifted = iq * np.exp(2j * np.pi * carrier * np.arange(len(iq)))
    whole = noise(before + len(iq) + after, 4 * 10 ** (-snr_db / 10))
    whole[before : before + len(iq)] += shifted.astype(np.complex64)
    return whole


def test_the_network_that_comes_along_is_the_one_of_its_card():
    network = load_network()
    assert network.classes == CLASSES
    size = sum(path.stat().st_size for path in SHIPPED.iterdir())
    assert size < 15e6
    assert network.card["measured"]["false_acceptance"] <= 0.22


@pytest.mark.parametrize(
    ("name", "per_symbol", "answer"),
    [
        ("BPSK", 6.3, "BPSK"),
        ("QPSK", 5.2, "QPSK"),
        ("8PSK", 5.2, "8PSK"),
        ("OQPSK", 5.2, "OQPSK"),
        ("π/4-DQPSK", 5.2, "π/4-DQPSK"),
        ("16QAM", 5.2, "16QAM"),
        ("GMSK", 5.0, "GMSK/MSK"),
        ("GFSK", 5.0, "2FSK/GFSK"),
        ("4FSK", 12.0, "4FSK"),
    ],
)
def test_a_burst_is_named_with_its_place_and_its_symbol_rate(
    name: str, per_symbol: float, answer: str
):
    waveform = sent(name, per_symbol, 16_000)
    found = identify(placed(waveform, 0.13, 9000, 7000, 25.0), RATE)
    burst = max(found.bursts, key=lambda burst: burst.bandwidth_hz)
    assert burst.best == answer
    assert burst.modulation in (answer, "unknown") if name == "4FSK" else burst.is_known
    assert not any(other.is_known for other in found.bursts if other is not burst)
    assert burst.start == pytest.approx(9000, abs=200)
    assert burst.stop == pytest.approx(25_000, abs=200)
    assert burst.low_hz < 0.13 * RATE < burst.high_hz
    assert burst.symbol_rate_hz is not None
    stated = float(Fraction(per_symbol).limit_denominator(16))
    assert burst.symbol_rate_hz.value == pytest.approx(RATE / stated, rel=1e-3)


def test_noise_alone_has_no_burst():
    assert identify(noise(60_000), RATE).bursts == ()


def test_two_emitters_are_two_bursts():
    low = placed(sent("QPSK", 12.0, 40_000), -0.21, 0, 0, 60.0)
    high = sent("BPSK", 14.0, 20_000, 2) * np.exp(2j * np.pi * 0.25 * np.arange(20_000))
    both = low + noise(40_000, 0.01, 3)
    both[10_000:30_000] += high.astype(np.complex64)
    found = identify(both, RATE).bursts
    assert sorted(burst.best for burst in found) == ["BPSK", "QPSK"]


def test_silence_behind_a_burst_does_not_outvote_it():
    points = np.random.default_rng(3).choice([1, 1j, -1, -1j], 2048)
    symbols = points + noise(2048, 10**-2.5, 4)
    for zeros in (512, 131_072):
        recording = np.concatenate([symbols, np.zeros(zeros, np.complex64)])
        answer = identify(recording.astype(np.complex64), RATE)
        assert [burst.best for burst in answer.bursts] == ["QPSK"]
        assert any("repeat one value" in note for note in answer.notes)


def test_the_gain_changes_no_answer():
    recording = placed(sent("QPSK", 5.2, 16_000), 0.1, 5000, 5000, 20.0)
    quiet, loud = (identify(np.float32(gain) * recording, RATE).bursts for gain in (1e-3, 1e3))
    assert [burst.modulation for burst in quiet] == [burst.modulation for burst in loud]
    assert quiet[0].probability == pytest.approx(loud[0].probability, abs=0.02)


def test_what_is_told_of_a_band_is_where_it_looks():
    both = placed(sent("QPSK", 12.0, 30_000), -0.21, 0, 0, 30.0)
    both += placed(sent("BPSK", 12.0, 30_000, 2), 0.2, 0, 0, 30.0)
    options = IdentifyOptions(centre_hz=0.2 * RATE, bandwidth_hz=0.12 * RATE)
    found = identify(both, RATE, options).bursts
    assert [burst.best for burst in found] == ["BPSK"]
    assert found[0].centre_hz == pytest.approx(0.2 * RATE)
    assert found[0].bandwidth_hz == pytest.approx(0.12 * RATE)


def test_a_stream_says_what_the_file_says():
    recording = placed(sent("QPSK", 5.2, 30_000), 0.1, 140_000, 120_000, 25.0)
    blocks = np.array_split(recording, 37)
    told = list(identify_stream(blocks, RATE, segment=2**16))
    whole = [burst for burst in told if burst.best == "QPSK"]
    assert whole and min(burst.start for burst in whole) == pytest.approx(140_000, abs=500)
    assert max(burst.stop for burst in whole) == pytest.approx(170_000, abs=500)


@pytest.mark.parametrize(
    ("iq", "rate", "options", "message"),
    [
        (noise(100), RATE, {}, "at least"),
        (np.ones(4000), RATE, {}, "complex"),
        (noise(4000), 0.0, {}, "above 0 Hz"),
        (noise(4000), RATE, {"symbol_rate_hz": 2e6}, "exceed the sample rate"),
        (noise(4000), RATE, {"centre_hz": 2e6}, "within"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(iq, rate, options, message):
    with pytest.raises((CaptureError, ShapeError), match=message) as caught:
        identify(iq, rate, IdentifyOptions(**options))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [-1.0, 0.0, np.nan, np.inf])
def test_rates_that_are_told_are_finite_and_positive(value: float):
    with pytest.raises(CaptureError, match="symbol_rate_hz"):
        IdentifyOptions(symbol_rate_hz=value)


def test_scripts_take_complex_and_real_samples_of_one_recording_or_several():
    classifier = rfmae.load_classifier()
    recording = placed(sent("QPSK", 5.2, 8000), 0.1, 3000, 3000, 25.0)
    rails = np.stack([recording.real, recording.imag])
    one, same = classifier(recording, sample_rate=RATE), classifier(rails, sample_rate=RATE)
    assert [burst.best for burst in one] == [burst.best for burst in same] == ["QPSK"]
    several = classifier(np.stack([rails, rails]), sample_rate=RATE)
    assert isinstance(several, list) and [len(found) for found in several] == [1, 1]
    with pytest.raises(ShapeError, match="I/Q must be"):
        classifier(np.ones((3, 100)))


def test_a_burst_outside_of_the_band_that_is_told_is_counted():
    recording = placed(sent("QPSK", 5.2, 16_000), 0.13, 9000, 7000, 25.0)
    found = identify(recording, RATE, IdentifyOptions(centre_hz=-0.3 * RATE))
    assert found.bursts == ()
    assert found.notes == ("1 burst lies outside of the band that was told",)


def test_a_burst_that_drifts_says_by_how_much():
    walk = np.exp(1j * np.pi * 1e-6 * np.arange(-50_000.0, 50_000.0) ** 2)
    recording = placed(sent("QPSK", 8.0, 100_000) * walk, 0.1, 9000, 9000, 20.0)
    burst = Burst(9000, 109_000, 0.03, 0.17, 20.0, drift=1e-6)
    parts = [isolate(recording, burst)]
    (answer,) = name_bursts([burst], parts, RATE, IdentifyOptions(), load_network())
    assert answer.drift_hz == pytest.approx(0.1 * RATE)
    assert answer.carrier_hz is not None
    assert answer.carrier_hz.value == pytest.approx(0.1 * RATE, abs=1e-4 * RATE)
    assert "drifts: its band and carrier are those of its middle" in answer.notes
