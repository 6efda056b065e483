"""The classical filters against scipy, scikit-image and what least squares must obey."""

import numpy as np
import pytest
from scipy.ndimage import median_filter
from skimage.restoration import denoise_nl_means

from rfmae.evaluation.filters import (
    fit_non_local_means,
    fit_wiener,
    median_filtered,
    non_local_means,
)


@pytest.fixture
def pairs(rng):
    """Smooth clean images and the same in noise, (N, C, H, W)."""
    rows, columns = np.mgrid[:16, :16]
    centre = rng.uniform(4, 12, (60, 2, 2, 1, 1))
    clean = np.exp(-((rows - centre[:, :, 0]) ** 2 + (columns - centre[:, :, 1]) ** 2) / 12)
    return clean + 0.3 * rng.standard_normal(clean.shape), clean


def squared_error(images, clean):
    return float(np.mean((images - clean) ** 2))


def unclipped(wiener, images):
    spectra = np.fft.rfft2(images - wiener.mean_noisy) * wiener.response
    return np.fft.irfft2(spectra, s=images.shape[-2:]) + wiener.mean_clean


# --- the median


@pytest.mark.parametrize("shape", [(3, 2, 9, 12), (2, 3, 24, 24), (1, 1, 3, 2)])
@pytest.mark.parametrize("levels", [0, 3], ids=["all different", "many alike"])
def test_the_median_is_that_of_scipy_up_to_the_edges(shape, levels, rng):
    images = rng.random(shape).astype(np.float32)
    images = np.round(levels * images) / levels if levels else images
    np.testing.assert_array_equal(median_filtered(images), median_filter(images, (1, 1, 3, 3)))


def test_the_median_takes_single_pixels_away_and_leaves_areas():
    images = np.zeros((1, 1, 12, 12))
    images[0, 0, 2, 2] = 1.0
    images[0, 0, 6:, :] = 0.5
    expected = images.copy()
    expected[0, 0, 2, 2] = 0.0
    np.testing.assert_array_equal(median_filtered(images), expected)


# --- non-local means


def by_definition(planes, strength, radius=2, reach=3):
    """Buades, Coll and Morel, pixel by pixel."""
    offsets = np.arange(-radius, radius + 1)
    near = np.exp(-0.5 * (offsets[:, None] ** 2 + offsets**2))
    padded = np.pad(planes, ((0, 0), (radius, radius), (radius, radius)), mode="reflect")
    answer = np.empty_like(planes)
    _, height, width = planes.shape

    def patch(row, column):
        return padded[:, row : row + 2 * radius + 1, column : column + 2 * radius + 1]

    for row, column in np.ndindex(height, width):
        rows = range(max(row - reach, 0), min(row + reach + 1, height))
        columns = range(max(column - reach, 0), min(column + reach + 1, width))
        total, weights = 0.0, 0.0
        for r in rows:
            for c in columns:
                squares = ((patch(row, column) - patch(r, c)) ** 2).mean(axis=0)
                distance = (near * squares).sum() / near.sum() / strength**2
                weight = np.exp(-distance) if distance < 5 else 0.0
                total, weights = total + weight * planes[:, r, c], weights + weight
        answer[:, row, column] = total / weights
    return answer


@pytest.mark.parametrize("strength", [0.1, 0.3, 2.0])
@pytest.mark.parametrize("shape", [(3, 9, 11), (1, 12, 4)])
def test_non_local_means_are_what_their_definition_says(shape, strength, rng):
    images = rng.random((2, *shape))
    expected = [by_definition(planes, strength) for planes in images]
    np.testing.assert_allclose(non_local_means(images, strength), expected, atol=1e-12)


@pytest.mark.parametrize("strength", [0.2, 0.5, 2.0])
def test_non_local_means_are_those_of_scikit_image(pairs, strength):
    noisy = pairs[0][:2]
    expected = [
        denoise_nl_means(planes, 5, 3, strength, fast_mode=False, channel_axis=0)
        for planes in noisy
    ]
    # scikit-image's exponential is good to some percent
    np.testing.assert_allclose(non_local_means(noisy, strength), expected, atol=0.05)


def test_non_local_means_leave_an_even_picture_and_an_edge_alone():
    images = np.zeros((1, 1, 16, 16))
    images[..., 8:] = 1.0
    np.testing.assert_allclose(non_local_means(images, 0.1), images, atol=1e-12)


def test_non_local_means_are_as_strict_as_training_images_ask_for(pairs):
    noisy, clean = pairs
    assert fit_non_local_means([(clean, clean)]) == 0.01
    strength = fit_non_local_means([(noisy[:20], clean[:20]), (noisy[20:], clean[20:])])
    error = squared_error(non_local_means(noisy, strength), clean)
    assert all(
        error <= squared_error(non_local_means(noisy, other), clean) for other in (0.05, 0.2, 0.5)
    )
    assert error < 0.5 * squared_error(noisy, clean)


# --- the Wiener filter


def test_the_wiener_filter_is_the_least_squares_solution_at_every_frequency(pairs):
    noisy, clean = pairs
    wiener = fit_wiener([pairs])
    x = np.fft.rfft2(noisy - noisy.mean(axis=0))
    y = np.fft.rfft2(clean - clean.mean(axis=0))
    for place in ((0, 0, 0), (0, 3, 2), (1, 15, 8)):
        fitted = np.linalg.lstsq(x[:, *place][:, None], y[:, *place], rcond=None)[0][0]
        # the filter is kept in single precision
        assert wiener.response[place] == pytest.approx(fitted, rel=1e-4)


def test_no_other_linear_filter_of_that_kind_comes_nearer_to_the_training_images(pairs, rng):
    noisy, clean = pairs
    wiener = fit_wiener([pairs])
    best = squared_error(unclipped(wiener, noisy), clean)
    response = wiener.response.copy()
    for _ in range(5):
        moved = response * (1 + 0.05 * rng.standard_normal(response.shape))
        wiener.response[...] = moved
        assert squared_error(unclipped(wiener, noisy), clean) > best
    wiener.response[...] = response
    assert best < 0.5 * squared_error(noisy, clean)


def test_clean_images_pass_unchanged_through_a_filter_that_never_saw_noise(pairs):
    _, clean = pairs
    wiener = fit_wiener([(clean, clean)])
    np.testing.assert_allclose(wiener(clean), clean, atol=1e-4)  # single precision


def test_from_noise_alone_it_guesses_the_mean_image(rng):
    clean = np.broadcast_to(rng.random((1, 2, 16, 16)), (400, 2, 16, 16))
    wiener = fit_wiener([(rng.random(clean.shape), clean)])
    np.testing.assert_allclose(wiener(rng.random((3, 2, 16, 16))), clean[:3], atol=1e-4)


def test_the_filter_does_not_depend_on_how_the_pairs_are_cut(pairs):
    noisy, clean = pairs
    parts = fit_wiener([(noisy[:7], clean[:7]), (noisy[7:], clean[7:])])
    whole = fit_wiener([pairs])
    np.testing.assert_allclose(parts.response, whole.response, atol=1e-5)
    np.testing.assert_allclose(parts.mean_clean, whole.mean_clean, atol=1e-6)


def test_odd_widths_keep_their_shape(rng):
    clean = rng.random((20, 1, 15, 13))
    noisy = clean + 0.1 * rng.standard_normal(clean.shape)
    assert fit_wiener([(noisy, clean)])(noisy).shape == clean.shape


def test_images_that_are_all_alike_are_answered_by_the_mean_image():
    noisy, clean = np.full((4, 1, 12, 12), 0.25), np.full((4, 1, 12, 12), 0.75)
    np.testing.assert_allclose(fit_wiener([(noisy, clean)])(noisy), clean, atol=1e-6)


def test_filtered_images_lie_between_black_and_white(pairs):
    noisy, _ = pairs
    filtered = fit_wiener([pairs])(8 * noisy)
    assert filtered.min() == 0.0
    assert filtered.max() == 1.0
