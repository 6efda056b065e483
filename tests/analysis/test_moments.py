"""Moments of patches, added batch by batch."""

import numpy as np
import pytest

from rfmae.analysis.moments import Moments
from rfmae.errors import ShapeError


@pytest.fixture
def pair(rng):
    return rng.random((30, 3, 4)) + 5, rng.random((30, 3, 4)) - 2


def filled(noisy, clean, *cuts):
    moments = Moments(*noisy.shape[1:])
    for y, x in zip(np.split(noisy, cuts), np.split(clean, cuts), strict=True):
        moments.add(y, x)
    return moments


def test_covariances_about_the_means_are_those_of_numpy(pair):
    noisy, clean = pair
    moments = filled(*pair)
    found = moments.covariances(moments.mean_noisy, moments.mean_clean)
    both = np.cov(np.hstack([noisy.reshape(30, -1), clean.reshape(30, -1)]).T, bias=True)
    np.testing.assert_allclose(found.noisy, both[:12, :12], atol=1e-12)
    np.testing.assert_allclose(found.cross, both[:12, 12:], atol=1e-12)
    np.testing.assert_allclose(found.clean_power, clean.var(axis=0).sum(axis=1), atol=1e-12)


def test_moments_about_other_means_are_those_of_the_differences(pair, rng):
    noisy, clean = pair
    off_noisy, off_clean = rng.random((2, 3, 4))
    found = filled(*pair).covariances(off_noisy, off_clean)
    y, x = (noisy - off_noisy).reshape(30, -1), (clean - off_clean).reshape(30, -1)
    np.testing.assert_allclose(found.noisy, y.T @ y / 30, rtol=1e-12)
    np.testing.assert_allclose(found.cross, y.T @ x / 30, rtol=1e-12)
    expected = ((clean - off_clean) ** 2).mean(axis=0).sum(axis=1)
    np.testing.assert_allclose(found.clean_power, expected, rtol=1e-12)


def test_the_length_of_the_batches_does_not_matter(pair):
    whole, parts = filled(*pair), filled(*pair, 7, 8)
    assert whole.count == parts.count == 30
    zero = np.zeros((3, 4))
    for name in ("noisy", "cross", "clean_power"):
        np.testing.assert_allclose(
            getattr(parts.covariances(zero, zero), name),
            getattr(whole.covariances(zero, zero), name),
            rtol=1e-12,
        )


def test_single_precision_is_summed_in_double(pair):
    noisy, clean = (part.astype(np.float32) for part in pair)
    moments = filled(noisy, clean)
    expected = noisy.astype(np.float64).mean(axis=0)
    np.testing.assert_allclose(moments.mean_noisy, expected, rtol=1e-14)


def test_patches_of_another_shape_are_refused(pair):
    with pytest.raises(ShapeError, match=r"must be \(N, 3, 4\), got \(30, 4, 3\)"):
        Moments(3, 4).add(pair[0].reshape(30, 4, 3), pair[1])
    with pytest.raises(ShapeError, match="its clean one, got 30 and 29"):
        Moments(3, 4).add(pair[0], pair[1][:29])


def test_no_examples_have_no_mean():
    with pytest.raises(ShapeError, match="at least one example"):
        _ = Moments(3, 4).mean_noisy
