"""Which examples are shown, and how small they are made."""

import numpy as np
import pytest

from rfmae.evaluation.denoise_measures import DenoiseBatch
from rfmae.evaluation.gallery import by_snr, gallery_places, gallery_row, small_image
from rfmae.evaluation.image_quality import psnr_db, ssim


@pytest.mark.parametrize("shape", [(10, 21, 100), (3, 2, 1), (2, 1, 7), (1, 1, 1), (24, 26, 4)])
def test_every_snr_point_is_shown_and_ten_in_all_where_there_are_so_many(shape):
    rows = np.arange(np.prod(shape)).reshape(shape)
    places = gallery_places(rows)
    classes, points, examples = np.unravel_index(places, shape)
    assert len(set(places.tolist())) == len(places) >= min(10, rows.size)
    assert set(points.tolist()) == set(range(shape[1]))
    assert len(set(classes.tolist())) == min(shape[0], len(places))
    assert examples.max() <= len(places) // (shape[0] * shape[1])


def test_large_pictures_are_averaged_to_112_pixels(rng):
    image = rng.random((3, 224, 224))
    small = small_image(image)
    assert small.shape == (3, 112, 112)
    assert small[1, 5, 7] == pytest.approx(image[1, 10:12, 14:16].mean())
    assert small.mean() == pytest.approx(image.mean())


@pytest.mark.parametrize("size", [113, 150, 500])
def test_pictures_of_any_size_keep_their_brightness(size):
    small = small_image(np.full((1, size, size), 0.4))
    assert small.shape == (1, 112, 112)
    np.testing.assert_allclose(small, 0.4)


def test_small_pictures_stay_as_they_are(rng):
    image = rng.random((3, 64, 64))
    assert small_image(image) is image


def test_the_figures_of_a_row_are_those_of_the_images_in_full_size(rng):
    clean = rng.random((3, 2, 130, 130))
    noisy, reconstructed = (clean + 0.2 * rng.random(clean.shape) for _ in range(2))
    batch = DenoiseBatch(
        clean,
        {"noisy": noisy, "reconstruction": reconstructed},
        np.array([0.0, 5.0, 10.0]),
        np.array([0, 1, 1]),
    )
    row = gallery_row(batch, 1, "QPSK")
    assert (row.true, row.snr_db, row.clean.shape) == ("QPSK", 5.0, (2, 112, 112))
    for place, images in enumerate((noisy, reconstructed)):
        assert row.psnr_db[place] == pytest.approx(psnr_db(images, clean)[1])
        assert row.ssim[place] == pytest.approx(ssim(images, clean)[1])
    np.testing.assert_array_equal(row.noisy, small_image(noisy[1]))


def test_a_slider_meets_the_rows_from_low_to_high_snr(rng):
    clean = rng.random((3, 1, 12, 12))
    batch = DenoiseBatch(
        clean,
        {"noisy": clean, "reconstruction": clean},
        np.array([10.0, -5.0, 0.0]),
        np.array([0, 1, 2]),
    )
    rows = by_snr([gallery_row(batch, place, f"class {place}") for place in range(3)])
    assert [row.true for row in rows] == ["class 1", "class 2", "class 0"]
