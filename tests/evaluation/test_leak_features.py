"""Power, dots and equal rows are counted as in an image; SNRs are recovered."""

import numpy as np
import pytest

from rfmae.evaluation.leak_features import (
    are_quantised,
    at_unit_power,
    dot_counts,
    envelope_quantiles,
    measured_snr,
    power_db,
    repeated_within,
    row_digests,
    shared_between,
)
from rfmae.signal.hardware import quantise
from rfmae.signal.modulations import MODULATIONS
from rfmae.units import db_to_ratio, ratio_to_db


def cloud(rng, examples=8, samples=512):
    parts = rng.normal(size=(2, examples, samples))
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


def test_power_follows_the_amplitude_in_decibels(rng):
    iq = cloud(rng)
    # each level is rounded to a hundredth
    assert power_db(4 * iq) - power_db(iq) == pytest.approx(ratio_to_db(16.0), abs=0.011)
    assert power_db(np.full((1, 9), 2j, np.complex64)) == pytest.approx(6.02)


def test_at_unit_power_no_power_is_left_to_tell(rng):
    iq = cloud(rng) * np.geomspace(1e-6, 1e6, 8)[:, None].astype(np.complex64)
    assert not power_db(at_unit_power(iq)).any()
    assert not at_unit_power(np.zeros((2, 5), np.complex64)).any()


def test_held_samples_are_one_dot_and_the_order_does_not_matter(rng):
    iq = cloud(rng, samples=64)
    held = np.repeat(iq, 8, axis=1)
    assert dot_counts(iq)[:, 0].tolist() == [64] * 8
    assert dot_counts(held)[:, 0].tolist() == [64] * 8
    assert dot_counts(rng.permuted(held, axis=1)).tolist() == dot_counts(held).tolist()


def test_padding_is_one_dot_and_no_sample():
    padded = np.array([[1, 2j, 0, -0.0, 0]], np.complex64)
    assert dot_counts(padded).tolist() == [[3, 2]]


def test_few_bits_are_noticed_and_held_samples_are_none(rng):
    iq = cloud(rng)
    assert are_quantised(quantise(iq, np.full(8, 5.0), 4.0)).all()
    assert not are_quantised(iq).any()
    assert not are_quantised(np.repeat(iq, 8, axis=1)).any()
    assert not are_quantised(iq.real.astype(np.complex64)).any()


def test_the_envelope_knows_neither_gain_nor_phase(rng):
    iq = cloud(rng)
    turned = (3 * np.exp(1j) * iq).astype(np.complex64)
    assert envelope_quantiles(turned) == pytest.approx(envelope_quantiles(iq), rel=1e-5)
    assert (np.diff(envelope_quantiles(iq), axis=1) >= 0).all()


def test_equal_rows_are_found_within_and_between(rng):
    first, second = cloud(rng), cloud(rng)
    second[3], second[5] = first[1], second[2]
    of_first, of_second = row_digests([first]), row_digests([second])
    assert (repeated_within(of_first), repeated_within(of_second)) == (0, 1)
    assert (shared_between(of_first, of_second), shared_between(of_second, of_first)) == (1, 1)
    # one bit more and it is another
    second.view(np.int32)[3, 0] ^= 1
    assert shared_between(of_first, row_digests([second])) == 0


def test_rows_are_equal_where_all_their_views_are(rng):
    one, other = cloud(rng), cloud(rng, samples=64)
    both = row_digests([one, other])
    changed = other.copy()
    changed[0, 0] = 0
    assert np.flatnonzero(row_digests([one, changed]) != both).tolist() == [0]
    assert len(row_digests([])) == 0


POINTS = {name: row for name, row in MODULATIONS.items() if row.points}


@pytest.mark.parametrize("snr_db", [-25.0, 0.0, 30.0])
@pytest.mark.parametrize("row", POINTS.values(), ids=list(POINTS))
def test_the_snr_of_every_alphabet_comes_back_free_of_bias(row, snr_db, rng):
    sent = rng.choice(np.array(row.points), size=(200, 400)) * np.exp(1j)
    noise = cloud(rng, 200, 400) * np.sqrt(db_to_ratio(-snr_db) / 2)
    stated = np.square(np.abs(sent)).mean(axis=1) * db_to_ratio(snr_db)
    gain = rng.uniform(0.1, 10, (200, 1))
    ratio = measured_snr((gain * (sent + noise)).astype(np.complex64), sent) / stated
    # of 400 symbols: twice the noise over the signal, plus its square, plus the noise's own scatter
    weak = db_to_ratio(-snr_db) / 400
    error = np.sqrt((2 * weak + weak**2 + 1 / 400) / 200)
    assert ratio.mean() == pytest.approx(1.0, abs=5 * error)


@pytest.mark.parametrize("points", [(-1, 1), (1, 1j, -1, -1j)], ids=["BPSK", "QPSK"])
def test_short_examples_have_no_bias_either(points, rng):
    sent = rng.choice(np.array(points, complex), size=(20_000, 16))
    noisy = (sent + cloud(rng, 20_000, 16) / np.sqrt(2)).astype(np.complex64)
    # ratios of sixteen symbols scatter by a half; 20,000 of them by 0.004
    assert measured_snr(noisy, sent).mean() == pytest.approx(1.0, abs=0.02)


def test_an_image_and_a_constant_are_no_noise(rng):
    sent = cloud(rng, 50, 400)
    noisy = sent + 0.1 * cloud(rng, 50, 400)
    bent = (noisy + (0.2 - 0.1j) * noisy.conj() + 0.5).astype(np.complex64)
    assert measured_snr(bent, sent).mean() == pytest.approx(
        measured_snr(noisy, sent).mean(),
        rel=0.1,  # the image of the signal stays with it
    )
