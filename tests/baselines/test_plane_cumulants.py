"""Features of what planes show: laws of the products, and no gain and no carrier phase."""

import numpy as np
import pytest
import torch

from rfmae.baselines.cumulants import cumulant_features
from rfmae.baselines.plane_cumulants import (
    DIFFERENTIAL_FEATURES,
    differential_features,
    plane_features,
)
from rfmae.baselines.scale import Scale
from rfmae.baselines.signals_read import InputSpec, Signal
from rfmae.errors import ShapeError
from rfmae.imaging.planes import plane_points
from rfmae.signal.modulations import MODULATIONS

SIGNALS = (
    Signal("symbols"),
    Signal("differential", 1),
    Signal("trajectory"),
    Signal("differential-trajectory", 4),
)
MEMORYLESS = [row for row in MODULATIONS.values() if row.family == "memoryless" and row.points]


def views_of(alphabet, rng, examples=3):
    """Noisy symbols of an alphabet, and a smooth waveform of them at four samples a symbol."""
    symbols = rng.choice(np.asarray(alphabet, complex), (examples, 200))
    held = np.repeat(symbols, 4, axis=1)
    smooth = np.stack([np.convolve(line, np.hanning(7), "same") for line in held])
    return {
        "symbols": (symbols + noise(rng, symbols.shape)).astype(np.complex64),
        "waveform": (smooth + noise(rng, held.shape)).astype(np.complex64),
    }


def noise(rng, shape):
    return 0.2 * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))


def named(features):
    return dict(zip(DIFFERENTIAL_FEATURES, features, strict=True))


@pytest.mark.parametrize("row", MEMORYLESS, ids=str)
def test_no_feature_knows_gain_or_carrier_phase(row, rng):
    views, spec = views_of(row.alphabet, rng), InputSpec(SIGNALS)
    gain, phase = np.exp(rng.uniform(-9, 9, (3, 1))), rng.random((3, 1))
    other = {
        view: (iq * gain * np.exp(2j * np.pi * phase)).astype(np.complex64)
        for view, iq in views.items()
    }
    expected = plane_features(views, spec)
    assert expected.shape == (3, 36)
    np.testing.assert_allclose(plane_features(other, spec), expected, rtol=1e-5, atol=1e-5)


def test_products_know_their_phase_and_a_carrier_frequency_turns_them(rng):
    iq = views_of(MODULATIONS["BPSK"].alphabet, rng)["symbols"]
    turning = iq * np.exp(2j * np.pi * 0.125 * np.arange(200))
    plain, turned = (differential_features(part, 1) for part in (iq, turning.astype(np.complex64)))
    for order, column in ((1, 0), (2, 2), (4, 4)):
        before = plain[:, column] + 1j * plain[:, column + 1]
        after = turned[:, column] + 1j * turned[:, column + 1]
        step = np.exp(2j * np.pi * 0.125 * order)
        np.testing.assert_allclose(after, step * before, atol=1e-6)  # float32 of a turn
    np.testing.assert_allclose(turned[:, 8], plain[:, 8], rtol=1e-6)


@pytest.mark.parametrize("lag", [1, 3])
def test_a_tone_has_the_products_of_its_own_step(lag):
    tone = np.exp(2j * np.pi * (0.1 * np.arange(64) + 0.3))[None] * 5
    found = named(differential_features(tone, lag)[0])
    step = np.exp(2j * np.pi * 0.1 * lag)
    expected = {"E z": step, "E z^2": step**2, "E z^4": step**4, "E z^2 |z|^2": step**2}
    for name, value in expected.items():
        assert found[f"Re {name}"] == pytest.approx(value.real, abs=1e-12)
        assert found[f"Im {name}"] == pytest.approx(value.imag, abs=1e-12)
    assert found["E |z|^4"] == pytest.approx(1)


def test_the_moments_are_those_of_the_points_that_a_plane_shows(rng):
    iq = views_of(MODULATIONS["16QAM"].alphabet, rng)["symbols"]
    points = plane_points(torch.from_numpy(iq), "differential", 2).double().numpy()
    z = points[..., 0] + 1j * points[..., 1]
    found = differential_features(iq, 2)
    for column, moment in ((0, z), (2, z**2), (4, z**4), (6, z**2 * abs(z) ** 2)):
        mean = moment.mean(axis=1)
        # points are in single precision
        np.testing.assert_allclose(found[:, column], mean.real, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found[:, column + 1], mean.imag, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found[:, 8], (abs(z) ** 4).mean(axis=1), rtol=1e-5)


def test_memory_shows_in_products_and_in_no_cumulant(rng):
    """DQPSK that never stands still or turns about, and its own symbols in random order."""
    steps = rng.choice([1j, -1j], (4, 4000))
    dqpsk = np.cumprod(steps, axis=1)
    mixed = rng.permuted(dqpsk, axis=1)
    assert differential_features(dqpsk, 1)[:, 2] == pytest.approx(-1)  # Re E z^2 of z = ±j
    assert abs(differential_features(mixed, 1)[:, 2]).max() < 0.1  # 1/√4000, six times
    np.testing.assert_allclose(cumulant_features(mixed), cumulant_features(dqpsk), atol=1e-9)


def test_signals_stand_one_after_the_other(rng):
    views = views_of(MODULATIONS["QPSK"].alphabet, rng)
    found = plane_features(views, InputSpec(SIGNALS))
    parts = [
        cumulant_features(views["symbols"]),
        differential_features(views["symbols"], 1),
        cumulant_features(views["waveform"]),
        differential_features(views["waveform"], 4),
    ]
    np.testing.assert_array_equal(found, np.hstack(parts))


def test_where_units_are_absolute_the_power_of_each_view_is_a_feature(rng):
    views = views_of(MODULATIONS["QPSK"].alphabet, rng)
    spec = InputSpec(SIGNALS, Scale("absolute"))
    loud = {view: 10 * iq for view, iq in views.items()}
    gained = plane_features(loud, spec) - plane_features(views, spec)
    assert gained.shape == (3, 38)
    np.testing.assert_allclose(gained[:, [9, 28]], 20, atol=1e-4)
    np.testing.assert_allclose(np.delete(gained, [9, 28], axis=1), 0, atol=1e-5)


def test_silence_has_features_and_a_lag_beyond_the_example_is_refused():
    silence = np.zeros((2, 8), np.complex64)
    assert np.isfinite(differential_features(silence, 7)).all()
    assert differential_features(np.zeros((0, 8), np.complex64), 1).shape == (0, 9)
    for lag in (0, 8):
        with pytest.raises(ShapeError, match=rf"between 1 and 7 samples of the 8.*got {lag}"):
            differential_features(silence, lag)
