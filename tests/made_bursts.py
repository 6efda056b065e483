"""Bursts as an identification would find them, made by hand."""

import json

import numpy as np

from rfmae.bursts.records import UNKNOWN, BurstAnswer, RecordingAnswer
from rfmae.signal.blind.spectrum import Estimate

RATE = 1e6
CENTRE = 433.92e6


def burst(start=20_000, count=30_000, centre_hz=150e3, **changes):
    """One burst of QPSK; keywords change it."""
    modulation = changes.pop("modulation", "QPSK")
    named = {
        "start": start,
        "stop": start + count,
        "centre_hz": centre_hz,
        "bandwidth_hz": 80e3,
        "snr_db": 23.14,
        "modulation": modulation,
        "probability": 0.97,
        "best": "QPSK",
        "probabilities": {"QPSK": 0.97, "BPSK": 0.02, "8PSK": 0.01},
        "symbol_rate_hz": Estimate(62_500.3, 1.2),
        "carrier_hz": Estimate(centre_hz + 12.0, 3.0),
        "roll_off": Estimate(0.35, 0.01),
        "symbol_snr_db": Estimate(24.0, 0.2),
        "windows": np.array([[0.9, 0.08, 0.02], [0.2, 0.7, 0.1]]),
        "received": np.exp(0.1j * np.arange(600)).astype(np.complex64),
        "symbols": np.exp(0.5j * np.pi * (np.arange(400) % 4)).astype(np.complex64),
    }
    return BurstAnswer(**{**named, **changes})


def unknown(start=80_000, count=20_000, centre_hz=-220e3, **changes):
    """A burst that is none of the classes."""
    nothing = dict.fromkeys(("symbol_rate_hz", "carrier_hz", "roll_off", "symbol_snr_db"))
    named = {"modulation": UNKNOWN, "probability": 0.41, "reasons": ("like none of the classes",)}
    bare = {"symbols": None, **nothing, **named}
    return burst(start, count, centre_hz, **{**bare, **changes})


def answer(*bursts, samples=200_000, notes=(), rate=RATE):
    """What is said of a recording."""
    return RecordingAnswer(rate, samples, tuple(bursts), notes, -34.0)


def write_recording(folder, name="three", centre=CENTRE, samples=200_000):
    """A SigMF recording of noise with one annotation of its own."""
    rng = np.random.default_rng(1)
    iq = 0.1 * rng.normal(size=(samples, 2)).view(complex)[:, 0]
    iq.astype("<c8").tofile(folder / f"{name}.sigmf-data")
    tuned = {} if centre is None else {"core:frequency": centre}
    meta = {
        "global": {
            "core:datatype": "cf32_le",
            "core:version": "1.0.0",
            "core:sample_rate": RATE,
            "core:author": "somebody",
            "core:description": "three bursts",
        },
        "captures": [{"core:sample_start": 0, **tuned}],
        "annotations": [
            {"core:sample_start": 50_000, "core:sample_count": 10, "core:label": "mine"}
        ],
    }
    (folder / f"{name}.sigmf-meta").write_text(json.dumps(meta))
    return folder / f"{name}.sigmf-meta"
