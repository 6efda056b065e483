"""The error vector magnitude of images against formulas, and laws over all modulations."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rfmae.evaluation.image_evm import (
    BRIGHTNESS_FLOOR,
    SymbolPlane,
    evm_percent,
    sharpest_symbols,
    symbol_distances,
)
from rfmae.inference import render_images
from rfmae.records import DECAY_PLANES, TRAJECTORY_PLANES, ImageConfig, Plane
from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link, observe
from rfmae.signal.modulations import MODULATIONS

SMALL = ImageConfig(size=64)
FOUR = np.exp(2j * np.pi * (np.arange(4) + 0.5) / 4).astype(np.complex64)  # unit rms


def centres(image):
    """Complex places (H, W) of the pixels, I to the right and Q upwards."""
    cell = 2 * image.extent / image.size
    along = (np.arange(image.size) + 0.5) * cell - image.extent
    return along[None, :] - 1j * along[:, None]


def scattered(points, deviation, image):
    """An image (1, 1, H, W) of Gaussian clouds of that deviation in I and in Q."""
    distances = np.abs(centres(image)[:, :, None] - points)
    return np.exp(-(distances**2) / (2 * deviation**2)).sum(axis=-1)[None, None]


def evm(drawn, clean, image):
    return evm_percent(drawn, SymbolPlane(0, symbol_distances(clean[None], image)))


# --- distances


@pytest.mark.parametrize("units", ["rms", "absolute"])
def test_distances_are_those_from_the_nearest_symbol_to_a_pixel(units, rng):
    image = ImageConfig(size=96, extent=2.5, units=units)
    clean = (0.7 * (rng.normal(size=(2, 40)) + 1j * rng.normal(size=(2, 40)))).astype(np.complex64)
    found = symbol_distances(clean, image)
    pixel = 2 * image.extent / image.size
    for one, symbols in zip(found, clean, strict=True):
        rms = np.sqrt(np.mean(np.abs(symbols) ** 2))
        shown = symbols / rms if units == "rms" else symbols
        places = centres(image).ravel()
        tree = cKDTree(np.stack([shown.real, shown.imag], axis=1))
        exact, _ = tree.query(np.stack([places.real, places.imag], axis=1))
        scale = 1.0 if units == "rms" else rms
        # the nearest pixel that holds a symbol may not hold the nearest symbol
        assert np.abs(one.ravel() * scale - exact).max() < pixel
        assert np.abs(one.ravel() * scale - exact).mean() < 0.1 * pixel


def test_an_example_without_a_symbol_in_the_picture_has_no_distances():
    image = ImageConfig(size=32, units="absolute")
    clean = np.array([[9 + 9j, 8 + 8j], [0.1, -0.1]], np.complex64)
    found = symbol_distances(clean, image)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_an_example_without_power_has_no_distances():
    assert np.isnan(symbol_distances(np.zeros((1, 5), np.complex64), SMALL)).all()


# --- formulas


@pytest.mark.parametrize("deviation", [0.1, 0.15, 0.25])
@pytest.mark.parametrize("points", [FOUR, FOUR[:1]], ids=["four points", "one point"])
def test_scatter_of_a_known_deviation_has_the_evm_of_the_formula(points, deviation):
    image = ImageConfig(size=128)
    # of exp(-r²/2σ²) without what lies below a share f, r² has the mean 2σ²(1 - f(1 - ln f)/(1-f))
    f = BRIGHTNESS_FLOOR
    mean_square = 2 * deviation**2 * (1 - f * (1 - np.log(f))) / (1 - f)
    found = evm(scattered(points, deviation, image), points, image)[0]
    # clouds that meet count for the nearest point: at the widest, a few in a hundred
    assert found == pytest.approx(100 * np.sqrt(mean_square), rel=0.03)


def test_a_picture_of_the_clean_symbols_alone_has_no_evm_beyond_a_pixel():
    drawn = np.zeros((1, 1, 64, 64))
    distances = symbol_distances(FOUR[None], SMALL)
    drawn[0, 0][distances[0] < 0.056] = 1.0  # half the diagonal of a pixel
    pixel = 2 * SMALL.extent / SMALL.size
    assert 0 < evm(drawn, FOUR, SMALL)[0] < 100 * pixel / np.sqrt(2)


def test_a_picture_that_is_smaller_by_a_tenth_has_an_evm_of_ten_percent():
    image = ImageConfig(size=224)
    sharp = scattered(0.9 * FOUR, 0.01, image)
    assert evm(sharp, FOUR, image)[0] == pytest.approx(10.0, abs=1.5)  # a pixel is 2.2 %


def test_neither_brightness_nor_a_dim_haze_changes_it():
    drawn = scattered(FOUR, 0.1, SMALL)
    expected = evm(drawn, FOUR, SMALL)
    np.testing.assert_allclose(evm(0.3 * drawn, FOUR, SMALL), expected)
    hazy = np.maximum(drawn, 0.9 * BRIGHTNESS_FLOOR * drawn.max())
    np.testing.assert_allclose(evm(hazy, FOUR, SMALL), expected)


def test_it_does_not_depend_on_the_gain_of_the_clean_symbols():
    drawn = scattered(FOUR, 0.1, SMALL)
    np.testing.assert_allclose(evm(drawn, 7 * FOUR, SMALL), evm(drawn, FOUR, SMALL), rtol=1e-5)


def test_absolute_axes_count_in_units_of_the_clean_symbols():
    rms, absolute = ImageConfig(size=64, extent=2.5), ImageConfig(64, 5.0, "absolute")
    drawn = scattered(FOUR, 0.1, rms)  # seen on axes twice as wide, of symbols twice as large
    np.testing.assert_allclose(evm(drawn, 2 * FOUR, absolute), evm(drawn, FOUR, rms), rtol=1e-5)


def test_a_blank_picture_has_none():
    assert np.isnan(evm(np.zeros((1, 1, 64, 64)), FOUR, SMALL)).all()


# --- laws


AUDIBLE = [row for row in MODULATIONS.values() if row.name != "NOISE"]
LAW_IMAGE = ImageConfig(size=96, planes=DECAY_PLANES[:1])


@pytest.mark.parametrize("modulation", AUDIBLE, ids=str)
def test_noise_takes_every_modulation_away_from_its_clean_symbols(modulation, streams_of):
    link = Link(256, 8, Channel(snr="0", phase_offset_turns="none"))
    evms = {}
    for snr_db in (20.0, 0.0):
        seen, clean = observe(modulation, snr_db, link, 4, streams_of(3)).views["symbols"]
        plane = SymbolPlane(0, symbol_distances(clean, LAW_IMAGE))
        evms[snr_db] = evm_percent(render_images(seen, LAW_IMAGE), plane)
        evms["clean"] = evm_percent(render_images(clean, LAW_IMAGE), plane)
    # some fill the plane at 20 dB already, so that noise has little to add there
    assert (evms["clean"] <= evms[20.0] + 0.5).all()
    assert (evms[20.0] < evms[0.0]).all()


def test_the_symbols_of_a_picture_are_where_imaging_draws_them():
    """A kernel of one pixel leaves nothing but the rounding to pixels."""
    image = ImageConfig(size=224, planes=(Plane("symbols", "counts"),))
    clean = (FOUR[[0, 1, 2, 3, 0, 1]] * np.exp(0.3j))[None].astype(np.complex64)
    plane = SymbolPlane(0, symbol_distances(clean, image))
    pixel = 2 * image.extent / image.size
    assert evm_percent(render_images(clean, image), plane)[0] < 100 * pixel / np.sqrt(2)


# --- which plane


def test_the_sharpest_plane_of_symbols_is_read():
    widest_first = (*DECAY_PLANES[::-1], *TRAJECTORY_PLANES)
    assert sharpest_symbols(ImageConfig(planes=widest_first)) == 2
    assert sharpest_symbols(ImageConfig(planes=(Plane("symbols", "density"), DECAY_PLANES[0]))) == 0


def test_an_image_without_symbols_has_no_such_plane():
    assert sharpest_symbols(ImageConfig(planes=TRAJECTORY_PLANES)) is None
