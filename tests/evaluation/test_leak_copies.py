"""Rows that are others but for scale, phase and shift are found, and no others."""

import numpy as np
import pytest

from rfmae.evaluation.leak_copies import (
    alike,
    candidates,
    joined,
    noise_sketch,
    row_sketch,
    verified,
)
from rfmae.signal.modulations import MODULATIONS
from rfmae.signal.pulses import Pulse
from rfmae.signal.transmitter import transmit

ROWS, SAMPLES = 200, 512


def noise(rng, rows=ROWS, samples=SAMPLES):
    parts = rng.normal(size=(2, rows, samples))
    return (parts[0] + 1j * parts[1]).astype(np.complex64)


def symbols(rng, name):
    points = MODULATIONS[name].alphabet
    return points[rng.integers(0, len(points), (ROWS, SAMPLES))]


def waveforms(rng, name):
    streams = dict.fromkeys(("bits", "message", "ofdm start"), rng).__getitem__
    return transmit(MODULATIONS[name], Pulse(rolloff=0.35), 8, SAMPLES, ROWS, streams)


KINDS = {
    "noise": noise,
    "BPSK": lambda rng: symbols(rng, "BPSK"),
    "OOK": lambda rng: symbols(rng, "OOK"),
    "16QAM": lambda rng: symbols(rng, "16QAM"),
    "QPSK waveform": lambda rng: waveforms(rng, "QPSK"),
    "GMSK waveform": lambda rng: waveforms(rng, "GMSK"),
}

CHANGES = {
    "scaled": lambda row: 7.3 * row,
    "turned": lambda row: row * np.exp(0.3j),
    "both": lambda row: row * (0.2 - 1.7j),
    "rolled": lambda row: np.roll(row, 200) * 1j,
    "cut and moved": lambda row: np.concatenate([row[150:], row[:150] ** 2]) * np.exp(2j),
}


def found_in(iq):
    pairs = candidates(row_sketch(iq))
    return pairs.chosen(verified(pairs, iq.__getitem__, 0.99))


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_found_whatever_its_scale_phase_and_shift(rng, kind, change):
    iq = KINDS[kind](rng).astype(np.complex64)
    for first in range(0, 40, 2):
        iq[first + 1] = change(iq[first])
    pairs = found_in(iq)
    expected = {(first, first + 1) for first in range(0, 40, 2)}
    got = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    assert got <= expected
    # of a shifted waveform without noise other rows may have all windows that are kept
    assert len(got) >= (8 if "waveform" in kind else 19)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_their_own_are_no_copies(rng, kind):
    assert len(found_in(KINDS[kind](rng).astype(np.complex64))) == 0


def test_silence_and_bare_carriers_are_no_copies(rng):
    iq = noise(rng, 20)
    iq[:5] = 0
    iq[5:10] = np.exp(2j * np.pi * 0.01 * np.arange(SAMPLES))
    assert len(found_in(iq)) == 0


def test_many_copies_of_one_row_are_no_more_pairs_than_windows(rng):
    iq = np.tile(noise(rng, 1), (500, 1))
    assert len(candidates(row_sketch(iq))) <= 500 * 2 * 13


def test_a_row_is_sketched_alike_in_any_company(rng):
    iq = noise(rng)
    parts = joined([row_sketch(iq[:70]), row_sketch(iq[70:])])
    assert np.array_equal(np.sort(parts.words), np.sort(row_sketch(iq).words))


def test_noise_of_two_rows_is_found_though_a_little_was_fitted(rng):
    iq = noise(rng)
    iq[1::2] = iq[::2] + 0.03 * noise(rng, ROWS // 2)
    pairs = candidates(noise_sketch(iq, 1))
    same = pairs.chosen(verified(pairs, iq.__getitem__, 0.5))
    assert len(same) > 0.9 * ROWS / 2


def test_too_short_an_overlap_is_none(rng):
    iq = noise(rng, 1)[0]
    assert alike(iq, np.roll(iq, -300), 300) == pytest.approx(1, abs=1e-6)
    assert alike(iq, np.roll(iq, -400), 400) == 0
    short = noise(rng, 3, 5)
    assert len(candidates(row_sketch(short))) == 0
