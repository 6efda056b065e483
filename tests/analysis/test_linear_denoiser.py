"""Ridge regression from sums over batches, against scikit-learn and the linear autoencoder."""

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


def batches(noisy, clean, size=7):
    """Pairs in batches, at each call."""
    firsts = range(0, len(noisy), size)
    return lambda: ((noisy[f : f + size], clean[f : f + size]) for f in firsts)


def fitted(noisy, clean, **options):
    train, held_out = batches(noisy[:40], clean[:40]), batches(noisy[40:], clean[40:])
    return linear_denoiser(train, held_out, **options)


@pytest.mark.parametrize("ridge", [1e-3, 0.1, 3.0])
@pytest.mark.parametrize("examples", [12, 40])  # fewer and more than there are values
def test_the_answers_are_those_of_ridge_regression(examples, ridge, images):
    noisy, clean = images
    y, x = noisy[:examples].reshape(examples, -1), clean[:examples].reshape(examples, -1)
    train = batches(noisy[:examples], clean[:examples])
    denoiser = linear_denoiser(train, batches(noisy[40:], clean[40:]), ridges=(ridge,))
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
    train, held_out = batches(clean[:50], clean[:50]), batches(clean[50:], clean[50:])
    denoiser = linear_denoiser(train, held_out, ridges=(1e-9,))
    np.testing.assert_allclose(denoiser.predict(clean[50:]), clean[50:], atol=1e-6)


def test_an_endless_ridge_predicts_the_mean(images):
    predicted = fitted(*images, ridges=(1e12,)).predict(images[0][40:])
    expected = np.broadcast_to(images[1][:40].mean(axis=0), predicted.shape)
    np.testing.assert_allclose(predicted, expected, atol=1e-6)


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
        linear_denoiser(lambda: [(images[0][:40], images[1][:39])], batches(*images))
    with pytest.raises(ShapeError, match="one shape"):
        linear_denoiser(batches(*images), lambda: [(images[0][:2], images[1][:1])])


def test_a_denoiser_of_nothing_is_refused():
    with pytest.raises(ShapeError, match="needs training images, got none"):
        linear_denoiser(lambda: (), lambda: ())


def test_a_ridge_of_nothing_is_refused(images):
    with pytest.raises(ShapeError, match="must be positive, got 0"):
        fitted(*images, ridges=(0.0,))


# --- fewer directions than values


@pytest.fixture
def wide(rng):
    """Images of 400 values whose signal has 20 causes, far fewer than the noise has."""
    causes = rng.standard_normal((900, 20)) @ rng.standard_normal((20, 400)) / 4
    return causes + rng.standard_normal((900, 400)), causes


def squared_error(wide, directions):
    noisy, clean = wide
    train, held_out = (
        batches(noisy[rows], clean[rows], 100) for rows in (np.s_[:600], np.s_[600:800])
    )
    denoiser = linear_denoiser(train, held_out, directions=directions)
    assert (denoiser.basis is None) == (directions is None)
    assert denoiser.weights.shape == (directions or 400, 400)
    return np.mean((denoiser.predict(noisy[800:]) - clean[800:]) ** 2)


def test_a_few_directions_lose_little_of_the_optimum(wide):
    whole, power = squared_error(wide, None), np.mean(wide[1][800:] ** 2)
    assert whole < 0.3 * power
    assert squared_error(wide, 80) < 1.15 * whole
    assert squared_error(wide, 4) > 1.5 * whole  # too few are seen to be


def test_the_directions_are_those_that_memory_can_hold(wide, monkeypatch):
    monkeypatch.setattr("rfmae.analysis.linear_denoiser._MOST_VALUES", 400 * 30)
    noisy, clean = wide
    denoiser = linear_denoiser(batches(noisy, clean, 100), batches(noisy[:50], clean[:50]))
    assert denoiser.basis.shape == (400, 30)
    np.testing.assert_allclose(denoiser.basis.T @ denoiser.basis, np.eye(30), atol=1e-5)


def test_the_batches_do_not_matter(images):
    noisy, clean = images
    whole = fitted(noisy, clean).predict(noisy)
    train, held_out = batches(noisy[:40], clean[:40], 40), batches(noisy[40:], clean[40:], 1)
    np.testing.assert_allclose(linear_denoiser(train, held_out).predict(noisy), whole, atol=1e-9)
