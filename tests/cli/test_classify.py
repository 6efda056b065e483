"""`rfmae classify`: what the blind receiver found, in words and as JSON."""

import json

import numpy as np
import pytest
from linear_waveforms import frequency_shift_keying, linear_waveform

from rfmae.signal.blind import Estimate
from rfmae.workflows.inspect.recordings import with_error


@pytest.fixture
def waveform(rng):
    return linear_waveform(rng, "QPSK", 4.0, symbols=1500, snr_db=20, carrier=0.01)[0]


def test_what_was_received_is_said(rfmae, here, classifier, record, waveform):
    path = record(here / "wave", waveform)
    said = rfmae("classify", path, "--model", classifier).stdout
    for words in (
        "received: 1,49",
        "symbol rate 250,0",
        "carrier offset 10,0",
        "roll-off 0.",
        "Es/N0 ",
    ):
        assert words in said, said
    assert said.count("±") == 4
    assert "unknown" not in said


def test_the_json_has_values_and_errors(rfmae, here, classifier, record, waveform):
    path = record(here / "wave", waveform)
    (found,) = json.loads(rfmae("classify", path, "--model", classifier, "--json").stdout)
    receiver = found["receiver"]
    assert receiver["locked"] and receiver["family"] == "linear"
    for name, truth in {"symbol_rate_hz": 250e3, "carrier_offset_hz": 1e4, "snr_db": 20.0}.items():
        estimate = receiver[name]
        assert abs(estimate["value"] - truth) < 5 * estimate["standard_error"], name
    assert found["class"] != "unknown" and found["doubts"] == []


def test_without_a_receiver_or_a_lock_it_is_unknown(rfmae, here, classifier, record, waveform, rng):
    path = record(here / "wave", waveform)
    said = rfmae("classify", path, "--model", classifier, "--no-receiver").stdout
    assert "unknown" in said and "a quarter of the band is empty" in said
    assert "received" not in said
    msk = record(here / "msk", frequency_shift_keying(rng, 8, 0.5, 1000))
    (found,) = json.loads(rfmae("classify", msk, "--model", classifier, "--json").stdout)
    assert found["class"] == "unknown" and found["probability"] is None
    assert found["receiver"]["family"] == "constant envelope"


def test_a_rate_and_a_roll_off_that_are_told_are_taken(rfmae, here, classifier, record, waveform):
    path = record(here / "wave", waveform)
    told = ["--symbol-rate", "250010", "--roll-off", "0.4", "--json"]
    (found,) = json.loads(rfmae("classify", path, "--model", classifier, *told).stdout)
    assert found["receiver"]["roll_off"] == {"value": 0.4, "standard_error": 0.0}
    assert found["receiver"]["locked"]
    told = ["--symbol-rate", "100000", "--json"]
    (found,) = json.loads(rfmae("classify", path, "--model", classifier, *told).stdout)
    assert found["class"] == "unknown"


def test_symbols_need_no_receiver(rfmae, here, classifier, record, rng):
    path = record(here / "symbols", np.exp(0.5j * np.pi * rng.integers(0, 4, 1024)))
    (found,) = json.loads(rfmae("classify", path, "--model", classifier, "--json").stdout)
    assert found["receiver"] is None


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (72000.123, 0.0672, "72,000.123 ± 0.067"),
        (-3.14159, 0.5, "-3.14 ± 0.50"),
        (12345.6, 120.0, "12,346 ± 120"),
        (0.35, 0.0, "0.35"),
    ],
)
def test_a_value_is_as_exact_as_its_error(value, error, words):
    assert with_error(Estimate(value, error)) == words
