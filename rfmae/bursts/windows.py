"""The stretches of a burst that its features are measured on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rfmae.bursts.features.vector import LEAST_SAMPLES
from rfmae.records import ComplexArray
from rfmae.signal.detection import Isolated
from rfmae.signal.runs import runs_of
from rfmae.units import db_to_ratio

WINDOW = 2**14
"""Samples of an isolated burst that features are measured of at once."""

MOST_WINDOWS = 8
_OWN_WINDOW = 600  # samples of a run that is measured alone
_BLOCK_BANDWIDTHS = 24  # over which power is averaged: longer than runs of equal bits
_LEAST_SNR_DB = 6.0  # for silence to be told from the signal


@dataclass(frozen=True, slots=True)
class Window:
    """Samples (T,) that features are measured of, and where they come from."""

    iq: ComplexArray
    part: int | None  # the isolated burst, by its number; None of several put together
    first: int = 0  # sample of the part


def windows_of(parts: Sequence[Isolated]) -> list[Window]:
    """Windows of up to 2**14 samples of bursts that are named together, the longest runs first.

    Silence inside of a burst is left out. Runs that are too short to be measured alone are put one
    behind the other: of those there is one window, or none.
    """
    runs = [(number, run) for number, part in enumerate(parts) for run in active_runs(part)]
    long = [item for item in runs if len(item[1]) >= _OWN_WINDOW]
    if not long:
        pieces = [parts[number].iq[run.start : run.stop] for number, run in runs]
        joined = np.concatenate(pieces)[:WINDOW] if pieces else np.zeros(0, np.complex64)
        alone = runs[0] if len(runs) == 1 else None
        if len(joined) < LEAST_SAMPLES:
            return []
        return [Window(joined, alone[0], alone[1].start) if alone else Window(joined, None)]
    long.sort(key=lambda item: len(item[1]), reverse=True)
    cut = [(number, piece) for number, run in long for piece in _cut(run)][:MOST_WINDOWS]
    return [
        Window(parts[number].iq[piece.start : piece.stop], number, piece.start)
        for number, piece in cut
    ]


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
        range(whole.start + run.start * block, whole.start + run.stop * block)
        for run in runs_of(~silent)
    ]
    if not runs:
        return [whole]
    if runs[-1].stop == whole.start + count * block:
        runs[-1] = range(runs[-1].start, whole.stop)
    return runs


def _cut(run: range) -> Iterator[range]:
    """Windows spread over a run; a short one is one window."""
    count = min(max(len(run) // WINDOW, 1), MOST_WINDOWS)
    length = min(len(run), WINDOW)
    for start in np.linspace(run.start, run.stop - length, count).astype(int).tolist():
        yield range(start, start + length)
