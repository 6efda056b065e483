"""Rows that are equal up to scale, phase and shift, and rows that share their noise.

Each row keeps the few windows whose hashes are least (Schleimer, Wilkerson and Aiken, SIGMOD
2003): two rows that share samples share most of these, wherever the samples are in each. Hashes
are of the steps of phase and amplitude between samples, which no scale and no phase changes, or of
the signs of the noise. Rows that share a hash are compared sample by sample.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rfmae.records import BoolArray, ComplexArray, IntArray

KEPT = 6
"""Windows of each row that are kept, of each length."""

_TAPS = 48  # samples of a window
_NOISE_TAPS = 24
_LARGEST_STRIDE = 16
_LEAST_LAG = 4  # samples between the two that are compared, at least
_OFFSET_TURNS = 0.0713  # of the four sectors of their phases: between the steps of an alphabet
_GROWTH = 1.19  # of amplitudes, between the ratios of an alphabet
_LEAST_OVERLAP = 0.25  # of the length of a row
_CARRIER_ALONE = 1e-6  # of the power beside a carrier: rounding
_LEAST_INDEPENDENT = 24  # of the samples that rows share
_LAST = np.uint64(2**64 - 1)
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

Words = npt.NDArray[np.uint64]
Exact = npt.NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The kept windows of rows: their hashes and where they start, (N, W)."""

    words: Words
    starts: npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Pairs of rows that share a window: both rows, and the samples that the first starts later."""

    first: IntArray
    second: IntArray
    shift: IntArray  # sample t + shift of the first is sample t of the second

    def __len__(self) -> int:
        return len(self.first)

    def chosen(self, which: BoolArray | IntArray) -> "Candidates":
        """Some of the pairs."""
        return Candidates(self.first[which], self.second[which], self.shift[which])


def row_sketch(iq: ComplexArray) -> Sketch:
    """Of rows (N, T), whatever their scale and phase.

    Half of the windows are short, for rows that share a part, half are long, for signals without
    noise whose short windows many rows have, and the last is the whole row.
    """
    samples = iq.shape[1]
    stride = int(np.clip(samples // (4 * _TAPS), 1, _LARGEST_STRIDE))
    lag = max(stride, min(_LEAST_LAG, samples // 16), 1)
    later, sooner = iq[:, lag:], iq[:, :-lag]
    turns = np.angle(later * sooner.conj()) / (2 * np.pi) + _OFFSET_TURNS
    sector = (np.floor(4 * turns).astype(np.int64) % 4).astype(np.uint8)
    levels = sector + np.where(np.abs(later) > _GROWTH * np.abs(sooner), np.uint8(4), np.uint8(0))
    short = _sketch(levels, _TAPS, stride)
    long = _sketch(levels, _TAPS, max(stride, samples // (2 * _TAPS)))
    return Sketch(np.hstack([short.words, long.words]), np.hstack([short.starts, long.starts]))


def noise_sketch(residual: ComplexArray, stride: int) -> Sketch:
    """Of residuals (N, T); `stride` samples lie between two that are independent."""
    up = np.where(residual.imag > 0, np.uint8(2), np.uint8(0))
    return _sketch((residual.real > 0).astype(np.uint8) + up, _NOISE_TAPS, stride)


def _sketch(levels: npt.NDArray[np.uint8], taps: int, stride: int) -> Sketch:
    """The least hashes of windows of so many levels, 0 to 7, each `stride` samples apart."""
    taps = min(taps, max(levels.shape[1] // (2 * stride), 1))
    count = levels.shape[1] - (taps - 1) * stride
    if count < KEPT:
        rows = len(levels)
        return Sketch(np.zeros((rows, KEPT), np.uint64), np.zeros((rows, KEPT), np.uint32))
    words = np.zeros((len(levels), count), np.uint64)
    for tap in range(taps):
        words = (words << np.uint64(3)) ^ (words >> np.uint64(61))
        words += levels[:, tap * stride : tap * stride + count]
        words *= _MULTIPLIER
    words ^= words >> np.uint64(31)
    words *= _MULTIPLIER
    same = words[:, 1:] == words[:, :-1]  # silence counts once
    words[:, 1:][same] = _LAST
    starts = np.argpartition(words, KEPT - 1, axis=1)[:, :KEPT]
    return Sketch(np.take_along_axis(words, starts, axis=1), starts.astype(np.uint32))


def joined(parts: list[Sketch]) -> Sketch:
    """The sketches of rows one after another."""
    return Sketch(
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.starts for part in parts]),
    )


def candidates(sketch: Sketch) -> Candidates:
    """Each row with the first and with the last before it that have one of its windows, once.

    So there are no more pairs than twice the windows, however many rows have the same one.
    """
    words, starts = sketch.words.ravel(), sketch.starts.ravel().astype(np.int64)
    row = np.repeat(np.arange(len(sketch.words)), sketch.words.shape[1])
    order = np.lexsort((row, words))
    words, starts, row = words[order], starts[order], row[order]
    begins = np.flatnonzero(np.diff(words, prepend=~words[:1]) != 0)
    leader = np.repeat(begins, np.diff(begins, append=len(words)))
    place = np.arange(len(words))
    before = np.maximum(place - 1, leader)
    one, other = np.concatenate([leader, before]), np.concatenate([place, place])
    kept = (row[one] != row[other]) & (words[other] != 0) & (words[other] != _LAST)
    one, other = one[kept], other[kept]
    _, once = np.unique(row[one] * (len(sketch.words) + 1) + row[other], return_index=True)
    one, other = one[once], other[once]
    return Candidates(row[one], row[other], starts[one] - starts[other])


def alike(first: ComplexArray, second: ComplexArray, shift: int) -> float:
    """Correlation of two rows (T,) over the samples that they share at a shift.

    Zero where they share less than a quarter, or so few symbols that chance makes them equal, as
    a carrier alone.
    """
    length = len(first) - abs(shift)
    if length < _LEAST_OVERLAP * len(first):
        return 0.0
    one = first[max(shift, 0) : max(shift, 0) + length].astype(np.complex128)
    other = second[max(-shift, 0) : max(-shift, 0) + length].astype(np.complex128)
    if _independent(one) < _LEAST_INDEPENDENT:
        return 0.0
    return _correlation(one, other)


def _independent(row: Exact) -> float:
    """How many of the samples are independent, by the width of their spectrum beside a carrier."""
    power = np.square(np.abs(np.fft.fft(row)))
    total = float(power.sum())
    power[power.argmax()] = 0
    beside, squares = float(power.sum()), float(np.square(power).sum())
    return 2 * beside**2 / squares if beside > _CARRIER_ALONE * total else 0.0


def _correlation(one: Exact, other: Exact) -> float:
    power = float(np.vdot(one, one).real * np.vdot(other, other).real)
    return float(abs(np.vdot(one, other)) / np.sqrt(power)) if power > 0 else 0.0


Reader = Callable[[int], ComplexArray]
"""A row by its number, (T,)."""


def verified(pairs: Candidates, read: Reader, least: float) -> BoolArray:
    """Which candidates are alike to so much correlation."""
    found = [
        alike(read(int(first)), read(int(second)), int(shift)) >= least
        for first, second, shift in zip(pairs.first, pairs.second, pairs.shift, strict=True)
    ]
    return np.array(found, bool)
