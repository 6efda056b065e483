"""Noise that repeats: at one place, at any lag, or from a table as a fast noise source has it."""

import numpy as np
import pytest

from rfmae.evaluation.leak_noise import (
    any_lag_correlations,
    chance_of,
    noticeable_correlation,
    repeated_noise,
    same_place_correlations,
    table_of_values,
    whitened,
)
from rfmae.signal.modulations import MODULATIONS

SAMPLES = 512


def noise(rng, *shape):
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2)


@pytest.mark.parametrize(
    "make",
    [lambda rng: noise(rng, 150, SAMPLES), lambda rng: noise(rng, 150, SAMPLES).real + 0j],
    ids=["complex", "real"],
)
def test_independent_rows_do_not_correlate(rng, make):
    spectra = whitened(make(rng))
    same, *_ = same_place_correlations(spectra)
    assert chance_of(same, SAMPLES, len(same)).min() > 1e-3
    lagged, *_ = any_lag_correlations(spectra[:60])
    assert chance_of(lagged, SAMPLES, len(lagged) * SAMPLES).min() > 1e-3


def test_noise_in_common_is_found_at_its_place_and_at_a_lag(rng):
    iq = noise(rng, 40, SAMPLES)
    iq[7] = iq[3] + noise(rng, SAMPLES)
    iq[9] = np.roll(iq[5], 100) + 0.5 * noise(rng, SAMPLES)
    values, first, second = same_place_correlations(whitened(iq))
    best = values.argmax()
    assert (first[best], second[best]) == (3, 7)
    values, first, second = any_lag_correlations(whitened(iq))
    pairs = {(int(first[n]), int(second[n])) for n in values.argsort()[-2:]}
    assert pairs == {(3, 7), (5, 9)}


def test_the_least_correlation_is_where_chance_ends():
    least = noticeable_correlation(SAMPLES, 1e4, 1e-3)
    assert chance_of(np.array([least]), SAMPLES, 1e4) == pytest.approx(1e-3)


@pytest.mark.parametrize("name", ["QPSK", "16QAM", "4ASK"])
@pytest.mark.parametrize("snr_db", [0, 10, 20])
def test_a_table_of_noise_is_found_behind_any_signal(rng, name, snr_db):
    """GNU Radio's fast noise source draws from a table; 16,384 values, here too."""
    points, table = MODULATIONS[name].alphabet, noise(rng, 16_384)
    amplitude = 10 ** (-snr_db / 20)
    counts = {"table": [], "fresh": []}
    for _ in range(20):
        clean = points[rng.integers(0, len(points), 1024)].astype(np.complex64)
        drawn = table[rng.integers(0, len(table), 1024)]
        for kind, added in (("table", drawn), ("fresh", noise(rng, 1024))):
            observed = (1.3 * clean + amplitude * added).astype(np.complex64)
            counts[kind].append(repeated_noise(observed, clean))
    assert table_of_values(np.array(counts["fresh"]), 1024, least=3) == (0, 0)
    share, values = table_of_values(np.array(counts["table"]), 1024, least=3)
    assert share > 0.9
    assert 8_000 < values < 64_000


def test_held_samples_and_alphabets_are_no_table():
    assert table_of_values(np.full(50, 900.0), 1024) == (0, 0)
    assert table_of_values(np.zeros(50), 1024) == (0, 0)
    share, values = table_of_values(np.full(50, 32.0), 1024)
    assert (share, values) == (1, 16_384)
