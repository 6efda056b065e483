import numpy as np
import pytest

from rfmae.baselines.histogram import CELLS, histogram_features
from rfmae.baselines.scale import Scale, rms_amplitude
from rfmae.errors import ShapeError


def frames(rng, n=5, samples=300, gain=1.0):
    iq = rng.standard_normal((n, samples)) + 1j * rng.standard_normal((n, samples))
    return (gain * iq).astype(np.complex64)


def test_cells_are_counted_as_numpy_counts_them(rng):
    iq = frames(rng, gain=0.4)  # all of it lies in the window
    assert max(abs(iq.real).max(), abs(iq.imag).max()) < 2.5
    edges = np.linspace(-2.5, 2.5, CELLS + 1)
    expected = [np.histogram2d(frame.imag, frame.real, bins=(edges, edges))[0] for frame in iq]
    found = np.expm1(histogram_features(iq, Scale("absolute"))).reshape(5, CELLS, CELLS)
    np.testing.assert_allclose(found, expected, atol=1e-4)  # exp and log in float32


def test_every_point_is_counted_and_those_outside_at_the_border(rng):
    iq = frames(rng, gain=5.0)
    counts = np.expm1(histogram_features(iq, Scale("absolute"))).reshape(5, CELLS, CELLS)
    np.testing.assert_allclose(counts.sum(axis=(1, 2)), iq.shape[1], rtol=1e-5)
    far = np.full((1, 3), 100 - 100j, np.complex64)
    corner = np.expm1(histogram_features(far, Scale("absolute"))).reshape(CELLS, CELLS)
    assert corner[0, -1] == pytest.approx(3)


def test_gain_means_nothing_in_units_of_the_rms_and_everything_as_it_is(rng):
    iq = frames(rng)
    same, other = Scale("rms"), Scale("absolute")
    # a power of two, so that not even rounding differs
    assert np.array_equal(histogram_features(4 * iq, same), histogram_features(iq, same))
    assert not np.array_equal(histogram_features(4 * iq, other), histogram_features(iq, other))


def test_a_quarter_turn_turns_the_image(rng):
    iq = frames(rng)
    plain, turned = (
        histogram_features(part).reshape(5, CELLS, CELLS) for part in (iq, iq * np.complex64(1j))
    )
    # q up: a turn to the left; on a cell's border a point may change cells, but none lies there
    np.testing.assert_array_equal(turned, np.rot90(plain, -1, axes=(1, 2)))


def test_extent_is_the_half_width_of_the_window():
    iq = np.full((1, 4), 1.5, np.complex64)
    near, far = (
        histogram_features(iq, Scale("absolute", extent)).reshape(CELLS, CELLS).nonzero()[1]
        for extent in (2.0, 8.0)
    )
    assert (near, far) == (int((1.5 + 2) * 8), int((1.5 + 8) * 2))


def test_many_examples_are_as_few(rng):
    iq = frames(rng, n=1025, samples=8)
    whole = histogram_features(iq)
    np.testing.assert_array_equal(whole[510:515], histogram_features(iq[510:515]))
    assert histogram_features(iq[:0]).shape == (0, CELLS * CELLS)


def test_scaled_examples_have_unit_power_and_silence_stays_silent(rng):
    iq = frames(rng, gain=3.0)
    iq[0] = 0
    scaled = Scale().applied(iq)
    np.testing.assert_allclose(rms_amplitude(scaled)[1:], 1, rtol=1e-6)
    assert not scaled[0].any()
    assert scaled.dtype == np.complex64


def test_an_unknown_scale_is_refused():
    with pytest.raises(ShapeError, match="units must be rms or absolute, got 'peak'"):
        Scale("peak")
    with pytest.raises(ShapeError, match="extent must be positive, got 0"):
        Scale("rms", 0)
