import numpy as np
import pytest
from scipy.stats import ks_2samp

from rfmae.baselines.kolmogorov import (
    SETS,
    Templates,
    distribution,
    fit_templates,
    levels_of,
    statistic,
)
from rfmae.errors import ShapeError


def noise(rng, n, samples=200):
    iq = rng.standard_normal((n, samples)) + 1j * rng.standard_normal((n, samples))
    return iq.astype(np.complex64)


def test_the_distance_is_that_of_scipy(rng):
    """With a level at every value of both samples nothing is lost between levels."""
    first, second = rng.standard_normal((4, 60)), rng.standard_normal((1, 90)) * 1.3
    levels = np.sort(np.concatenate([first.ravel(), second.ravel()]))
    gap = np.abs(distribution(first, levels) - distribution(second, levels)).max(axis=1)
    expected = [ks_2samp(row, second[0]).statistic for row in first]
    np.testing.assert_allclose(gap, expected, atol=1e-6)


@pytest.mark.parametrize("statistics", SETS)
def test_levels_lose_little_of_the_distance(statistics, rng):
    """At 128 levels a distance is at most one share of a level, 1/128 a statistic, too small."""
    train, label = noise(rng, 40), np.arange(40) % 2
    train[label == 1] *= np.exp(2j * np.angle(train[label == 1])).astype(np.complex64) * 1.2
    model = fit_templates(train, label, np.zeros(40), 2, statistics=statistics)
    received = noise(rng, 5)
    found = model.distances(received)
    for row, iq in enumerate(received):
        for group in range(2):
            exact = sum(
                ks_2samp(
                    statistic(iq[None], name)[0], statistic(train[label == group], name).ravel()
                ).statistic
                for name in SETS[statistics]
            )
            assert exact - 2 * len(SETS[statistics]) / 128 <= found[row, group] <= exact + 1e-6


def test_distributions_rise_from_none_to_all(rng):
    values = rng.standard_normal((3, 50))
    levels = np.array([-9.0, -1, 0, 1, 9])
    found = distribution(values, levels)
    assert (np.diff(found, axis=1) >= 0).all()
    np.testing.assert_array_equal(found[:, [0, -1]], [[0, 1]] * 3)
    expected = [(values <= level).mean(axis=1) for level in levels]
    np.testing.assert_allclose(found.T, expected, atol=1e-7)


def test_equal_shares_lie_between_levels(rng):
    values = rng.standard_normal((10, 1000))
    levels = levels_of(values, 10)
    np.testing.assert_allclose(
        distribution(values.reshape(1, -1), levels)[0], np.arange(0.05, 1, 0.1), atol=1e-3
    )


@pytest.mark.parametrize("statistics", ["magnitude", "differential"])
def test_the_carrier_phase_changes_no_distance_of_these(statistics, rng):
    train, label = noise(rng, 20), np.arange(20) % 2
    model = fit_templates(train, label, np.zeros(20), 2, statistics=statistics)
    received = noise(rng, 5)
    turned = (received * np.exp(2j * np.pi * rng.random((5, 1)))).astype(np.complex64)
    # a value may pass a level by rounding: one of 200 samples, a statistic
    np.testing.assert_allclose(model.distances(turned), model.distances(received), atol=0.016)


def test_the_nearest_group_of_a_class_speaks_for_it(rng):
    """Class 0 at two levels of noise, class 1 at one: each frame finds its own."""
    quiet, loud, other = (gain * noise(rng, 30) for gain in (0.5, 2.0, 1.0))
    train = np.concatenate([quiet, loud, other])
    label, snr_db = np.repeat([0, 0, 1], 30), np.repeat([10.0, 0.0, 5.0], 30)
    model = fit_templates(train, label, snr_db, 2, statistics="magnitude")
    assert model.distributions.shape == (1, 3, 128)
    received = np.concatenate([gain * noise(rng, 10) for gain in (0.5, 2.0, 1.0)])
    scores = model.scores(received)
    np.testing.assert_array_equal(scores.argmax(axis=1), np.repeat([0, 0, 1], 10))
    np.testing.assert_allclose(scores[:, 0], -model.distances(received)[:, :2].min(axis=1))


def test_an_snr_that_is_not_stated_makes_one_group_for_each_class(rng):
    label = np.arange(12) % 3
    model = fit_templates(noise(rng, 12), label, np.full(12, np.nan), 3, statistics="magnitude")
    np.testing.assert_array_equal(model.owner, [0, 1, 2])


def test_chunks_leave_no_seam(rng, monkeypatch):
    model = fit_templates(noise(rng, 9), np.arange(9) % 3, np.zeros(9), 3, statistics="magnitude")
    received = noise(rng, 11)
    whole = model.distances(received)
    monkeypatch.setattr("rfmae.baselines.kolmogorov._NUMBERS", 4 * 3 * 128)
    np.testing.assert_array_equal(model.distances(received), whole)


def test_an_unknown_statistic_is_refused(rng):
    model = fit_templates(noise(rng, 4), np.arange(4) % 2, np.zeros(4), 2, statistics="magnitude")
    with pytest.raises(ShapeError, match="unknown statistic 'magnitudes'"):
        Templates(
            np.array(["magnitudes"]), model.levels, model.distributions, model.owner, model.classes
        )
