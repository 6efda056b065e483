"""The blind receiver: laws over modulations, and when it does not lock."""

import numpy as np
import pytest
from linear_waveforms import error_vector, frequency_shift_keying, linear_waveform
from scipy.stats import binom

from rfmae.errors import CaptureError, ShapeError
from rfmae.signal.blind import ReceiveOptions, receive
from rfmae.signal.blind.receiving import loudest_part
from rfmae.signal.pulses import root_raised_cosine

LINEAR = ("BPSK", "QPSK", "8PSK", "16QAM", "64QAM", "OOK", "4PAM")


def noise(rng, count, power=1.0):
    values = rng.normal(size=(2, count)) * np.sqrt(power / 2)
    return (values[0] + 1j * values[1]).astype(np.complex64)


@pytest.mark.parametrize("name", LINEAR)
def test_symbols_are_the_sent_ones_up_to_a_turn_and_a_scale(rng, name):
    waveform, sent = linear_waveform(rng, name, 3.09, symbols=4000, carrier=0.013)
    found = receive(waveform)
    assert found.locked, found.doubts
    assert error_vector(found.symbols, sent) < 0.03
    assert np.mean(np.abs(found.symbols) ** 2) == pytest.approx(1, abs=1e-3)
    assert 1 / found.symbol_rate.value == pytest.approx(3.09, abs=1e-3)
    assert found.carrier_offset.value == pytest.approx(0.013, abs=1e-5)


@pytest.mark.parametrize("gain", [1e-4, 1e4])
def test_a_gain_changes_no_estimate(rng, gain):
    waveform, _ = linear_waveform(rng, "QPSK", 4.3, snr_db=15)
    plain, scaled = receive(waveform), receive((gain * waveform).astype(np.complex64))
    for name, estimate in plain.estimates.items():
        assert scaled.estimates[name].value == pytest.approx(estimate.value, rel=1e-3, abs=1e-6)


def test_frequencies_are_in_hertz(rng):
    waveform, _ = linear_waveform(rng, "QPSK", 5.0, snr_db=20, carrier=0.01)
    found = receive(waveform, ReceiveOptions(1e6))
    rate = found.symbol_rate
    assert abs(rate.value - 2e5) < 4 * rate.standard_error < 100
    assert found.carrier_offset.value == pytest.approx(1e4, abs=5)
    assert found.bandwidth.value == pytest.approx(1.35 * 2e5, rel=0.05)


@pytest.mark.parametrize("index", [0.5, 1.0])
def test_a_constant_envelope_is_no_linear_modulation(rng, index):
    found = receive(frequency_shift_keying(rng, 8, index, snr_db=20))
    assert found.family == "constant envelope" and not found.locked
    assert not len(found.symbols)
    assert "the envelope is constant" in found.doubts[0]


@pytest.mark.parametrize("snr_db", [-10.0, -300.0])
def test_what_is_below_the_noise_is_not_locked_to(rng, snr_db):
    waveform, _ = linear_waveform(rng, "QPSK", 4.0, snr_db=max(snr_db, -40))
    found = receive(waveform)
    assert not found.locked and found.family == "none found"
    assert found.estimates == {}
    assert "did not lock: no spectral line at a symbol rate" in found.doubts[0]


def test_a_rate_that_is_stated_is_compared_and_one_that_is_told_is_kept_to(rng):
    waveform, _ = linear_waveform(rng, "QPSK", 4.0, snr_db=20)
    assert receive(waveform, ReceiveOptions(48e3, stated_symbol_rate_hz=12e3)).locked
    other = receive(waveform, ReceiveOptions(48e3, stated_symbol_rate_hz=9.6e3))
    assert other.symbol_rate.value == pytest.approx(12e3, rel=1e-3)
    assert "the file states 9,600 symbols a second, the receiver found 12,000" in other.doubts[-1]
    told = receive(waveform, ReceiveOptions(48e3, symbol_rate_hz=9.6e3))
    assert told.symbol_rate.value == 9.6e3 and not told.locked


def test_a_carrier_beside_the_middle_of_the_spectrum_is_a_doubt(rng):
    """QPSK that turns by an eighth from symbol to symbol is QPSK of another carrier."""
    sent = np.exp(0.25j * np.pi * (2 * rng.integers(0, 4, 4000) + np.arange(4000)))
    waveform = np.zeros(16_000, complex)
    waveform[::4] = sent
    waveform = np.convolve(waveform, root_raised_cosine(0.35, 4, 24), "same")
    found = receive((waveform + noise(rng, 16_000, 0.01)).astype(np.complex64))
    assert not found.locked
    assert found.family == "none found"
    assert "0.12 of the symbol rate beside the centre of the spectrum" in found.doubts[0]


def test_of_bursts_the_longest_is_received(rng):
    burst, _ = linear_waveform(rng, "QPSK", 4.0, symbols=1500, snr_db=20)
    quiet = noise(rng, 20_000, 0.01)
    iq = np.concatenate([quiet[:4096], burst[:2048], quiet[:3072], burst, quiet])
    found = receive(iq)
    assert found.locked, found.doubts
    part = loudest_part(iq)
    assert abs(part.start - 9216) <= 512 and abs(part.stop - 15_216) <= 512
    assert f"samples {part.start:,} to {part.stop:,} of {len(iq):,}" in found.notes[0]


def test_few_samples_and_dead_ones_are_not_received(rng):
    assert "the receiver needs 512 samples" in receive(noise(rng, 511)).doubts[0]
    assert "got 0" in receive(np.zeros(4000, np.complex64)).doubts[0]


def test_nonsense_is_refused_in_a_line():
    with pytest.raises(ShapeError, match="finite samples"):
        receive(np.full(1000, np.nan, np.complex64))
    with pytest.raises(ShapeError, match=r"got \(2, 600\)"):
        receive(np.ones((2, 600), np.complex64))
    with pytest.raises(CaptureError, match=r"960 to 38,400 Bd, got 47000"):
        ReceiveOptions(48e3, symbol_rate_hz=47e3)
    with pytest.raises(CaptureError, match=r"roll-off must lie between 0\.02 and 1, got 2"):
        ReceiveOptions(48e3, roll_off=2.0)
    with pytest.raises(CaptureError, match="sample rate must be finite"):
        ReceiveOptions(np.nan)


def apart(rng, count):
    """Errors of what was locked to, in standard errors, by estimate."""
    errors = {
        name: []
        for name in ("symbol_rate_hz", "carrier_offset_hz", "bandwidth_hz", "roll_off", "snr_db")
    }
    for _ in range(count):
        rate, roll_off = rng.uniform(2.5, 12), rng.uniform(0.2, 0.5)
        snr_db, carrier = rng.uniform(5, 25), rng.uniform(-0.02, 0.02)
        settings = {"roll_off": roll_off, "snr_db": snr_db, "carrier": carrier, "symbols": 2048}
        waveform, _ = linear_waveform(rng, str(rng.choice(LINEAR)), rate, **settings)
        found = receive(waveform)
        if not found.locked:
            continue
        truths = (1 / rate, carrier, (1 + roll_off) / rate, roll_off, snr_db)
        for (name, held), truth in zip(errors.items(), truths, strict=True):
            estimate = found.estimates[name]
            held.append((estimate.value - truth) / estimate.standard_error)
    return {name: np.array(held) for name, held in errors.items()}


def check(errors, least):
    for name, held in errors.items():
        inside = int((np.abs(held) < 2).sum())
        low, high = binom.ppf(1e-4, len(held), 0.92), binom.ppf(1 - 1e-4, len(held), 0.98)
        assert len(held) >= least and low <= inside <= high, (name, inside, len(held))


def test_every_estimate_lies_within_its_error(rng):
    check(apart(rng, 10), 6)


@pytest.mark.slow
def test_every_estimate_of_two_hundred_signals_lies_within_its_error(rng):
    check(apart(rng, 200), 160)
