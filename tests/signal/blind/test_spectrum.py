"""Carrier, roll-off and Es/N0 of a spectrum lie within their standard errors."""

import numpy as np
import pytest
from linear_waveforms import frequency_shift_keying, linear_waveform
from scipy.stats import binom

from rfmae.signal.blind.spectrum import fit_spectrum

NAMES = ("BPSK", "QPSK", "8PSK", "16QAM", "64QAM", "4PAM")


def apart(rng, count):
    """Errors (count, 3) of random signals in standard errors."""
    errors = []
    for _ in range(count):
        rate, roll_off = rng.uniform(2.5, 12), rng.uniform(0.2, 0.5)
        snr_db, carrier = rng.uniform(5, 25), rng.uniform(-0.02, 0.02)
        waveform, _ = linear_waveform(
            rng,
            str(rng.choice(NAMES)),
            rate,
            roll_off=roll_off,
            symbols=int(rng.choice([1024, 2048])),
            snr_db=snr_db,
            carrier=carrier,
        )
        fit = fit_spectrum(waveform, 1 / rate, carrier + 0.01 / rate)
        truths = ((fit.carrier, carrier), (fit.roll_off, roll_off), (fit.snr_db, snr_db))
        errors.append([(found.value - truth) / found.standard_error for found, truth in truths])
    return np.array(errors)


def check(errors):
    count = len(errors)
    low, high = binom.ppf(1e-4, count, 0.92), binom.ppf(1 - 1e-4, count, 0.98)
    inside = (np.abs(errors) < 2).sum(axis=0)
    assert np.all((low <= inside) & (inside <= high)), inside


def test_a_spectrum_says_carrier_roll_off_and_snr_within_their_errors(rng):
    check(apart(rng, 12))


@pytest.mark.slow
def test_two_hundred_spectra_say_them_within_their_errors(rng):
    errors = apart(rng, 200)
    check(errors)
    assert np.all(np.abs(np.mean(errors, axis=0)) < 0.4)


def test_a_roll_off_that_is_told_is_kept(rng):
    waveform, _ = linear_waveform(rng, "QPSK", 4.0, roll_off=0.3, snr_db=15)
    fit = fit_spectrum(waveform, 0.25, 0.0, roll_off=0.4)
    assert (fit.roll_off.value, fit.roll_off.standard_error) == (0.4, 0.0)
    assert fit.snr_db.value == pytest.approx(15, abs=1)


def test_the_carrier_of_unipolar_symbols_is_no_part_of_their_shape(rng):
    waveform, _ = linear_waveform(rng, "OOK", 4.0, roll_off=0.35, symbols=4000, snr_db=15)
    fit = fit_spectrum(waveform, 0.25, 0.0)
    assert fit.roll_off.value == pytest.approx(0.35, abs=0.03)
    assert fit.snr_db.value == pytest.approx(15, abs=0.5)  # with the power of the carrier


def test_without_a_floor_there_is_no_snr(rng):
    waveform, _ = linear_waveform(rng, "QPSK", 4.0)
    assert fit_spectrum(waveform, 0.25, 0.0).snr_db is None


@pytest.mark.parametrize(("name", "tones"), [("OOK", 1), ("QPSK", 0), ("16QAM", 0)])
@pytest.mark.parametrize("snr_db", [10.0, 300.0])
def test_unipolar_symbols_have_one_tone_and_others_none(rng, name, tones, snr_db):
    for rate in (2.5, 9.3):
        waveform, _ = linear_waveform(rng, name, rate, symbols=4000, snr_db=snr_db)
        assert fit_spectrum(waveform, 1 / rate, 0.0).tones == tones


def test_fsk_of_a_whole_index_has_several(rng):
    assert fit_spectrum(frequency_shift_keying(rng, 8, 1.0, snr_db=15), 1 / 8, 0.0).tones == 2
