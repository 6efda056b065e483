"""Carriers are read from lines of powers: those of each class, or one of all."""

import numpy as np
import pytest

from rfmae.evaluation.leak_carriers import PowerSpectra, common_carrier, lines_of
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

SAMPLES, ROWS = 256, 60
NAMES = ("BPSK", "QPSK", "8PSK", "16QAM", "4PAM")


def spectra_of(rng, carrier_of, noise=0.3, spread=0.0):
    spectra = PowerSpectra(len(NAMES), SAMPLES)
    for c, name in enumerate(NAMES):
        points = MODULATIONS[name].alphabet
        sent = points[rng.integers(0, len(points), (ROWS, SAMPLES))]
        turns = carrier_of(c) + spread * rng.uniform(-1, 1, (ROWS, 1))
        phase = turns * np.arange(SAMPLES) + rng.random((ROWS, 1))
        parts = rng.normal(size=(2, ROWS, SAMPLES)) * np.sqrt(noise / 2)
        iq = sent * np.exp(2j * np.pi * phase) + parts[0] + 1j * parts[1]
        spectra.add(np.full(ROWS, c), iq.astype(np.complex64))
    return spectra


@pytest.mark.parametrize("carrier", [0.0, 0.013, -0.031])
def test_one_carrier_of_all_classes_is_found(rng, carrier):
    lines = lines_of(spectra_of(rng, lambda c: carrier), range(len(NAMES)))
    assert {0, 1, 3, 4} <= lines.keys()
    assert common_carrier(lines) == pytest.approx(carrier, abs=1 / SAMPLES / 2)


def test_carriers_of_their_own_have_nothing_in_common(rng):
    lines = lines_of(spectra_of(rng, lambda c: 0.01 * c), range(len(NAMES)))
    assert common_carrier(lines) is None
    for c in (1, 3, 4):
        assert lines[c].carrier == pytest.approx(0.01 * c, abs=1 / SAMPLES / 2)


def test_carriers_drawn_for_each_example_leave_no_line(rng):
    lines = lines_of(spectra_of(rng, lambda c: 0.0, spread=0.1), range(len(NAMES)))
    assert lines == {}


def test_lines_of_a_symbol_timing_are_symmetric(rng, streams):
    spectra = PowerSpectra(2, 512)
    for c, name in enumerate(("QPSK", "OQPSK")):
        iq = transmit(MODULATIONS[name], Pulse(rolloff=0.35), 8, 512, ROWS, streams)
        spectra.add(np.full(ROWS, c), iq)
    lines = lines_of(spectra, (0, 1))
    assert lines
    assert common_carrier(lines) == 0
