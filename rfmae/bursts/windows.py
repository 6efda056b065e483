"""The stretches of a burst that its features are measured on."""

from collections.abc import Iterator, Sequence

import numpy as np

from rfmae.bursts.features.vector import LEAST_SAMPLES
from rfmae.records import ComplexArray
from rfmae.signal.detection import Isolated
from rfmae.units import db_to_ratio

WINDOW = 2**14
"""Samples of an isolated burst that features are measured of at once."""

MOST_WINDOWS = 8
_OWN_WINDOW = 600  # samples of a run that is measured alone
_BLOCK_BANDWIDTHS = 24  # over which power is averaged: longer than runs of equal bits
_LEAST_SNR_DB = 6.0  # for silence to be told from the signal


def windows_of(parts: Sequence[Isolated]) -> list[ComplexArray]:
    """Windows of up to 2**14 samples of bursts that are named together, the longest runs first.

    Silence inside of a burst is left out. Runs that are too short to be measured alone are put one
    behind the other: of those there is one window, or none.
    """
    runs = [part.iq[run.start : run.stop] for part in parts for run in active_runs(part)]
    long = sorted((run for run in runs if len(run) >= _OWN_WINDOW), key=len, reverse=True)
    if not long:
        joined = np.concatenate(runs)[:WINDOW] if runs else np.zeros(0, np.complex64)
        return [joined] if len(joined) >= LEAST_SAMPLES else []
    return [window for run in long for window in _cut(run)][:MOST_WINDOWS]


def active_runs(part: Isolated) -> list[range]:
    """Where in an isolated burst there is a signal: stretches without noise alone."""
    whole = range(part.first, part.stop)
    block = max(round(_BLOCK_BANDWIDTHS / part.occupied), 16)
    count = len(whole) // block
    if not part.snr_db > _LEAST_SNR_DB or count < 3:
        return [whole]
    blocks = part.iq[whole.start : whole.start + count * block].reshape(count, block)
    power = np.mean(np.square(np.abs(blocks), dtype=np.float64), axis=1)
    loud = float(np.quantile(power, 0.9))
    snr = float(db_to_ratio(min(part.snr_db, 60.0)))
    silent = power < loud / np.sqrt(1 + snr)  # halfway in decibels
    runs = [
        range(whole.start + first * block, whole.start + last * block)
        for first, last in _runs_of(~silent)
    ]
    if not runs:
        return [whole]
    if runs[-1].stop == whole.start + count * block:
        runs[-1] = range(runs[-1].start, whole.stop)
    return runs


def _runs_of(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _cut(run: ComplexArray) -> Iterator[ComplexArray]:
    """Windows spread over a run; a short one is one window."""
    count = min(max(len(run) // WINDOW, 1), MOST_WINDOWS)
    length = min(len(run), WINDOW)
    for start in np.linspace(0, len(run) - length, count).astype(int):
        yield run[start : start + length]
