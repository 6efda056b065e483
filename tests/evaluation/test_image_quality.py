"""PSNR and SSIM of single images against scikit-image, and PSNR of the foreground."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from rfmae.errors import ShapeError
from rfmae.evaluation.image_quality import foreground_psnr_db, psnr_db, ssim, ssim_of_answers

MEASURES = (psnr_db, ssim, foreground_psnr_db)


def random_image(shape, rng):
    """A smooth scene with texture, so that windows differ in mean, variance and likeness."""
    rows, columns = np.mgrid[: shape[-2], : shape[-1]] / shape[-1]
    waves = 0.5 + 0.4 * np.sin(7 * rows + rng.random((*shape[:2], 1, 1)) * 6) * np.cos(5 * columns)
    return (waves + 0.05 * rng.standard_normal(shape)).clip(0, 1)


@pytest.fixture(params=[(4, 3, 32, 32), (2, 1, 11, 40), (2, 5, 33, 17)], ids=str)
def pair(request, rng):
    clean = random_image(request.param, rng)
    spread = np.linspace(0.01, 0.5, request.param[0])[:, None, None, None]
    return (clean + spread * rng.standard_normal(clean.shape)).clip(0, 1), clean


def ssim_of_scikit_image(image, clean):
    """The mean over the planes of one image."""
    return np.mean(
        [
            structural_similarity(
                clean_plane,
                plane,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                data_range=1,
            )
            for plane, clean_plane in zip(image, clean, strict=True)
        ]
    )


# --- outside references


def test_psnr_is_that_of_scikit_image(pair):
    theirs = [peak_signal_noise_ratio(c, i, data_range=1) for i, c in zip(*pair, strict=True)]
    np.testing.assert_allclose(psnr_db(*pair), theirs, atol=1e-6)


def test_ssim_is_the_mean_over_the_planes_of_scikit_image(pair):
    theirs = [ssim_of_scikit_image(image, clean) for image, clean in zip(*pair, strict=True)]
    np.testing.assert_allclose(ssim(*pair), theirs, atol=1e-6)


def test_large_images_which_are_taken_in_turns_are_those_of_scikit_image(rng):
    clean = random_image((7, 3, 224, 224), rng).astype(np.float32)  # five go together
    noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).clip(0, 1).astype(np.float32)
    theirs = [ssim_of_scikit_image(noisy[k].astype(float), clean[k].astype(float)) for k in (0, 6)]
    np.testing.assert_allclose(ssim(noisy, clean)[[0, 6]], theirs, atol=1e-6)


@pytest.mark.parametrize(("error", "expected_db"), [(1.0, 0.0), (0.1, 20.0), (1e-3, 60.0)])
def test_psnr_counts_the_power_of_the_error(error, expected_db):
    clean = np.zeros((1, 3, 12, 12))
    assert psnr_db(clean + error, clean)[0] == pytest.approx(expected_db, abs=1e-9)


# --- laws


def test_equal_images_are_as_alike_as_can_be(pair):
    clean = pair[1]
    for measure in (psnr_db, foreground_psnr_db):
        assert measure(clean, clean).tolist() == [100.0] * len(clean)
    np.testing.assert_allclose(ssim(clean, clean), 1.0, atol=1e-12)


def test_neither_measure_minds_which_image_is_the_clean_one(pair):
    for measure in (psnr_db, ssim):
        np.testing.assert_allclose(measure(*pair), measure(*pair[::-1]), atol=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_images_are_measured_one_by_one(pair, measure):
    alone = [measure(i[None], c[None])[0] for i, c in zip(*pair, strict=True)]
    np.testing.assert_allclose(measure(*pair), alone, atol=1e-12)


@pytest.mark.parametrize("measure", MEASURES)
def test_more_noise_is_further_from_the_clean_image(pair, measure):
    assert (np.diff(measure(*pair)) < 0).all()


def test_several_answers_are_measured_as_each_alone(pair):
    noisy, clean = pair
    found = ssim_of_answers({"noisy": noisy, "half": (noisy + clean) / 2}, clean)
    np.testing.assert_array_equal(found["noisy"], ssim(noisy, clean))
    np.testing.assert_array_equal(found["half"], ssim((noisy + clean) / 2, clean))


# --- the foreground


def test_the_foreground_is_where_the_clean_image_is_brighter_than_a_tenth_of_its_peak():
    clean = np.zeros((1, 2, 12, 12))
    clean[0, 0, 3, 4], clean[0, 0, 0, 0] = 1.0, 0.09  # the second is background
    clean[0, 1, 5, 5:9] = 0.4  # another plane has another peak
    image = clean.copy()
    image[0, 0, 3, 4] -= 0.5
    image[0, 0, 0, 0] = 1.0
    # one of five pixels is half a unit off
    assert foreground_psnr_db(image, clean)[0] == pytest.approx(10 * np.log10(5 / 0.25))


def test_the_background_does_not_count_in_the_foreground(rng):
    clean = np.zeros((3, 1, 16, 16))
    clean[:, :, 5:9, 5:9] = 0.8
    image = np.where(clean > 0, clean - 0.1, rng.random(clean.shape))
    np.testing.assert_allclose(foreground_psnr_db(image, clean), 20.0, atol=1e-9)


def test_where_everything_is_foreground_it_is_the_whole_image(rng):
    clean = 0.5 + 0.5 * rng.random((3, 2, 12, 12))
    image = rng.random(clean.shape)
    np.testing.assert_allclose(foreground_psnr_db(image, clean), psnr_db(image, clean), atol=1e-9)


def test_a_blank_clean_image_has_no_foreground():
    blank = np.zeros((1, 3, 12, 12))
    assert np.isnan(foreground_psnr_db(blank + 0.5, blank)).all()


# --- edges


@pytest.mark.parametrize("measure", MEASURES)
def test_single_precision_is_measured_in_double(rng, measure):
    clean = random_image((2, 3, 16, 16), rng).astype(np.float32)
    noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).astype(np.float32)
    assert measure(noisy, clean).dtype == np.float64
    expected = measure(noisy.astype(np.float64), clean.astype(np.float64))
    np.testing.assert_allclose(measure(noisy, clean), expected, atol=1e-9)


def test_blank_images_are_measured_without_a_warning():
    blank = np.zeros((1, 3, 16, 16))
    assert psnr_db(blank, blank).tolist() == [100.0]
    assert ssim(blank, blank).tolist() == [1.0]


@pytest.mark.parametrize("shape", [(1, 3, 10, 32), (1, 3, 32, 10)])
def test_images_smaller_than_the_window_are_refused(shape):
    with pytest.raises(ShapeError, match="above 10×10 pixels, got"):
        ssim(np.zeros(shape), np.zeros(shape))
