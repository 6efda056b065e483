"""PSNR and SSIM of single images against scikit-image, and their means at every SNR."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from rfmae.errors import ShapeError
from rfmae.evaluation.denoising import DenoiseBatch, evaluate_denoising, psnr_db, ssim

SNR_DB = (-10.0, 0.0, 10.0)


def picture(shape, rng):
    """A smooth scene with texture, so that windows differ in mean, variance and likeness."""
    rows, columns = np.mgrid[: shape[-2], : shape[-1]] / shape[-1]
    waves = 0.5 + 0.4 * np.sin(7 * rows + rng.random((*shape[:2], 1, 1)) * 6) * np.cos(5 * columns)
    return (waves + 0.05 * rng.standard_normal(shape)).clip(0, 1)


@pytest.fixture(params=[(4, 3, 32, 32), (2, 1, 11, 40), (2, 5, 33, 17)], ids=str)
def pair(request, rng):
    clean = picture(request.param, rng)
    spread = np.linspace(0.01, 0.5, request.param[0])[:, None, None, None]
    return (clean + spread * rng.standard_normal(clean.shape)).clip(0, 1), clean


# --- outside references


def test_psnr_is_that_of_scikit_image(pair):
    theirs = [peak_signal_noise_ratio(c, i, data_range=1) for i, c in zip(*pair, strict=True)]
    np.testing.assert_allclose(psnr_db(*pair), theirs, atol=1e-6)


def test_ssim_is_the_mean_over_the_planes_of_scikit_image(pair):
    theirs = [
        np.mean(
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
        for image, clean in zip(*pair, strict=True)
    ]
    np.testing.assert_allclose(ssim(*pair), theirs, atol=1e-6)


@pytest.mark.parametrize(("error", "expected_db"), [(1.0, 0.0), (0.1, 20.0), (1e-3, 60.0)])
def test_psnr_counts_the_power_of_the_error(error, expected_db):
    clean = np.zeros((1, 3, 12, 12))
    assert psnr_db(clean + error, clean)[0] == pytest.approx(expected_db, abs=1e-9)


# --- laws


def test_equal_images_are_as_alike_as_can_be(pair):
    clean = pair[1]
    assert psnr_db(clean, clean).tolist() == [100.0] * len(clean)
    np.testing.assert_allclose(ssim(clean, clean), 1.0, atol=1e-12)


def test_neither_measure_minds_which_image_is_the_clean_one(pair):
    np.testing.assert_allclose(psnr_db(*pair), psnr_db(*pair[::-1]), atol=1e-12)
    np.testing.assert_allclose(ssim(*pair), ssim(*pair[::-1]), atol=1e-12)


def test_images_are_measured_one_by_one(pair):
    for measure in (psnr_db, ssim):
        alone = [measure(i[None], c[None])[0] for i, c in zip(*pair, strict=True)]
        np.testing.assert_allclose(measure(*pair), alone, atol=1e-12)


def test_more_noise_is_further_from_the_clean_image(pair):
    assert (np.diff(psnr_db(*pair)) < 0).all()
    assert (np.diff(ssim(*pair)) < 0).all()


# --- the report


def reports(batches):
    return evaluate_denoising(batches, snr_db=SNR_DB, snr_reference="symbol")


def denoise_batch(errors, snr_db):
    """Images that miss a black clean one by a constant, and the clean ones themselves."""
    clean = np.zeros((len(errors), 3, 12, 12))
    noisy = clean + np.array(errors)[:, None, None, None]
    return DenoiseBatch(clean, {"noisy": noisy, "oracle": clean}, np.array(snr_db))


def test_means_are_of_decibels_and_never_of_pooled_pixels():
    report = reports([denoise_batch([1.0, 0.01], [0.0, 0.0])])
    # the mean of 0 and 40 dB; pooled pixels would give 3 dB
    assert report.psnr_db["noisy"][1] == pytest.approx(20.0)


def test_every_answer_is_measured_at_every_snr():
    report = reports([denoise_batch([1.0, 0.1, 0.01], [10.0, -10.0, -10.0])])
    assert report.answers == ("noisy", "oracle")
    assert report.examples_per_snr.tolist() == [2, 0, 1]
    np.testing.assert_allclose(report.psnr_db["noisy"], [30.0, 0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(report.psnr_db["oracle"], [100.0, 0.0, 100.0])
    np.testing.assert_allclose(report.ssim["oracle"], [1.0, 0.0, 1.0], atol=1e-12)
    assert report.mean(report.psnr_db["noisy"]) == pytest.approx(20.0)


def test_a_report_is_the_mean_of_its_single_measures(rng):
    clean = picture((7, 2, 16, 16), rng)
    noisy = (clean + 0.2 * rng.standard_normal(clean.shape)).clip(0, 1)
    point = np.array([0, 1, 2, 2, 1, 0, 2])
    report = reports([DenoiseBatch(clean, {"noisy": noisy}, np.array(SNR_DB)[point])])
    for mine, single in (
        (report.psnr_db["noisy"], psnr_db(noisy, clean)),
        (report.ssim["noisy"], ssim(noisy, clean)),
    ):
        expected = [single[point == which].mean() for which in range(3)]
        np.testing.assert_allclose(mine, expected, atol=1e-12)


def test_the_length_of_the_batches_does_not_matter():
    errors, snr_db = [0.5, 0.2, 0.1, 0.05], [0.0, 0.0, 10.0, 0.0]
    whole = reports([denoise_batch(errors, snr_db)])
    parts = reports(denoise_batch([e], [s]) for e, s in zip(errors, snr_db, strict=True))
    for answer in whole.answers:
        np.testing.assert_allclose(parts.psnr_db[answer], whole.psnr_db[answer])
        np.testing.assert_allclose(parts.ssim[answer], whole.ssim[answer])
    assert parts.examples_per_snr.tolist() == whole.examples_per_snr.tolist()


# --- edges


def test_single_precision_is_measured_in_double(rng):
    clean = picture((2, 3, 16, 16), rng).astype(np.float32)
    noisy = (clean + 0.1 * rng.standard_normal(clean.shape)).astype(np.float32)
    for measure in (psnr_db, ssim):
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


def test_no_batches_give_an_empty_report():
    report = reports([])
    assert report.examples_per_snr.tolist() == [0, 0, 0]
    assert report.answers == ()


def test_progress_is_told_in_images():
    told = []
    batches = [denoise_batch([0.1], [0.0]), denoise_batch([0.1, 0.2], [0.0, 0.0])]
    evaluate_denoising(batches, snr_db=SNR_DB, snr_reference="symbol", advance=told.append)
    assert told == [1, 2]
