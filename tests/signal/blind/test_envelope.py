"""The kurtosis of an envelope, behind noise."""

import numpy as np
import pytest
from linear_waveforms import frequency_shift_keying, linear_waveform

from rfmae.signal.blind.envelope import envelope_kurtosis
from rfmae.signal.blind.symbol_rate import band_of


@pytest.mark.parametrize("index", [0.35, 0.5, 1.0])
@pytest.mark.parametrize("snr_db", [15.0, 25.0, 300.0])
def test_fsk_has_a_constant_envelope_whatever_the_noise(rng, index, snr_db):
    iq = frequency_shift_keying(rng, 8, index, snr_db=snr_db)
    assert envelope_kurtosis(iq, band_of(iq)).value == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize("name", ["BPSK", "QPSK", "8PSK", "16QAM", "OOK"])
@pytest.mark.parametrize("roll_off", [0.2, 0.5, 0.9])
def test_linear_modulations_have_none(rng, name, roll_off):
    for snr_db in (10.0, 30.0):
        iq, _ = linear_waveform(rng, name, 5.3, roll_off=roll_off, snr_db=snr_db)
        assert envelope_kurtosis(iq, band_of(iq)).value > 1.13


def test_gaussian_noise_has_two(rng):
    iq = (rng.normal(size=20_000) + 1j * rng.normal(size=20_000)).astype(np.complex64)
    found = envelope_kurtosis(iq, band_of(iq))
    assert abs(found.value - 2) < 4 * found.standard_error
