"""Noise that a twin leaves has the same scores in every modulation; what is added has not."""

import numpy as np
import pytest

from rfmae.evaluation.leak_residuals import (
    block_scores,
    mean_scores,
    noise_spectrum,
    residuals_of,
    sample_scores,
    tone_scores,
    whitened_spectrum,
)
from rfmae.signal.hardware import iq_imbalance
from rfmae.signal.modulations import MODULATIONS

ROWS, SAMPLES = 600, 128
POINTS = [row for row in MODULATIONS.values() if row.family == "memoryless"]


def pairs(rng, points, noise=0.5, rows=ROWS):
    clean = points[rng.integers(0, len(points), (rows, SAMPLES))] * np.exp(
        2j * np.pi * rng.random((rows, 1))
    )
    parts = rng.normal(size=(2, rows, SAMPLES)) * np.sqrt(noise / 2)
    return (clean + parts[0] + 1j * parts[1]).astype(np.complex64), clean.astype(np.complex64)


@pytest.mark.parametrize("row", POINTS, ids=str)
@pytest.mark.parametrize("noise", [0.01, 3.0])
def test_scores_are_uniform_in_every_alphabet_and_noise(rng, row, noise):
    found = residuals_of(*pairs(rng, row.alphabet, noise))
    for scores in (mean_scores(found), tone_scores(found), sample_scores(found)):
        # errors of the mean and the variance of uniform numbers, of one column: six deviations
        assert scores.mean(axis=0) == pytest.approx(0.5, abs=6 * np.sqrt(1 / 12 / ROWS))
        assert scores.var(axis=0) == pytest.approx(1 / 12, abs=6 * np.sqrt(1 / 180 / ROWS))
    assert block_scores(found).mean(axis=0) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("name", ["OOK", "BPSK", "16QAM"])
def test_an_imbalance_of_the_receiver_is_fitted(rng, name):
    observed, clean = pairs(rng, MODULATIONS[name].alphabet, 0.01)
    moved = iq_imbalance(observed, np.full(ROWS, 0.5), np.full(ROWS, 2.0))
    found = mean_scores(residuals_of(moved, clean, mirrored=True))
    assert found.mean(axis=0) == pytest.approx(0.5, abs=0.07)


def test_a_constant_of_the_receiver_is_fitted(rng):
    observed, clean = pairs(rng, MODULATIONS["OOK"].alphabet, 0.01)
    assert mean_scores(residuals_of(observed + 0.2, clean))[:, 4].mean() > 0.99
    found = mean_scores(residuals_of(observed + 0.2, clean, constant=True))
    assert found.mean(axis=0)[4] == pytest.approx(0.0, abs=1e-6)  # nothing of it is left


def test_rows_without_noise_are_left_out(rng):
    observed, clean = pairs(rng, MODULATIONS["QPSK"].alphabet, 0.1, rows=4)
    observed[1:3] = clean[1:3] * (2 - 1j)
    found = residuals_of(observed, clean)
    assert found.kept.tolist() == [True, False, False, True]
    assert found.signal_over_noise == pytest.approx(10, rel=0.5)


def test_noise_behind_a_filter_is_whitened_and_a_tone_is_not(rng):
    _, clean = pairs(rng, MODULATIONS["QPSK"].alphabet, 0.1)
    white = rng.normal(size=(2, ROWS, SAMPLES))
    spectrum = np.fft.fft(white[0] + 1j * white[1], axis=1)
    spectrum[:, 40:89] *= 0.1
    tone = 2 * np.exp(2j * np.pi * 5 * np.arange(SAMPLES) / SAMPLES)
    found = residuals_of((clean + np.fft.ifft(spectrum, axis=1) + tone).astype(np.complex64), clean)
    scores = tone_scores(whitened_spectrum(found, noise_spectrum(found))).mean(axis=0)
    others = np.delete(scores, [5, *range(36, 44), *range(85, 93)])
    assert others == pytest.approx(0.5, abs=0.12)
    assert scores[5] > 0.95
