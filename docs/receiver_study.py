"""Where the blind receiver locks, by SNR, length and roll-off, into receiver.json.

python docs/receiver_study.py [--trials 40] [--out docs/receiver.json]
"""

import argparse
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from pages import write_results

from rfmae.records import ComplexArray
from rfmae.signal.blind import receive
from rfmae.signal.modulations import find_modulation
from rfmae.signal.polyphase import shape_valid
from rfmae.signal.pulses import Pulse

RATE = Fraction(25, 6)  # samples a symbol
NAMES = ("QPSK", "16QAM")
ROLL_OFFS = (0.2, 0.35, 0.5)
LENGTHS = (256, 1024, 4096)  # symbols
SNRS_DB = tuple(range(-10, 21, 5))  # Es/N0
RIGHT = 1e-3  # of the symbol rate


def signal(
    rng: np.random.Generator, name: str, roll_off: float, length: int, snr_db: float
) -> ComplexArray:
    """A signal (T,) of a random carrier within ±0.02 cycles a sample, and white noise."""
    alphabet = find_modulation(name).alphabet
    pulse = Pulse("rrc", roll_off, 48)
    symbols = alphabet[rng.integers(0, len(alphabet), (1, length + 2 * pulse.reach_symbols))]
    samples = int(length * RATE)
    sent = shape_valid(symbols.astype(np.complex64), pulse, RATE, samples)[0]
    carrier = rng.uniform(-0.02, 0.02)
    noise = rng.normal(size=(2, samples)) * np.sqrt(float(RATE) * 10 ** (-snr_db / 10) / 2)
    turned = sent * np.exp(2j * np.pi * carrier * np.arange(samples))
    return np.asarray(turned + noise[0] + 1j * noise[1], np.complex64)


def cell(name: str, roll_off: float, length: int, snr_db: float, trials: int) -> dict[str, float]:
    """How often the line was found, at the right rate, and how often all of it locked."""
    rng = np.random.default_rng([NAMES.index(name), int(100 * roll_off), length, snr_db + 100])
    line = right = locked = wrong = 0
    for _ in range(trials):
        found = receive(signal(rng, name, roll_off, length, snr_db))
        near = abs(found.line.frequency * float(RATE) - 1) < RIGHT
        line += found.line.found
        right += found.line.found and near
        locked += found.locked and near
        wrong += found.locked and not near
    return {"line": line, "right": right, "locked": locked, "wrong": wrong}


def measure(trials: int) -> dict[str, Any]:
    """All cells, by modulation, length, roll-off and SNR."""
    return {
        "trials": trials,
        "samples_per_symbol": float(RATE),
        "cells": {
            name: {
                str(length): {
                    str(roll_off): {
                        str(snr_db): cell(name, roll_off, length, snr_db, trials)
                        for snr_db in SNRS_DB
                    }
                    for roll_off in ROLL_OFFS
                }
                for length in LENGTHS
            }
            for name in NAMES
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("receiver.json"))
    told = parser.parse_args()
    write_results(told.out, measure(told.trials))
