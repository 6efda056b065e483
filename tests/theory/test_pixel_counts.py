"""Laws of pixel counts: shares of cells, their limit of fine pixels, and what coarse ones lose."""

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp

from rfmae.imaging.density import counts
from rfmae.imaging.grid import pixel_coordinates
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import Pulse
from rfmae.theory import nuisance
from rfmae.theory.frames import simulate
from rfmae.theory.marginals import PointSource
from rfmae.theory.pixel_counts import (
    PixelGrid,
    log_evidence,
    log_likelihoods,
    log_shares,
)
from rfmae.theory.signal_models import signal_model_of

NAMES = ("BPSK", "4PAM", "QPSK", "16QAM")
ES_N0, SYMBOLS, COUNT, RATE = 2.5, 48, 40, 2


def alphabet(name):
    return np.array(find_modulation(name).points)


@pytest.fixture(scope="module")
def frames(streams_of):
    def drawn(name, seed):
        row = find_modulation(name)
        return simulate(
            row,
            Pulse(),
            RATE,
            SYMBOLS,
            ES_N0,
            COUNT,
            streams_of(seed),
            phase_turns="uniform",
            waveform=False,
        )

    return [drawn(name, seed) for seed, name in enumerate(NAMES)]


def mean_log_posterior(evidence):
    """Of the true classes, whose frames come class by class."""
    posterior = evidence - logsumexp(evidence, axis=1, keepdims=True)
    return posterior[np.arange(len(evidence)), np.repeat(np.arange(len(NAMES)), COUNT)].mean()


def pixel_evidence(frames, size):
    grid = PixelGrid(size, 2.5, math.sqrt(1 + 1 / ES_N0))
    cells = grid.cells(np.concatenate([f.symbols.numpy() for f in frames]))
    turns = np.arange(64) / 64
    columns = [
        log_evidence(
            cells, grid, PointSource(find_modulation(n), Pulse(), RATE).alphabet, 1 / ES_N0, turns
        )
        for n in NAMES
    ]
    return np.stack(columns, axis=1)


def test_fine_pixels_know_what_the_sequence_knows_and_coarse_ones_less(frames):
    models = [signal_model_of(find_modulation(name), Pulse(), RATE) for name in NAMES]
    exact = np.stack(
        [
            np.concatenate([nuisance.log_evidence(model, f, "unknown").numpy() for f in frames])
            for model in models
        ],
        axis=1,
    )
    fine, coarse, coarsest = (pixel_evidence(frames, size) for size in (128, 6, 3))
    posteriors = [e - logsumexp(e, axis=1, keepdims=True) for e in (fine, exact)]
    # pixels of 0.04 rms are a tenth of the noise: they add a thousandth to its power
    difference = np.abs(np.exp(posteriors[0]) - np.exp(posteriors[1]))
    assert difference.mean() < 0.01
    known = [mean_log_posterior(e) for e in (coarsest, coarse, fine)]
    assert known == sorted(known)
    assert known[1] < known[2] - 0.05
    assert known[2] == pytest.approx(mean_log_posterior(exact), abs=0.02)


@pytest.mark.parametrize("name", ["8ASK", "16QAM", "8PSK"])
def test_shares_are_those_of_simulated_points(name, rng):
    grid = PixelGrid(12, 1.2, 1.1)
    shares = grid.shares(alphabet(name), 0.3)
    sent = rng.choice(alphabet(name), 200_000)
    noise = math.sqrt(0.15) * (rng.normal(size=sent.shape) + 1j * rng.normal(size=sent.shape))
    seen = np.bincount(grid.cells((sent + noise)[None])[0], minlength=shares.size)
    assert shares.sum() == pytest.approx(1)
    expected = shares * sent.size
    # chi-square of 144 degrees of freedom, five standard deviations
    assert np.sum((seen - expected) ** 2 / expected) < 144 + 5 * math.sqrt(2 * 144)


def test_turning_the_points_by_a_quarter_turns_the_picture():
    grid = PixelGrid(9, 2.0)
    points = np.array([0.3 + 1.1j, -0.7 + 0.2j])
    upright, turned = (grid.shares(p, 0.2)[:-1].reshape(9, 9) for p in (points, 1j * points))
    assert np.allclose(np.rot90(upright), turned, atol=1e-12)


def test_many_points_give_the_shares_of_few(rng):
    grid = PixelGrid(20, 2.0)
    few = np.exp(2j * np.pi * np.arange(4000) / 4000)
    many = np.exp(2j * np.pi * np.arange(8000) / 8000)
    exact, laid = grid.shares(few, 0.1), grid.shares(many, 0.1)
    # points that are moved by up to 0.05 of the noise's deviation add 0.0008 to its variance
    assert np.abs(exact - laid).max() < 0.006 * exact.max()


def test_shares_far_from_every_point_keep_their_digits():
    grid = PixelGrid(3, 3.0)
    left, right = (grid.shares(np.array([p]), 0.1)[:-1].reshape(3, 3) for p in (-2 + 0j, 2 + 0j))
    assert np.allclose(left, np.fliplr(right), rtol=1e-9, atol=0)
    assert 0 < left[1, 2] < 1e-38


def test_cells_are_the_pixels_of_the_imaging_room(rng):
    grid = PixelGrid(16, 1.5)
    points = (rng.normal(size=(5, 100)) + 1j * rng.normal(size=(5, 100))).astype(np.complex64)
    drawn = torch.view_as_real(torch.from_numpy(points))
    images = counts(*pixel_coordinates(drawn, 16, 1.5), 16).numpy()
    seen = [
        np.bincount(row, minlength=grid.outside + 1)[: grid.outside] for row in grid.cells(points)
    ]
    assert np.array_equal(np.reshape(seen, images.shape), images)


def test_points_without_a_place_count_as_outside():
    grid = PixelGrid(4, 1.0)
    nowhere = np.array([[complex(math.nan, 0), complex(math.inf, 0), 7 + 0j, 0.1j]])
    assert list(grid.cells(nowhere)[0, :3]) == [grid.outside] * 3
    assert grid.cells(nowhere)[0, 3] < grid.outside


def test_a_score_is_the_sum_over_points_of_the_table(rng):
    table = rng.normal(size=(50, 3))
    cells = rng.integers(50, size=(7, 20))
    assert np.allclose(log_likelihoods(cells, table), table[cells].sum(axis=1))


def test_no_share_is_taken_for_impossible():
    assert np.isfinite(log_shares(np.zeros(3))).all()
