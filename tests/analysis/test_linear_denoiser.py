"""Ridge regression in its dual form, against the primal one and against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from rfmae.analysis.linear_denoiser import linear_denoiser
from rfmae.analysis.linear_mae import BernoulliMasks, linear_mae
from rfmae.analysis.moments import Moments
from rfmae.errors import ShapeError

SHAPE = (2, 3, 4)
SIZE = 24


@pytest.fixture
def images(rng):
    """Clean images of five causes, and noisy ones; of 60, twenty are held out."""
    causes = rng.standard_normal((60, 5)) @ rng.standard_normal((5, SIZE)) + 2
    noisy = causes + rng.standard_normal((60, SIZE)) - 1
    return noisy.reshape(60, *SHAPE), causes.reshape(60, *SHAPE)


def fitted(noisy, clean, **options):
    return linear_denoiser(noisy[:40], clean[:40], noisy[40:], clean[40:], **options)


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 3.0])
@pytest.mark.parametrize("examples", [12, 40])  # fewer and more than there are values
def test_the_answers_are_those_of_ridge_regression(examples, ridge, images):
    noisy, clean = images
    y, x = noisy[:examples].reshape(examples, -1), clean[:examples].reshape(examples, -1)
    denoiser = linear_denoiser(y, x, noisy[40:], clean[40:], ridges=(ridge,))
    # the ridge is a share of the mean eigenvalue of the examples' Gram matrix
    penalty = ridge * ((y - y.mean(axis=0)) ** 2).sum() / examples
    expected = Ridge(penalty, solver="svd").fit(y, x).predict(noisy[40:].reshape(20, -1))
    found = denoiser.predict(noisy[40:])
    np.testing.assert_allclose(found, expected.reshape(20, *SHAPE), atol=1e-9)


def test_it_is_the_linear_masked_autoencoder_that_hides_nothing(images):
    noisy, clean = (part[:40].reshape(40, 6, 4) for part in images)
    moments = Moments(6, 4)
    moments.add(noisy, clean)
    # both ridges in the same unit: shares of the trace, over values here and over examples there
    mae = linear_mae(moments, BernoulliMasks(0), support="all", ridge=0.1 * SIZE / 40)
    expected = mae.predict(noisy, np.zeros((40, 6), bool))
    found = fitted(*images, ridges=(0.1,)).predict(noisy)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_ridge_is_the_one_that_errs_least_on_held_out_images(images):
    ridges = (1e-4, 1e-2, 0.1, 1.0, 100.0)
    errors = {
        ridge: np.mean(
            (fitted(*images, ridges=(ridge,)).predict(images[0][40:]) - images[1][40:]) ** 2
        )
        for ridge in ridges
    }
    assert fitted(*images, ridges=ridges).ridge == min(errors, key=errors.get)
    assert min(ridges) < min(errors, key=errors.get) < max(ridges)


def test_hardly_any_noise_is_left_as_it_is(rng):
    clean = rng.random((60, SIZE))
    denoiser = linear_denoiser(clean[:50], clean[:50], clean[50:], clean[50:], ridges=(1e-9,))
    np.testing.assert_allclose(denoiser.predict(clean[50:]), clean[50:], atol=1e-6)


def test_an_endless_ridge_paints_the_mean(images):
    painted = fitted(*images, ridges=(1e12,)).predict(images[0][40:])
    expected = np.broadcast_to(images[1][:40].mean(axis=0), painted.shape)
    np.testing.assert_allclose(painted, expected, atol=1e-6)


def test_single_precision_images_are_solved_in_double(images):
    singles = [part.astype(np.float32) for part in images]
    np.testing.assert_allclose(
        fitted(*singles, ridges=(1e-3,)).predict(singles[0]),
        fitted(*images, ridges=(1e-3,)).predict(images[0]),
        atol=1e-3,  # float32 of numbers near 5, answers through a condition of 1e3
    )


def test_images_of_another_size_are_refused(images):
    with pytest.raises(ShapeError, match="must have 24 values, got 12"):
        fitted(*images).predict(images[0][:, :1])
    with pytest.raises(ShapeError, match="one shape"):
        linear_denoiser(images[0][:40], images[1][:39], images[0][40:], images[1][40:])


def test_a_ridge_of_nothing_is_refused(images):
    with pytest.raises(ShapeError, match="must be positive, got 0"):
        fitted(*images, ridges=(0.0,))
